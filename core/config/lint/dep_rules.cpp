// DEP: dependencies between services, and the programs they start.

#include <algorithm>
#include <map>

#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

void unknown_dependencies(const LintSubject& subject, Findings& findings) {
  std::vector<std::string> known;
  for (const Member& service : services(subject.resolved.tree)) known.push_back(service.key);
  for (const Member& service : services(subject.resolved.tree)) {
    for (const Member& need : members(service.value, "needs")) {
      if (std::find(known.begin(), known.end(), need.key) != known.end()) continue;
      const auto meant = closest(need.key, known);
      findings.add(
          "DEP001", need.key_span,
          fmt::format("{} needs \"{}\", which is no service", service.key, printable(need.key)),
          meant ? fmt::format("did you mean \"{}\"?", *meant)
                : "the services are " + join(known, ", "));
    }
  }
}

// Depth first over `needs`. A service met again on the way to itself closes a circle; each circle
// is reported where it is closed.
class CycleSearch {
 public:
  CycleSearch(const Node::Table& services, Findings& findings)
      : services_(services), findings_(findings) {}

  void run() {
    for (const Member& service : services_) visit(service);
  }

 private:
  struct Step {
    const Member* service;
    const Member* need;  // the one that led on from it
  };

  void visit(const Member& service) {
    if (done_[service.key]) return;
    path_.push_back({&service, nullptr});
    for (const Member& need : members(service.value, "needs")) {
      path_.back().need = &need;
      const auto on_path = std::find_if(path_.begin(), path_.end(), [&](const Step& step) {
        return step.service->key == need.key;
      });
      const auto next = std::find_if(services_.begin(), services_.end(),
                                     [&](const Member& other) { return other.key == need.key; });
      if (on_path != path_.end())
        report({on_path, path_.end()});
      else if (next != services_.end() && path_.size() < kMaxDepth)
        visit(*next);
    }
    path_.pop_back();
    done_[service.key] = true;
  }

  void report(const std::vector<Step>& circle) {
    std::string path;
    for (const Step& step : circle) path += step.service->key + " → ";
    path += circle.front().service->key;
    Diagnostic& one = findings_.add("DEP001", circle.front().need->key_span,
                                    "services wait for each other in a circle: " + path,
                                    "remove one of these needs");
    for (std::size_t i = 1; i < circle.size(); ++i)
      one.related.push_back(
          {circle[i].need->key_span,
           fmt::format("{} needs {}", circle[i].service->key, circle[i].need->key)});
  }

  static constexpr std::size_t kMaxDepth = 1000;

  const Node::Table& services_;
  Findings& findings_;
  std::vector<Step> path_;
  std::map<std::string, bool> done_;
};

void find_command(const LintSubject& subject, const Node* command, Findings& findings) {
  if (command == nullptr || command->list() == nullptr || command->list()->empty()) return;
  const Node& program = command->list()->front();
  if (program.string() == nullptr || program.string()->empty()) return;
  if (subject.world.has_program(*program.string())) return;
  const bool is_path = program.string()->find('/') != std::string::npos;
  findings.add("CMD001", program.span,
               fmt::format("there is no program \"{}\"", printable(*program.string())),
               is_path
                   ? "the file must exist and be executable"
                   : "it was looked for beside exai and in PATH; install it, or write its path");
}

void impossible_dependencies(const LintSubject& subject, Findings& findings) {
  unknown_dependencies(subject, findings);
  CycleSearch(services(subject.resolved.tree), findings).run();
}

void missing_commands(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree)) {
    find_command(subject, service.value.find("process"), findings);
    for (const std::string_view key : {"ready", "healthy"})
      if (const Node* check = service.value.find(key))
        find_command(subject, check->find("command"), findings);
  }
}

constexpr std::array kRules = {
    Rule{"CMD001", "command-not-found", error, contextual, Fixing::none,
         "A program that is not on this machine",
         "It is looked up beside exai and in PATH; a path with a slash starts at the folder of the "
         "stack file.",
         missing_commands},
    Rule{"DEP001", "impossible-dependency", error, deterministic, Fixing::none,
         "A service that needs one that does not exist, or services that wait in a circle",
         "Neither could ever start: each waits for something that never happens.",
         impossible_dependencies},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> dep_rules() {
  return kRules;
}

}  // namespace exai::config
