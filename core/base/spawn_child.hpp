#pragma once
// Between clone and exec: the one place where code runs in a child that is not yet a program.
//
// The child shares our memory and we stand still until it has become its program or has given up
// (CLONE_VM | CLONE_VFORK): nothing is copied, and what it could not do is in the plan when we go
// on. It is born in the cgroup of the plan (CLONE_INTO_CGROUP), so nothing of it is ever outside.
// It shares our table of descriptors (CLONE_FILES) until its first system call (handover.hpp). In
// there only system calls are made, on memory that the plan holds; no lock, no allocation, no
// library function with a state. Every signal is blocked meanwhile, so none of our handlers runs in
// the child.
//
// Where the kernel refuses clone3 (ENOSYS below Linux 5.7 and under the seccomp filters of older
// container engines), clone() does the same; the child then moves itself into the cgroup, and has a
// copy of all descriptors.
//
// Private to spawn.cpp. Thread: any; it waits for the exec.

#include <sched.h>
#include <sys/types.h>

#include <span>

#include "core/base/spawn.hpp"

namespace exai {

enum class SpawnStep {
  none,
  session,
  cgroup,
  limits,
  priority,
  oom_score,
  processors,
  descriptors,
  credentials,
  folder,
  program,
};

// All that the child needs, as the kernel wants it. Whoever makes it owns what it points to.
struct SpawnPlan {
  char* const* arguments = nullptr;  // [0] is the path of the program, too
  char* const* environment = nullptr;
  const char* folder = nullptr;  // null: ours
  Session session = Session::own;
  std::span<const int> descriptors;  // become 0, 1, 2, 3 …; -1: /dev/null
  int cgroup = -1;       // the folder
  int cgroup_join = -1;  // its cgroup.procs, when the child has to move itself
  const ResourceLimit* limits = nullptr;
  std::size_t limit_count = 0;
  const char* oom_score = nullptr;  // null: as ours
  const cpu_set_t* processors = nullptr;
  const Credentials* credentials = nullptr;
  int mask = -1;  // umask; -1: ours
  const int* nice = nullptr;

  // By launch().
  bool shares_descriptors = false;
  int descriptors_end = 0;  // all of them are below it

  // What came of it.
  SpawnStep failed = SpawnStep::none;
  int error = 0;
};

struct Launched {
  pid_t pid = -1;  // -1: errno says why there is no child at all
  int pidfd = -1;  // -1: to be opened
};
Launched launch(SpawnPlan& plan);

}  // namespace exai
