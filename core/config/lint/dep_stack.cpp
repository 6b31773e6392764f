// DEP002, DEP003 in the stack file: services there are processes of one machine. They reach each
// other by its address and their ports, not by their names.

#include <map>

#include "core/base/text.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/dep_rules.hpp"
#include "core/config/lint/yaml_edits.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "0.0.0.0";
}

const Member* find_member(const Node::Table& table, std::string_view key) {
  for (const Member& member : table)
    if (member.key == key) return &member;
  return nullptr;
}

// "needs" leads from one to the other, at any distance.
bool needs(const Node::Table& all, const Member& from, std::string_view to) {
  std::vector<const Member*> open{&from};
  std::set<std::string_view> seen;
  while (!open.empty()) {
    const Member* at = open.back();
    open.pop_back();
    if (!seen.insert(at->key).second) continue;
    for (const std::string_view key : {"needs", "wants"})
      for (const Member& need : members(at->value, key)) {
        if (need.key == to) return true;
        if (const Member* next = find_member(all, need.key)) open.push_back(next);
      }
  }
  return false;
}

std::optional<Edit> needs_edit(const Member& service, const std::string& need) {
  if (const Member* needs = service.value.member("needs")) {
    if (!text_at(needs->value.span).starts_with('{') || members(service.value, "needs").empty())
      return std::nullopt;
    Edit edit = replace(needs->value.span, "");
    edit.end = ++edit.begin;
    edit.text = fmt::format(" {} = \"ready\",", need);
    return edit;
  }
  const Member* process = service.value.member("process");
  const auto line = process == nullptr ? std::nullopt : line_at(process->key_span);
  if (!line || process->value.span.end.line != process->key_span.begin.line) return std::nullopt;
  return below(process->key_span, 0, {fmt::format("needs = {{ {} = \"ready\" }}", need)});
}

void report(const Member& service, const Member& variable, const Member& target,
            const PortBinding& port, Findings& findings) {
  Diagnostic& one = findings.add(
      "DEP003", variable.value.span,
      fmt::format("{} uses {} ({}), but does not need it", service.key, target.key, variable.key),
      fmt::format("write needs = {{ {} = \"ready\" }}", target.key));
  one.related.push_back({port.span, fmt::format("{}'s port", target.key)});
  one.subject = fmt::format("services.{}.needs.{}", service.key, target.key);
  if (auto edit = needs_edit(service, target.key)) {
    Fix fix;
    fix.title = fmt::format("let {} wait for {}", service.key, target.key);
    fix.edits.push_back(std::move(*edit));
    fix.changes.push_back({one.subject, std::nullopt, "ready"});
    one.fix = std::move(fix);
  }
}

}  // namespace

void undeclared_needs(const LintSubject& subject, Findings& findings) {
  const Node::Table& all = services(subject.resolved.tree);
  struct Listener {
    const Member* service;
    PortBinding port;
  };
  std::map<int, Listener> listeners;
  for (const Member& service : all)
    for (const PortBinding& port : ports_of(service.value))
      listeners.emplace(port.number, Listener{&service, port});
  for (const Member& service : all) {
    std::set<std::string_view> told;
    for (const Member& variable : members(service.value, "env")) {
      if (variable.value.string() == nullptr) continue;
      for (const HostUse& use : hosts_in(*variable.value.string())) {
        const auto found = use.port ? listeners.find(*use.port) : listeners.end();
        if (!is_this_machine(use.host) || found == listeners.end()) continue;
        const Member& target = *found->second.service;
        if (target.key == service.key || needs(all, service, target.key) ||
            needs(all, target, service.key) || !told.insert(target.key).second)
          continue;
        report(service, variable, target, found->second.port, findings);
      }
    }
  }
}

void containers_as_hosts(const LintSubject& subject, Findings& findings) {
  const Node::Table& all = services(subject.resolved.tree);
  for (const Member& service : all) {
    for (const Member& variable : members(service.value, "env")) {
      if (variable.value.string() == nullptr) continue;
      for (const HostUse& use : hosts_in(*variable.value.string())) {
        const Member* target = use.scheme.empty() ? nullptr : find_member(all, use.host);
        if (target == nullptr) continue;
        findings
            .add("DEP002", span_of_host(variable.value.span, use),
                 fmt::format("{} of {} names the host \"{}\", which is a process here and no host",
                             variable.key, service.key, use.host),
                 "services of a stack file share this machine: write 127.0.0.1")
            .related.push_back({target->key_span, fmt::format("{} is defined here", target->key)});
      }
    }
  }
}

}  // namespace exai::config
