#pragma once
// One service as the supervisor keeps it: the machine that decides, the runner that acts, and what
// is only remembered to be shown or written down. Private to the files
// of class Supervisor.

#include "core/base/proc.hpp"
#include "supervisor/service/supervisor.hpp"

namespace exai::service {

struct Supervisor::Unit {
  // One entry of `needs`: a service may have replicas.
  struct Link {
    std::string service;
    config::Condition condition;
    bool soft;
    std::vector<Unit*> units;
  };

  Machine machine;
  std::unique_ptr<Runner> runner;
  std::vector<Action> actions;  // decided, not yet performed
  std::vector<Link> needs;
  std::vector<Unit*> dependents;
  std::size_t rank = 0;  // in the order of starting: higher than that of all it needs

  WallTime since{};  // in this state
  std::optional<WallTime> started;
  bool adopted = false;
  bool retired = false;   // runs, but the stack no longer has it
  bool buried = false;    // its last coroutines are being waited for
  bool changed = false;   // since it was last written down
  bool outdated = false;  // its process was made from something else than the stack file says now
  std::string making;     // what its process was made from (reload_plan.hpp)
  std::optional<Definition> next;  // takes its place when the process has gone
  std::string stop_cause;
  std::optional<WallTime> last_run;  // by its schedule

  struct CpuSample {
    Time at{};
    pid_t pid = 0;
    Duration used{};
    double percent = 0;
  } cpu;

  // A replica that is too many, and has ended: nobody sees it any more.
  bool is_gone() const { return retired && !service().group.empty() && is_at_rest(machine); }

  // Of one core, since the last look at it; at first, since the start of the process.
  double cpu_percent(Duration used, const Clock& clock);
  void show(const process::Usage& used, const Clock& clock, control::ServiceStatus& status);

  const config::Service& service() const { return runner->service(); }
  const std::string& name() const { return service().name; }
};

}  // namespace exai::service
