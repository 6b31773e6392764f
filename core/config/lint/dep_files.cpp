// DEP004, DEP005: dependencies that are switched off, and files that contradict each other.

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/formats.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/dep_rules.hpp"
#include "core/config/stack_tree.hpp"
#include "core/config/yaml.hpp"

namespace exai::config {

namespace {

// --- DEP004 ---

bool has_profile(const ComposeService& service, std::string_view profile) {
  return std::any_of(service.profiles.begin(), service.profiles.end(),
                     [&](const PlacedText& one) { return one.value == profile; });
}

// A profile that starts the one and not the other; "" is no profile at all.
std::optional<std::string> profile_without(const ComposeService& service,
                                           const ComposeService& target) {
  if (target.profiles.empty()) return std::nullopt;
  if (service.enabled) return target.enabled ? std::nullopt : std::optional<std::string>("");
  for (const PlacedText& profile : service.profiles)
    if (!has_profile(target, profile.value)) return profile.value;
  return std::nullopt;
}

void report_disabled(const ComposeService& service, const ComposeDependency& dependency,
                     const ComposeService& target, const std::string& profile, Findings& findings) {
  Diagnostic& one = findings.add(
      "DEP004", dependency.span,
      profile.empty()
          ? fmt::format("{} depends on {}, which runs only with the profile {}", who(service),
                        who(target), printable(target.profiles.front().value))
          : fmt::format("with the profile {}, {} starts but {}, which it depends on, does not",
                        printable(profile), who(service), who(target)),
      profile.empty()
          ? fmt::format("give {} the same profiles, or write required: false", who(service))
          : fmt::format("give {} the profile {} too, or write required: false", who(target),
                        printable(profile)));
  one.related.push_back({target.profiles.front().span, fmt::format("{}'s profiles", who(target))});
  one.subject = fmt::format("services.{}.depends_on.{}", service.name, dependency.service);
}

// --- DEP005 ---

bool same(const Node& a, const Node& b) {
  if (a.value.index() != b.value.index()) return false;
  if (const auto* list = a.list())
    return std::equal(list->begin(), list->end(), b.list()->begin(), b.list()->end(), same);
  if (const auto* table = a.table())
    return table->size() == b.table()->size() &&
           std::all_of(table->begin(), table->end(), [&](const Member& member) {
             const Node* other = b.find(member.key);
             return other != nullptr && same(member.value, *other);
           });
  if (a.string() != nullptr) return *a.string() == *b.string();
  if (a.integer() != nullptr) return *a.integer() == *b.integer();
  if (a.boolean() != nullptr) return *a.boolean() == *b.boolean();
  return true;
}

constexpr std::array<std::string_view, 4> kComposeNames = {
    "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};

bool is_read(const ComposeProject& project, const Path& path) {
  for (const auto* files : {&project.files, &project.other_files})
    for (const ComposeFile& file : *files)
      if (file.path == path) return true;
  return false;
}

void compare_ignored(const ComposeFile& used, const SourcePtr& ignored, Findings& findings) {
  const Yaml yaml = parse_yaml(ignored);
  const Yaml own = parse_yaml(used.source);  // as it is written, like the other one
  if (!yaml.root || !own.root) return;
  for (const Member& service : members(*yaml.root, "services")) {
    const Node* services = own.root->find("services");
    const Member* other = services == nullptr ? nullptr : services->member(service.key);
    if (other == nullptr || same(service.value, other->value)) continue;
    Diagnostic& one = findings.add(
        "DEP005", service.key_span,
        fmt::format("{} says other things about {} than {}, and Compose reads only the latter",
                    ignored->name, printable(service.key), used.source->name),
        fmt::format("remove {}, or give it to docker compose with -f", ignored->name));
    one.related.push_back({other->key_span, "what counts"});
    return;  // one is enough to show that the file is a leftover
  }
}

void ignored_compose_files(const LintSubject& subject, Findings& findings) {
  const ComposeProject& project = *subject.project.compose;
  if (project.files.empty()) return;
  const ComposeFile& used = project.files.front();
  const std::string name = used.path.filename().string();
  if (!contains(kComposeNames, name)) return;
  for (const std::string_view other : kComposeNames) {
    const Path path = used.path.parent_path() / other;
    if (is_read(project, path)) continue;
    auto text = subject.world.read(path);
    if (!text) continue;
    compare_ignored(
        used,
        std::make_shared<const Source>(Source{
            path.lexically_proximate(subject.project.folder).string(), std::move(*text), path}),
        findings);
  }
}

// The stack file and the Compose file, about services of one name.
void differing_ports(const LintSubject& subject, Findings& findings) {
  const ComposeProject& project = *subject.project.compose;
  for (const Member& service : services(subject.resolved.tree)) {
    const ComposeService* other = project.find(service.key);
    const auto ports = ports_of(service.value);
    if (other == nullptr || ports.empty()) continue;
    std::vector<const ComposePort*> published;
    for (const ComposePort& port : other->ports)
      if (port.host) published.push_back(&port);
    const bool agree = std::any_of(published.begin(), published.end(), [&](const auto* port) {
      return std::any_of(ports.begin(), ports.end(), [&](const PortBinding& own) {
        return own.number >= port->host->first && own.number <= port->host->last;
      });
    });
    if (published.empty() || agree) continue;
    Diagnostic& one = findings.add(
        "DEP005", published.front()->host_span,
        fmt::format("{} has port {} here and {} in the stack file", printable(service.key),
                    published.front()->host->first, ports.front().number),
        "clients can know one of them: write the same port in both, or name the services apart");
    one.related.push_back({ports.front().span, "the stack file's"});
    one.subject = fmt::format("services.{}.ports", service.key);
  }
}

// --- DEP005: what clients are told ---

struct Known {
  std::set<int> ports;
  std::vector<std::string> names;
  Span first;  // a port, to show where they are
};

Known known_ports(const LintSubject& subject) {
  Known known;
  const auto note = [&](int port, const Span& span) {
    if (known.ports.insert(port).second && !known.first) known.first = span;
  };
  for (const Member& service : services(subject.resolved.tree)) {
    known.names.push_back(to_lower(service.key));
    for (const PortBinding& port : ports_of(service.value)) note(port.number, port.span);
  }
  if (subject.project.compose == nullptr) return known;
  for (const ComposeService& service : subject.project.compose->services) {
    known.names.push_back(to_lower(service.name));
    for (const ComposePort& port : service.ports)
      if (port.host && port.host->last - port.host->first < 1000)
        for (int number = port.host->first; number <= port.host->last; ++number)
          note(number, port.host_span);
  }
  return known;
}

bool is_about(const Known& known, const std::string& server) {
  const std::string name = to_lower(server);
  return std::any_of(known.names.begin(), known.names.end(), [&](const std::string& service) {
    return name == service || name.starts_with(service + "-") || name.ends_with("-" + service);
  });
}

void unknown_port(const Known& known, int port, const Span& span, std::string_view server,
                  Findings& findings) {
  if (known.ports.contains(port) || known.ports.empty()) return;
  std::vector<std::string> numbers;
  for (const int number : known.ports)
    if (numbers.size() < 8) numbers.push_back(std::to_string(number));
  Diagnostic& one = findings.add(
      "DEP005", span,
      fmt::format("the client looks for {} at port {}, where nothing of this project is",
                  printable(server), port),
      "the ports of the project are " + join(numbers, ", "));
  one.related.push_back({known.first, "a port of the project"});
}

void check_server(const Member& server, const LintSubject& subject, const Known& known,
                  Findings& findings) {
  const Node* url = server.value.find("url");
  if (url != nullptr && url->string() != nullptr && is_about(known, server.key))
    for (const HostUse& use : hosts_in(*url->string()))
      if (use.port && (use.host == "localhost" || use.host == "127.0.0.1"))
        unknown_port(known, *use.port, url->span, server.key, findings);
  for (const Member& variable : members(server.value, "env")) {
    // Names that the option table has are about EXAI, whatever the server is called.
    if (!variable.key.ends_with("_PORT") || subject.options.find(variable.key) == nullptr) continue;
    const std::string* text = variable.value.string();
    if (const auto port = text == nullptr ? std::nullopt : parse_port(*text))
      unknown_port(known, *port, variable.value.span, server.key, findings);
  }
}

void contradicting_clients(const LintSubject& subject, Findings& findings) {
  if (subject.project.clients.empty()) return;
  const Known known = known_ports(subject);
  for (const ClientConfig& client : subject.project.clients)
    for (const std::string_view key : {"mcpServers", "servers"})
      for (const Member& server : members(client.root, key))
        check_server(server, subject, known, findings);
}

}  // namespace

void disabled_dependencies(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ServiceIndex index = index_of(*subject.project.compose);
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    for (const ComposeDependency& dependency : service.depends_on) {
      const ComposeService* target = find_service(index, dependency.service);
      if (target == nullptr || !dependency.required) continue;
      if (const auto profile = profile_without(service, *target); profile && once(dependency.span))
        report_disabled(service, dependency, *target, *profile, findings);
    }
  }
}

void contradicting_files(const LintSubject& subject, Findings& findings) {
  contradicting_clients(subject, findings);
  if (subject.project.compose == nullptr) return;
  ignored_compose_files(subject, findings);
  differing_ports(subject, findings);
}

}  // namespace exai::config
