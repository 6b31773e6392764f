// PRT007: two that listen on the same port of one network.

#include <algorithm>
#include <map>
#include <set>

#include "core/base/text.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/listeners.hpp"
#include "core/config/lint/prt_rules.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

struct Occupant {
  const ComposeService* service = nullptr;
  Listener listener;
};

Span place_of(const Occupant& one) {
  if (one.listener.span) return one.listener.span;
  return one.service->network_mode ? one.service->network_mode->span : one.service->span;
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
      return before->service != one.service && may_run_together(*before->service, *one.service);
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
        return is_exaid(service.value) && members(service.value, "env").empty();
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
