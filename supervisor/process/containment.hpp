#pragma once
// How the processes of the services are held together on this machine, decided once, at the start.
//
// | what is there                               | how                                             |
// |---------------------------------------------|-------------------------------------------------|
// | a cgroup2 mount, our place in it is ours to | a cgroup for each service,                      |
// | divide, and Linux 5.14 (cgroup.kill)        | <our place>/exai-<hash>/<service>               |
// | none of that, or EXAI_CGROUP=off            | session, descent and mark (tree.hpp): a sweep   |
// |                                             | of /proc finds the tree                         |
// | EXAI_CGROUP=<folder>                        | as the first, below that folder                 |
//
// The folder stays where the first supervisor of a stack made it: a file in the run folder names
// it, and the next supervisor, wherever it was started from, goes on there. What an earlier
// supervisor started in a cgroup is ended as a cgroup, whatever is decided now.
//
// A cgroup that was killed is not used again: the kernel (seen with 6.18) also kills what is born
// into it by clone3 later. It is removed and made anew, or gets a successor: <service>,
// <service>+1, …
//
// The kernel takes 30 to 40 µs to remove a cgroup. When the stack goes down a thread of ours
// removes them, all of a turn of the loop together, while the loop goes on with the next.
//
// Thread: loop. Lifetime: the Loop outlives it.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/end_of_turn.hpp"
#include "supervisor/process/cgroup.hpp"
#include "supervisor/process/tree.hpp"

namespace exai::process {

struct CgroupFacts {
  std::string mounts;      // /proc/self/mountinfo
  std::string membership;  // /proc/self/cgroup
  std::string wanted;      // $EXAI_CGROUP
};
// Pure: our place in the tree of cgroups, or why there is none, in words. Errors: unavailable.
Result<Path> cgroup_place(const CgroupFacts& facts);

class Containment final {
 public:
  // `record` is the file that names the folder; `name` is the folder's. Never fails: it says what
  // it could do.
  Containment(Loop& loop, Path record, const std::string& name, std::string wanted);
  Containment(const Containment&) = delete;
  Containment& operator=(const Containment&) = delete;
  ~Containment();

  // "each service in a cgroup of its own, below /sys/fs/cgroup/exai-4f2a91c0; controllers: memory
  // pids", "by session and mark, without cgroups: no cgroup version 2 is mounted".
  const std::string& statement() const { return statement_; }
  bool by_cgroup() const { return by_cgroup_; }
  // The memory that a cgroup's processes use, and how often the kernel ended one for want of it.
  bool counts_memory() const { return counts_memory_; }

  // A fresh cgroup for the next process of a service; nullopt: it is held by session and mark.
  std::optional<Cgroup> make(const std::string& service) const;
  // Those that a service has: one, and others when something in an earlier one does not die.
  std::vector<Cgroup> find(const std::string& service) const;
  // The one of them that this process is in, or nothing.
  std::optional<Cgroup> find(const std::string& service, pid_t pid) const;

  // As process::remove(): at once, or while it goes down, soon.
  Task<Removal> remove(Cgroup cgroup);
  // How many processes in it the kernel ended for want of memory.
  std::uint64_t oom_kills(const Cgroup& cgroup) const;
  // All services stop, for good, and perhaps a thousand at once.
  void go_down();
  bool goes_down() const { return remover_ != nullptr; }

  // KILL to everything that is in any of them.
  void kill_everything() const;
  // At the very end: nothing of ours stays. Waits for the last of them, but not for ever.
  // Errors: conflict, naming who does not die.
  Result<> close();

  // All processes, read after the call. Those who ask in one turn of the loop share the answer, so
  // a thousand ends at once do not read /proc a thousand times.
  Task<std::shared_ptr<const ProcessTable>> processes();

 private:
  struct Remover;
  using Table = std::shared_ptr<const ProcessTable>;
  Cgroup cgroup_of(const std::string& service, int generation) const;
  Result<> prepare(const std::string& name, const std::string& wanted);
  Result<> open_root();
  std::string controllers() const;

  Loop& loop_;
  Path record_;
  Path root_;  // empty: there is no folder
  Fd open_root_;
  bool by_cgroup_ = false;
  bool counts_memory_ = false;
  std::string statement_;
  EndOfTurn<void(Table)> readings_;
  std::unique_ptr<Remover> remover_;  // once it goes down
};

}  // namespace exai::process
