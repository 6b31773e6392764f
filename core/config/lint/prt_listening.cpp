#include <algorithm>
#include <map>
#include <set>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/listeners.hpp"
#include "core/config/lint/prt_rules.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

std::string who_listens(const ComposeService& service, const Listener& listener) {
  switch (listener.by) {
    case Listener::By::image:
      return fmt::format("{} listens on {}", listener.what, listener.port);
    case Listener::By::exposed:
    case Listener::By::image_exposed:
      return fmt::format("{} names {}", listener.what, listener.port);
    default:
      return fmt::format("{} listens on {} ({})", service.name, listener.port, listener.what);
  }
}

bool is_within(const ComposePort& port, const Listening& listening) {
  return std::any_of(listening.all.begin(), listening.all.end(), [&](const Listener& one) {
    return one.port >= port.container.first && one.port <= port.container.last;
  });
}

// How sure it is that nothing listens there; none: nothing is known against it.
std::optional<Severity> doubt_about(const ComposeService& service, const Listening& listening) {
  if (listening.image != nullptr) return Severity::error;
  const bool any_right =
      std::any_of(service.ports.begin(), service.ports.end(),
                  [&](const ComposePort& port) { return is_within(port, listening); });
  if (listening.main() != nullptr && !any_right) return Severity::error;
  if (listening.has_exposed()) return Severity::warning;
  return std::nullopt;
}

void without_listener(const ComposeService& service, Findings& findings) {
  const Listening listening = listening_of(service);
  if (listening.all.empty() || shares_network(service)) return;
  const auto doubt = doubt_about(service, listening);
  if (!doubt) return;
  const Listener& likely = listening.main() != nullptr ? *listening.main() : listening.all.front();
  for (const ComposePort& port : service.ports) {
    if (port.protocol != "tcp" || is_within(port, listening)) continue;
    std::string host = port.host ? fmt::format("{}:", port.host->first) : "";
    if (port.host && !port.host_ip.empty()) host = port.host_ip + ":" + host;
    Diagnostic& found = findings.add(
        "PRT002", port.container_span,
        fmt::format("nothing listens on port {} of {}: {}", port.container.first, service.name,
                    who_listens(service, likely)),
        listening.main() != nullptr
            ? fmt::format("publish \"{}{}\"", host, likely.port)
            : fmt::format("publish one of the ports that {} names, or name this one there",
                          likely.what));
    found.severity = *doubt;
    if (likely.span) found.related.push_back({likely.span, "it listens here"});
    found.subject = fmt::format("services.{}.ports", service.name);
  }
}

// exaid listens where its options say.
void without_listener(const LintSubject& subject, const Member& service, Findings& findings) {
  if (!is_exaid(service.value) || !members(service.value, "env").empty()) return;
  std::vector<std::string> listening;
  std::set<int> ports;
  for (const Option* option : own_port_options(subject))
    if (const auto port = port_value(subject, option->name)) {
      listening.push_back(fmt::format("{} ({})", *port, option->name));
      ports.insert(*port);
    }
  for (const PortBinding& port : ports_of(service.value)) {
    if (ports.empty() || ports.contains(port.number)) continue;
    findings
        .add("PRT002", port.span,
             fmt::format("exaid does not listen on {}, but on {}", port.number,
                         join(listening, ", ")),
             "write the option itself, such as \"${EXAI_WS_PORT}\"")
        .subject = fmt::format("services.{}.ports", service.key);
  }
}

}  // namespace

void ports_without_listener(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    without_listener(subject, service, findings);
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    without_listener(service, findings);
}

namespace {

bool says(const Node& node, std::string_view text) {
  if (node.string() != nullptr) return node.string()->find(text) != std::string::npos;
  if (node.list() != nullptr)
    return std::any_of(node.list()->begin(), node.list()->end(),
                       [&](const Node& one) { return says(one, text); });
  return node.table() != nullptr &&
         std::any_of(node.table()->begin(), node.table()->end(),
                     [&](const Member& one) { return says(one.value, text); });
}

// Somebody connects to it, or it is said in another place that it is there.
bool is_mentioned(const ComposeProject& compose, const ComposeService& service,
                  const Listening& listening, const Listener& listener) {
  for (const Listener& other : listening.all)
    if (other.port == listener.port && &other != &listener) return true;
  const std::string port = fmt::format(":{}", listener.port);
  if (service.healthcheck && says(service.node, port)) return true;
  return std::any_of(compose.services.begin(), compose.services.end(), [&](const auto& other) {
    return &other != &service && says(other.node, service.name + port);
  });
}

void without_port(const ComposeProject& compose, const ComposeService& service,
                  Findings& findings) {
  const Listening listening = listening_of(service);
  const bool publishes_others =
      std::any_of(service.ports.begin(), service.ports.end(),
                  [&](const ComposePort& port) { return is_within(port, listening); });
  if (!publishes_others || shares_network(service)) return;
  for (const Listener& listener : listening.all) {
    if (listener.by != Listener::By::variable || is_published(service, listener.port) ||
        is_mentioned(compose, service, listening, listener))
      continue;
    findings
        .add("PRT005", listener.span,
             fmt::format("{} listens on {} as well ({}), and nothing publishes or names the port",
                         service.name, listener.port, listener.what),
             fmt::format("publish it, or say that it is for other services: expose: [\"{}\"]",
                         listener.port))
        .subject = fmt::format("services.{}", service.name);
  }
}

void without_port(const LintSubject& subject, const Member& service, Findings& findings) {
  const auto ports = ports_of(service.value);
  if (!is_exaid(service.value) || ports.empty() ||
      ports.size() != members(service.value, "ports").size())
    return;
  const auto own = own_port_options(subject);
  const auto is_one = [&](const PortBinding& one) {
    return std::any_of(own.begin(), own.end(), [&](const Option* option) {
      return port_value(subject, option->name) == one.number;
    });
  };
  if (!std::all_of(ports.begin(), ports.end(), is_one)) return;  // PRT002 says so
  for (const Option* option : own) {
    const auto port = port_value(subject, option->name);
    const bool is_named = std::any_of(ports.begin(), ports.end(), [&](const PortBinding& one) {
      return port && one.number == *port;
    });
    if (!port || is_named) continue;
    findings
        .add("PRT005", service.value.member("ports")->key_span,
             fmt::format("exaid listens on {} as well ({}), and {}'s ports do not name it", *port,
                         option->name, service.key),
             fmt::format("add it to ports, as \"${{{}}}\"", option->name))
        .subject = fmt::format("services.{}.ports", service.key);
  }
}

}  // namespace

void listeners_without_port(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    without_port(subject, service, findings);
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    without_port(*subject.project.compose, service, findings);
}

}  // namespace exai::config
