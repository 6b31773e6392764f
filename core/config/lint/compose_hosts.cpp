#include "core/config/lint/compose_hosts.hpp"

#include <algorithm>
#include <array>

#include "core/base/ascii.hpp"

namespace exai::config {

namespace {

void add_aliases(const ComposeService& service, HostNames& names) {
  const Node* networks = service.node.find("networks");
  if (networks == nullptr || networks->table() == nullptr) return;
  for (const Member& network : *networks->table())
    if (const Node* aliases = network.value.find("aliases"); aliases && aliases->list())
      for (const Node& alias : *aliases->list())
        if (alias.string() != nullptr) names.emplace(*alias.string(), HostName{&service});
}

// links: [service:alias], external_links: [container:alias], extra_hosts: ["name:address"]
void add_declared(const ComposeService& service, HostNames& names) {
  for (const std::string_view key : {"links", "external_links", "extra_hosts"}) {
    const Node* list = service.node.find(key);
    if (list == nullptr) continue;
    if (list->table() != nullptr)
      for (const Member& member : *list->table()) names.emplace(member.key, HostName{});
    if (list->list() == nullptr) continue;
    for (const Node& item : *list->list()) {
      if (item.string() == nullptr) continue;
      const std::string& text = *item.string();
      const std::size_t colon = text.find_first_of(":=");
      const bool is_host = key == "extra_hosts" || colon == text.npos;
      names.emplace(is_host ? text.substr(0, colon) : text.substr(colon + 1), HostName{});
    }
  }
}

}  // namespace

HostNames host_names(const ComposeProject& project) {
  HostNames names;
  for (const ComposeService& service : project.services)
    names.emplace(service.name, HostName{&service});
  for (const ComposeService& service : project.services) {
    if (service.hostname) names.emplace(service.hostname->value, HostName{&service});
    if (service.container_name)
      names.emplace(service.container_name->value, HostName{&service, true});
    add_aliases(service, names);
    add_declared(service, names);
  }
  return names;
}

namespace {

bool names_a_host(std::string_view name) {
  constexpr std::array<std::string_view, 7> kEnds = {"HOST",   "HOSTNAME", "SERVER", "ADDR",
                                                     "BROKER", "BROKERS",  "SERVERS"};
  return std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) {
    return name == end || (name.ends_with(end) && name[name.size() - end.size() - 1] == '_');
  });
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_';
  });
}

bool may_name_hosts(const ComposeService& service) {
  return has_variable(service, [](const std::string& name, const std::string& value) {
    return value.find(':') != std::string::npos || names_a_host(name);
  });
}

std::vector<Use> uses_in(const EffectiveVariable& variable) {
  const ComposeVariable& winner = variable.winner();
  std::vector<Use> uses;
  if (!winner.value || winner.origin == ComposeVariable::Origin::image) return uses;
  for (HostUse& host : hosts_in(*winner.value)) uses.push_back({&variable, std::move(host), {}});
  if (uses.empty() && names_a_host(variable.name) && is_name(*winner.value))
    uses.push_back({&variable, {"", *winner.value, std::nullopt}, {}});
  return uses;
}

}  // namespace exai::config
