#include "core/base/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot the extern "C"
}

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/text.hpp"

namespace exai {

namespace {

// posix_spawn's attributes and file actions, destroyed on every path. Their functions fail only for
// lack of memory or wrong arguments; spawn() then reports through posix_spawn itself.
class Plan {
 public:
  Plan() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
  }
  ~Plan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

void set_attributes(Plan& plan, Session session) {
  // What we ignore or block must not pass to the child: it could not be stopped, or would outlive
  // its reader.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (session == Session::own) flags |= POSIX_SPAWN_SETSID;
  posix_spawnattr_setflags(&plan.attributes, static_cast<short>(flags));
}

void set_actions(Plan& plan, const SpawnSpec& spec) {
  const auto connect = [&](int fd, int target, int null_flags) {
    if (fd < 0)
      posix_spawn_file_actions_addopen(&plan.actions, target, "/dev/null", null_flags, 0);
    else
      posix_spawn_file_actions_adddup2(&plan.actions, fd, target);
  };
  connect(spec.stdin_fd, 0, O_RDONLY);
  connect(spec.stdout_fd, 1, O_WRONLY);
  connect(spec.stderr_fd < 0 ? spec.stdout_fd : spec.stderr_fd, 2, O_WRONLY);
  int next = 3;
  for (const Fd& fd : spec.inherited)
    posix_spawn_file_actions_adddup2(&plan.actions, fd.get(), next++);
  // Asio and the libraries leave descriptors without close-on-exec.
  posix_spawn_file_actions_addclosefrom_np(&plan.actions, next);
  if (!spec.working_directory.empty())
    posix_spawn_file_actions_addchdir_np(&plan.actions, spec.working_directory.c_str());
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Result<Spawned> spawn(const SpawnSpec& spec) {
  if (spec.command.empty()) return fail(Errc::invalid, "no command to start");
  if (!spec.working_directory.empty() && !std::filesystem::is_directory(spec.working_directory))
    return fail(Errc::not_found, "starting {}: there is no folder {}", spec.command[0],
                spec.working_directory.string());
  std::vector<std::string> arguments = spec.command;
  std::vector<std::string> variables;
  for (const auto& [key, value] : spec.environment) variables.push_back(key + "=" + value);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);

  Plan plan;
  set_attributes(plan, spec.session);
  set_actions(plan, spec);
  Spawned child;
  const int error = ::posix_spawn(&child.pid, spec.command[0].c_str(), &plan.actions,
                                  &plan.attributes, argv.data(), envp.data());
  if (error != 0) return fail(errno_error(error, fmt::format("starting {}", spec.command[0])));
  // Nobody but us reaps it, so the pid is still its own.
  child.pidfd = Fd(::pidfd_open(child.pid, 0));
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
