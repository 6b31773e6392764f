#include "cli/ports.hpp"

#include <algorithm>

namespace exai::cli {

namespace {

bool in_the_way(const Listener& listener) {
  const std::string& address = listener.address;
  return address == "*" || address == "0.0.0.0" || address == "::" || address.starts_with("127.");
}

// The variable that most likely gave the port its number; empty when that is anyone's guess.
std::string variable_of(const PortUse& use, const config::Stack& stack) {
  std::string found;
  for (const auto& [name, variable] : stack.variables) {
    if (name.find("PORT") == std::string::npos) continue;
    if (variable.value != std::to_string(use.port.number)) continue;
    if (!found.empty()) return {};
    found = name;
  }
  return found;
}

std::string place_of(const PortUse& use) {
  if (!use.port.span) return "the stack file";
  return fmt::format("{}:{}", use.port.span.source->name, use.port.span.begin.line);
}

}  // namespace

PortUse judge_port(const std::string& service, const config::PortBinding& port,
                   const std::vector<Held>& held, const std::vector<pid_t>& our_pids) {
  PortUse use{service, port, Owner::nobody, {}};
  for (const Held& each : held) {
    if (each.listener.port != port.number) continue;
    const auto is_ours = [&](pid_t pid) {
      return pid > 0 && (pid == each.listener.pid || pid == each.session);
    };
    if (std::any_of(our_pids.begin(), our_pids.end(), is_ours))
      return {service, port, Owner::ours, each.listener};
    if (!in_the_way(each.listener) || use.owner == Owner::stranger) continue;
    use.owner = Owner::stranger;
    use.listener = each.listener;
  }
  return use;
}

std::vector<PortUse> port_uses(const config::Stack& stack, const std::vector<pid_t>& our_pids) {
  std::vector<std::uint16_t> numbers;
  for (const config::Service& service : stack.services)
    for (const config::PortBinding& port : service.ports) numbers.push_back(port.number);
  std::vector<Held> held;
  for (const Listener& listener : listeners_on(numbers)) {
    const auto info = listener.pid > 0 ? process_info(listener.pid) : std::nullopt;
    held.push_back({listener, info ? info->session : -1});
  }
  std::vector<PortUse> uses;
  for (const config::Service& service : stack.services)
    for (const config::PortBinding& port : service.ports)
      uses.push_back(judge_port(service.name, port, held, our_pids));
  return uses;
}

std::string conflict_text(const PortUse& use) {
  const std::string who = use.listener.pid > 0
                              ? fmt::format("{} (pid {})", use.listener.program, use.listener.pid)
                              : std::string("a program of another user");
  return fmt::format("port {} ({} {}) is held by {}", use.port.number, use.service, use.port.name,
                     who);
}

std::string conflict_fix(const PortUse& use, const config::Stack& stack) {
  const std::string stop = use.listener.pid > 0
                               ? fmt::format("kill {}", use.listener.pid)
                               : fmt::format("sudo ss -ltnp 'sport = :{}'", use.port.number);
  const std::string variable = variable_of(use, stack);
  return fmt::format("{}    (or give {} another port: {}{})", stop, use.service,
                     variable.empty() ? "" : variable + ", used at ", place_of(use));
}

}  // namespace exai::cli
