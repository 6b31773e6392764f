#include "core/base/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot the extern "C"
}

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/spawn_child.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// A script whose interpreter is missing is as absent to the kernel as a missing program.
Error program_error(int error, const SpawnSpec& spec) {
  const std::string& program = spec.command[0];
  if (error == ENOENT && is_executable(program))
    return {
        Errc::not_found,
        fmt::format("starting {}: the interpreter that its first line names is missing", program)};
  return errno_error(error, fmt::format("starting {}", program));
}

Error folder_error(int error, const SpawnSpec& spec) {
  const std::string doing = fmt::format("starting {}", spec.command[0]);
  const std::string folder = spec.working_directory.string();
  if (error == ENOENT || error == ENOTDIR)
    return {Errc::not_found, fmt::format("{}: there is no folder {}", doing, folder)};
  return errno_error(error, fmt::format("{}: entering {}", doing, folder));
}

Error error_of(const SpawnPlan& plan, const SpawnSpec& spec) {
  const auto because = [&](std::string_view what) {
    return errno_error(plan.error, fmt::format("starting {}: {}", spec.command[0], what));
  };
  switch (plan.failed) {
    case SpawnStep::none:
    case SpawnStep::program:
      break;
    case SpawnStep::session:
      return because("making a session");
    case SpawnStep::cgroup:
      return because("joining its cgroup");
    case SpawnStep::limits:
      return because("setting its resource limits");
    case SpawnStep::priority:
      return because("setting its nice value");
    case SpawnStep::oom_score:
      return because("setting its oom_score_adj");
    case SpawnStep::processors:
      return because("choosing its processors");
    case SpawnStep::descriptors:
      return because("connecting its descriptors");
    case SpawnStep::credentials:
      return because(fmt::format("becoming user {} and group {}", spec.credentials->user,
                                 spec.credentials->group));
    case SpawnStep::folder:
      return folder_error(plan.error, spec);
  }
  return program_error(plan.error, spec);
}

// What the plan points to, for as long as the child needs it.
struct PlanStorage {
  std::vector<std::string> arguments;
  std::vector<std::string> variables;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<int> descriptors;
  std::string oom_score;
  cpu_set_t processors{};
};

SpawnPlan plan_of(const SpawnSpec& spec, PlanStorage& storage) {
  storage.arguments = spec.command;
  for (const auto& [key, value] : spec.environment) storage.variables.push_back(key + "=" + value);
  storage.argv = pointers(storage.arguments);
  storage.envp = pointers(storage.variables);
  storage.descriptors = {spec.stdin_fd, spec.stdout_fd,
                         spec.stderr_fd < 0 ? spec.stdout_fd : spec.stderr_fd};
  for (const Fd& fd : spec.inherited) storage.descriptors.push_back(fd.get());
  SpawnPlan plan;
  plan.arguments = storage.argv.data();
  plan.environment = storage.envp.data();
  if (!spec.working_directory.empty()) plan.folder = spec.working_directory.c_str();
  plan.session = spec.session;
  plan.descriptors = storage.descriptors;
  plan.limits = spec.limits.data();
  plan.limit_count = spec.limits.size();
  if (spec.credentials) plan.credentials = &*spec.credentials;
  if (spec.umask) plan.mask = static_cast<int>(*spec.umask);
  if (spec.nice) plan.nice = &*spec.nice;
  if (spec.oom_score) {
    storage.oom_score = std::to_string(*spec.oom_score);
    plan.oom_score = storage.oom_score.c_str();
  }
  for (const int processor : spec.processors)
    CPU_SET(static_cast<std::size_t>(processor), &storage.processors);
  if (!spec.processors.empty()) plan.processors = &storage.processors;
  return plan;
}

}  // namespace

Result<Spawned> spawn(const SpawnSpec& spec) {
  return spawn_into(Fd(), spec);
}

Result<Spawned> spawn_into(const Fd& cgroup, const SpawnSpec& spec) {
  if (spec.command.empty()) return fail(Errc::invalid, "no command to start");
  PlanStorage storage;
  SpawnPlan plan = plan_of(spec, storage);
  plan.cgroup = cgroup.get();
  const Launched launched = launch(plan);
  if (launched.pid < 0)
    return fail(errno_error(errno, fmt::format("starting {}", spec.command[0])));
  if (plan.failed != SpawnStep::none) {  // it has ended already
    const Fd pidfd(launched.pidfd);
    ::waitpid(launched.pid, nullptr, 0);
    return fail(error_of(plan, spec));
  }
  // Nobody but us reaps it, so the pid is still its own.
  Spawned child{launched.pid,
                Fd(launched.pidfd >= 0 ? launched.pidfd : ::pidfd_open(launched.pid, 0))};
  if (!child.pidfd) {
    const int reason = errno;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return fail(errno_error(reason, fmt::format("watching {}", spec.command[0])));
  }
  return child;
}

Result<ToolOutput> run_tool(SpawnSpec spec, Duration limit) {
  const Fd out(::memfd_create("output", MFD_CLOEXEC));
  if (!out) return fail(errno_error(errno, "making a file in memory"));
  TRY(nowhere, open_file("/dev/null", O_WRONLY));
  spec.stdout_fd = out.get();
  spec.stderr_fd = nowhere.get();
  spec.session = Session::own;
  TRY(child, spawn(spec));
  pollfd watched{child.pidfd.get(), POLLIN, 0};
  const bool ended = ::poll(&watched, 1, static_cast<int>(limit.count())) == 1;
  if (!ended) ::kill(-child.pid, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(child.pidfd.get()), &info, WEXITED);
  if (!ended)
    return fail(Errc::timeout, "{} did not end within {}", spec.command[0], format_duration(limit));
  ToolOutput output;
  (info.si_code == CLD_EXITED ? output.status.code : output.status.signal) = info.si_status;
  TRY(text, read_file(fmt::format("/proc/self/fd/{}", out.get())));
  output.out = std::move(text);
  return output;
}

std::string describe(const ExitStatus& status) {
  if (status.signal)
    return fmt::format("signal {} ({}){}", *status.signal, signal_name(*status.signal),
                       status.core_dumped ? ", core dumped" : "");
  if (status.code) return fmt::format("exit code {}", *status.code);
  return "ended, how is unknown";
}

std::string signal_name(int number) {
  const char* abbreviation = ::sigabbrev_np(number);
  return abbreviation ? abbreviation : fmt::format("{}", number);
}

std::optional<int> signal_number(std::string_view name) {
  std::string_view bare = name;
  if (to_lower(bare.substr(0, 3)) == "sig") bare.remove_prefix(3);
  for (int number = 1; number < NSIG; ++number) {
    const char* abbreviation = ::sigabbrev_np(number);
    if (abbreviation && to_lower(abbreviation) == to_lower(bare)) return number;
  }
  return std::nullopt;
}

}  // namespace exai
