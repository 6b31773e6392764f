#include <algorithm>
#include <map>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/compose_model.hpp"
#include "core/config/lint/known_images.hpp"
#include "core/config/lint/listeners.hpp"
#include "core/config/lint/prt_rules.hpp"
#include "core/config/lint/sightings.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

void used_twice_in_stack(const LintSubject& subject, Findings& findings) {
  struct Use {
    std::string who;
    Span span;
  };
  std::map<std::uint16_t, Use> used;
  for (const Member& service : services(subject.resolved.tree)) {
    for (const PortBinding& port : ports_of(service.value)) {
      const std::string who = fmt::format("{}'s port \"{}\"", service.key, port.name);
      const auto [first, is_free] = used.emplace(port.number, Use{who, port.span});
      if (is_free) continue;
      findings
          .add("PRT001", port.span,
               fmt::format("port {} is used twice: by {} and by {}", port.number, first->second.who,
                           who),
               "give one of them another port")
          .related.push_back({first->second.span, "first used here"});
    }
  }
}

bool is_everywhere(std::string_view ip) {
  return ip.empty() || ip == "0.0.0.0" || ip == "::";
}

int count_of(const PortRange& range) {
  return range.last - range.first + 1;
}

// A host range that is longer than the container's: Docker takes one that is free.
bool is_chosen(const ComposePort& port) {
  return !port.host || count_of(*port.host) > count_of(port.container);
}

struct Published {
  const ComposeService* service = nullptr;
  const ComposePort* port = nullptr;
};

bool collide(const Published& a, const Published& b) {
  const bool same_ip = a.port->host_ip == b.port->host_ip || is_everywhere(a.port->host_ip) ||
                       is_everywhere(b.port->host_ip);
  return same_ip && a.port->protocol == b.port->protocol &&
         a.port->host->first <= b.port->host->last && b.port->host->first <= a.port->host->last &&
         (a.service == b.service || may_run_together(*a.service, *b.service));
}

std::string people(const Published& first, const Published& second) {
  if (first.service == second.service) return "twice by " + first.service->name;
  return fmt::format("by {} and by {}", first.service->name, second.service->name);
}

void used_twice_in_compose(const ComposeProject& compose, Findings& findings) {
  std::vector<Published> earlier;  // by first port; the longest range says how far back to look
  for (const ComposeService& service : compose.services)
    for (const ComposePort& port : service.ports)
      if (!is_chosen(port)) earlier.push_back({&service, &port});
  std::multimap<int, const Published*> by_first;
  int longest = 1;
  for (const Published& one : earlier) {
    const PortRange& range = *one.port->host;
    for (auto other = by_first.lower_bound(range.first - longest);
         other != by_first.end() && other->first <= range.last; ++other) {
      if (!collide(*other->second, one) || findings.full()) continue;
      const int number = std::max(other->second->port->host->first, range.first);
      Diagnostic& found = findings.add(
          "PRT001", one.port->host_span,
          fmt::format("port {} of the host is used {}", number, people(*other->second, one)),
          "give one of them another port");
      found.related.push_back({other->second->port->host_span, "first used here"});
      found.subject = fmt::format("services.{}.ports", one.service->name);
      break;
    }
    by_first.emplace(range.first, &one);
    longest = std::max(longest, count_of(range));
    if (one.service->replicas > 1 && count_of(range) < one.service->replicas)
      findings.add("PRT001", one.port->host_span,
                   fmt::format("port {} of the host is for one container, and {} has {} replicas",
                               range.first, one.service->name, one.service->replicas),
                   "publish a range, or let a proxy in front of them have the port");
  }
}

}  // namespace

void ports_used_twice(const LintSubject& subject, Findings& findings) {
  used_twice_in_stack(subject, findings);
  if (subject.project.compose != nullptr) used_twice_in_compose(*subject.project.compose, findings);
}

// --- who can reach it ---

namespace {

// In the short form the address goes in front of the entry, inside its quotes.
std::optional<Fix> to_this_machine(LeafIndex& leaves, const ComposePort& port) {
  const SourcePtr& source = port.span.source;
  const auto begin = offset_of(*source, port.span.begin);
  const auto end = offset_of(*source, port.span.end);
  if (!begin || !end || *end <= *begin) return std::nullopt;
  std::size_t at = *begin;
  const std::string_view text = std::string_view(source->text).substr(at, *end - at);
  if (text.front() == '"' || text.front() == '\'') ++at;
  const std::string_view entry = written_at(port.span);
  const auto leaf = leaves.at(port.span);
  if (!leaf || entry.empty() || entry.find('\n') != entry.npos || entry.find(": ") != entry.npos ||
      entry.starts_with('{') || entry.starts_with('*') || entry.starts_with('&'))
    return std::nullopt;  // the long form, or not written here
  Fix fix;
  fix.title = "publish it on 127.0.0.1 only";
  std::size_t address = 0;
  for (const std::string_view everywhere : {"0.0.0.0:", "[::]:", ":::"})
    if (entry.starts_with(everywhere)) address = everywhere.size();
  const std::string local = port.host ? "127.0.0.1:" : "127.0.0.1::";
  fix.edits.push_back({source, at, at + address, local});
  fix.changes.push_back({*leaf, std::string(entry), local + std::string(entry.substr(address))});
  return fix;
}

bool is_for_everybody(const ComposePort& port, const KnownImage* image) {
  const int number = port.host ? port.host->first : 0;
  return number == 80 || number == 443 ||
         (image != nullptr && image->kind == KnownImage::Kind::proxy);
}

}  // namespace

void open_ports(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  LeafIndex leaves(*subject.project.compose);
  for (const ComposeService& service : subject.project.compose->services) {
    const KnownImage* image = service.image ? find_image(service.image->value) : nullptr;
    const bool is_private = image != nullptr && (image->kind == KnownImage::Kind::database ||
                                                 image->kind == KnownImage::Kind::admin);
    for (const ComposePort& port : service.ports) {
      if (!is_everywhere(port.host_ip) || (!is_private && is_for_everybody(port, image))) continue;
      const std::string number = port.host ? fmt::format("port {}", port.host->first)
                                           : fmt::format("container port {}", port.container.first);
      Diagnostic& found = findings.add(
          "PRT003", port.host_span,
          is_private ? fmt::format("{} of {} is open to every machine that reaches this one, and "
                                   "{} is not made for that",
                                   number, service.name, image->name)
                     : fmt::format("{} of {} is open to every machine that reaches this one",
                                   number, service.name),
          port.host ? fmt::format("\"127.0.0.1:{}:{}\", or an address of the network that it is "
                                  "for; services reach each other without a published port",
                                  port.host->first, port.container.first)
                    : "remove it: services reach each other without a published port");
      if (!is_private) found.severity = Severity::warning;
      found.fix = to_this_machine(leaves, port);
      found.subject = fmt::format("services.{}.ports", service.name);
    }
  }
}

namespace {

constexpr int kFirstEphemeral = 32768;
constexpr int kLastEphemeral = 60999;

void report_range(int port, const Span& span, bool is_container, Findings& findings) {
  if (port < 1024)
    findings.add("PRT004", span,
                 fmt::format("port {} is privileged: an ordinary user cannot listen on it", port),
                 is_container
                     ? "rootless engines refuse it; take one above 1023 when it is not for "
                       "the usual programs"
                     : "take one above 1023, with a proxy in front when it must be this one");
  else if (port >= kFirstEphemeral && port <= kLastEphemeral)
    findings.add("PRT004", span,
                 fmt::format("port {} is one that the system gives to outgoing connections "
                             "({} to {}): it may be taken at times",
                             port, kFirstEphemeral, kLastEphemeral),
                 fmt::format("take one below {}", kFirstEphemeral));
}

// 80 for the web, 25 for mail: who publishes the same number means the usual service.
bool is_usual(const ComposePort& port) {
  const int number = port.host->first;
  return number == 80 || number == 443 || (number < 1024 && number == port.container.first);
}

}  // namespace

void ports_out_of_range(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    for (const PortBinding& port : ports_of(service.value))
      report_range(port.number, port.span, false, findings);
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    for (const ComposePort& port : service.ports)
      if (port.host && !is_usual(port))
        report_range(port.host->first, port.host_span, true, findings);
}

// --- comments ---

namespace {

// Numbers in a comment that are meant as ports: behind "port" or a colon.
std::vector<int> ports_in_comment(std::string_view comment) {
  std::vector<int> ports;
  const std::string text = to_lower(comment);
  for (std::size_t i = 0; i < text.size();) {
    const bool starts = is_digit(text[i]) && (i == 0 || !is_letter_or_digit(text[i - 1]));
    if (!starts) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_letter_or_digit(text[end])) ++end;
    const std::string_view number = std::string_view(text).substr(i, end - i);
    const std::string_view before = trim(std::string_view(text).substr(0, i));
    const bool is_meant = before.ends_with("port") || before.ends_with("port:") ||
                          before.ends_with("port =") || before.ends_with("ports") ||
                          before.ends_with("localhost:") || before.ends_with("host:");
    const auto value = parse_integer(number);
    if (is_meant && value && *value > 0 && *value <= 65535)
      ports.push_back(static_cast<int>(*value));
    i = end;
  }
  return ports;
}

bool speaks_of_others(std::string_view comment) {
  const std::string text = to_lower(comment);
  for (const std::string_view word : {"default", "was ", "instead", "not ", "formerly", "old "})
    if (text.find(word) != text.npos) return true;
  return false;
}

// The comment behind the last thing on a line.
void compare_comment(const Span& span, const std::vector<int>& numbers, Findings& findings) {
  const auto end = offset_of(*span.source, span.end);
  if (!end) return;
  const std::string_view text = span.source->text;
  const std::string_view rest = text.substr(*end, text.find('\n', *end) - *end);
  const std::size_t hash = rest.find('#');
  if (hash == rest.npos || speaks_of_others(rest.substr(hash))) return;
  const auto said = ports_in_comment(rest.substr(hash));
  const bool agrees =
      std::any_of(said.begin(), said.end(), [&](int port) { return contains(numbers, port); });
  if (said.empty() || agrees) return;
  findings.add(
      "PRT008", Places(span.source).span(*end + hash, *end + rest.size()),
      fmt::format("the comment says port {}, and the line {}", said.front(), numbers.front()),
      "put the comment right");
}

}  // namespace

void misleading_comments(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    for (const PortBinding& port : ports_of(service.value))
      compare_comment(port.span, {port.number}, findings);
  for (const EnvFile& file : subject.project.env_files)
    for (const DotenvEntry& entry : file.entries) {
      const auto port =
          entry.value && entry.key.ends_with("PORT") ? port_at_end(*entry.value) : std::nullopt;
      if (port) compare_comment(entry.value_span, {*port}, findings);
    }
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    for (const ComposePort& port : service.ports)
      if (port.host) compare_comment(port.span, {port.host->first, port.container.first}, findings);
}

}  // namespace exai::config
