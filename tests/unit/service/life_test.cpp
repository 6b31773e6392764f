// What runs to its end, what has a schedule, hooks, several stop signals: each as a small story.
#include <catch2/catch.hpp>

#include "tests/unit/service/events.hpp"

using namespace exai;
using namespace exai::service;
using config::Condition;
using config::Kind;
using config::Overlap;
using config::RestartWhen;

namespace {

Machine of(Kind kind) {
  Machine machine;
  machine.policy.kind = kind;
  machine.policy.start_timeout = 0ms;
  machine.policy.readiness = kind == Kind::service ? Readiness::on_start : Readiness::by_exit;
  machine.policy.restart.when = kind == Kind::scheduled ? RestartWhen::never : RestartWhen::always;
  machine.policy.restart.backoff_min = 0ms;
  machine.policy.restart.backoff_max = 0ms;
  machine.policy.restart.give_up_after = 2;
  machine.policy.stop.steps = {{SIGTERM, 10s}};
  machine.needs_met = true;
  return machine;
}

Machine running(Machine machine) {
  return after(std::move(machine), {{Input::start, "start requested"}, {Input::spawned}});
}
Machine job_at_work(Overlap overlap = Overlap::skip) {
  Machine job = of(Kind::scheduled);
  job.policy.overlap = overlap;
  return after(job, {{Input::start, "start requested"}, {Input::due, "02:30"}, {Input::spawned}});
}

std::string shown(const Machine& machine) {
  return std::string(control::name(machine.state)) + ": " + machine.cause;
}
bool has(const Step& step, Action action) {
  return std::find(step.actions.begin(), step.actions.end(), action) != step.actions.end();
}

}  // namespace

TEST_CASE("what is to run once is done when it ended well, and stays so until asked for by name") {
  const Machine at_work = running(of(Kind::once));
  CHECK(at_work.state == State::starting);
  CHECK_FALSE(at_work.wake);  // it may take its time
  const Machine done = after(at_work, {exited(0)});
  CHECK(shown(done) == "done: finished: exit code 0");
  CHECK_FALSE(done.wanted);
  CHECK(after(done, {{Input::start, "start requested"}}).state == State::done);
  CHECK(after(done, {{Input::start_again, "start requested"}}).state == State::starting);
  CHECK(after(done, {{Input::stop, "stop requested"}}).state == State::stopped);
}

TEST_CASE("what is to run once and fails is restarted by its policy, then has failed for good") {
  Machine machine = after(running(of(Kind::once)), {exited(3)});
  CHECK(shown(machine) == "backoff: exit code 3; restart 1 of 2 in 0ms");
  machine = after(
      machine,
      {{Input::timer}, {Input::spawned}, exited(3), {Input::timer}, {Input::spawned}, exited(3)});
  CHECK(shown(machine) == "failed: gave up after 2 restarts within 5m; the last: exit code 3");
}

TEST_CASE("what a service that runs to its end gives to those that need it") {
  const Machine at_work = running(of(Kind::once));
  const Machine done = after(at_work, {exited(0)});
  Machine never = of(Kind::once);
  never.policy.restart.when = RestartWhen::never;
  const Machine failed = after(running(never), {exited(1)});
  const auto [machine, condition, prospect] = GENERATE_COPY(table<Machine, Condition, Prospect>({
      {at_work, Condition::started, Prospect::given},
      {at_work, Condition::ready, Prospect::coming},
      {at_work, Condition::done, Prospect::coming},
      {at_work, Condition::done_ok, Prospect::coming},
      {done, Condition::started, Prospect::given},
      {done, Condition::ready, Prospect::given},
      {done, Condition::healthy, Prospect::given},
      {done, Condition::done, Prospect::given},
      {done, Condition::done_ok, Prospect::given},
      {failed, Condition::started, Prospect::failed},
      {failed, Condition::done, Prospect::given},
      {failed, Condition::done_ok, Prospect::failed},
      {of(Kind::once), Condition::done_ok, Prospect::resting},
  }));
  CAPTURE(control::name(machine.state), config::name(condition));
  CHECK(prospect_of(machine, condition) == prospect);
}

TEST_CASE("healthy is more than ready: the liveness check has passed") {
  Machine machine = of(Kind::service);
  machine.policy.watched = true;
  machine = running(machine);
  CHECK(satisfies(machine, Condition::ready));
  CHECK_FALSE(satisfies(machine, Condition::healthy));
  CHECK(satisfies(after(machine, {{Input::healthy}}), Condition::healthy));
  CHECK_FALSE(
      satisfies(after(machine, {{Input::healthy}, {Input::unhealthy, "x"}}), Condition::healthy));
  machine.policy.watched = false;
  CHECK(satisfies(machine, Condition::healthy));
}

TEST_CASE("which exits are a success is configured; 128 and a number stands for a signal") {
  const auto [success, exit, state] = GENERATE(table<std::vector<int>, Event, State>({
      {{0}, exited(0), State::done},
      {{0, 3}, exited(3), State::done},
      {{3}, exited(0), State::backoff},
      {{0, 143}, killed_by(SIGTERM), State::done},
      {{0, 143}, killed_by(SIGKILL), State::backoff},
      {{0}, Event{Input::exited}, State::backoff},
  }));
  Machine machine = of(Kind::once);
  machine.policy.restart.success = success;
  CHECK(after(running(machine), {exit}).state == state);
}

TEST_CASE("whoever waits for what has failed says so, and waits on when somebody starts it again") {
  Machine machine = of(Kind::service);
  machine.needs_met = false;
  machine = after(machine, {{Input::start, "start requested"}});
  const Event failed{Input::needs_failed, "cannot start: it needs base, which has failed"};
  machine = after(machine, {failed});
  CHECK(shown(machine) == "waiting: cannot start: it needs base, which has failed");
  CHECK(prospect_of(machine, Condition::ready) == Prospect::failed);
  CHECK(step(machine, failed, t0).actions.empty());  // once is enough
  const Machine again = after(machine, {{Input::needs_lost}});
  CHECK(shown(again) == "waiting: what it needs may come after all");
  CHECK(after(again, {{Input::needs_met}}).state == State::starting);
}

TEST_CASE("a schedule starts its service when it is due, and again the next time") {
  const Step armed = step(of(Kind::scheduled), {Input::start, "start requested"}, t0);
  CHECK(armed.actions == std::vector{Action::schedule, Action::record});
  CHECK(shown(armed.machine) == "scheduled: start requested");
  Machine machine = after(armed.machine, {{Input::due, "its time has come: 02:30"}});
  CHECK(shown(machine) == "starting: its time has come: 02:30");
  machine = after(machine, {{Input::spawned}, exited(0)});
  CHECK(shown(machine) == "scheduled: finished: exit code 0");
  machine = after(machine, {{Input::due, "x"}, {Input::spawned}, exited(7)});
  CHECK(shown(machine) == "scheduled: failed: exit code 7");
  CHECK_FALSE(satisfies(machine, Condition::done_ok));
  CHECK(satisfies(machine, Condition::done));
  const Step stopped = step(machine, {Input::stop, "stop requested"}, t0);
  CHECK(stopped.actions == std::vector{Action::unschedule, Action::record});
  CHECK(after(stopped.machine, {{Input::due, "x"}}).state == State::stopped);
}

TEST_CASE("a run that is due while the one before goes on") {
  SECTION("is skipped") {
    const Machine machine = after(job_at_work(), {{Input::due, "02:31"}});
    CHECK(shown(machine) == "starting: a run was skipped: the one before has not ended");
    CHECK(after(machine, {exited(0)}).state == State::scheduled);
  }
  SECTION("waits for it, once") {
    const Machine machine =
        after(job_at_work(Overlap::queue), {{Input::due, "02:31"}, {Input::due, "02:32"}});
    const Machine next = after(machine, {exited(0)});
    CHECK(shown(next) ==
          "starting: it was due while the run before went on; finished: exit code 0");
    CHECK(after(next, {{Input::spawned}, exited(0)}).state == State::scheduled);
  }
  SECTION("takes its place") {
    const Step replaced = step(job_at_work(Overlap::replace), {Input::due, "02:31"}, t0);
    CHECK(has(replaced, Action::signal));
    CHECK(shown(replaced.machine) == "stopping: replaced by its next run");
    CHECK(after(replaced.machine, {killed_by(15)}).state == State::starting);
  }
}

TEST_CASE("a job with a restart policy is repeated, and has its next run all the same") {
  Machine machine = of(Kind::scheduled);
  machine.policy.restart.when = RestartWhen::on_failure;
  machine = after(machine, {{Input::start, "x"}, {Input::due, "x"}, {Input::spawned}, exited(1)});
  CHECK(machine.state == State::backoff);
  machine = after(
      machine,
      {{Input::timer}, {Input::spawned}, exited(1), {Input::timer}, {Input::spawned}, exited(1)});
  CHECK(shown(machine) == "scheduled: gave up after 2 restarts within 5m; the last: exit code 1");
}

TEST_CASE("a stop goes through its signals, then kills") {
  Machine machine = of(Kind::service);
  machine.policy.stop.steps = {{SIGINT, 2s}, {SIGTERM, 5s}};
  machine = after(running(machine), {{Input::stop, "stop requested"}});
  CHECK(machine.stop_step == 0);
  CHECK(machine.wake == t0 + 2s);
  const Step next = step(machine, {Input::timer}, t0 + 2s);
  CHECK(next.actions == std::vector{Action::signal, Action::record});
  CHECK(next.machine.stop_step == 1);
  CHECK(shown(next.machine) == "stopping: INT did not end it within 2s; TERM sent");
  CHECK(next.machine.wake == t0 + 7s);
  const Step last = step(next.machine, {Input::timer}, t0 + 7s);
  CHECK(has(last, Action::kill));
  CHECK(shown(last.machine) == "stopping: killed: INT and TERM did not end it within 7s");
  CHECK(has(step(last.machine, {Input::timer}, *last.machine.wake), Action::kill));
}

TEST_CASE("all steps of a stop end at its total") {
  Machine machine = of(Kind::service);
  machine.policy.stop.steps = {{SIGINT, 20s}, {SIGTERM, 20s}};
  machine.policy.stop.total = 3s;
  machine = after(running(machine), {{Input::stop, "stop requested"}});
  CHECK(machine.wake == t0 + 3s);
  const Step over = step(machine, {Input::timer}, t0 + 3s);
  CHECK(has(over, Action::kill));
  CHECK(shown(over.machine) == "stopping: killed: INT did not end it within 3s");
}

TEST_CASE("what is to follow its end runs before it starts again") {
  Machine machine = of(Kind::service);
  machine.policy.cleans = true;
  machine = running(machine);
  const Step ended = step(machine, exited(1), t0);
  CHECK(ended.actions == std::vector{Action::stop_probing, Action::clean_up, Action::record});
  CHECK(shown(ended.machine) == "stopping: exit code 1; what follows its end runs");
  CHECK(ended.machine.process == Process::cleaning);
  const Machine cleaned = after(ended.machine, {{Input::cleaned}});
  CHECK(shown(cleaned) == "backoff: exit code 1; restart 1 of 2 in 0ms");
  const Machine told = after(ended.machine, {{Input::stop, "stop requested"}, {Input::cleaned}});
  CHECK(told.state == State::stopped);
}

TEST_CASE("a stop while something runs before the start ends that") {
  Machine machine = of(Kind::service);
  machine.policy.prepares = true;
  machine = after(machine, {{Input::start, "start requested"}});
  const Step stopped = step(machine, {Input::stop, "stop requested"}, t0);
  CHECK(has(stopped, Action::signal));
  CHECK(stopped.machine.wake == t0 + 10s);
  CHECK(after(stopped.machine, {{Input::spawn_failed, "before_start: signal 15 (TERM)"}}).state ==
        State::stopped);
}

TEST_CASE("a back-off of nothing restarts at once; one that begins with nothing grows") {
  Machine machine = after(running(of(Kind::service)), {exited(1)});
  CHECK(machine.wake == t0);
  machine = of(Kind::service);
  machine.policy.restart.backoff_max = 30s;
  machine.policy.restart.give_up_after = 100;
  machine = running(machine);
  Duration longest{};
  Time now = t0;
  for (int i = 0; i < 30; ++i) {
    machine = step(machine, exited(1), now).machine;
    if (i == 0) CHECK(machine.wake == now);
    longest = std::max(longest, std::chrono::duration_cast<Duration>(*machine.wake - now));
    now = *machine.wake;
    machine = after(machine, {{Input::timer}, {Input::spawned}}, now);
  }
  CHECK(longest > 1s);
  CHECK(longest <= 30s);
}

TEST_CASE("a policy has what the settings say about the kind of service") {
  config::Service service;
  service.kind = Kind::once;
  CHECK(policy_of(service).readiness == Readiness::by_exit);
  service.healthy = config::Check{};
  service.after_stop = config::Hook{};
  service.schedule = config::Schedule{};
  service.schedule->overlap = Overlap::replace;
  const Policy policy = policy_of(service);
  CHECK(policy.kind == Kind::once);
  CHECK(policy.watched);
  CHECK(policy.cleans);
  CHECK(policy.overlap == Overlap::replace);
}
