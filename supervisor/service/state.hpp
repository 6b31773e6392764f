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
// What runs to its end has two more: one that is to run once goes to `done` when it ended well and
// starts again only by start_again; one with a schedule goes to `scheduled` instead, whether it
// ended well or not, and starts when it is due. Neither of them needs a proof to be at its end: without
// a check it stays `starting` as long as it runs.
//
// | state             | event          | then                     | actions                     |
// |-------------------|----------------|--------------------------|-----------------------------|
// | stopped, failed   | start          | waiting or starting;     | spawn; schedule             |
// |                   |                | with schedule: scheduled |                             |
// | done, scheduled   | start_again    | waiting or starting      | spawn                       |
// | scheduled         | due            | waiting or starting      | spawn                       |
// | waiting           | needs_met      | starting                 | spawn                       |
// | waiting           | needs_failed   | waiting, with the reason |                             |
// | starting          | spawned        | starting; no check:ready | start_probing, (watch)      |
// | starting          | spawn_failed   | backoff, failed          |                             |
// | starting          | proven         | ready                    | watch                       |
// | starting          | timer          | stopping: start timeout  | stop_probing, signal        |
// | starting, ready   | exited         | backoff, stopped, failed,| stop_probing                |
// |                   |                | done, scheduled          |                             |
// | starting, ready   | unhealthy      | stopping: it failed      | stop_probing, signal        |
// | starting, ready   | stop           | stopping                 | stop_probing, signal        |
// | starting, ready,  | due            | by Overlap: nothing; once|                             |
// |   stopping        |                | more behind it; stopping | stop_probing, signal        |
// | ready             | proof_lost     | ready, proof gone        |                             |
// | ready             | proven         | ready, proof back        |                             |
// | backoff           | timer, start   | waiting or starting      | spawn                       |
// | waiting, backoff, | stop           | stopped                  | (unschedule)                |
// |   failed, done,   |                |                          |                             |
// |   scheduled       |                |                          |                             |
// | stopping          | timer          | stopping: next step      | signal                      |
// |                   |                | stopping: the last is    | kill                        |
// |                   |                | over                     |                             |
// | stopping          | start          | stopping; starts after   |                             |
// | stopping          | stop           | stopping; rests after    |                             |
// | stopping          | exited         | stopped; wanted: waiting |                             |
// |                   |                | or starting; it failed:  |                             |
// |                   |                | backoff, failed          |                             |
// | stopped           | adopted_…      | starting; no check:ready | start_probing, (watch)      |
// | stopped           | ended_unseen   | as exited                |                             |
//
// With a hook after its end, `exited` leads to stopping and clean_up first, and `cleaned` to where
// `exited` would have led. What is not in the table changes nothing. Each change of state is
// recorded with its cause.
//
// Always true: there is at most one process; stopped, waiting, backoff, failed, done and scheduled
// mean there is none; ready means that it is alive and was proven.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/boxed.hpp"
#include "core/base/spawn.hpp"
#include "core/config/settings.hpp"
#include "core/control/control.hpp"

namespace exai::service {

using control::State;

// by_exit: what runs to its end, and has no check.
enum class Readiness { on_start, by_check, by_exit };

struct Policy {
  config::Kind kind = config::Kind::service;
  config::RestartPolicy restart;
  config::StopPolicy stop;
  Duration start_timeout = 60s;  // 0: none
  Readiness readiness = Readiness::on_start;
  bool watched = false;   // it has a liveness check
  bool prepares = false;  // something runs before its start, and can be told to end
  bool cleans = false;    // something runs after its end
  config::Overlap overlap = config::Overlap::skip;
};
Policy policy_of(const config::Service& service);

enum class Input {
  start,             // somebody wants it to run
  start_again,       // … even if it is done, or its time has not come
  stop,              // somebody wants it to rest
  needs_met,         // every service it needs is as it must be
  needs_lost,        // no longer; a running service goes on
  needs_failed,      // one of them never will be, unless somebody does something about it
  spawned,           // the answer to Action::spawn
  spawn_failed,      //  … or this, with the reason
  proven,            // the readiness check passes
  proof_lost,        // it did, and fails now
  healthy,           // the liveness check passes
  unhealthy,         // the liveness check fails
  exited,            // the process and its whole tree are gone
  cleaned,           // the answer to Action::clean_up
  due,               // its schedule says: now
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

enum class Process { none, spawning, alive, cleaning };

// An end that is settled when the hook behind it has run.
struct Ended {
  State in = State::stopped;  // the state it ended in
  std::string cause;          // of that
  ExitStatus exit;
  friend bool operator==(const Ended&, const Ended&) = default;
};

struct Machine {
  Policy policy;
  std::uint64_t seed = 0;  // of the jitter

  State state = State::stopped;
  std::string cause;         // why it is in this state
  bool wanted = false;       // it is to run, and to run again when it ends
  bool needs_met = false;
  std::string blocked;       // why what it needs will not come; empty: it may
  bool proof_holds = false;  // of readiness
  bool healthy = false;      // the liveness check passes
  bool failing = false;      // while stopping: it is ended because it failed
  Process process = Process::none;
  std::optional<Time> wake;  // when a timer event is due

  std::size_t stop_step = 0;
  std::optional<Time> stop_deadline;  // of all steps
  Boxed<Ended> ended;                 // while cleaning
  bool queued = false;                // a run of the schedule is to follow this one
  std::optional<bool> ended_well;     // the last run of the schedule

  int restarts = 0;  // by itself, not those asked for
  std::string last_exit;
  std::string last_restart_cause;

  int attempt = 0;                  // how often the back-off has doubled
  std::vector<Time> restart_times;  // within the give-up window
  std::optional<Time> ready_since;
};

enum class Action {
  spawn,
  start_probing,
  watch,
  stop_probing,
  signal,  // that of Machine::stop_step
  kill,
  clean_up,
  schedule,  // from now on tell what is due
  unschedule,
  record
};

struct Step {
  Machine machine;
  std::vector<Action> actions;  // in order
};

Step step(const Machine& machine, const Event& event, Time now);

// It has no process, and nobody is about to start one.
bool is_at_rest(State state);
bool is_at_rest(const Machine& machine);

// Does it give what a service that needs it asks for?
bool satisfies(const Machine& machine, config::Condition condition);

// given: it does. coming: it may yet. resting: nobody has asked it to. failed: it will not.
enum class Prospect { given, coming, resting, failed };
Prospect prospect_of(const Machine& machine, config::Condition condition);

// An exit code of the list; 128 and the number of the signal stands for a signal, as in a shell.
bool ended_well(const ExitStatus& exit, const config::RestartPolicy& policy);

}  // namespace exai::service
