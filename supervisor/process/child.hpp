#pragma once
// A running process seen through its pidfd: one we spawned, or one we took over from an earlier
// supervisor. Its end is an event of the loop; there is no SIGCHLD handler and no wait(-1).
//
// In a cgroup of its own (containment.hpp):
//   pidfd readable ──> reaped ──> rmdir of the cgroup: done, it was empty
//                                  └── not empty: cgroup.kill ──> the kernel tells when it is
// Without:
//   pidfd readable ──> status peeked (WNOWAIT) ──> leftovers found in /proc and killed ──> reaped
//   The leader stays a zombie until nothing of its tree is left, so its pid, its group and its
//   session cannot be given to a stranger while we still aim at them.
//
// What does not die within 5 s hangs in the kernel: it is reported and not waited for.
//
// Thread: loop. Lifetime: the Clock outlives it. Destroying a Child ends nothing: services outlive
// their supervisor.

#include <memory>
#include <string>

#include "core/base/loop.hpp"
#include "core/base/spawn.hpp"
#include "supervisor/process/containment.hpp"

namespace exai::process {

class Child final {
 public:
  // `mark` as in tree.hpp; it must be in spec.environment. With a cgroup it is born in there.
  // Errors: those of spawn().
  static Result<std::unique_ptr<Child>> spawn(const SpawnSpec& spec, std::string mark,
                                              std::optional<Cgroup> cgroup = {});
  // Errors: not_found, when it has ended or the pid is another's by now.
  static Result<std::unique_ptr<Child>> adopt(Identity identity, std::string mark,
                                              std::optional<Cgroup> cgroup = {});

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const Identity& identity() const { return identity_; }
  pid_t pid() const { return identity_.pid; }

  // Resumes when it has ended and its whole tree has. How a process ended that was not our child
  // is unknown. Await it once.
  Task<ExitStatus> wait(Clock& clock, Containment& containment);
  const Fd& pidfd() const { return pidfd_; }
  // What wait() would give, when there is nothing to wait for: it has ended, and so has all of its
  // tree. With a cgroup that is how nearly all of them end.
  std::optional<ExitStatus> ended_at_once(const Containment& containment);

  // It does not die, and is not waited for; it is reaped if it ends after all. Its tree is no
  // longer touched: the next process of the service may be among it.
  void abandon();
  // After wait(): who did not die, in words; empty: nothing is left.
  const std::string& left_behind() const { return left_behind_; }
  // After wait(): how many of its processes the kernel ended for want of memory.
  std::uint64_t oom_kills() const { return oom_kills_; }
  const std::optional<Cgroup>& cgroup() const { return cgroup_; }

  // To the leader. Gone is fine.
  void signal(int number) const;
  // KILL to the leader and all of its tree.
  void kill_tree() const;

 private:
  Child(Identity identity, Fd pidfd, std::string mark, std::optional<Cgroup> cgroup)
      : identity_(identity),
        pidfd_(std::move(pidfd)),
        mark_(std::move(mark)),
        cgroup_(std::move(cgroup)) {}
  bool is_reaped(const Containment& containment);
  Task<> clear_cgroup(Clock& clock);
  Task<> clear_marked(Clock& clock, Containment& containment);

  Identity identity_;
  Fd pidfd_;
  std::string mark_;
  std::optional<Cgroup> cgroup_;
  std::optional<ExitStatus> status_;  // when it is reaped, and its cgroup is not empty yet
  std::string left_behind_;
  std::uint64_t oom_kills_ = 0;
};

}  // namespace exai::process
