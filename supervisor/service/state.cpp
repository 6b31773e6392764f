#include "supervisor/service/state.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::service {

namespace {

// Between one KILL and the next, should a process hang in the kernel.
constexpr Duration kKillAgain = 2s;

// splitmix64: a number in [0, 1) from the seed, which moves on.
double next_random(std::uint64_t& seed) {
  std::uint64_t z = (seed += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  z ^= z >> 31U;
  return static_cast<double>(z >> 11U) / 9007199254740992.0;  // 2^53
}

// One step in the making.
class Stepper {
 public:
  Stepper(const Machine& machine, Time now) : now_(now) { step_.machine = machine; }

  Step take(const Event& event);

 private:
  Machine& m() { return step_.machine; }
  void act(Action action) { step_.actions.push_back(action); }
  void enter(State state, std::string cause);
  Duration next_delay();

  void begin(std::string cause);
  void rest(std::string cause);
  void end_process(std::string cause);
  void fail_over(const std::string& reason);
  void give_up(std::string cause);
  void become_ready(std::string cause);

  void on_start(const Event& event);
  void on_stop(const Event& event);
  void on_spawned();
  void on_spawn_failed(const Event& event);
  void on_proven(const Event& event);
  void on_proof_lost(const Event& event);
  void on_healthy();
  void on_unhealthy(const Event& event);
  void on_exited(const Event& event);
  void settle(const Ended& ended);
  void finish(std::string cause);
  void on_cleaned();
  void on_due(const Event& event);
  void on_needs(const Event& event);
  void signal_step();
  void next_stop_step();
  void clear_life();
  void on_timer(const Event& event);
  void on_adopted(Input how);
  void on_ended_unseen();

  Step step_;
  Time now_;
};

void Stepper::enter(State state, std::string cause) {
  m().state = state;
  m().cause = std::move(cause);
  act(Action::record);
}

// Full jitter: anywhere up to a ceiling that doubles.
Duration Stepper::next_delay() {
  const config::RestartPolicy& policy = m().policy.restart;
  Duration ceiling = policy.backoff_min;
  for (int i = 0; i < m().attempt && ceiling < policy.backoff_max; ++i)
    ceiling = std::max(ceiling * 2, Duration(1));
  ceiling = std::min(ceiling, policy.backoff_max);
  ++m().attempt;
  return Duration(static_cast<Duration::rep>(next_random(m().seed) *
                                             static_cast<double>(ceiling.count() + 1)));
}

void Stepper::clear_life() {
  m().wake.reset();
  m().stop_deadline.reset();
  m().failing = false;
  m().proof_holds = false;
  m().healthy = false;
}

// Starts now, or waits for what it needs.
void Stepper::begin(std::string cause) {
  clear_life();
  m().queued = false;
  m().ready_since.reset();
  if (!m().needs_met)
    return enter(State::waiting, m().blocked.empty() ? std::move(cause) : m().blocked);
  m().process = Process::spawning;
  act(Action::spawn);
  enter(State::starting, std::move(cause));
}

void Stepper::rest(std::string cause) {
  clear_life();
  m().wanted = false;
  m().queued = false;
  enter(State::stopped, std::move(cause));
}

void Stepper::end_process(std::string cause) {
  act(Action::stop_probing);
  m().proof_holds = false;
  m().healthy = false;
  m().wake.reset();
  m().stop_step = 0;
  const bool can_be_told = m().process == Process::alive ||
                           (m().process == Process::spawning && m().policy.prepares);
  if (can_be_told) signal_step();
  enter(State::stopping, std::move(cause));
}

// Of a process that is only being started, what runs before it gets the signal.
void Stepper::signal_step() {
  const config::StopPolicy& stop = m().policy.stop;
  if (m().stop_step == 0 && stop.total > 0ms) m().stop_deadline = now_ + stop.total;
  act(Action::signal);
  m().wake = now_ + stop.steps[m().stop_step].grace;
  if (m().stop_deadline) m().wake = std::min(*m().wake, *m().stop_deadline);
}

// The next signal of the list, then KILL, again and again.
void Stepper::next_stop_step() {
  const config::StopPolicy& stop = m().policy.stop;
  const bool in_time = !m().stop_deadline || now_ < *m().stop_deadline;
  const config::StopStep& over = stop.steps[m().stop_step];
  if (in_time && m().stop_step + 1 < stop.steps.size()) {
    ++m().stop_step;
    signal_step();
    if (!m().failing)
      m().cause = fmt::format("{} did not end it within {}; {} sent", signal_name(over.signal),
                              format_duration(over.grace),
                              signal_name(stop.steps[m().stop_step].signal));
    return act(Action::record);
  }
  act(Action::kill);
  m().wake = now_ + kKillAgain;
  m().stop_deadline = now_;
  std::vector<std::string> signals;
  Duration grace{};
  for (std::size_t i = 0; i <= m().stop_step; ++i) {
    signals.push_back(signal_name(stop.steps[i].signal));
    grace += stop.steps[i].grace;
  }
  if (stop.total > 0ms) grace = std::min(grace, stop.total);
  if (!m().failing)
    m().cause = fmt::format("killed: {} did not end it within {}", join(signals, " and "),
                            format_duration(grace));
  act(Action::record);
}

// What has a schedule never fails for good: its next run is another chance.
void Stepper::give_up(std::string cause) {
  if (m().policy.kind == config::Kind::scheduled) {
    m().ended_well = false;
    return finish(std::move(cause));
  }
  m().wake.reset();
  m().wanted = false;
  enter(State::failed, std::move(cause));
}

// It failed: again after a while, or never more.
void Stepper::fail_over(const std::string& reason) {
  const config::RestartPolicy& policy = m().policy.restart;
  m().failing = false;
  m().proof_holds = false;
  m().healthy = false;
  m().stop_deadline.reset();
  if (!m().wanted) return rest(reason);
  if (m().queued || (m().policy.kind == config::Kind::scheduled &&
                     policy.when == config::RestartWhen::never))
    return give_up("failed: " + reason);
  if (policy.when == config::RestartWhen::never)
    return give_up(reason + "; its policy is not to restart");
  if (m().ready_since && now_ - *m().ready_since >= policy.backoff_max) m().attempt = 0;
  m().ready_since.reset();
  std::erase_if(m().restart_times,
                [&](Time time) { return now_ - time >= policy.give_up_window; });
  const auto recent = static_cast<int>(m().restart_times.size());
  if (recent >= policy.give_up_after)
    return give_up(fmt::format("gave up after {} within {}; the last: {}",
                               count_of(m().restart_times.size(), "restart"),
                               format_duration(policy.give_up_window), reason));
  const Duration delay = next_delay();
  m().restart_times.push_back(now_);
  m().last_restart_cause = reason;
  m().wake = now_ + delay;
  enter(State::backoff, fmt::format("{}; restart {} of {} in {}", reason, recent + 1,
                                    policy.give_up_after, format_duration(delay)));
}

void Stepper::become_ready(std::string cause) {
  m().wake.reset();
  m().proof_holds = true;
  m().ready_since = now_;
  act(Action::watch);
  enter(State::ready, std::move(cause));
}

// A run of what runs to its end is over.
void Stepper::finish(std::string cause) {
  if (m().policy.kind == config::Kind::scheduled && m().wanted) {
    if (m().queued) return begin("it was due while the run before went on; " + cause);
    clear_life();
    m().restart_times.clear();
    m().attempt = 0;
    return enter(State::scheduled, std::move(cause));
  }
  if (m().policy.kind != config::Kind::once) return rest(std::move(cause));
  clear_life();
  m().wanted = false;
  enter(State::done, std::move(cause));
}

void Stepper::on_start(const Event& event) {
  const bool again = event.input == Input::start_again;
  if (m().state == State::done && !again) return;
  const bool running = m().state == State::waiting || m().state == State::starting ||
                       m().state == State::ready;
  const bool scheduled = m().policy.kind == config::Kind::scheduled;
  if (scheduled && !m().wanted) act(Action::schedule);
  m().wanted = true;
  if (running || m().state == State::stopping) return;
  if (m().state == State::scheduled && !again) return;
  if (m().state != State::backoff) {  // a new life: what was before does not count
    m().attempt = 0;
    m().restart_times.clear();
  }
  if (scheduled && (m().state == State::stopped || m().state == State::failed))
    return enter(State::scheduled, event.detail);
  begin(event.detail);
}

void Stepper::on_stop(const Event& event) {
  const bool was_scheduled = m().policy.kind == config::Kind::scheduled && m().wanted;
  m().wanted = false;
  m().failing = false;
  m().queued = false;
  if (was_scheduled) act(Action::unschedule);
  switch (m().state) {
    case State::waiting:
    case State::backoff:
    case State::failed:
    case State::done:
    case State::scheduled: return rest(event.detail);
    case State::starting:
    case State::ready: return end_process(event.detail);
    case State::stopped:
    case State::stopping: return;
  }
}

// Its time has come. Where it has not ended yet, the policy for overlaps decides.
void Stepper::on_due(const Event& event) {
  if (m().policy.kind != config::Kind::scheduled || !m().wanted) return;
  if (m().state == State::scheduled) return begin(event.detail);
  const bool runs = m().state == State::starting || m().state == State::ready ||
                    m().state == State::stopping || m().state == State::backoff;
  if (!runs) return;
  switch (m().policy.overlap) {
    case config::Overlap::skip:
      return enter(m().state, "a run was skipped: the one before has not ended");
    case config::Overlap::queue:
      if (m().state == State::backoff) return begin(event.detail);
      m().queued = true;
      return enter(m().state, "a run is queued: the one before has not ended");
    case config::Overlap::replace:
      if (m().state == State::backoff) return begin(event.detail);
      m().queued = true;
      if (m().state != State::stopping) end_process("replaced by its next run");
  }
}

// What fails for good is told; what is lost may come back.
void Stepper::on_needs(const Event& event) {
  m().needs_met = event.input == Input::needs_met;
  const bool was_blocked = !m().blocked.empty();
  m().blocked = event.input == Input::needs_failed ? event.detail : "";
  if (m().state != State::waiting) return;
  if (m().needs_met) return begin("what it needs is there");
  if (!m().blocked.empty() && m().blocked != m().cause)
    return enter(State::waiting, m().blocked);
  if (!m().blocked.empty()) return;
  if (was_blocked) enter(State::waiting, "what it needs may come after all");
}

void Stepper::on_spawned() {
  if (m().process != Process::spawning) return;
  m().process = Process::alive;
  if (m().state == State::stopping) {  // asked to stop meanwhile
    m().stop_step = 0;
    return signal_step();
  }
  act(Action::start_probing);
  if (m().policy.start_timeout > 0ms) m().wake = now_ + m().policy.start_timeout;
  if (m().policy.readiness == Readiness::on_start) become_ready("started; it has no check");
  if (m().policy.readiness == Readiness::by_exit) act(Action::watch);
}

void Stepper::on_spawn_failed(const Event& event) {
  if (m().process != Process::spawning) return;
  m().process = Process::none;
  if (m().state == State::starting) return fail_over(event.detail);
  if (m().failing) return fail_over(std::string(m().cause));
  if (m().wanted && m().policy.kind == config::Kind::scheduled) return finish(event.detail);
  if (m().wanted) return begin(m().cause);
  rest(event.detail);
}

void Stepper::on_proven(const Event& event) {
  if (m().state == State::starting && m().process == Process::alive)
    return become_ready(event.detail);
  if (m().state != State::ready || m().proof_holds) return;
  m().proof_holds = true;
  enter(State::ready, "its proof holds again: " + event.detail);
}

void Stepper::on_proof_lost(const Event& event) {
  if (m().state != State::ready || !m().proof_holds) return;
  m().proof_holds = false;
  enter(State::ready, "its proof fails: " + event.detail);
}

void Stepper::on_healthy() {
  if (m().process == Process::alive && m().state != State::stopping) m().healthy = true;
}

void Stepper::on_unhealthy(const Event& event) {
  if (m().process != Process::alive || m().state == State::stopping) return;
  m().failing = true;
  end_process("not healthy: " + event.detail);
}

void Stepper::on_exited(const Event& event) {
  if (m().process != Process::alive) return;
  m().process = Process::none;
  m().wake.reset();
  m().last_exit = describe(event.exit);
  if (!event.detail.empty()) m().last_exit += "; " + event.detail;
  if (m().state != State::stopping) act(Action::stop_probing);
  const Ended ended{m().state, m().cause, event.exit};
  if (!m().policy.cleans) return settle(ended);
  m().process = Process::cleaning;
  m().proof_holds = false;
  m().healthy = false;
  m().ended = ended;
  act(Action::clean_up);
  enter(State::stopping, m().last_exit + "; what follows its end runs");
}

void Stepper::on_cleaned() {
  if (m().process != Process::cleaning || !m().ended) return;
  m().process = Process::none;
  const Ended ended = *std::exchange(m().ended, std::nullopt);
  // Asked to stop while the hook ran: it was not restarted, so it only rests now.
  settle(ended);
}

// Where the end of its process leads.
void Stepper::settle(const Ended& ended) {
  if (ended.in == State::stopping) {
    if (m().failing) return fail_over(ended.cause);
    if (m().wanted && m().policy.kind == config::Kind::scheduled)
      return finish("stopped: " + m().last_exit);
    if (m().wanted) return begin("started again");
    return rest("stopped: " + m().last_exit);
  }
  const bool well = ended_well(ended.exit, m().policy.restart);
  const bool ends = m().policy.kind != config::Kind::service;
  if (m().policy.kind == config::Kind::scheduled) m().ended_well = well;
  if (well && (ends || m().policy.restart.when != config::RestartWhen::always))
    return finish("finished: " + m().last_exit);
  // What runs to its end without a check has nothing to be ready for.
  const bool early =
      ended.in == State::starting && m().policy.readiness != Readiness::by_exit;
  fail_over(early ? m().last_exit + " before it was ready" : m().last_exit);
}

void Stepper::on_timer(const Event& event) {
  if (!m().wake || now_ < *m().wake) return;
  m().wake.reset();
  switch (m().state) {
    case State::starting:
      m().failing = true;
      return end_process(fmt::format("not ready within {}{}{}",
                                     format_duration(m().policy.start_timeout),
                                     event.detail.empty() ? "" : ": ", event.detail));
    case State::backoff: {
      ++m().restarts;
      return begin(fmt::format("restart {}, after {}", m().restarts, m().last_restart_cause));
    }
    case State::stopping: return next_stop_step();
    default: return;
  }
}

void Stepper::on_adopted(Input how) {
  if (m().process != Process::none) return;
  m().process = Process::alive;
  m().wanted = true;
  m().wake.reset();
  act(Action::start_probing);
  const std::string cause = "taken over from an earlier supervisor";
  if (m().policy.kind == config::Kind::scheduled) act(Action::schedule);
  if (m().policy.readiness == Readiness::on_start) return become_ready(cause);
  if (how == Input::adopted_ready || m().policy.readiness == Readiness::by_exit) act(Action::watch);
  else if (m().policy.start_timeout > 0ms) m().wake = now_ + m().policy.start_timeout;
  enter(State::starting, cause);
}

void Stepper::on_ended_unseen() {
  if (m().process != Process::none) return;
  m().wanted = true;
  m().last_exit = describe(ExitStatus{});
  if (m().policy.kind == config::Kind::scheduled) act(Action::schedule);
  fail_over("ended while no supervisor watched");
}

Step Stepper::take(const Event& event) {
  switch (event.input) {
    case Input::start:
    case Input::start_again: on_start(event); break;
    case Input::stop: on_stop(event); break;
    case Input::needs_met:
    case Input::needs_lost:
    case Input::needs_failed: on_needs(event); break;
    case Input::spawned: on_spawned(); break;
    case Input::spawn_failed: on_spawn_failed(event); break;
    case Input::proven: on_proven(event); break;
    case Input::proof_lost: on_proof_lost(event); break;
    case Input::healthy: on_healthy(); break;
    case Input::unhealthy: on_unhealthy(event); break;
    case Input::exited: on_exited(event); break;
    case Input::cleaned: on_cleaned(); break;
    case Input::due: on_due(event); break;
    case Input::timer: on_timer(event); break;
    case Input::adopted_ready:
    case Input::adopted_starting: on_adopted(event.input); break;
    case Input::ended_unseen: on_ended_unseen(); break;
  }
  return std::move(step_);
}

}  // namespace

Policy policy_of(const config::Service& service) {
  Policy policy;
  policy.kind = service.kind;
  policy.restart = service.restart;
  policy.stop = service.stop;
  policy.start_timeout = service.start_timeout;
  policy.readiness = service.ready                             ? Readiness::by_check
                     : service.kind == config::Kind::service ? Readiness::on_start
                                                               : Readiness::by_exit;
  policy.watched = service.healthy.has_value();
  policy.prepares = service.before_start.has_value();
  policy.cleans = service.after_stop.has_value();
  if (service.schedule) policy.overlap = service.schedule->overlap;
  return policy;
}

Step step(const Machine& machine, const Event& event, Time now) {
  return Stepper(machine, now).take(event);
}

bool ended_well(const ExitStatus& exit, const config::RestartPolicy& policy) {
  const int code = exit.signal ? 128 + *exit.signal : exit.code.value_or(-1);
  return std::find(policy.success.begin(), policy.success.end(), code) != policy.success.end();
}

bool is_at_rest(State state) {
  return state == State::stopped || state == State::failed || state == State::done;
}

bool is_at_rest(const Machine& machine) {
  return machine.process == Process::none && is_at_rest(machine.state);
}

bool satisfies(const Machine& machine, config::Condition condition) {
  using config::Condition;
  const bool ready = machine.state == State::ready && machine.proof_holds;
  const bool done = machine.state == State::done;
  const bool idle = machine.state == State::scheduled;
  switch (condition) {
    case Condition::started:
      return done || idle ||
             (machine.process == Process::alive && machine.state != State::stopping);
    case Condition::ready: return ready || done || idle;
    case Condition::healthy:
      return done || idle || (ready && (machine.healthy || !machine.policy.watched));
    case Condition::done:
      return done || machine.ended_well.has_value() ||
             (machine.state == State::failed && !machine.last_exit.empty());
    case Condition::done_ok: return done || machine.ended_well.value_or(false);
  }
  return false;
}

Prospect prospect_of(const Machine& machine, config::Condition condition) {
  if (satisfies(machine, condition)) return Prospect::given;
  switch (machine.state) {
    case State::failed: return Prospect::failed;
    case State::waiting: return machine.blocked.empty() ? Prospect::coming : Prospect::failed;
    case State::stopped: return Prospect::resting;
    case State::stopping:
      return machine.wanted || machine.failing ? Prospect::coming : Prospect::resting;
    default: return Prospect::coming;
  }
}

}  // namespace exai::service
