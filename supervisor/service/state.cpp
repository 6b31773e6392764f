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
  void on_exited(const Event& event);
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
  for (int i = 0; i < m().attempt && ceiling < policy.backoff_max; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, policy.backoff_max);
  ++m().attempt;
  return Duration(static_cast<Duration::rep>(next_random(m().seed) *
                                             static_cast<double>(ceiling.count() + 1)));
}

// Starts now, or waits for what it needs.
void Stepper::begin(std::string cause) {
  m().wake.reset();
  m().failing = false;
  m().proof_holds = false;
  m().ready_since.reset();
  if (!m().needs_met) return enter(State::waiting, std::move(cause));
  m().process = Process::spawning;
  act(Action::spawn);
  enter(State::starting, std::move(cause));
}

void Stepper::rest(std::string cause) {
  m().wake.reset();
  m().wanted = false;
  m().failing = false;
  m().proof_holds = false;
  enter(State::stopped, std::move(cause));
}

void Stepper::end_process(std::string cause) {
  act(Action::stop_probing);
  m().proof_holds = false;
  m().wake.reset();
  if (m().process == Process::alive) {
    act(Action::signal);
    m().wake = now_ + m().policy.stop.grace;
  }
  enter(State::stopping, std::move(cause));
}

void Stepper::give_up(std::string cause) {
  m().wake.reset();
  m().wanted = false;
  enter(State::failed, std::move(cause));
}

// It failed: again after a while, or never more.
void Stepper::fail_over(const std::string& reason) {
  const config::RestartPolicy& policy = m().policy.restart;
  m().failing = false;
  m().proof_holds = false;
  if (!m().wanted) return rest(reason);
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

void Stepper::on_start(const Event& event) {
  const bool running = m().state == State::waiting || m().state == State::starting ||
                       m().state == State::ready;
  m().wanted = true;
  if (running || m().state == State::stopping) return;
  if (m().state != State::backoff) {  // a new life: what was before does not count
    m().attempt = 0;
    m().restart_times.clear();
  }
  begin(event.detail);
}

void Stepper::on_stop(const Event& event) {
  m().wanted = false;
  m().failing = false;
  switch (m().state) {
    case State::waiting:
    case State::backoff:
    case State::failed: return rest(event.detail);
    case State::starting:
    case State::ready: return end_process(event.detail);
    case State::stopped:
    case State::stopping:
    case State::done:
    case State::scheduled: return;
  }
}

void Stepper::on_spawned() {
  if (m().process != Process::spawning) return;
  m().process = Process::alive;
  if (m().state == State::stopping) {  // asked to stop meanwhile
    act(Action::signal);
    m().wake = now_ + m().policy.stop.grace;
    return;
  }
  act(Action::start_probing);
  m().wake = now_ + m().policy.start_timeout;
  if (m().policy.readiness == Readiness::on_start) become_ready("started; it has no check");
}

void Stepper::on_spawn_failed(const Event& event) {
  if (m().process != Process::spawning) return;
  m().process = Process::none;
  if (m().state == State::starting) return fail_over(event.detail);
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

void Stepper::on_exited(const Event& event) {
  if (m().process != Process::alive) return;
  m().process = Process::none;
  m().wake.reset();
  m().last_exit = describe(event.exit);
  if (!event.detail.empty()) m().last_exit += "; " + event.detail;
  if (m().state == State::stopping) {
    if (m().failing) return fail_over(std::string(m().cause));
    if (m().wanted) return begin("started again");
    return rest("stopped: " + m().last_exit);
  }
  act(Action::stop_probing);
  const bool may_finish = m().policy.restart.when != config::RestartWhen::always;
  if (may_finish && event.exit.success()) return rest("finished: " + m().last_exit);
  fail_over(m().state == State::starting ? m().last_exit + " before it was ready" : m().last_exit);
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
    case State::stopping:
      act(Action::kill);
      m().wake = now_ + kKillAgain;
      if (!m().failing)
        m().cause = fmt::format("killed: {} did not end it within {}",
                                signal_name(m().policy.stop.signal),
                                format_duration(m().policy.stop.grace));
      return act(Action::record);
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
  if (m().policy.readiness == Readiness::on_start) return become_ready(cause);
  if (how == Input::adopted_ready) act(Action::watch);
  else m().wake = now_ + m().policy.start_timeout;
  enter(State::starting, cause);
}

void Stepper::on_ended_unseen() {
  if (m().process != Process::none) return;
  m().wanted = true;
  m().last_exit = describe(ExitStatus{});
  fail_over("ended while no supervisor watched");
}

Step Stepper::take(const Event& event) {
  switch (event.input) {
    case Input::start: on_start(event); break;
    case Input::stop: on_stop(event); break;
    case Input::needs_met:
      m().needs_met = true;
      if (m().state == State::waiting) begin("what it needs is there");
      break;
    case Input::needs_lost: m().needs_met = false; break;
    case Input::spawned: on_spawned(); break;
    case Input::spawn_failed: on_spawn_failed(event); break;
    case Input::proven: on_proven(event); break;
    case Input::proof_lost: on_proof_lost(event); break;
    case Input::unhealthy:
      if (m().process != Process::alive || m().state == State::stopping) break;
      m().failing = true;
      end_process("not healthy: " + event.detail);
      break;
    case Input::exited: on_exited(event); break;
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
  policy.restart = service.restart;
  policy.stop = service.stop;
  policy.start_timeout = service.start_timeout;
  policy.readiness = service.ready ? Readiness::by_check : Readiness::on_start;
  return policy;
}

Step step(const Machine& machine, const Event& event, Time now) {
  return Stepper(machine, now).take(event);
}

bool is_at_rest(const Machine& machine) {
  return machine.process == Process::none &&
         (machine.state == State::stopped || machine.state == State::failed ||
          machine.state == State::done);
}

bool satisfies(const Machine& machine, config::Condition condition) {
  if (condition == config::Condition::ready)
    return machine.state == State::ready && machine.proof_holds;
  return machine.process == Process::alive && machine.state != State::stopping;
}

}  // namespace exai::service
