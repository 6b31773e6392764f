#pragma once
// A running process seen through its pidfd: one we spawned, or one we took over from an earlier
// supervisor. Its end is an event of the loop; there is no SIGCHLD handler and no wait(-1).
//
//   pidfd readable ──> status peeked (WNOWAIT) ──> leftovers killed ──> reaped
//
// The leader stays a zombie until nothing of its tree is left, so its pid, its group and its
// session cannot be given to a stranger while we still aim at them.
//
// Thread: loop. Lifetime: the Clock outlives it. Destroying a Child ends nothing: services outlive
// their supervisor.

#include <memory>
#include <string>

#include "core/base/loop.hpp"
#include "core/base/spawn.hpp"
#include "supervisor/process/tree.hpp"

namespace exai::process {

class Child final {
 public:
  // `mark` as in tree.hpp; it must be in spec.environment. Errors: those of spawn().
  static Result<std::unique_ptr<Child>> spawn(const SpawnSpec& spec, std::string mark);
  // Errors: not_found, when it has ended or the pid is another's by now.
  static Result<std::unique_ptr<Child>> adopt(Identity identity, std::string mark);

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const Identity& identity() const { return identity_; }
  pid_t pid() const { return identity_.pid; }

  // Resumes when it has ended and its whole tree has. How a process ended that was not our child
  // is unknown. Await it once.
  Task<ExitStatus> wait(Clock& clock);

  // To the leader. Gone is fine.
  void signal(int number) const;
  // KILL to the leader, its group, its session and everything that carries the mark.
  void kill_tree() const;

 private:
  Child(Identity identity, Fd pidfd, std::string mark)
      : identity_(identity), pidfd_(std::move(pidfd)), mark_(std::move(mark)) {}
  std::size_t kill_leftovers() const;

  Identity identity_;
  Fd pidfd_;
  std::string mark_;
};

}  // namespace exai::process
