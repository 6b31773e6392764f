#include <algorithm>
#include <map>
#include <set>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
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

bool shares_network(const ComposeService& service) {
  return service.network_mode.has_value() && service.network_mode->value != "bridge" &&
         service.network_mode->value != "default";
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

std::string program_of(const Node& service) {
  const auto process = texts(service.find("process"));
  return process.empty() ? "" : Path(process.front()).filename().string();
}

// exaid listens where its options say.
void without_listener(const LintSubject& subject, const Member& service, Findings& findings) {
  if (program_of(service.value) != "exaid" || !members(service.value, "env").empty()) return;
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

bool is_published(const ComposeService& service, int port) {
  return std::any_of(service.ports.begin(), service.ports.end(), [&](const ComposePort& one) {
    return port >= one.container.first && port <= one.container.last;
  });
}

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
  if (program_of(service.value) != "exaid" || ports.empty() ||
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

// --- healthchecks ---

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

// --- one network ---

namespace {

struct Occupant {
  const ComposeService* service = nullptr;
  Listener listener;
};

Span place_of(const Occupant& one) {
  if (one.listener.span) return one.listener.span;
  return one.service->network_mode ? one.service->network_mode->span : one.service->span;
}

bool may_meet(const ComposeService& a, const ComposeService& b) {
  if (a.profiles.empty() || b.profiles.empty()) return true;
  return std::any_of(a.profiles.begin(), a.profiles.end(), [&](const PlacedText& one) {
    return std::any_of(b.profiles.begin(), b.profiles.end(),
                       [&](const PlacedText& other) { return other.value == one.value; });
  });
}

// "" for a network of its own that nobody shares.
std::string network_of(const ComposeService& service) {
  const std::string mode = service.network_mode ? service.network_mode->value : "";
  if (mode == "host") return "the network of the host";
  constexpr std::string_view kService = "service:";
  if (mode.starts_with(kService)) return "the network of " + mode.substr(kService.size());
  return "the network of " + service.name;
}

void collide(const std::string& network, const std::vector<Occupant>& occupants,
             Findings& findings) {
  std::map<int, std::vector<const Occupant*>> by_port;
  for (const Occupant& one : occupants) {
    std::vector<const Occupant*>& earlier = by_port[one.listener.port];
    const auto other = std::find_if(earlier.begin(), earlier.end(), [&](const Occupant* before) {
      return before->service != one.service && may_meet(*before->service, *one.service);
    });
    if (other != earlier.end()) {
      Diagnostic& found = findings.add(
          "PRT007", place_of(one),
          fmt::format("{} and {} both listen on port {} in {}", (*other)->service->name,
                      one.service->name, one.listener.port, network),
          "give one of them another port, or a network of its own");
      found.related.push_back({place_of(**other), "the other one"});
      found.subject = "services." + one.service->name;
    }
    earlier.push_back(&one);
  }
}

// What Docker itself listens on for published ports.
void add_published(const ComposeService& service, std::vector<Occupant>& host) {
  for (const ComposePort& port : service.ports)
    if (port.host && port.protocol == "tcp" && port.host->first == port.host->last)
      host.push_back(
          {&service, {Listener::By::command, port.host->first, "ports", port.host_span}});
}

// The listeners of exaid itself.
void collide_in_stack(const LintSubject& subject, Findings& findings) {
  const auto& all = services(subject.resolved.tree);
  if (std::none_of(all.begin(), all.end(), [](const Member& service) {
        return program_of(service.value) == "exaid" && members(service.value, "env").empty();
      }))
    return;
  std::map<int, const Option*> taken;
  for (const Option* option : own_port_options(subject)) {
    const auto port = port_value(subject, option->name);
    if (!port) continue;
    const auto [other, is_free] = taken.emplace(*port, option);
    if (is_free) continue;
    const auto place = [&](const Option* one) {
      const auto& origins = subject.resolved.variables.at(one->name).origins;
      return origins.empty() ? Span{} : origins.front().span;
    };
    const bool is_second = static_cast<bool>(place(option));
    Diagnostic& found =
        findings.add("PRT007", is_second ? place(option) : place(other->second),
                     fmt::format("{} and {} are both {}: exaid cannot listen there twice",
                                 other->second->name, option->name, *port),
                     "give each listener a port of its own");
    if (is_second && place(other->second))
      found.related.push_back({place(other->second), "the other one"});
    found.subject = option->name;
  }
}

}  // namespace

void listeners_in_conflict(const LintSubject& subject, Findings& findings) {
  collide_in_stack(subject, findings);
  if (subject.project.compose == nullptr) return;
  std::map<std::string, std::vector<Occupant>> networks;
  std::set<std::string> shared;
  for (const ComposeService& service : subject.project.compose->services) {
    const std::string network = network_of(service);
    if (shares_network(service)) shared.insert(network);
    std::set<int> seen;
    const Listening listening = listening_of(service);
    for (const Listener& listener : listening.all) {
      // An image's further ports are often switched off.
      const bool is_main = listener.by != Listener::By::image ||
                           listening.image->ports[0] == listener.port || seen.empty();
      if (listener.is_sure() && is_main && seen.insert(listener.port).second)
        networks[network].push_back({&service, listener});
    }
    if (!shares_network(service)) add_published(service, networks["the network of the host"]);
  }
  for (const std::string& network : shared) collide(network, networks[network], findings);
}

}  // namespace exai::config
