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
  std::shared_ptr<const config::Stack> stack;
  Environment environment;  // of the supervisor
  Log log;
  std::shared_ptr<Redactor> redactor;  // of the log, and of all that services say
  process::LogStore& logs;
};

class Runner final {
 public:
  using Emit = std::function<void(Event)>;
  Runner(const Surroundings& around, config::Service service, Emit emit);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // spawned or spawn_failed; exited when it ends.
  void start();
  // Takes a running process over. Errors: not_found, when it is no longer there.
  Result<> adopt(process::Identity identity);

  void signal(int number);
  void kill();    // the whole tree; what does not die within some seconds is given up, in words
  void start_probing();
  void watch();
  void stop_probing();
  void set_timer(std::optional<Time> when);

  const config::Service& service() const { return service_; }
  std::optional<process::Identity> process() const;
  process::Usage usage(process::Detail detail) const;
  // Limits of the stack file that the kernel does not keep here, in words.
  const std::vector<std::string>& not_limited() const { return not_limited_; }
  const checks::Verdict& ready() const { return ready_; }
  const checks::Verdict& healthy() const { return healthy_; }
  std::uint64_t log_lines_dropped() const { return capture_ ? capture_->dropped() : 0; }

  // Ends all that runs in here. The process goes on, if there is one.
  Task<> close();

 private:
  Result<> try_start();
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
  config::Service service_;
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

  TaskGroup probes_;
  TaskGroup timers_;
  TaskGroup tasks_;  // the wait for the process, the reader of its output
};

}  // namespace exai::service
