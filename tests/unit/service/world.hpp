#pragma once
// A service's surroundings in the small: a model of its process that answers the actions of the
// state machine as a runner would, and any event at any time. Shared by the random walk and the
// fuzz target; whoever drives it chooses by numbers.

#include <functional>
#include <string>

#include "supervisor/service/state.hpp"

namespace exai::service {

class World {
 public:
  using Pick = std::function<int(int low, int high)>;  // both included
  explicit World(Pick pick) : pick_(std::move(pick)) {
    machine_.seed = static_cast<std::uint64_t>(pick_(0, 1000));
    machine_.policy.restart.give_up_after = pick_(1, 4);
    machine_.policy.restart.when = static_cast<config::RestartWhen>(pick_(0, 2));
    machine_.policy.kind = static_cast<config::Kind>(pick_(0, 2));
    const bool checked = pick_(0, 1) == 1;
    machine_.policy.readiness = checked ? Readiness::by_check
                                : machine_.policy.kind == config::Kind::service
                                    ? Readiness::on_start
                                    : Readiness::by_exit;
    machine_.policy.cleans = pick_(0, 2) == 0;
    machine_.policy.prepares = pick_(0, 2) == 0;
    machine_.policy.watched = pick_(0, 1) == 1;
    machine_.policy.overlap = static_cast<config::Overlap>(pick_(0, 2));
    if (pick_(0, 1) == 1) machine_.policy.stop.steps = {{SIGINT, 1s}, {SIGTERM, 2s}};
    if (pick_(0, 2) == 0) machine_.policy.stop.total = 2s;
  }

  void happen() {
    now_ += Duration(pick_(0, 5000));
    Event event{static_cast<Input>(pick_(0, static_cast<int>(Input::ended_unseen)))};
    if (!is_possible(event.input)) return;
    if (event.input == Input::exited) {
      alive_ = false;
      if (pick_(0, 2) > 0) event.exit.code = pick_(0, 1);
    }
    if (event.input == Input::adopted_ready || event.input == Input::adopted_starting)
      alive_ = true;
    feed(event);
  }

  // Stops it, and lets the kernel do its part.
  void come_to_rest() {
    feed({Input::stop, "rest"});
    if (spawning_) answer_spawn(Input::spawned);
    if (alive_) {
      must(machine_.state == State::stopping, "a process that nobody ends");
      alive_ = false;
      feed({Input::exited});
    }
    if (cleaning_) answer_clean_up();
    must(is_at_rest(machine_), "it does not come to rest");
    must(!machine_.wake, "a timer at rest");
  }

  // What was not as it always must be; empty: nothing.
  const std::string& violation() const { return violation_; }

 private:
  void must(bool holds, const char* otherwise) {
    if (!holds && violation_.empty()) violation_ = otherwise;
  }

  // The world gives no exit without a process, and no second process for adoption.
  bool is_possible(Input input) const {
    switch (input) {
      case Input::exited:
        return alive_;
      case Input::adopted_ready:
      case Input::adopted_starting:
      case Input::ended_unseen:
        return !alive_ && !spawning_ && !cleaning_ && machine_.state == State::stopped;
      case Input::spawned:
      case Input::cleaned:
      case Input::spawn_failed:
        return false;  // they are answers
      default:
        return true;
    }
  }

  void feed(const Event& event) {
    const Step taken = step(machine_, event, now_);
    machine_ = taken.machine;
    for (const Action action : taken.actions) obey(action);
    check();
    if (cleaning_ && pick_(0, 2) > 0) answer_clean_up();
    if (spawning_ && pick_(0, 2) > 0)
      answer_spawn(pick_(0, 3) > 0 ? Input::spawned : Input::spawn_failed);
  }

  void answer_spawn(Input answer) {
    spawning_ = false;
    alive_ = answer == Input::spawned;
    feed({answer, "because"});
  }

  void answer_clean_up() {
    cleaning_ = false;
    feed({Input::cleaned});
  }

  void obey(Action action) {
    if (action == Action::schedule) scheduled_ = true;
    if (action == Action::unschedule) scheduled_ = false;
    if (action == Action::clean_up) {
      must(!alive_ && !spawning_ && !cleaning_, "a hook behind what has not ended");
      cleaning_ = true;
    }
    if (action != Action::spawn) return;
    must(!alive_ && !spawning_ && !cleaning_, "two processes at once");
    spawning_ = true;
  }

  void check() {
    const State state = machine_.state;
    must((machine_.process == Process::alive) == alive_, "it is wrong about its process");
    must((machine_.process == Process::spawning) == spawning_, "it is wrong about a spawn");
    must((machine_.process == Process::cleaning) == cleaning_, "it is wrong about a hook");
    if (state == State::stopped || state == State::waiting || state == State::backoff ||
        state == State::failed || state == State::done || state == State::scheduled)
      must(machine_.process == Process::none, "a process in a state that has none");
    if (state == State::ready) must(alive_ && machine_.ready_since, "ready without a proof");
    if (state == State::backoff) must(machine_.wake.has_value(), "a back-off that never ends");
    if (state == State::stopping && alive_)
      must(machine_.wake.has_value(), "a stop without an end");
    if (is_at_rest(machine_)) must(!machine_.wanted, "wanted at rest");
    if (state == State::scheduled)
      must(machine_.wanted && scheduled_ && !machine_.wake, "a schedule that nobody keeps");
    if (state == State::stopped) must(!scheduled_, "a schedule that goes on");
    must(machine_.stop_step < machine_.policy.stop.steps.size(), "a step that there is not");
    if (state == State::waiting) must(!machine_.needs_met, "waiting for nothing");
  }

  Pick pick_;
  Machine machine_;
  Time now_ = Time{} + 1h;
  bool alive_ = false;
  bool spawning_ = false;
  bool cleaning_ = false;
  bool scheduled_ = false;
  std::string violation_;
};

}  // namespace exai::service
