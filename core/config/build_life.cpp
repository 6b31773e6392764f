#include "core/config/build_life.hpp"

#include <array>
#include <utility>

#include "core/config/formats.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

constexpr std::array kSignals = {
    std::pair{std::string_view("TERM"), SIGTERM}, std::pair{std::string_view("INT"), SIGINT},
    std::pair{std::string_view("QUIT"), SIGQUIT}, std::pair{std::string_view("HUP"), SIGHUP},
    std::pair{std::string_view("USR1"), SIGUSR1}, std::pair{std::string_view("USR2"), SIGUSR2},
    std::pair{std::string_view("KILL"), SIGKILL},
};

constexpr std::array kConditions = {Condition::started, Condition::ready, Condition::healthy,
                                    Condition::done, Condition::done_ok};

void add_needs(Service& service, const Node& node, std::string_view key) {
  for (const Member& member : members(node, key)) {
    Need need{member.key, Condition::ready, member.key_span, key == "wants"};
    for (const Condition condition : kConditions)
      if (member.value.string() != nullptr && *member.value.string() == name(condition))
        need.condition = condition;
    service.needs.push_back(std::move(need));
  }
}

RestartPolicy build_restart(const Service& service, const Node& node) {
  RestartPolicy policy;
  // A run of a schedule that fails is not repeated unless that is asked for.
  if (service.kind == Kind::scheduled) policy.when = RestartWhen::never;
  const Node* restart = node.find("restart");
  if (restart == nullptr) return policy;
  const std::string when = text_or(*restart, "policy", "always");
  policy.when = when == "never"        ? RestartWhen::never
                : when == "on-failure" ? RestartWhen::on_failure
                                       : RestartWhen::always;
  if (const Node* success = restart->find("success"); success != nullptr && success->list()) {
    policy.success.clear();
    for (const Node& code : *success->list())
      if (code.integer() != nullptr) policy.success.push_back(static_cast<int>(*code.integer()));
  }
  if (const auto range = parse_duration_range(text_or(*restart, "backoff", ""))) {
    policy.backoff_min = range->least;
    policy.backoff_max = range->most;
  }
  if (const auto rate = parse_rate(text_or(*restart, "give_up", ""))) {
    policy.give_up_after = rate->count;
    policy.give_up_window = rate->window;
  }
  return policy;
}

StopStep build_step(const Node& node) {
  StopStep step;
  const std::string wanted = text_or(node, "signal", "TERM");
  for (const auto& [signal, number] : kSignals)
    if (signal == wanted) step.signal = number;
  step.grace = duration_or(node, "grace", step.grace);
  return step;
}

StopPolicy build_stop(const Node& node) {
  StopPolicy policy;
  const Node* stop = node.find("stop");
  if (stop == nullptr) return policy;
  policy.steps = {build_step(*stop)};
  policy.total = duration_or(*stop, "total", policy.total);
  const Node* steps = stop->find("steps");
  if (steps == nullptr || steps->list() == nullptr || steps->list()->empty()) return policy;
  policy.steps.clear();
  for (const Node& step : *steps->list()) policy.steps.push_back(build_step(step));
  return policy;
}

Boxed<Schedule> build_schedule(const Node& node) {
  Schedule schedule;
  const std::string cron = text_or(node, "schedule", "");
  schedule.cron = parse_cron(cron);
  schedule.every = duration_or(node, "every", 0ms);
  if (!schedule.cron && schedule.every <= 0ms) return std::nullopt;
  schedule.text = schedule.cron ? cron : "every " + text_or(node, "every", "");
  const std::string overlap = text_or(node, "overlap", "skip");
  if (overlap == "queue") schedule.overlap = Overlap::queue;
  if (overlap == "replace") schedule.overlap = Overlap::replace;
  if (text_or(node, "missed", "skip") == "once") schedule.missed = Missed::once;
  return schedule;
}

Boxed<Hook> build_hook(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  if (found == nullptr) return std::nullopt;
  Hook hook;
  hook.command = texts(found->find("command"));
  hook.timeout = duration_or(*found, "timeout", hook.timeout);
  return hook;
}

}  // namespace

void build_life(Service& service, const Node& node) {
  service.schedule = build_schedule(node);
  if (text_or(node, "kind", "service") == "once") service.kind = Kind::once;
  if (service.schedule) service.kind = Kind::scheduled;
  add_needs(service, node, "needs");
  add_needs(service, node, "wants");
  // What runs to its end may take as long as it takes.
  const bool ends = service.kind != Kind::service && !service.ready;
  service.start_timeout = duration_or(node, "start_timeout", ends ? 0ms : service.start_timeout);
  service.restart = build_restart(service, node);
  service.stop = build_stop(node);
  service.before_start = build_hook(node, "before_start");
  service.after_stop = build_hook(node, "after_stop");
  if (node.find("replicas") != nullptr) service.replicas = integer_or(node, "replicas", 1);
  service.profiles = texts(node.find("profiles"));
  service.user = text_or(node, "user", "");
  service.group_name = text_or(node, "group", "");
  service.umask = parse_umask(text_or(node, "umask", ""));
  if (node.find("nice") != nullptr) service.nice = integer_or(node, "nice", 0);
}

}  // namespace exai::config
