#pragma once
// Performs the actions of the state machine for one service, and tells what came of them: starts
// and watches the process, signals it, runs its checks, keeps its output, rings its timer. Decides
// nothing.
//
// Every answer goes to `emit` and may come at once, from within the call. An answer that belongs to
// a process or a probe of before is dropped in here.
//
// Thread: loop. Lifetime: the Surroundings outlive it. close() before it is destroyed.

#include <functional>
#include <memory>
#include <optional>

#include "core/base/watcher.hpp"
#include "core/checks/check.hpp"
#include "core/workspace/workspace.hpp"
#include "supervisor/process/child.hpp"
#include "supervisor/process/limits.hpp"
#include "supervisor/process/logs.hpp"
#include "supervisor/service/definition.hpp"
#include "supervisor/service/notify.hpp"
#include "supervisor/service/schedule.hpp"
#include "supervisor/service/state.hpp"

namespace exai::service {

// What all runners share.
struct Surroundings {
  Loop& loop;
  Clock& clock;
  Watcher& watcher;
  checks::Checker& checker;
  process::Containment& containment;
  const Fd& child_ends;       // process::watch_children()
  ResourceLimit descriptors;  // of a program that asks for nothing else
  Workspace workspace;
  std::shared_ptr<const config::Stack> stack;  // as it was first read; a reload has another one
  Environment environment;                     // of the supervisor
  Log log;
  // Reads the stack file again. Called on a thread of its own.
  std::function<config::Loaded()> load;
  // Whether another program could be the supervisor; gives its version. On a thread of its own.
  std::function<Result<std::string>(const Path&)> try_program;
  std::shared_ptr<Redactor> redactor;  // of the log, and of all that services say
  process::LogStore& logs;
};

class Runner final {
 public:
  using Emit = std::function<void(Event)>;
  Runner(const Surroundings& around, Definition definition, Emit emit);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // spawned or spawn_failed; exited when it ends. What is to run before it runs first.
  void start();
  // Takes a running process over; `proven`: to an earlier supervisor. Errors: not_found, when it is
  // no longer there.
  Result<> adopt(process::Identity identity, bool proven);

  // From now on it is this. What runs is not touched; a process, checks and timers that are started
  // from here on follow it.
  void redefine(Definition definition);

  // To the process, or to what runs before it.
  void signal(int number);
  void kill();      // the whole tree; what does not die within some seconds is given up, in words
  void clean_up();  // what is to run after its end; cleaned when that is over
  void start_probing();
  void watch();
  void stop_probing();
  void set_timer(std::optional<Time> when);
  // due, from now on; `last`: when it was, under an earlier supervisor.
  void schedule(std::optional<WallTime> last);
  void unschedule() {
    if (alarm_) alarm_->stop();
  }

  const config::Service& service() const { return *is_.service; }
  const config::Stack& stack() const { return *is_.stack; }
  std::optional<process::Identity> process() const;
  // To ask what they use; until the loop goes on.
  process::Group group() const;
  // Limits of the stack file that the kernel does not keep here, in words.
  const std::vector<std::string>& not_limited() const { return not_limited_; }
  const checks::Verdict& ready() const { return ready_; }
  const checks::Verdict& healthy() const { return healthy_; }
  std::optional<WallTime> next_run() const { return alarm_ ? alarm_->next() : std::nullopt; }
  std::string said() const { return child_ ? said_ : std::string(); }
  std::uint64_t log_lines_dropped() const { return capture_ ? capture_->dropped() : 0; }

  // Ends all that runs in here. The process goes on, if there is one.
  Task<> close();

 private:
  Result<> try_start();
  void start_process();

  // Its hooks (runner_hooks.cpp).
  Result<> start_hook(const config::Hook& hook);
  Task<> end_hook(std::shared_ptr<process::Child> hook, Duration limit);
  Task<Result<>> run_hook(config::Hook hook, std::string name);
  Task<> prepare_and_start();
  Task<> run_clean_up();

  // What it says itself (runner_told.cpp).
  Path notify_path() const;
  Result<> open_notify();
  void offer_notify(SpawnSpec& spec) const;
  bool is_of_service(pid_t process) const;
  void hear(const Notice& notice, pid_t sender);
  void hear_all();
  void move_to(pid_t process);
  checks::Observation observed(bool ok, std::string detail) const;
  void say_ready(std::string detail);
  void say_alive();
  void wait_for_line();
  void start_listening();
  void stop_listening();
  Task<> watch_silence(unsigned generation);
  static std::string failure_text(const config::Check& check, const checks::Verdict& verdict);

  Result<> open_log();
  std::optional<process::Cgroup> prepare_cgroup();
  void follow(std::unique_ptr<process::Child> child);
  checks::Subject subject() const;
  void hide_secrets(checks::Observation& seen) const;
  void on_end();
  void tell_end(const process::Child& child, const ExitStatus& status);
  Task<> wait_for_end(std::shared_ptr<process::Child> child);
  Task<> give_up_on(std::weak_ptr<process::Child> killed);
  Task<> probe_readiness(unsigned generation);
  Task<> probe_health(unsigned generation);
  Task<> ring(Time when, unsigned generation);

  const Surroundings& around_;
  Definition is_;
  Emit emit_;
  Log log_;

  std::shared_ptr<process::Child> child_;
  std::unique_ptr<process::LogCapture> capture_;
  std::vector<std::string> not_limited_;
  checks::Verdict ready_;
  checks::Verdict healthy_;
  unsigned probing_ = 0;  // generations: what an older one says does not count
  unsigned timing_ = 0;
  bool watching_ = false;
  bool probing_now_ = false;
  bool proven_before_ = false;  // the process was taken over, and had been proven

  std::unique_ptr<NotifySocket> notify_;
  std::string said_;
  Time last_alive_{};
  std::shared_ptr<process::Child> hook_;
  bool hook_late_ = false;
  bool preparing_ = false;  // what runs before the start has not ended …
  bool abandoned_ = false;  // … and was told to end before it began
  std::unique_ptr<Alarm> alarm_;  // of one with a schedule

  TaskGroup probes_;
  TaskGroup tasks_;  // the wait for the process, the reader of its output, the timer
  TaskGroup::Handle timer_;
};

}  // namespace exai::service
