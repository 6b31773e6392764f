// The state machine as a table: given a machine and an event, what it becomes and what is done.
#include <catch2/catch.hpp>

#include "tests/unit/service/events.hpp"

using namespace exai;
using namespace exai::service;
using Actions = std::vector<Action>;

namespace Catch {
template <>
struct StringMaker<Action> {
  static std::string convert(Action action) {
    switch (action) {
      case Action::spawn: return "spawn";
      case Action::start_probing: return "start_probing";
      case Action::watch: return "watch";
      case Action::stop_probing: return "stop_probing";
      case Action::signal: return "signal";
      case Action::kill: return "kill";
      case Action::clean_up: return "clean_up";
      case Action::schedule: return "schedule";
      case Action::unschedule: return "unschedule";
      case Action::record: return "record";
    }
    return "?";
  }
};
template <>
struct StringMaker<State> {
  static std::string convert(State state) { return std::string(control::name(state)); }
};
}  // namespace Catch

namespace {

Policy checked() {
  Policy policy;
  policy.restart.backoff_min = 200ms;
  policy.restart.backoff_max = 30s;
  policy.restart.give_up_after = 3;
  policy.restart.give_up_window = 5min;
  policy.stop.steps = {{SIGTERM, 10s}};
  policy.start_timeout = 60s;
  policy.readiness = Readiness::by_check;
  return policy;
}

Machine fresh(Policy policy = checked()) {
  Machine machine;
  machine.policy = policy;
  machine.seed = 42;
  machine.needs_met = true;
  return machine;
}

// Machines in each state, by the shortest way there.
Machine waiting() {
  Machine machine = fresh();
  machine.needs_met = false;
  return after(machine, {{Input::start, "start requested"}});
}
Machine starting() { return after(fresh(), {{Input::start, "start requested"}, {Input::spawned}}); }
Machine ready() { return after(starting(), {{Input::proven, "proven by tcp"}}); }
Machine backoff() {
  return after(ready(), {killed_by(9)});
}
Machine stopping() { return after(ready(), {{Input::stop, "stop requested"}}); }
Machine failed() {
  Machine machine = ready();
  machine.policy.restart.when = config::RestartWhen::never;
  return after(machine, {exited(1)});
}

Step timer_after(const Machine& machine, Duration late = 0ms) {
  return step(machine, {Input::timer}, *machine.wake + late);
}

}  // namespace

TEST_CASE("each state reacts to each event that concerns it") {
  const auto [from, event, to, actions] = GENERATE(table<Machine, Event, State, Actions>({
      {fresh(), {Input::start, "x"}, State::starting, {Action::spawn, Action::record}},
      {waiting(), {Input::needs_met}, State::starting, {Action::spawn, Action::record}},
      {starting(), {Input::proven, "x"}, State::ready, {Action::watch, Action::record}},
      {starting(),
       {Input::stop, "x"},
       State::stopping,
       {Action::stop_probing, Action::signal, Action::record}},
      {starting(),
       {Input::unhealthy, "x"},
       State::stopping,
       {Action::stop_probing, Action::signal, Action::record}},
      {starting(), exited(1), State::backoff, {Action::stop_probing, Action::record}},
      {ready(), exited(0), State::backoff, {Action::stop_probing, Action::record}},
      {ready(), {Input::proof_lost, "x"}, State::ready, {Action::record}},
      {ready(),
       {Input::unhealthy, "x"},
       State::stopping,
       {Action::stop_probing, Action::signal, Action::record}},
      {ready(),
       {Input::stop, "x"},
       State::stopping,
       {Action::stop_probing, Action::signal, Action::record}},
      {backoff(), {Input::start, "x"}, State::starting, {Action::spawn, Action::record}},
      {backoff(), {Input::stop, "x"}, State::stopped, {Action::record}},
      {waiting(), {Input::stop, "x"}, State::stopped, {Action::record}},
      {failed(), {Input::stop, "x"}, State::stopped, {Action::record}},
      {failed(), {Input::start, "x"}, State::starting, {Action::spawn, Action::record}},
      {stopping(), killed_by(15), State::stopped, {Action::record}},
      {fresh(),
       {Input::adopted_ready},
       State::starting,
       {Action::start_probing, Action::watch, Action::record}},
      {fresh(),
       {Input::adopted_starting},
       State::starting,
       {Action::start_probing, Action::record}},
      {fresh(), {Input::ended_unseen}, State::backoff, {Action::record}},
  }));
  const Step taken = step(from, event, t0);
  CAPTURE(control::name(from.state), static_cast<int>(event.input));
  CHECK(taken.machine.state == to);
  CHECK(taken.actions == actions);
}

TEST_CASE("what does not concern a state changes nothing") {
  const auto [from, event] = GENERATE(table<Machine, Event>({
      {fresh(), {Input::stop, "x"}},
      {fresh(), {Input::spawned}},
      {fresh(), {Input::proven, "x"}},
      {fresh(), exited(0)},
      {waiting(), {Input::start, "x"}},
      {waiting(), {Input::needs_lost}},
      {starting(), {Input::start, "x"}},
      {starting(), {Input::needs_lost}},
      {starting(), {Input::proof_lost, "x"}},
      {starting(), {Input::timer}},  // not due yet
      {starting(), {Input::adopted_ready}},
      {ready(), {Input::start, "x"}},
      {ready(), {Input::proven, "x"}},
      {ready(), {Input::needs_lost}},
      {ready(), {Input::timer}},
      {backoff(), {Input::proven, "x"}},
      {backoff(), {Input::unhealthy, "x"}},
      {backoff(), exited(1)},
      {stopping(), {Input::proven, "x"}},
      {stopping(), {Input::unhealthy, "x"}},
      {stopping(), {Input::stop, "x"}},
      {failed(), exited(1)},
  }));
  const Step taken = step(from, event, t0);
  CAPTURE(control::name(from.state), static_cast<int>(event.input));
  CHECK(taken.actions.empty());
  CHECK(taken.machine.state == from.state);
  CHECK(taken.machine.cause == from.cause);
  CHECK(taken.machine.wake == from.wake);
}

TEST_CASE("a service whose needs are not met waits, and starts once they are") {
  const Machine machine = waiting();
  CHECK(machine.state == State::waiting);
  CHECK(machine.process == Process::none);
  const Machine started = after(machine, {{Input::needs_met}});
  CHECK(started.state == State::starting);
}

TEST_CASE("a service without a check is ready when it has started") {
  Policy policy = checked();
  policy.readiness = Readiness::on_start;
  const Step taken = step(after(fresh(policy), {{Input::start}}), {Input::spawned}, t0);
  CHECK(taken.machine.state == State::ready);
  CHECK(taken.actions == Actions{Action::start_probing, Action::watch, Action::record});
  CHECK_FALSE(taken.machine.wake);
}

TEST_CASE("a service that does not become ready in time is ended, and then restarted") {
  const Machine machine = starting();
  REQUIRE(machine.wake == t0 + 60s);
  const Step late = step(machine, {Input::timer, "connection refused"}, t0 + 60s);
  CHECK(late.machine.state == State::stopping);
  CHECK(late.machine.cause == "not ready within 1m: connection refused");
  CHECK(late.actions == Actions{Action::stop_probing, Action::signal, Action::record});
  const Machine ended = after(late.machine, {{Input::proven, "too late"}, killed_by(15)}, t0 + 61s);
  CHECK(ended.state == State::backoff);
  CHECK_THAT(ended.cause, Catch::StartsWith("not ready within 1m: connection refused; restart 1"));
}

TEST_CASE("the cause of a restart is told, and how often and when it comes") {
  Machine machine = backoff();
  CHECK_THAT(machine.cause, Catch::StartsWith("signal 9 (KILL); restart 1 of 3 in "));
  CHECK(machine.last_exit == "signal 9 (KILL)");
  CHECK(machine.last_restart_cause == "signal 9 (KILL)");
  CHECK(machine.restarts == 0);
  machine = timer_after(machine).machine;
  CHECK(machine.state == State::starting);
  CHECK(machine.restarts == 1);
  CHECK(machine.cause == "restart 1, after signal 9 (KILL)");
}

TEST_CASE("the back-off stays under a ceiling that doubles up to its maximum") {
  Policy policy = checked();
  policy.restart.backoff_max = 1s;
  policy.restart.give_up_after = 1000;
  Duration longest_first{};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Machine machine = fresh(policy);
    machine.seed = seed;
    machine = after(machine, {{Input::start}, {Input::spawned}});
    Time now = t0;
    for (const Duration ceiling : {200ms, 400ms, 800ms, 1000ms, 1000ms}) {
      machine = step(machine, exited(1), now).machine;
      const auto delay = std::chrono::duration_cast<Duration>(*machine.wake - now);
      CHECK(delay >= 0ms);
      CHECK(delay <= ceiling);
      if (ceiling == 200ms) longest_first = std::max(longest_first, delay);
      now = *machine.wake;
      machine = after(machine, {{Input::timer}, {Input::spawned}}, now);
    }
  }
  CHECK(longest_first > 150ms);  // the jitter uses the whole range
}

TEST_CASE("it gives up after so many restarts in the window, and starts afresh when asked") {
  Machine machine = starting();
  for (int restart = 1; restart <= 3; ++restart) {
    machine = after(machine, {exited(1)});
    REQUIRE(machine.state == State::backoff);
    machine = after(machine, {{Input::timer}, {Input::spawned}}, *machine.wake);
  }
  machine = after(machine, {exited(1)}, t0 + 1min);
  CHECK(machine.state == State::failed);
  CHECK(machine.cause ==
        "gave up after 3 restarts within 5m; the last: exit code 1 before it was ready");
  CHECK_FALSE(machine.wake);

  machine = after(machine, {{Input::start, "start requested"}, {Input::spawned}, exited(1)});
  CHECK(machine.state == State::backoff);
  CHECK_THAT(machine.cause, Catch::Contains("restart 1 of 3"));
}

TEST_CASE("restarts outside the window do not count") {
  Machine machine = starting();
  Time now = t0;
  for (int restart = 0; restart < 20; ++restart) {
    machine = after(machine, {exited(1)}, now);
    REQUIRE(machine.state == State::backoff);
    now = *machine.wake;
    machine = after(machine, {{Input::timer}, {Input::spawned}, {Input::proven}}, now);
    now += 2min;
  }
  CHECK(machine.restarts == 20);
}

TEST_CASE("a healthy period takes the back-off back to its start") {
  Policy policy = checked();
  policy.restart.give_up_after = 100;
  Machine machine = after(fresh(policy), {{Input::start}, {Input::spawned}});
  for (int i = 0; i < 6; ++i)
    machine = after(after(machine, {exited(1)}), {{Input::timer}, {Input::spawned}}, t0 + 1min);
  REQUIRE(machine.attempt == 6);
  machine = after(machine, {{Input::proven}}, t0 + 1min);
  const Machine soon = after(machine, {exited(1)}, t0 + 1min + 29s);
  CHECK(soon.attempt == 7);
  const Machine later = after(machine, {exited(1)}, t0 + 1min + 30s);
  CHECK(later.attempt == 1);
}

TEST_CASE("the restart policy decides what an exit means") {
  using config::RestartWhen;
  const auto [when, exit, state, cause] = GENERATE(table<RestartWhen, Event, State, std::string>({
      {RestartWhen::always, exited(0), State::backoff, "exit code 0; restart 1 of 3 in "},
      {RestartWhen::on_failure, exited(0), State::stopped, "finished: exit code 0"},
      {RestartWhen::on_failure, exited(2), State::backoff, "exit code 2; restart 1 of 3 in "},
      {RestartWhen::on_failure, Event{Input::exited}, State::backoff, "ended, how is unknown;"},
      {RestartWhen::never, exited(0), State::stopped, "finished: exit code 0"},
      {RestartWhen::never, killed_by(6), State::failed,
       "signal 6 (ABRT); its policy is not to restart"},
  }));
  Machine machine = ready();
  machine.policy.restart.when = when;
  machine = after(machine, {exit});
  CHECK(machine.state == state);
  CHECK_THAT(machine.cause, Catch::StartsWith(cause));
}

TEST_CASE("a spawn that fails is retried with its reason shown") {
  Machine machine = after(fresh(), {{Input::start, "start requested"}});
  machine = after(machine, {{Input::spawn_failed, "port 8079 (mcp) is taken by pid 123 (nginx)"}});
  CHECK(machine.state == State::backoff);
  CHECK_THAT(machine.cause, Catch::StartsWith("port 8079 (mcp) is taken by pid 123 (nginx); "
                                              "restart 1 of 3 in "));
  CHECK(timer_after(machine).actions == Actions{Action::spawn, Action::record});
}

TEST_CASE("a stop is a signal, then a kill when the grace is over, then a kill again") {
  const Machine machine = stopping();
  REQUIRE(machine.wake == t0 + 10s);
  const Step killed = timer_after(machine);
  CHECK(killed.actions == Actions{Action::kill, Action::record});
  CHECK(killed.machine.cause == "killed: TERM did not end it within 10s");
  CHECK(timer_after(killed.machine).actions == Actions{Action::kill, Action::record});
  const Machine ended = after(killed.machine, {killed_by(9)});
  CHECK(ended.state == State::stopped);
  CHECK(ended.cause == "stopped: signal 9 (KILL)");
  CHECK_FALSE(ended.wake);
}

TEST_CASE("a stop between the decision to spawn and its answer leaves no process") {
  Machine machine = after(fresh(), {{Input::start}, {Input::stop, "stop requested"}});
  CHECK(machine.state == State::stopping);
  SECTION("it was spawned") {
    const Step spawned = step(machine, {Input::spawned}, t0);
    CHECK(spawned.actions == Actions{Action::signal});
    CHECK(after(spawned.machine, {killed_by(15)}).state == State::stopped);
  }
  SECTION("it was not") {
    CHECK(after(machine, {{Input::spawn_failed, "no such file"}}).state == State::stopped);
  }
}

TEST_CASE("a start while it is stopping starts it again afterwards, once") {
  const Machine machine = after(stopping(), {{Input::start}, {Input::start}});
  CHECK(machine.state == State::stopping);
  const Step ended = step(machine, killed_by(15), t0);
  CHECK(ended.machine.state == State::starting);
  CHECK(ended.actions == Actions{Action::spawn, Action::record});
}

TEST_CASE("a stop while it is ended for a failure lets it rest") {
  const Machine failing = after(ready(), {{Input::unhealthy, "refused"}});
  CHECK(after(failing, {killed_by(15)}).state == State::backoff);
  CHECK(after(failing, {{Input::stop, "x"}, killed_by(15)}).state == State::stopped);
}

TEST_CASE("a lost proof is no restart: it is told, and told again when the proof is back") {
  Machine machine = after(ready(), {{Input::proof_lost, "connection refused"}});
  CHECK(machine.cause == "its proof fails: connection refused");
  CHECK_FALSE(satisfies(machine, config::Condition::ready));
  CHECK(satisfies(machine, config::Condition::started));
  machine = after(machine, {{Input::proven, "answered"}});
  CHECK(machine.cause == "its proof holds again: answered");
  CHECK(satisfies(machine, config::Condition::ready));
}

TEST_CASE("an adopted service that had been ready has no start timeout") {
  CHECK_FALSE(after(fresh(), {{Input::adopted_ready}}).wake);
  CHECK(after(fresh(), {{Input::adopted_starting}}).wake == t0 + 60s);
}

TEST_CASE("a policy is taken from the settings") {
  config::Service service;
  service.start_timeout = 7s;
  CHECK(policy_of(service).readiness == Readiness::on_start);
  service.ready = config::Check{};
  CHECK(policy_of(service).readiness == Readiness::by_check);
  CHECK(policy_of(service).start_timeout == 7s);
}
