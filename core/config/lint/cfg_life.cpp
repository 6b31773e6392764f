// CFG028: keys of a service that say two different things about its life, or nothing at all.

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/config/lint/cfg_rules.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

constexpr const char* kCode = "CFG028";

bool says(const Node& node, std::string_view key, std::string_view value) {
  const Node* found = node.find(key);
  return found != nullptr && found->string() != nullptr && *found->string() == value;
}

// It runs to its end: somebody may wait for that.
bool ends(const Node& service) {
  return says(service, "kind", "once") || service.find("schedule") != nullptr ||
         service.find("every") != nullptr;
}

void schedules(const Member& service, Findings& findings) {
  const Node& node = service.value;
  const Member* schedule = node.member("schedule");
  const Member* every = node.member("every");
  if (schedule != nullptr && every != nullptr)
    findings.add(kCode, every->key_span, service.key + " has a schedule and an interval",
                 "keep one of schedule and every");
  const Member* timed = schedule != nullptr ? schedule : every;
  if (timed != nullptr && node.find("kind") != nullptr)
    findings.add(kCode, node.member("kind")->key_span,
                 fmt::format("{} has a kind and its own times: {}", service.key, timed->key),
                 "remove kind: what has times runs to its end each time");
  for (const std::string_view key : {"overlap", "missed"})
    if (const Member* member = node.member(key); member != nullptr && timed == nullptr)
      findings.add(
          kCode, member->key_span,
          fmt::format("{} of {} means nothing: it has no times of its own", key, service.key),
          "add schedule or every, or remove it");
}

void stops(const Member& service, Findings& findings) {
  const Node* stop = service.value.find("stop");
  if (stop == nullptr || stop->find("steps") == nullptr) return;
  for (const std::string_view key : {"signal", "grace"})
    if (const Member* member = stop->member(key))
      findings.add(kCode, member->key_span,
                   fmt::format("stop of {} has steps and a {} beside them", service.key, key),
                   fmt::format("write the {} into one of the steps", key));
}

// What a service says itself proves only one of the two.
void told(const Member& service, Findings& findings) {
  const Node* ready = service.value.find("ready");
  const Node* healthy = service.value.find("healthy");
  if (ready != nullptr && says(*ready, "notify", "watchdog"))
    findings.add(kCode, ready->find("notify")->span,
                 service.key + " would be ready by its watchdog, which only says that it is alive",
                 "write healthy = { notify = \"watchdog\" }, and ready = { notify = \"ready\" }");
  if (healthy == nullptr) return;
  if (says(*healthy, "notify", "ready"))
    findings.add(
        kCode, healthy->find("notify")->span,
        service.key + " says once that it is ready: that does not show that it still works",
        "write healthy = { notify = \"watchdog\" }");
  if (const Node* log = healthy->find("log"))
    findings.add(kCode, log->span,
                 service.key + " is watched by a line of its log, which comes once",
                 "write it as ready, and let healthy ask the service");
}

void endless(const Node::Table& all, const Member& service, Findings& findings) {
  for (const std::string_view key : {"needs", "wants"}) {
    for (const Member& need : members(service.value, key)) {
      if (need.value.string() == nullptr || !need.value.string()->starts_with("done")) continue;
      const auto target = std::find_if(all.begin(), all.end(),
                                       [&](const Member& other) { return other.key == need.key; });
      if (target == all.end() || ends(target->value)) continue;
      findings
          .add(kCode, need.value.span,
               fmt::format("{} waits for the end of {}, which is kept running", service.key,
                           need.key),
               "write kind = \"once\" in its table, or wait for \"ready\"")
          .related.push_back({target->key_span, need.key + " is defined here"});
    }
  }
}

int replicas_of(const Node& service) {
  return std::clamp(integer_or(service, "replicas", 1), 1, 1000);
}

// Each replica takes the next port.
void ports(const Node::Table& all, const Member& service, Findings& findings) {
  const int count = replicas_of(service.value);
  if (count == 1) return;
  for (const PortBinding& port : ports_of(service.value)) {
    const int last = port.number + count - 1;
    if (last > 65535)
      findings.add(
          kCode, port.span,
          fmt::format("the ports of {} replicas of {} end at {}", count, service.key, last),
          "the highest port is 65535");
    for (const Member& other : all)
      for (const PortBinding& theirs : ports_of(other.value)) {
        if (theirs.number <= port.number || theirs.number > last) continue;
        findings
            .add(kCode, theirs.span,
                 fmt::format("port {} is taken by replica {} of {}", theirs.number,
                             theirs.number - port.number + 1, service.key),
                 fmt::format("its {} replicas have the ports {} to {}", count, port.number, last))
            .related.push_back({port.span, "the first of them"});
      }
  }
}

}  // namespace

void contradicting_keys(const LintSubject& subject, Findings& findings) {
  const Node::Table& all = services(subject.resolved.tree);
  for (const Member& service : all) {
    schedules(service, findings);
    stops(service, findings);
    told(service, findings);
    endless(all, service, findings);
    ports(all, service, findings);
  }
}

}  // namespace exai::config
