#pragma once
// One cgroup (version 2) of the kernel, as a folder. Whatever a service starts is born in its
// service's cgroup and cannot leave it, however often it forks and however it calls its sessions:
// one write kills all of it, and the kernel itself says when nothing is left.
//
// The folder goes when its last process has: a successful rmdir is the proof of an empty tree.
//
// Values and free functions; thread: any, until_empty: loop.

#include <fcntl.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/loop.hpp"

namespace exai::process {

// A service's is named from the folder above it, which Containment holds open: the kernel finds it
// in two thirds of the time, and a thousand names are short.
struct Cgroup {
  std::string folder;    // absolute, or below `above`
  int above = AT_FDCWD;  // a descriptor of somebody else's
  // One of its files, below `above` as well.
  std::string operator/(std::string_view name) const { return folder + '/' + std::string(name); }
  friend bool operator==(const Cgroup&, const Cgroup&) = default;
};
// Its whole path, for people.
Path path_of(const Cgroup& cgroup);

// One that is there already is fine.
Result<> make(const Cgroup& cgroup);
// For spawn_into().
Result<Fd> open_cgroup(const Cgroup& cgroup);
bool exists(const Cgroup& cgroup);
// Are there cgroups below it?
bool has_children(const Cgroup& cgroup);

// KILL to all of it and of the cgroups below it, also to what is being forked meanwhile, and to what
// is born into it later: remove it and make it anew.
void kill_all(const Cgroup& cgroup);

enum class Removal { gone, populated };
// Removes it with those below it, unless a process lives in there.
Removal remove(const Cgroup& cgroup);

// Zombies are not among them.
std::vector<pid_t> processes_in(const Cgroup& cgroup);

// Resumes when no process is left in it, at once when it is gone. Bound it from outside.
Task<Result<>> until_empty(Cgroup cgroup);

// May we write to this file of it? Not when its controller is not there.
bool is_writable(const Cgroup& cgroup, const char* file);
// A line of one of its files as a number: cgroup_value(c, "memory.events", "oom_kill"). Without a
// key: the whole file. nullopt: no such file (its controller is not there), no such line, "max".
std::optional<std::uint64_t> cgroup_value(const Cgroup& cgroup, const char* file,
                                          std::string_view key = {});
Result<> set_cgroup_value(const Cgroup& cgroup, const char* file, std::string_view value);

}  // namespace exai::process
