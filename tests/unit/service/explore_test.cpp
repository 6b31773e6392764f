// Every state that a machine can reach, by every event from each of them: what is always true holds
// in all. Times are quantised (a timer is set or it is not, restarts are recent or they are not),
// so the space is finite and the search ends.
#include <catch2/catch.hpp>
#include <deque>
#include <tuple>
#include <unordered_set>

#include "supervisor/service/state.hpp"

namespace exai::service {

namespace {

const Time t0 = Time{} + 1000h;
constexpr int kGiveUpAfter = 1;

// A machine and what is really there.
struct Situation {
  Machine machine;
  bool alive = false;
  bool spawning = false;
  bool cleaning = false;
  bool scheduled = false;
};

// Those with the same key go the same ways: what is only shown or told to others does not count.
std::uint64_t key_of(const Situation& at) {
  const Machine& m = at.machine;
  std::uint64_t key = 0;
  const auto add = [&](std::uint64_t value, unsigned bits) { key = key << bits | value; };
  add(static_cast<std::uint64_t>(m.state), 4);
  add(static_cast<std::uint64_t>(m.process), 2);
  add(m.stop_step, 2);
  add(static_cast<std::uint64_t>(m.attempt), 2);
  add(m.restart_times.size(), 2);
  add(m.ended ? 1 + static_cast<std::uint64_t>(m.ended->in) : 0, 4);
  add(m.ended && ended_well(m.ended->exit, m.policy.restart) ? 1 : 0, 1);
  for (const bool flag :
       {m.wanted, m.needs_met, m.blocked.empty(), m.proof_holds, m.failing, m.queued,
        m.wake.has_value(), m.stop_deadline.has_value(), m.ready_since.has_value(), at.alive,
        at.spawning, at.cleaning, at.scheduled})
    add(flag ? 1 : 0, 1);
  return key;
}

// All times are those of now again; what only people read is forgotten.
void quantise(Machine& m) {
  m.cause.clear();
  m.last_restart_cause.clear();
  if (!m.last_exit.empty()) m.last_exit = "x";
  if (!m.blocked.empty()) m.blocked = "x";
  if (m.ended) m.ended->cause.clear();
  m.seed = 0;
  m.restarts = 0;
  m.attempt = std::min(m.attempt, 1);
  if (m.wake) m.wake = t0 + 1s;
  if (m.stop_deadline) m.stop_deadline = t0 + 1s;
  if (m.ready_since) m.ready_since = t0;
  for (Time& time : m.restart_times) time = t0;
}

struct Possible {
  Event event;
  Time when = t0;
};

std::vector<Possible> events_in(const Situation& at) {
  std::vector<Possible> events;
  for (const Input input : {Input::start, Input::start_again, Input::stop, Input::needs_met,
                            Input::needs_lost, Input::needs_failed, Input::proven,
                            Input::proof_lost, Input::healthy, Input::unhealthy, Input::due})
    events.push_back({{input, "because"}});
  if (at.machine.wake) {
    events.push_back({{Input::timer}, *at.machine.wake});
    events.push_back({{Input::timer}, t0});  // too early
  }
  if (at.spawning) {
    events.push_back({{Input::spawned}});
    events.push_back({{Input::spawn_failed, "because"}});
  }
  if (at.cleaning) events.push_back({{Input::cleaned}});
  if (at.alive)
    for (const int code : {0, 1})
      for (const Duration later : {Duration(0), Duration(1h)}) {  // 1h: all is long ago
        Event event{Input::exited};
        event.exit.code = code;
        events.push_back({event, t0 + later});
      }
  if (at.machine.state == State::stopped && !at.spawning && !at.cleaning)
    for (const Input input : {Input::adopted_ready, Input::adopted_starting, Input::ended_unseen})
      events.push_back({{input}});
  return events;
}

// What is wrong with a step; empty: nothing.
std::string fault_in(const Situation& before, const Event& event, const Situation& after,
                     const std::vector<Action>& actions) {
  const Machine& m = after.machine;
  const bool spawns = std::count(actions.begin(), actions.end(), Action::spawn) > 0;
  if (std::count(actions.begin(), actions.end(), Action::spawn) > 1 ||
      (spawns && ((before.spawning && event.input != Input::spawn_failed) ||
                  (before.alive && event.input != Input::exited) ||
                  (before.cleaning && event.input != Input::cleaned))))
    return "two processes of one service";
  if ((m.process == Process::alive) != after.alive ||
      (m.process == Process::spawning) != after.spawning ||
      (m.process == Process::cleaning) != after.cleaning)
    return "it is wrong about its process";
  const bool may_have_one =
      m.state == State::starting || m.state == State::ready || m.state == State::stopping;
  if (!may_have_one && m.process != Process::none) return "a process where there is none";
  if (m.state == State::ready && (!after.alive || !m.ready_since)) return "ready without a proof";
  if (m.state == State::ready && before.machine.state != State::ready &&
      event.input != Input::proven && m.policy.readiness != Readiness::on_start)
    return "ready, and nobody has proven it";
  const bool told = event.input == Input::start || event.input == Input::start_again ||
                    event.input == Input::stop;
  if (before.machine.state == State::failed && !told && (m.state != State::failed || spawns))
    return "it had given up, and nobody told it to go on";
  if (before.machine.state == State::done && event.input != Input::start_again &&
      event.input != Input::stop && (m.state != State::done || spawns))
    return "it was done, and nobody asked for it by name";
  if (before.machine.state == State::stopped && spawns && !told) return "nobody wanted it to run";
  if (m.state == State::backoff && !m.wake) return "a back-off without an end";
  if (m.state == State::stopping && after.alive && !m.wake) return "a stop without an end";
  if (is_at_rest(m) && (m.wanted || m.wake || m.queued)) return "a rest that is none";
  if (m.state == State::waiting && m.needs_met) return "it waits for nothing";
  if (m.state == State::scheduled && (!after.scheduled || !m.wanted || m.wake))
    return "a schedule that nobody keeps";
  if (m.state == State::stopped && after.scheduled) return "a schedule that goes on";
  return {};
}

Situation after_step(const Situation& before, const Possible& next, std::vector<Action>& actions) {
  Step taken = step(before.machine, next.event, next.when);
  Situation after = before;
  after.machine = std::move(taken.machine);
  actions = std::move(taken.actions);
  switch (next.event.input) {
    case Input::spawned:
      after.alive = true;
      [[fallthrough]];
    case Input::spawn_failed:
      after.spawning = false;
      break;
    case Input::exited:
      after.alive = false;
      break;
    case Input::cleaned:
      after.cleaning = false;
      break;
    case Input::adopted_ready:
    case Input::adopted_starting:
      after.alive = true;
      break;
    default:
      break;
  }
  for (const Action action : actions) {
    if (action == Action::spawn) after.spawning = true;
    if (action == Action::clean_up) after.cleaning = true;
    if (action == Action::schedule) after.scheduled = true;
    if (action == Action::unschedule) after.scheduled = false;
  }
  return after;
}

// From here, a stop and what the kernel then does lead to rest.
bool comes_to_rest(Situation at) {
  std::vector<Action> actions;
  const auto feed = [&](Input input) { at = after_step(at, {{input, "rest"}}, actions); };
  feed(Input::stop);
  if (at.spawning) feed(Input::spawned);
  if (at.alive) {
    if (at.machine.state != State::stopping) return false;
    feed(Input::exited);
  }
  if (at.cleaning) feed(Input::cleaned);
  return is_at_rest(at.machine) && !at.alive && !at.spawning && !at.cleaning;
}

std::size_t explore(const Policy& policy) {
  Situation first;
  first.machine.policy = policy;
  std::deque<Situation> open{first};
  std::unordered_set<std::uint64_t> seen{key_of(first)};
  std::vector<Action> actions;
  while (!open.empty()) {
    const Situation at = std::move(open.front());
    open.pop_front();
    if (!comes_to_rest(at))
      FAIL("it does not come to rest from " << control::name(at.machine.state));
    for (const Possible& next : events_in(at)) {
      Situation after = after_step(at, next, actions);
      const std::string fault = fault_in(at, next.event, after, actions);
      if (!fault.empty())
        FAIL(fault << ": " << control::name(at.machine.state) << ", event "
                   << static_cast<int>(next.event.input) << ", then "
                   << control::name(after.machine.state));
      quantise(after.machine);
      if (seen.insert(key_of(after)).second) open.push_back(std::move(after));
    }
  }
  return seen.size();
}

std::vector<Policy> policies() {
  using config::Kind;
  using config::Overlap;
  using config::RestartWhen;
  std::vector<Policy> all;
  for (const Kind kind : {Kind::service, Kind::once, Kind::scheduled})
    for (const RestartWhen when :
         {RestartWhen::always, RestartWhen::on_failure, RestartWhen::never})
      for (const bool checked : {false, true})
        for (const bool cleans : {false, true})
          for (const Overlap overlap : {Overlap::skip, Overlap::queue, Overlap::replace}) {
            if (kind != Kind::scheduled && overlap != Overlap::skip) continue;
            if (kind == Kind::scheduled && when == RestartWhen::always) continue;
            Policy policy;
            policy.kind = kind;
            policy.restart.when = when;
            policy.restart.give_up_after = kGiveUpAfter;
            policy.stop.steps = {{SIGINT, 1s}, {SIGTERM, 2s}};
            policy.readiness = checked                 ? Readiness::by_check
                               : kind == Kind::service ? Readiness::on_start
                                                       : Readiness::by_exit;
            policy.cleans = cleans;
            policy.watched = checked;
            policy.overlap = overlap;
            all.push_back(policy);
          }
  return all;
}

}  // namespace

TEST_CASE("in every state that can be reached, what is always true holds") {
  std::size_t states = 0;
  for (const Policy& policy : policies()) {
    CAPTURE(static_cast<int>(policy.kind), static_cast<int>(policy.restart.when),
            static_cast<int>(policy.readiness), policy.cleans, static_cast<int>(policy.overlap));
    states += explore(policy);
  }
  CHECK(states > 5000);  // it has not ended early
}

}  // namespace exai::service
