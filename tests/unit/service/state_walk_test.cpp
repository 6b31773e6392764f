// Any sequence of events, however unlikely, keeps what is always true of a machine. A model of the
// process lives beside it and answers the actions as a runner would.
#include <catch2/catch.hpp>
#include <random>

#include "supervisor/service/state.hpp"

using namespace exai;
using namespace exai::service;

namespace {

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    machine_.seed = seed;
    machine_.policy.restart.give_up_after = pick(1, 4);
    machine_.policy.restart.when = static_cast<config::RestartWhen>(pick(0, 2));
    machine_.policy.readiness = pick(0, 1) == 0 ? Readiness::on_start : Readiness::by_check;
  }

  void happen() {
    now_ += Duration(pick(0, 5000));
    Event event{static_cast<Input>(pick(0, static_cast<int>(Input::ended_unseen)))};
    if (!is_possible(event.input)) return;
    if (event.input == Input::exited) {
      alive_ = false;
      if (pick(0, 2) > 0) event.exit.code = pick(0, 1);
    }
    if (event.input == Input::adopted_ready || event.input == Input::adopted_starting)
      alive_ = true;
    feed(event);
  }

  // Stops it, and lets time and the kernel do their part.
  void come_to_rest() {
    feed({Input::stop, "rest"});
    if (spawning_) answer_spawn(Input::spawned);
    if (alive_) {
      REQUIRE(machine_.state == State::stopping);
      alive_ = false;
      feed({Input::exited});
    }
    REQUIRE(machine_.state == State::stopped);
    REQUIRE_FALSE(machine_.wake);
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  // The world gives no exit without a process, and no second process for adoption.
  bool is_possible(Input input) const {
    switch (input) {
      case Input::exited: return alive_;
      case Input::adopted_ready:
      case Input::adopted_starting:
      case Input::ended_unseen: return !alive_ && !spawning_;
      case Input::spawned:
      case Input::spawn_failed: return false;  // they are answers
      default: return true;
    }
  }

  void feed(const Event& event) {
    const Step taken = step(machine_, event, now_);
    machine_ = taken.machine;
    for (const Action action : taken.actions) obey(action);
    check();
    if (spawning_ && pick(0, 2) > 0)
      answer_spawn(pick(0, 3) > 0 ? Input::spawned : Input::spawn_failed);
  }

  void answer_spawn(Input answer) {
    spawning_ = false;
    alive_ = answer == Input::spawned;
    feed({answer, "because"});
  }

  void obey(Action action) {
    if (action != Action::spawn) return;
    REQUIRE_FALSE(alive_);  // never two
    REQUIRE_FALSE(spawning_);
    spawning_ = true;
  }

  void check() const {
    const State state = machine_.state;
    REQUIRE((machine_.process == Process::alive) == alive_);
    REQUIRE((machine_.process == Process::spawning) == spawning_);
    if (state == State::stopped || state == State::waiting || state == State::backoff ||
        state == State::failed)
      REQUIRE(machine_.process == Process::none);
    if (state == State::ready) {
      REQUIRE(machine_.process == Process::alive);
      REQUIRE(machine_.ready_since);
    }
    if (state == State::backoff) REQUIRE(machine_.wake);  // it comes out of it by itself
    if (state == State::stopping && alive_) REQUIRE(machine_.wake);
    if (state == State::stopped || state == State::failed) REQUIRE_FALSE(machine_.wanted);
    if (state == State::waiting) REQUIRE_FALSE(machine_.needs_met);
  }

  std::mt19937 random_;
  Machine machine_;
  Time now_ = Time{} + 1h;
  bool alive_ = false;
  bool spawning_ = false;
};

}  // namespace

TEST_CASE("no sequence of events breaks what is always true") {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    World world(seed);
    for (int i = 0; i < 150; ++i) world.happen();
    world.come_to_rest();
  }
}
