#include "supervisor/process/cgroup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"

namespace exai::process {

namespace {

constexpr int kDeepest = 16;  // cgroups below one another that a service may have made

bool is_populated(std::string_view events) {
  return events.find("populated 1") != std::string_view::npos;
}

Result<Fd> open_below(const Cgroup& cgroup, const std::string& name, int flags) {
  Fd fd(::openat(cgroup.above, name.c_str(), flags | O_CLOEXEC));
  if (fd) return fd;
  const int reason = errno;
  const Path path = path_of({name, cgroup.above});
  return fail(errno_error(reason, fmt::format("opening {}", path.string())));
}

bool remove_folder(const Cgroup& cgroup) {
  return ::unlinkat(cgroup.above, cgroup.folder.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
}

std::vector<Cgroup> below(const Cgroup& cgroup) {
  std::vector<Cgroup> found;
  if (!has_children(cgroup)) return found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_of(cgroup), error))
    if (entry.is_directory(error)) found.push_back({entry.path().string()});
  return found;
}

bool remove_folders(const Cgroup& cgroup, int depth) {
  if (remove_folder(cgroup)) return true;
  if (depth == 0) return false;
  for (const Cgroup& child : below(cgroup))
    if (!remove_folders(child, depth - 1)) return false;
  return remove_folder(cgroup);
}

void collect(const Cgroup& cgroup, int depth, std::vector<pid_t>& pids) {
  // A pid a line: room for all that a machine may have.
  std::array<char, 4096> few;  // NOLINT: filled by read
  std::string many;
  std::string_view text = read_kernel_file((cgroup / "cgroup.procs").c_str(), few, cgroup.above);
  if (text.size() == few.size()) {
    many = read_file(path_of(cgroup) / "cgroup.procs").value_or("");
    text = many;
  }
  for (; !text.empty(); text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1))
    if (const auto pid = parse_integer(text.substr(0, text.find('\n'))))
      pids.push_back(static_cast<pid_t>(*pid));
  if (depth > 0)
    for (const Cgroup& child : below(cgroup)) collect(child, depth - 1, pids);
}

}  // namespace

Path path_of(const Cgroup& cgroup) {
  if (cgroup.above == AT_FDCWD) return cgroup.folder;
  std::error_code error;
  return read_symlink(Path(fmt::format("/proc/self/fd/{}", cgroup.above)), error) / cgroup.folder;
}

Result<> make(const Cgroup& cgroup) {
  if (::mkdirat(cgroup.above, cgroup.folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
  const int reason = errno;
  return fail(errno_error(reason, fmt::format("making the cgroup {}", path_of(cgroup).string())));
}

Result<Fd> open_cgroup(const Cgroup& cgroup) {
  return open_below(cgroup, cgroup.folder, O_RDONLY | O_DIRECTORY);
}

bool exists(const Cgroup& cgroup) {
  return ::faccessat(cgroup.above, cgroup.folder.c_str(), F_OK, 0) == 0;
}

// Like any folder of the kernel's it counts those in it as links.
bool has_children(const Cgroup& cgroup) {
  struct stat info {};
  return ::fstatat(cgroup.above, cgroup.folder.c_str(), &info, 0) == 0 && info.st_nlink > 2;
}

void kill_all(const Cgroup& cgroup) {
  static_cast<void>(set_cgroup_value(cgroup, "cgroup.kill", "1"));  // gone: nothing to kill
}

Removal remove(const Cgroup& cgroup) {
  if (remove_folder(cgroup)) return Removal::gone;
  std::array<char, 256> room;  // NOLINT: filled by read
  const auto events = read_kernel_file((cgroup / "cgroup.events").c_str(), room, cgroup.above);
  if (events.empty()) return Removal::gone;
  if (is_populated(events)) return Removal::populated;
  return remove_folders(cgroup, kDeepest) ? Removal::gone : Removal::populated;
}

std::vector<pid_t> processes_in(const Cgroup& cgroup) {
  std::vector<pid_t> pids;
  collect(cgroup, kDeepest, pids);
  return pids;
}

Task<Result<>> until_empty(Cgroup cgroup) {
  auto opened = open_below(cgroup, cgroup / "cgroup.events", O_RDONLY);
  if (!opened) co_return Result<>{};
  const Executor executor = co_await asio::this_coro::executor;
  Descriptor events(executor, opened->release());
  for (;;) {
    // Read after it is watched: a change in between is not missed.
    std::array<char, 256> text{};
    const ssize_t size = ::pread(events.native_handle(), text.data(), text.size(), 0);
    if (size <= 0) co_return Result<>{};
    if (!is_populated({text.data(), static_cast<std::size_t>(size)})) co_return Result<>{};
    const auto change = Descriptor::wait_error;
    auto changed = co_await events.async_wait(change, kAsTuple);
    const boost::system::error_code error = std::get<0>(changed);
    if (error) co_return fail(errno_error(error.value(), "waiting for a cgroup"));
  }
}

bool is_writable(const Cgroup& cgroup, const char* file) {
  return ::faccessat(cgroup.above, (cgroup / file).c_str(), W_OK, 0) == 0;
}

std::optional<std::uint64_t> cgroup_value(const Cgroup& cgroup, const char* file,
                                          std::string_view key) {
  std::array<char, 4096> room;  // NOLINT: filled by read
  std::string_view text = read_kernel_file((cgroup / file).c_str(), room, cgroup.above);
  while (!text.empty()) {
    std::string_view rest = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(rest.size() + 1, text.size()));
    if (!key.empty() &&
        (!rest.starts_with(key) || rest.size() <= key.size() || rest[key.size()] != ' '))
      continue;
    if (!key.empty()) rest.remove_prefix(key.size() + 1);
    const auto number = parse_integer(trim(rest));
    if (!number || *number < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
  }
  return std::nullopt;
}

Result<> set_cgroup_value(const Cgroup& cgroup, const char* file, std::string_view value) {
  TRY(fd, open_below(cgroup, cgroup / file, O_WRONLY));
  if (::write(fd.get(), value.data(), value.size()) < 0)
    return fail(errno_error(errno, fmt::format("writing {} to {}", value, file)));
  return {};
}

}  // namespace exai::process
