// PRT006: checks that connect to a port where nothing listens.

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/listeners.hpp"
#include "core/config/lint/prt_rules.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

struct Target {
  int port = 0;
  std::string written;  // how the port stands in the text; empty: it follows from http or https
};

std::size_t digits_at(std::string_view text, std::size_t i) {
  std::size_t end = i;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end;
}

// Ports of the service's own that a check connects to: localhost:8080, http://127.0.0.1/,
// nc -z localhost 8080.
std::vector<Target> targets_in(std::string_view text) {
  std::vector<Target> targets;
  for (const std::string_view host : {"localhost", "127.0.0.1", "0.0.0.0", "[::1]"}) {
    for (std::size_t i = text.find(host); i != text.npos; i = text.find(host, i + 1)) {
      const std::size_t after = i + host.size();
      const char next = after < text.size() ? text[after] : ' ';
      if (next == ':' || next == ' ') {
        const std::size_t end = digits_at(text, after + 1);
        const bool is_whole = end == text.size() || !is_letter_or_digit(text[end]);
        if (end > after + 1 && end - after <= 6 && is_whole &&
            (end == text.size() || text[end] != '.'))
          targets.push_back(
              {std::atoi(std::string(text.substr(after + 1, end - after - 1)).c_str()),
               std::string(text.substr(after + 1, end - after - 1))});
        if (next == ':') continue;
      }
      const std::string_view before = text.substr(0, i);
      if (next == ':' || !targets.empty()) continue;
      if (before.ends_with("http://")) targets.push_back({80, ""});
      if (before.ends_with("https://")) targets.push_back({443, ""});
    }
  }
  return targets;
}

struct Check {
  std::string text;
  Span span;
};

std::optional<Check> check_of(const ComposeService& service) {
  if (service.healthcheck) {
    if (service.healthcheck->disabled || service.healthcheck->test.empty()) return std::nullopt;
    return Check{join(service.healthcheck->test, " "), service.healthcheck->test_span};
  }
  const auto stage = service.image_stage();
  if (!stage || !stage->healthcheck || stage->healthcheck->none) return std::nullopt;
  const DockerCommand& command = stage->healthcheck->command;
  return Check{join(command.words, " "), command.span};
}

std::optional<Severity> doubt_about_check(const ComposeService& service,
                                          const Listening& listening) {
  if (listening.image != nullptr) return Severity::error;
  if (listening.first_sure() != nullptr && listening.has_exposed()) return Severity::error;
  if (!listening.all.empty() || !service.ports.empty()) return Severity::warning;
  return std::nullopt;
}

std::string known_ports(const ComposeService& service, const Listening& listening) {
  std::set<int> ports;
  for (const Listener& one : listening.all) ports.insert(one.port);
  for (const ComposePort& port : service.ports) ports.insert(port.container.first);
  ports.erase(0);
  std::vector<std::string> all;
  for (const int port : ports) all.push_back(std::to_string(port));
  return join(all, ", ");
}

void wrong_port(const ComposeService& service, Findings& findings) {
  const auto check = check_of(service);
  if (!check || shares_network(service)) return;
  const Listening listening = listening_of(service);
  const auto doubt = doubt_about_check(service, listening);
  if (!doubt) return;
  for (const Target& target : targets_in(check->text)) {
    if (listening.on(target.port) || is_published(service, target.port)) continue;
    Diagnostic& found = findings.add(
        "PRT006", target.written.empty() ? check->span : narrow(check->span, target.written),
        fmt::format("the healthcheck of {} connects to port {}; {} is known to listen on {}",
                    service.name, target.port, service.name, known_ports(service, listening)),
        *doubt == Severity::error
            ? "check a port that it listens on"
            : fmt::format("check a port that it listens on; if it does listen there, say so: "
                          "expose: [\"{}\"]",
                          target.port));
    found.severity = *doubt;
    found.subject = fmt::format("services.{}.healthcheck", service.name);
  }
}

// A check by a whole address, in the stack file.
void wrong_port(const LintSubject& subject, const Member& service, Findings& findings) {
  if (ports_of(service.value).empty()) return;
  for (const std::string_view key : {"ready", "healthy"}) {
    const Node* check = service.value.find(key);
    const Node* address = check == nullptr ? nullptr : check->find(kind_of(*check));
    if (address == nullptr || address->string() == nullptr ||
        address->string()->find("://") == std::string::npos)
      continue;
    for (const Target& target : targets_in(*address->string())) {
      const auto has_port = [&](const Member& one) {
        const auto ports = ports_of(one.value);
        return std::any_of(ports.begin(), ports.end(),
                           [&](const PortBinding& port) { return port.number == target.port; });
      };
      const auto& all = services(subject.resolved.tree);
      if (std::any_of(all.begin(), all.end(), has_port)) continue;
      findings
          .add("PRT006",
               target.written.empty() ? address->span : narrow(address->span, target.written),
               fmt::format("no service of the stack has port {}, which {} of {} connects to",
                           target.port, key, service.key),
               "name one of the service's ports: port = \"NAME\", and only the path here")
          .subject = fmt::format("services.{}.{}", service.key, key);
    }
  }
}

}  // namespace

void checks_of_wrong_ports(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    wrong_port(subject, service, findings);
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    wrong_port(service, findings);
}

}  // namespace exai::config
