#include "supervisor/process/limits.hpp"

#include "core/base/text.hpp"
#include "core/base/threads.hpp"

namespace exai::process {

namespace {

constexpr int kCpuPeriod = 100'000;  // µs; the kernel's default

std::string bytes_text(std::uint64_t bytes) {
  return bytes == UINT64_MAX ? "max" : std::to_string(bytes);
}

void set(const Cgroup& cgroup, const char* what, const char* file, const std::string& value,
         const char* controller, std::vector<std::string>& missing) {
  if (!is_writable(cgroup, file))
    missing.push_back(fmt::format("{}: its cgroup has no controller {}", what, controller));
  else if (const auto done = set_cgroup_value(cgroup, file, value); !done)
    missing.push_back(fmt::format("{}: {}", what, done.error().message()));
}

// A line "name: 123" of /proc/<pid>/io.
std::optional<std::uint64_t> line_of(const std::string& text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t end = text.find('\n', at);
  const auto number =
      parse_integer(trim(std::string_view(text).substr(at + name.size(), end - at - name.size())));
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

template <class Number>
void add(std::optional<Number>& sum, std::optional<Number> more) {
  if (more) sum = sum.value_or(0) + *more;
}

void add_details(Usage& usage, pid_t pid) {
  std::error_code error;
  const std::filesystem::directory_iterator files(fmt::format("/proc/{}/fd", pid), error);
  if (!error)
    add(usage.descriptors,
        std::optional(static_cast<int>(std::distance(begin(files), end(files)))));
  const auto io = read_file(fmt::format("/proc/{}/io", pid), 4096);
  if (!io) return;
  add(usage.read_bytes, line_of(*io, "\nread_bytes:"));
  add(usage.written_bytes, line_of(*io, "\nwrite_bytes:"));
}

Usage usage_of(const Group& group, Detail detail) {
  Usage usage;
  if (group.pid == 0) return usage;
  const auto pids = group.cgroup ? processes_in(*group.cgroup) : std::vector<pid_t>{group.pid};
  for (const pid_t pid : pids) {
    const auto info = process_info(pid);
    if (!info || info->state == 'Z') continue;
    ++usage.processes;
    usage.threads += info->threads;
    usage.cpu += info->cpu_time;
    usage.resident_bytes += info->resident_bytes;
    if (detail == Detail::full) add_details(usage, pid);
  }
  if (!group.cgroup) return usage;
  if (const auto used = cgroup_value(*group.cgroup, "cpu.stat", "usage_usec"))
    usage.cpu = std::chrono::duration_cast<Duration>(
        std::chrono::microseconds(static_cast<std::int64_t>(*used)));
  if (group.counts_memory)
    usage.resident_bytes =
        cgroup_value(*group.cgroup, "memory.current").value_or(usage.resident_bytes);
  return usage;
}

}  // namespace

std::vector<std::string> set_limits(const std::optional<Cgroup>& cgroup,
                                    const GroupLimits& limits) {
  std::vector<std::string> missing;
  if (!cgroup) {
    if (limits.memory) missing.emplace_back("memory: the service has no cgroup");
    if (limits.cpu) missing.emplace_back("cpu: the service has no cgroup");
    if (limits.tasks) missing.emplace_back("tasks: the service has no cgroup");
    return missing;
  }
  if (limits.memory) {
    set(*cgroup, "memory", "memory.max", bytes_text(*limits.memory), "memory", missing);
    // Swapping instead of ending would hide the limit. Absent without swap.
    static_cast<void>(set_cgroup_value(*cgroup, "memory.swap.max", "0"));
    // Half a service is worse than none: all of it ends.
    static_cast<void>(set_cgroup_value(*cgroup, "memory.oom.group", "1"));
  }
  if (limits.cpu)
    set(*cgroup, "cpu", "cpu.max",
        fmt::format("{} {}", static_cast<std::int64_t>(*limits.cpu * kCpuPeriod), kCpuPeriod),
        "cpu", missing);
  if (limits.tasks)
    set(*cgroup, "tasks", "pids.max", std::to_string(*limits.tasks), "pids", missing);
  return missing;
}

std::uint64_t oom_kills(const Cgroup& cgroup) {
  return cgroup_value(cgroup, "memory.events", "oom_kill").value_or(0);
}

std::vector<Usage> usages_of(const std::vector<Group>& groups, Detail detail) {
  std::vector<Usage> usages(groups.size());
  if (detail == Detail::none) return usages;
  in_parallel(groups.size(), [&](std::size_t i) { usages[i] = usage_of(groups[i], detail); });
  return usages;
}

}  // namespace exai::process
