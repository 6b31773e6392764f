#pragma once
// What the processes of one service may use and do use, all of them together, as far as the kernel
// counts it for us. Values; thread: any.

#include <optional>
#include <string>
#include <vector>

#include "core/base/proc.hpp"
#include "supervisor/process/cgroup.hpp"

namespace exai::process {

// Limits of a cgroup. Each wants its controller: memory, cpu, pids.
struct GroupLimits {
  std::optional<std::uint64_t> memory;  // bytes; UINT64_MAX: none
  std::optional<double> cpu;            // cores
  std::optional<std::uint64_t> tasks;
  bool any() const { return memory || cpu || tasks; }
};
// What could not be set, in words: "memory: this cgroup has no memory controller". Without a
// cgroup: none can.
std::vector<std::string> set_limits(const std::optional<Cgroup>& cgroup, const GroupLimits& limits);

// How often the kernel ended one of its processes for want of memory; 0 also where nobody counts.
std::uint64_t oom_kills(const Cgroup& cgroup);

struct Usage {
  int processes = 0;
  int threads = 0;
  Duration cpu{};  // used so far; in a cgroup also by those that have ended
  std::uint64_t resident_bytes = 0;
  // Only when asked for: they cost a look at each process's files. Nothing where we may not look.
  std::optional<int> descriptors;
  std::optional<std::uint64_t> read_bytes;  // from storage, by the processes that live
  std::optional<std::uint64_t> written_bytes;
};
enum class Detail { none, brief, full };

// The processes of one service, for as long as its child lives.
struct Group {
  const Cgroup* cgroup = nullptr;  // nullptr: only its process is known
  pid_t pid = 0;                   // 0: there is none, and it uses nothing
  bool counts_memory = false;      // the cgroup does
};
// Of each of them. The kernel's answers take most of the time, so more than a few are asked for on
// two processors at once.
std::vector<Usage> usages_of(const std::vector<Group>& groups, Detail detail);

}  // namespace exai::process
