#include "core/base/proc.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <unordered_map>

#include "core/base/contains.hpp"
#include "core/base/os.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace {

std::int64_t ticks_per_second() { return ::sysconf(_SC_CLK_TCK); }

template <class Number>
Number number_or(std::string_view text, Number fallback, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} ? value : fallback;
}

// The words of a line, however many blanks are between them.
std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> result;
  result.reserve(52);  // those of /proc/<pid>/stat
  while (!(line = trim(line)).empty()) {
    const std::size_t end = line.find_first_of(" \t");
    result.push_back(line.substr(0, end));
    if (end == std::string_view::npos) break;
    line.remove_prefix(end);
  }
  return result;
}

// Names in a folder of /proc that are numbers: pids, descriptors.
std::vector<std::string> numbered_entries(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(folder.c_str()), &::closedir);
  if (!stream) return names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own; glibc's readdir keeps no other state
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name.find_first_not_of("0123456789") == std::string_view::npos) names.emplace_back(name);
  }
  return names;
}

struct Socket {
  std::string address;
  std::uint16_t port = 0;
};

std::string address_text(std::string_view hex) {
  if (hex.size() == 8) {
    in_addr v4{number_or<std::uint32_t>(hex, 0, 16)};
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &v4, text.data(), text.size());
    return v4.s_addr == 0 ? "*" : text.data();
  }
  in6_addr v6{};
  for (std::size_t i = 0; i < 4 && hex.size() == 32; ++i) {
    const auto word = number_or<std::uint32_t>(hex.substr(8 * i, 8), 0, 16);
    std::copy_n(reinterpret_cast<const unsigned char*>(&word), 4, v6.s6_addr + 4 * i);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &v6, text.data(), text.size());
  return std::string_view(text.data()) == "::" ? "*" : text.data();
}

// Listening sockets by inode, from one table of the kernel (proc(5), /proc/net/tcp).
void read_listening(const char* table, std::unordered_map<std::uint64_t, Socket>& sockets) {
  constexpr std::string_view kListening = "0A";
  const auto text = read_file(table);
  if (!text) return;
  for (const std::string& line : split(*text, '\n')) {
    const auto columns = words(line);
    if (columns.size() < 10 || columns[3] != kListening) continue;
    const std::size_t colon = columns[1].find(':');
    if (colon == std::string_view::npos) continue;
    Socket socket{address_text(columns[1].substr(0, colon)),
                  number_or<std::uint16_t>(columns[1].substr(colon + 1), 0, 16)};
    sockets.emplace(number_or<std::uint64_t>(columns[9], 0), std::move(socket));
  }
}

// inode of "socket:[12345]", else 0.
std::uint64_t socket_inode(const std::string& link) {
  std::array<char, 64> target{};
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  std::string_view text(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  if (!text.starts_with("socket:[")) return 0;
  return number_or<std::uint64_t>(text.substr(8), 0);
}

}  // namespace

std::string_view read_kernel_file(const char* path, std::span<char> room, int below) {
  const Fd fd(::openat(below, path, O_RDONLY | O_CLOEXEC));
  std::size_t size = 0;
  while (fd && size < room.size()) {
    const ssize_t count = ::read(fd.get(), room.data() + size, room.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
    // It gives as many whole lines as have room: that was the last of them.
    if (size < room.size() / 2) break;
  }
  return {room.data(), size};
}

std::optional<ProcessInfo> process_info(pid_t pid) {
  std::array<char, 1024> room;  // NOLINT: filled by read
  const std::string path = fmt::format("/proc/{}/stat", pid);
  const std::string_view text = read_kernel_file(path.c_str(), room);
  // pid (program) state …: the name may hold blanks and parentheses, so cut at the last one.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  const auto columns = words(text.substr(close + 1));
  if (columns.size() < 22) return std::nullopt;
  const auto ticks = number_or<std::int64_t>(columns[11], 0) + number_or<std::int64_t>(columns[12], 0);
  ProcessInfo info;
  info.pid = pid;
  info.program = text.substr(open + 1, close - open - 1);
  info.state = columns[0].front();
  info.parent = number_or<pid_t>(columns[1], -1);
  info.group = number_or<pid_t>(columns[2], -1);
  info.session = number_or<pid_t>(columns[3], -1);
  info.cpu_time = Duration(ticks * 1000 / ticks_per_second());
  info.threads = number_or<int>(columns[17], 0);
  info.start_ticks = number_or<std::uint64_t>(columns[19], 0);
  info.resident_bytes = number_or<std::uint64_t>(columns[21], 0) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return info;
}

bool is_alive(pid_t pid, std::uint64_t start_ticks) {
  const auto info = process_info(pid);
  return info && info->start_ticks == start_ticks && info->state != 'Z' && info->state != 'X';
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> processes;
  for (const std::string& pid : numbered_entries("/proc"))
    if (auto info = process_info(number_or<pid_t>(pid, -1))) processes.push_back(std::move(*info));
  return processes;
}

std::string command_line(pid_t pid) {
  auto text = read_file(fmt::format("/proc/{}/cmdline", pid), 1U << 20U);
  if (!text) return {};
  while (!text->empty() && text->back() == '\0') text->pop_back();
  std::replace(text->begin(), text->end(), '\0', ' ');
  return printable(*text);
}

std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  return text ? std::string(trim(*text)) : std::string();
}

std::optional<WallTime> process_started(const ProcessInfo& process) {
  const auto text = read_file("/proc/stat");
  if (!text) return std::nullopt;
  const std::size_t at = text->find("\nbtime ");
  if (at == std::string::npos) return std::nullopt;
  const auto boot = number_or<std::int64_t>(std::string_view(*text).substr(at + 7), 0);
  const auto since_boot =
      Duration(static_cast<std::int64_t>(process.start_ticks) * 1000 / ticks_per_second());
  return WallTime(std::chrono::seconds(boot)) + since_boot;
}

namespace {

// What people call it. The kernel's name of a process is that of its first thread, which a program
// may rename (Node's is "MainThread"): then nothing of it is in the command line.
std::string program_name(const ProcessInfo& process) {
  const std::string line = command_line(process.pid);
  if (line.empty() || line.find(process.program) != std::string::npos) return process.program;
  const std::string_view path = std::string_view(line).substr(0, line.find(' '));
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

std::vector<Listener> listeners_on(const std::vector<std::uint16_t>& ports) {
  std::vector<Listener> found;
  if (ports.empty()) return found;
  std::unordered_map<std::uint64_t, Socket> sockets;  // whose owner is looked for
  read_listening("/proc/net/tcp", sockets);
  read_listening("/proc/net/tcp6", sockets);
  std::erase_if(sockets, [&](const auto& each) { return !contains(ports, each.second.port); });
  if (sockets.empty()) return found;
  for (const std::string& pid : numbered_entries("/proc")) {
    const std::string folder = "/proc/" + pid + "/fd";
    for (const std::string& fd : numbered_entries(folder)) {
      const auto socket = sockets.find(socket_inode(folder + "/" + fd));
      if (socket == sockets.end()) continue;
      const auto owner = number_or<pid_t>(pid, 0);
      const auto info = process_info(owner);
      found.push_back({socket->second.address, socket->second.port, owner,
                       info ? program_name(*info) : std::string()});
      sockets.erase(socket);  // it is the first process that holds it
    }
    if (sockets.empty()) break;
  }
  for (const auto& [inode, socket] : sockets) found.push_back({socket.address, socket.port, 0, ""});
  std::sort(found.begin(), found.end(), [](const Listener& a, const Listener& b) {
    return std::tie(a.port, a.address, a.pid) < std::tie(b.port, b.address, b.pid);
  });
  return found;
}

Result<DiskSpace> disk_space(const std::string& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0)
    return fail(errno_error(errno, fmt::format("reading the free space of {}", path)));
  const std::uint64_t used = info.f_blocks - info.f_bfree;
  return DiskSpace{(used + info.f_bavail) * info.f_frsize, info.f_bavail * info.f_frsize};
}

MemoryInfo system_memory() {
  MemoryInfo memory;
  const auto text = read_file("/proc/meminfo");
  if (!text) return memory;
  for (const std::string& line : split(*text, '\n')) {
    const auto columns = words(line);
    if (columns.size() < 2) continue;
    const std::uint64_t bytes = number_or<std::uint64_t>(columns[1], 0) * 1024;
    if (columns[0] == "MemTotal:") memory.total = bytes;
    if (columns[0] == "MemAvailable:") memory.available = bytes;
  }
  return memory;
}

}  // namespace exai
