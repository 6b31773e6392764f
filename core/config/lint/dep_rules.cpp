// DEP: dependencies between services, and the programs they start.

#include <algorithm>
#include <map>
#include <set>

#include "core/base/text.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/dep_rules.hpp"
#include "core/config/lint/yaml_edits.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

// A service and whom it waits for, in whichever file that is written.
struct Dependant {
  std::string name;
  std::vector<PlacedText> needs;
};
struct Graph {
  std::string_view key;   // where a service says whom it waits for
  std::string_view verb;  // for people
  std::vector<Dependant> services;
};

Graph graph_of(const Node& tree) {
  Graph graph{"needs", "needs", {}};
  for (const Member& service : services(tree)) {
    Dependant& one = graph.services.emplace_back();
    one.name = service.key;
    for (const std::string_view key : {"needs", "wants"})
      for (const Member& need : members(service.value, key))
        one.needs.push_back({need.key, need.key_span});
  }
  return graph;
}

// Without what may be missing.
Graph graph_of(const ComposeProject& project) {
  Graph graph{"depends_on", "depends on", {}};
  for (const ComposeService& service : project.services) {
    Dependant& one = graph.services.emplace_back();
    one.name = service.name;
    for (const ComposeDependency& need : service.depends_on)
      if (need.required || project.find(need.service) != nullptr)
        one.needs.push_back({need.service, need.span});
  }
  return graph;
}

std::optional<Fix> rename(const Graph& graph, const Dependant& service, const PlacedText& need,
                          const std::string& to) {
  if (text_at(need.span) != need.value) return std::nullopt;
  Fix fix;
  fix.title = "write " + to;
  fix.edits.push_back(replace(need.span, to));
  fix.changes.push_back({fmt::format("services.{}.{}", service.name, graph.key), std::nullopt, ""});
  return fix;
}

void unknown_dependencies(const Graph& graph, Findings& findings) {
  std::vector<std::string> known;
  for (const Dependant& service : graph.services) known.push_back(service.name);
  const std::set<std::string_view> names(known.begin(), known.end());
  OncePerPlace once;
  for (const Dependant& service : graph.services) {
    for (const PlacedText& need : service.needs) {
      if (names.contains(need.value) || !once(need.span)) continue;
      const auto meant = closest(need.value, known);
      Diagnostic& one =
          findings.add("DEP001", need.span,
                       fmt::format("{} {} \"{}\", which is no service", printable(service.name),
                                   graph.verb, printable(need.value)),
                       meant ? fmt::format("did you mean \"{}\"?", *meant)
                             : "the services are " + some_of(known));
      one.subject = fmt::format("services.{}.{}.{}", service.name, graph.key, need.value);
      if (meant) one.fix = rename(graph, service, need, *meant);
    }
  }
}

// Depth first over the needs. A service met again on the way to itself closes a circle; each circle
// is reported where it is closed.
class CycleSearch {
 public:
  CycleSearch(const Graph& graph, Findings& findings) : graph_(graph), findings_(findings) {
    for (const Dependant& service : graph.services) index_.emplace(service.name, &service);
  }

  void run() {
    for (const Dependant& service : graph_.services) visit(service);
  }

 private:
  struct Step {
    const Dependant* service;
    const PlacedText* need;  // the one that led on from it
  };

  void visit(const Dependant& service) {
    if (!done_.insert(&service).second) return;
    path_.push_back({&service, nullptr});
    on_path_.insert(&service);
    for (const PlacedText& need : service.needs) {
      path_.back().need = &need;
      const auto next = index_.find(need.value);
      if (next == index_.end()) continue;
      if (on_path_.contains(next->second))
        report({std::find_if(path_.begin(), path_.end(),
                             [&](const Step& step) { return step.service == next->second; }),
                path_.end()});
      else if (path_.size() < kMaxDepth)
        visit(*next->second);
    }
    on_path_.erase(&service);
    path_.pop_back();
  }

  void report(const std::vector<Step>& circle) {
    std::string path;
    for (const Step& step : circle) path += printable(step.service->name) + " → ";
    path += printable(circle.front().service->name);
    Diagnostic& one = findings_.add("DEP001", circle.front().need->span,
                                    "services wait for each other in a circle: " + path,
                                    fmt::format("remove one of these {}", graph_.key));
    for (std::size_t i = 1; i < circle.size(); ++i)
      one.related.push_back(
          {circle[i].need->span, fmt::format("{} {} {}", printable(circle[i].service->name),
                                             graph_.verb, printable(circle[i].need->value))});
  }

  static constexpr std::size_t kMaxDepth = 1000;

  const Graph& graph_;
  Findings& findings_;
  std::map<std::string_view, const Dependant*> index_;
  std::vector<Step> path_;
  std::set<const Dependant*> on_path_;
  std::set<const Dependant*> done_;
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
  const Graph stack = graph_of(subject.resolved.tree);
  unknown_dependencies(stack, findings);
  CycleSearch(stack, findings).run();
  if (subject.project.compose == nullptr) return;
  const Graph compose = graph_of(*subject.project.compose);
  unknown_dependencies(compose, findings);
  CycleSearch(compose, findings).run();
}

void host_names(const LintSubject& subject, Findings& findings) {
  containers_as_hosts(subject, findings);
  strange_hosts(subject, findings);
}

void dependencies_not_declared(const LintSubject& subject, Findings& findings) {
  undeclared_needs(subject, findings);
  undeclared_dependencies(subject, findings);
}

void missing_commands(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree)) {
    find_command(subject, service.value.find("process"), findings);
    for (const std::string_view key : {"ready", "healthy", "before_start", "after_stop"})
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
    Rule{"DEP001", "impossible-dependency", error, deterministic, Fixing::suggested,
         "A service that needs one that does not exist, or services that wait in a circle",
         "Neither could ever start: each waits for something that never happens.",
         impossible_dependencies},
    Rule{
        "DEP002", "host-is-no-service", warning, heuristic, Fixing::suggested,
        "A variable names a host that no service answers to",
        "Containers reach each other by the names of services, over a network that both are on. A "
        "name that is no service is found by nobody, or by accident: a container's name goes away "
        "when the container is renamed or has replicas. In a stack file, services are processes of "
        "one machine: their host is 127.0.0.1.",
        host_names},
    Rule{
        "DEP003", "dependency-not-declared", warning, heuristic, Fixing::safe,
        "A service uses another one and does not wait for it",
        "A variable of the service holds the address of another one, so it will connect to it. "
        "Without depends_on (in a stack file: needs) both start at once, and the first attempts "
        "fail. Declare it, with condition: service_healthy where there is a healthcheck. Addresses "
        "that say they are for telemetry, callbacks or the public are left alone.",
        dependencies_not_declared},
    Rule{"DEP004", "dependency-disabled", error, deterministic, Fixing::none,
         "A service depends on one that its profile does not start",
         "Compose refuses such a project: \"depends on undefined service\". Give both the same "
         "profiles, or say that the dependency may be missing: required: false.",
         disabled_dependencies},
    Rule{"DEP005", "files-contradict", warning, contextual, Fixing::none,
         "Two files describe the same thing differently",
         "A leftover docker-compose.yml beside compose.yaml, a client that looks for the server at "
         "a port which nothing publishes any more, a stack file and a Compose file with two "
         "opinions "
         "about one service: whoever reads the wrong one looks for the fault in the wrong place. "
         "Keep one of them, or make them agree.",
         contradicting_files},
    Rule{"DEP006", "healthcheck-program-missing", warning, heuristic, Fixing::none,
         "A healthcheck runs a program that its image does not have",
         "Small images have no curl, Debian's have no wget, distroless ones not even a shell. Such "
         "a check fails for ever, and whoever waits for the service to be healthy waits for ever "
         "too. Use what the image has, or install the program. Judged from a table of well-known "
         "images and from what the Dockerfile installs.",
         missing_programs},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> dep_rules() {
  return kRules;
}

}  // namespace exai::config
