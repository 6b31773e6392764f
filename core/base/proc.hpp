#pragma once
// What the kernel says about processes and sockets, read from /proc. Values, taken at one instant.
// Thread: any. A process that has gone is `nullopt`, never an error.

#include <fcntl.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace exai {

// A file of the kernel's (/proc, a cgroup), which is small and made while it is read: as much of it
// as there is room for. Empty: it is not there, or has nothing in it.
// `below` is a folder that a path not absolute is in.
std::string_view read_kernel_file(const char* path, std::span<char> room, int below = AT_FDCWD);

struct ProcessInfo {
  pid_t pid = -1;
  pid_t parent = -1;
  pid_t group = -1;
  pid_t session = -1;
  char state = '?';              // R, S, D, Z, …
  std::uint64_t start_ticks = 0;  // since boot; with the pid it names a process for ever
  Duration cpu_time{};           // user + system
  int threads = 0;
  std::uint64_t resident_bytes = 0;
  std::string program;           // the kernel's short name
};

std::optional<ProcessInfo> process_info(pid_t pid);
// Is it still the process that was started then? What has ended is not alive, waited for or not.
bool is_alive(pid_t pid, std::uint64_t start_ticks);
std::vector<ProcessInfo> all_processes();
std::string command_line(pid_t pid);  // printable, arguments joined by blanks
std::string boot_id();                // changes at each boot of the machine
std::optional<WallTime> process_started(const ProcessInfo& process);

// Who listens on a TCP port. `pid` is 0 when it belongs to another user and we may not look.
struct Listener {
  std::string address;  // "127.0.0.1", "*", "::1"
  std::uint16_t port = 0;
  pid_t pid = 0;
  std::string program;
};
// Who listens on any of these. To find out who it is, all processes are searched, once for all
// ports, and not when nobody listens.
std::vector<Listener> listeners_on(const std::vector<std::uint16_t>& ports);

// As df counts: what is kept back for root, or by a quota, is in neither.
struct DiskSpace {
  std::uint64_t total = 0;
  std::uint64_t available = 0;
};
Result<DiskSpace> disk_space(const std::string& path);

struct MemoryInfo {
  std::uint64_t total = 0;
  std::uint64_t available = 0;
};
MemoryInfo system_memory();

// Set in the environment of a command that checks a service: it carries the service's mark, and dies
// with it, but it is not the service.
inline constexpr const char* kCheckVariable = "EXAI_CHECK";

}  // namespace exai
