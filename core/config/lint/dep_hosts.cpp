// DEP002, DEP003 in Compose files: the hosts that variables name, and the services behind them.

#include <algorithm>
#include <array>
#include <map>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/compose_hosts.hpp"
#include "core/config/lint/dep_rules.hpp"
#include "core/config/lint/yaml_edits.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

// Schemes whose host is a host; "s3://bucket" and "sqlite:///file" are not.
bool connects(std::string_view scheme) {
  constexpr std::array<std::string_view, 34> kSchemes = {
      "amqp",       "amqps",  "bolt",    "clickhouse", "couchdb", "elasticsearch",
      "ftp",        "grpc",   "grpcs",   "http",       "https",   "kafka",
      "ldap",       "ldaps",  "mariadb", "memcached",  "mongodb", "mqtt",
      "mqtts",      "mysql",  "nats",    "neo4j",      "pgsql",   "postgres",
      "postgresql", "redis",  "rediss",  "smtp",       "smtps",   "tcp",
      "udp",        "valkey", "ws",      "wss"};
  const std::string_view base = scheme.substr(0, scheme.find('+'));
  return contains(kSchemes, base);
}

// --- DEP002 ---

bool has_own_network(const ComposeService& service) {
  return !service.network_mode.has_value();
}

bool on_external_network(const ComposeProject& project, const ComposeService& service) {
  return std::any_of(service.networks.begin(), service.networks.end(), [&](const PlacedText& name) {
    return std::any_of(project.networks.begin(), project.networks.end(),
                       [&](const ComposeResource& network) {
                         return network.name == name.value && network.external;
                       });
  });
}

bool share_a_network(const ComposeService& a, const ComposeService& b) {
  if (!has_own_network(a) || !has_own_network(b) || a.networks.empty() || b.networks.empty())
    return true;
  return std::any_of(a.networks.begin(), a.networks.end(), [&](const PlacedText& network) {
    return std::any_of(b.networks.begin(), b.networks.end(),
                       [&](const PlacedText& other) { return other.value == network.value; });
  });
}

class HostCheck {
 public:
  HostCheck(const ComposeProject& project, Findings& findings)
      : project_(project), findings_(findings), names_(host_names(project)) {
    for (const ComposeService& service : project.services) services_.push_back(service.name);
  }

  void run() {
    for (const ComposeService& service : project_.services) {
      if (!has_own_network(service) || !may_name_hosts(service)) continue;
      const auto variables = effective_environment(service);
      for (const EffectiveVariable& variable : variables)
        for (const Use& use : uses_in(variable)) check(service, use);
    }
    report_container_names();
  }

 private:
  void check(const ComposeService& service, const Use& use) {
    const auto found = names_.find(use.host.host);
    if (found == names_.end())
      check_unknown(service, use);
    else if (found->second.service != nullptr)
      check_known(service, *found->second.service, use, found->second.container_name);
  }

  void check_unknown(const ComposeService& service, const Use& use) {
    const bool is_label = is_name(use.host.host) &&
                          use.host.host.find_first_not_of("0123456789") != std::string::npos;
    if (!is_label || use.host.host == "localhost") return;
    const auto meant = closest(use.host.host, services_);
    const bool is_url = connects(use.host.scheme) && !on_external_network(project_, service);
    if (!is_url && !meant) return;
    const Span& value = use.variable->winner().value_span;
    if (!once_(value)) return;
    Diagnostic& one =
        findings_.add("DEP002", span_of_host(value, use.host),
                      fmt::format("{} of {} names the host \"{}\", which is no service",
                                  use.variable->name, who(service), use.host.host),
                      meant ? fmt::format("did you mean \"{}\"?", *meant)
                            : "the services are " + some_of(services_));
    one.subject = fmt::format("services.{}.environment.{}", service.name, use.variable->name);
    if (meant) one.fix = rename(service, use.variable->winner(), one.span, use.host.host, *meant);
  }

  std::optional<Fix> rename(const ComposeService& service, const ComposeVariable& variable,
                            const Span& span, const std::string& from, const std::string& to) {
    if (text_at(span) != from) return std::nullopt;
    Fix fix;
    if (variable.origin == ComposeVariable::Origin::env_file)
      fix.changes.push_back(
          {variable.name, variable.value, replace_all(*variable.value, from, to)});
    else if (own_member(project_, service, "environment") != nullptr)
      fix.changes.push_back(change_of(service, "environment"));
    else
      return std::nullopt;
    fix.title = fmt::format("write {}", to);
    fix.edits.push_back(replace(span, to));
    return fix;
  }

  void check_known(const ComposeService& service, const ComposeService& target, const Use& use,
                   bool container_name) {
    const Span& value = use.variable->winner().value_span;
    if (container_name)
      by_container_.push_back({&service, &target, use.variable->winner(), use.host});
    else if (use.host.host == target.name)
      by_service_.try_emplace(&target, value, use.host);
    if (&service == &target || share_a_network(service, target) || !once_(value)) return;
    Diagnostic& one =
        findings_.add("DEP002", span_of_host(value, use.host),
                      fmt::format("{} cannot reach {}: they have no network in common",
                                  who(service), who(target)),
                      fmt::format("put both on one network, for example networks: [{}]",
                                  printable(target.networks.front().value)));
    one.related.push_back(
        {target.networks.front().span ? target.networks.front().span : target.span,
         fmt::format("where {} is", who(target))});
    one.subject = fmt::format("services.{}.environment.{}", service.name, use.variable->name);
  }

  struct ByContainer {
    const ComposeService* service;
    const ComposeService* target;
    ComposeVariable variable;
    HostUse host;
  };

  // One of two names is a rename away from being wrong.
  void report_container_names() {
    for (const ByContainer& use : by_container_) {
      const auto other = by_service_.find(use.target);
      if (other == by_service_.end() || !once_(use.variable.value_span)) continue;
      const Span span = span_of_host(use.variable.value_span, use.host);
      Diagnostic& one = findings_.add(
          "DEP002", span,
          fmt::format("{} of {} calls {} by its container's name, others by the service's",
                      use.variable.name, who(*use.service), who(*use.target)),
          fmt::format("write \"{}\": it stays when the container is renamed or has replicas",
                      who(*use.target)));
      one.related.push_back({span_of_host(other->second.first, other->second.second),
                             "called by the service's name"});
      if (use.target->container_name)
        one.related.push_back({use.target->container_name->span, "the container's name"});
      one.fix = rename(*use.service, use.variable, span, use.host.host, use.target->name);
    }
  }

  const ComposeProject& project_;
  Findings& findings_;
  HostNames names_;
  std::vector<std::string> services_;
  OncePerPlace once_;
  std::vector<ByContainer> by_container_;
  std::map<const ComposeService*, std::pair<Span, HostUse>> by_service_;  // a value that does so
};

// --- DEP003 ---

// Addresses that the program can do without at its start, or that are for somebody else.
bool is_no_dependency(std::string_view name) {
  constexpr std::array<std::string_view, 17> kWords = {
      "OTEL", "OTLP",   "TRACING",  "TELEMETRY", "SENTRY", "METRICS",
      "LOKI", "JAEGER", "CALLBACK", "WEBHOOK",   "PUBLIC", "EXTERNAL",
      "CORS", "ORIGIN", "ORIGINS",  "ALLOWED",   "PROXY"};
  const auto words = split(name, '_');
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return contains(kWords, word); });
}

using Services = std::set<const ComposeService*>;

// All that `from` waits for, at any distance.
Services awaited_by(const ServiceIndex& index, const ComposeService& from) {
  Services awaited;
  std::vector<const ComposeService*> open{&from};
  while (!open.empty()) {
    const ComposeService* at = open.back();
    open.pop_back();
    for (const ComposeDependency& dependency : at->depends_on)
      if (const ComposeService* next = find_service(index, dependency.service);
          next != nullptr && awaited.insert(next).second)
        open.push_back(next);
  }
  return awaited;
}

std::string condition_of(const ComposeService& target) {
  return has_healthcheck(target) == Known::yes ? "service_healthy" : "service_started";
}

std::optional<Edit> into_depends_on(const ComposeService& service, const Member& member,
                                    const ComposeService& target, const ServiceIndex& index) {
  const std::string_view text = text_at(member.value.span);
  if (text.starts_with('*')) return std::nullopt;
  const std::string condition = condition_of(target);
  if (member.value.table() != nullptr && !member.value.table()->empty()) {
    if (!text.starts_with('{'))
      return first_in_block(member.key_span, {target.name + ":", "  condition: " + condition});
    Edit edit = replace(member.value.span, "");
    edit.end = ++edit.begin;
    edit.text = fmt::format(" {}: {{ condition: {} }},", target.name, condition);
    return edit;
  }
  // Where one of a list is healthy some time, the list has to become a table first: CMP008.
  for (const ComposeDependency& dependency : service.depends_on)
    if (const ComposeService* other = find_service(index, dependency.service);
        other == nullptr || has_healthcheck(*other) == Known::yes)
      return std::nullopt;
  if (condition != "service_started" || member.value.list() == nullptr ||
      member.value.list()->empty())
    return std::nullopt;
  if (text.starts_with('[')) {
    Edit edit = replace(member.value.span, "");
    edit.end = ++edit.begin;
    edit.text = target.name + ", ";
    return edit;
  }
  const Node& first = member.value.list()->front();
  const auto line = line_at(first.span);
  const std::string_view all = first.span.source->text;
  const std::size_t dash = all.find_first_not_of(' ', line->begin);
  if (dash == all.npos || all[dash] != '-' || line->begin == 0) return std::nullopt;
  const std::string indentation(dash - line->begin, ' ');
  return Edit{first.span.source, line->begin, line->begin,
              (indentation + "- " + target.name).append(newline_of(first.span.source->text))};
}

std::optional<Fix> dependency_fix(const ComposeProject& project, const ComposeService& service,
                                  const ComposeService& target, const ServiceIndex& index) {
  const Member* member = own_member(project, service, "depends_on");
  // What comes from elsewhere would be hidden by a key of the service's own.
  if (member == nullptr && service.node.find("depends_on") != nullptr) return std::nullopt;
  auto edit = member != nullptr
                  ? into_depends_on(service, *member, target, index)
                  : first_in_block(service.span, {"depends_on:", "  " + target.name + ":",
                                                  "    condition: " + condition_of(target)});
  if (!edit) return std::nullopt;
  Fix fix;
  fix.title = fmt::format("let {} wait for {}", service.name, target.name);
  fix.edits.push_back(std::move(*edit));
  fix.changes.push_back(change_of(service, "depends_on"));
  return fix;
}

// Where a value stands. One place speaks for several services when they read one file, or have an
// anchor or what they extend in common: then it says little about each of them.
using Place = std::pair<const Source*, Position>;

Place place_of(const ComposeVariable& variable) {
  return {variable.value_span.source.get(), variable.value_span.begin};
}

class DependencyCheck {
 public:
  DependencyCheck(const ComposeProject& project, Findings& findings)
      : project_(project),
        findings_(findings),
        index_(index_of(project)),
        names_(host_names(project)) {
    for (const ComposeService& service : project.services) {
      for (const ComposeVariable& variable : service.environment) ++speakers_[place_of(variable)];
      for (const ComposeEnvFile& file : service.env_files) ++readers_[file.path];
    }
  }

  void run() {
    for (const ComposeService& service : project_.services)
      if (may_name_hosts(service)) collect(service);
    std::set<std::pair<Place, const ComposeService*>> told;
    Services fixed;
    for (const Candidate& one : candidates_) {
      const std::pair key(one.place, one.target);
      const bool shared = speakers_[one.place] > 1;
      if (shared && (awaited_.contains(key) || !told.insert(key).second)) continue;
      report(one, fixed);
    }
  }

 private:
  struct Candidate {
    const ComposeService* service;
    const ComposeService* target;
    ComposeVariable variable;
    HostUse host;
    Place place;
  };

  void collect(const ComposeService& service) {
    std::optional<Services> awaited;
    Services seen;
    const auto variables = effective_environment(service);
    for (const EffectiveVariable& variable : variables) {
      const ComposeVariable& winner = variable.winner();
      const std::vector<Use> uses = uses_in(variable);
      if (uses.empty() || is_no_dependency(variable.name) || is_from_shared_file(winner)) continue;
      for (const Use& use : uses) {
        const ComposeService* target = target_of(service, use);
        if (target == nullptr) continue;
        if (!awaited) awaited = awaited_by(index_, service);
        if (awaited->contains(target) || awaited_by(index_, *target).contains(&service))
          awaited_.emplace(place_of(winner), target);
        else if (seen.insert(target).second)
          candidates_.push_back({&service, target, winner, use.host, place_of(winner)});
      }
    }
  }

  bool is_from_shared_file(const ComposeVariable& variable) const {
    if (variable.origin != ComposeVariable::Origin::env_file) return false;
    const auto found = readers_.find(variable.file);
    return found == readers_.end() || found->second > 1;
  }

  const ComposeService* target_of(const ComposeService& service, const Use& use) const {
    const auto found = names_.find(use.host.host);
    if (found == names_.end() || found->second.service == nullptr) return nullptr;
    const ComposeService& target = *found->second.service;
    const bool only_one_runs = service.enabled && !target.enabled;  // DEP004
    return &target == &service || only_one_runs || target.replicas == 0 ? nullptr : &target;
  }

  void report(const Candidate& found, Services& fixed) {
    const ComposeService& service = *found.service;
    const ComposeService& target = *found.target;
    Diagnostic& one = findings_.add("DEP003", span_of_host(found.variable.value_span, found.host),
                                    fmt::format("{} uses {} ({}), but does not wait for it",
                                                who(service), who(target), found.variable.name),
                                    fmt::format("write depends_on: {{ {}: {{ condition: {} }} }}",
                                                who(target), condition_of(target)));
    one.related.push_back({service.span, fmt::format("{} is defined here", who(service))});
    one.subject = key_of(service, "depends_on." + target.name);
    // Two edits of one depends_on would not know of each other.
    if (!fixed.contains(&service)) one.fix = dependency_fix(project_, service, target, index_);
    if (one.fix) fixed.insert(&service);
  }

  const ComposeProject& project_;
  Findings& findings_;
  ServiceIndex index_;
  HostNames names_;
  std::map<Place, int> speakers_;
  std::map<std::string, int> readers_;  // by the path of an env_file
  std::vector<Candidate> candidates_;
  std::set<std::pair<Place, const ComposeService*>> awaited_;
};

}  // namespace

void strange_hosts(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose != nullptr) HostCheck(*subject.project.compose, findings).run();
}

void undeclared_dependencies(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose != nullptr) DependencyCheck(*subject.project.compose, findings).run();
}

}  // namespace exai::config
