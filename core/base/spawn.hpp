#pragma once
// Starting a program without fork: a clean signal mask and dispositions, every descriptor from 3 up
// closed that is not handed down, its own session, cgroup, limits and user when asked, and a pidfd
// that names the process beyond pid reuse. A missing program or folder is an error here, not exit
// code 127 later. How it is done: spawn_child.hpp.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/os.hpp"

namespace exai {

enum class Session { shared, own };  // own: setsid, so that the whole tree can be signalled

// One of getrlimit(2).
struct ResourceLimit {
  int resource = 0;
  std::uint64_t soft = 0;  // RLIM_INFINITY: none
  std::uint64_t hard = 0;
  friend bool operator==(const ResourceLimit&, const ResourceLimit&) = default;
};

struct Credentials {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups = {};  // the others
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

struct SpawnSpec {
  std::vector<std::string> command;  // command[0] is a path; resolve names with find_program first
  Environment environment;           // the whole of it; nothing is inherited
  Path working_directory;            // empty: ours
  Session session = Session::own;
  int stdin_fd = -1;   // -1: /dev/null
  int stdout_fd = -1;  // -1: /dev/null
  int stderr_fd = -1;  // -1: as stdout
  // Open in the child as 3, 4, … in this order.
  std::vector<Fd> inherited = {};
  std::optional<Credentials> credentials = {};  // none: ours
  std::vector<ResourceLimit> limits = {};
  std::optional<mode_t> umask = {};
  std::optional<int> nice = {};
  std::optional<int> oom_score = {};  // -1000 … 1000
  std::vector<int> processors = {};   // those it may run on; empty: as we
};

struct Spawned {
  pid_t pid = -1;
  Fd pidfd;
};

// Errors: not_found, denied, invalid (not a program), unavailable (EAGAIN, EMFILE, ENOMEM); the
// message says what could not be done: the program, its folder, its user, a limit.
Result<Spawned> spawn(const SpawnSpec& spec);
// Born in the cgroup (version 2) whose folder is open here.
Result<Spawned> spawn_into(const Fd& cgroup, const SpawnSpec& spec);

// How a process ended: exit code or signal, or unknown when it was not our child.
struct ExitStatus {
  std::optional<int> code;
  std::optional<int> signal;
  bool core_dumped = false;

  bool success() const { return code == 0; }
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};
// "exit code 3", "signal 9 (KILL)", "ended, how is unknown"
std::string describe(const ExitStatus& status);

struct ToolOutput {
  ExitStatus status;
  std::string out;
};
// Runs a program to its end and takes its stdout; its stderr goes nowhere. Blocks. Errors: timeout,
// then it is killed with its session; those of spawn().
Result<ToolOutput> run_tool(SpawnSpec spec, Duration limit);

// TERM, INT, …: with or without the SIG prefix, in any case.
std::optional<int> signal_number(std::string_view name);
std::string signal_name(int number);  // "TERM"

}  // namespace exai
