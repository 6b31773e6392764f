#pragma once
// The life of one service as a pure function: step(machine, event, now) gives the machine after it
// and what is to be done. No clock, no process, no chance: `now` is an argument and the jitter comes
// from a seed in the machine. The supervisor performs the actions and feeds back what they led to.
//
//            start                needs met                 proven
//   stopped ───────> waiting ────────────────> starting ─────────────> ready
//      ^                ^  needs met at once:     │  │                   │
//      │                │  waiting is skipped     │  │ exited,           │ exited
//      │ finished,      │                         │  │ spawn failed      │
//      │ stopped        │ timer, start            │  v                   │
//      │                └──────────────────── backoff <──────────────────┤
//      │                                       │  ^                      │
//      │                     too many restarts │  │ exited: it failed    │ stop,
//      │                     or restart=never  v  │                      │ not healthy
//      └───────────────── stopping <──────────────┼──────────────────────┘
//               exited       │  ^    failed       │
//                            └──┼─────────────────┘
//                               └── from starting: stop, start timeout
//
// | state             | event          | then                     | actions                     |
// |-------------------|----------------|--------------------------|-----------------------------|
// | stopped, failed   | start          | waiting or starting      | spawn                       |
// | waiting           | needs_met      | starting                 | spawn                       |
// | starting          | spawned        | starting; no check:ready | start_probing, (watch)      |
// | starting          | spawn_failed   | backoff, failed          |                             |
// | starting          | proven         | ready                    | watch                       |
// | starting          | timer          | stopping: start timeout  | stop_probing, signal        |
// | starting, ready   | exited         | backoff, stopped, failed | stop_probing                |
// | starting, ready   | unhealthy      | stopping: it failed      | stop_probing, signal        |
// | starting, ready   | stop           | stopping                 | stop_probing, signal        |
// | ready             | proof_lost     | ready, proof gone        |                             |
// | ready             | proven         | ready, proof back        |                             |
// | backoff           | timer, start   | waiting or starting      | spawn                       |
// | waiting, backoff, | stop           | stopped                  |                             |
// |   failed          |                |                          |                             |
// | stopping          | timer          | stopping: grace is over  | kill                        |
// | stopping          | start          | stopping; starts after   |                             |
// | stopping          | stop           | stopping; rests after    |                             |
// | stopping          | exited         | stopped; wanted: waiting |                             |
// |                   |                | or starting; it failed:  |                             |
// |                   |                | backoff, failed          |                             |
// | stopped           | adopted_…      | starting; no check:ready | start_probing, (watch)      |
// | stopped           | ended_unseen   | as exited                |                             |
//
// What is not in the table changes nothing. Each change of state is recorded with its cause.
//
// Always true: there is at most one process; stopped, waiting, backoff and failed mean there is
// none; ready means that it is alive and was proven.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/spawn.hpp"
#include "core/config/settings.hpp"
#include "core/control/control.hpp"

namespace exai::service {

using control::State;

enum class Readiness { on_start, by_check };

struct Policy {
  config::RestartPolicy restart;
  config::StopPolicy stop;
  Duration start_timeout = 60s;
  Readiness readiness = Readiness::on_start;
};
Policy policy_of(const config::Service& service);

enum class Input {
  start,             // somebody wants it to run
  stop,              // somebody wants it to rest
  needs_met,         // every service it needs is as it must be
  needs_lost,        // no longer; a running service goes on
  spawned,           // the answer to Action::spawn
  spawn_failed,      //  … or this, with the reason
  proven,            // the readiness check passes
  proof_lost,        // it did, and fails now
  unhealthy,         // the liveness check fails
  exited,            // the process and its whole tree are gone
  timer,             // Machine::wake has passed
  adopted_ready,     // a process of an earlier supervisor, which had been proven
  adopted_starting,  //  … which had not: it has its start timeout
  ended_unseen,      // it ran under an earlier supervisor and ended while nobody watched
};

struct Event {
  Input input;
  std::string detail = {};  // the reason, in words; of `exited`: what the status does not say
  ExitStatus exit = {};     // of `exited`
};

enum class Process { none, spawning, alive };

struct Machine {
  Policy policy;
  std::uint64_t seed = 0;  // of the jitter

  State state = State::stopped;
  std::string cause;         // why it is in this state
  bool wanted = false;       // it is to run, and to run again when it ends
  bool needs_met = false;
  bool proof_holds = false;  // of readiness
  bool failing = false;      // while stopping: it is ended because it failed
  Process process = Process::none;
  std::optional<Time> wake;  // when a timer event is due

  int restarts = 0;  // by itself, not those asked for
  std::string last_exit;
  std::string last_restart_cause;

  int attempt = 0;                  // how often the back-off has doubled
  std::vector<Time> restart_times;  // within the give-up window
  std::optional<Time> ready_since;
};

enum class Action { spawn, start_probing, watch, stop_probing, signal, kill, record };

struct Step {
  Machine machine;
  std::vector<Action> actions;  // in order
};

Step step(const Machine& machine, const Event& event, Time now);

// It has no process, and nobody is about to start one.
bool is_at_rest(const Machine& machine);

// Does it give what a service that needs it asks for?
bool satisfies(const Machine& machine, config::Condition condition);

}  // namespace exai::service
