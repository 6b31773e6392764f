#include "supervisor/process/child.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot the extern "C"
}

#include <cerrno>

#include "core/base/proc.hpp"

namespace exai::process {

namespace {

// Leftovers that do not die within this long hang in the kernel; waiting longer helps nobody.
constexpr Duration kLeftoverLimit = 5s;
constexpr Duration kLeftoverPause = 5ms;

// waitid on the pidfd. Of a process that is not our child the kernel tells nothing (ECHILD).
ExitStatus take_status(const Fd& pidfd, int flags) {
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | flags);
  ExitStatus status;
  if (result != 0 || info.si_pid == 0) return status;
  if (info.si_code == CLD_EXITED) status.code = info.si_status;
  else status.signal = info.si_status;
  status.core_dumped = info.si_code == CLD_DUMPED;
  return status;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::spawn(const SpawnSpec& spec, std::string mark) {
  TRY(spawned, exai::spawn(spec));
  // A zombie keeps its entry in /proc, so even one that ended at once can be named.
  const auto info = process_info(spawned.pid);
  const Identity identity{spawned.pid, info ? info->start_ticks : 0};
  return std::unique_ptr<Child>(new Child(identity, std::move(spawned.pidfd), std::move(mark)));
}

Result<std::unique_ptr<Child>> Child::adopt(Identity identity, std::string mark) {
  Fd pidfd(::pidfd_open(identity.pid, 0));
  if (!pidfd && errno != ESRCH)
    return fail(errno_error(errno, fmt::format("watching pid {}", identity.pid)));
  // Checked after opening: from here on the descriptor means this very process.
  if (!pidfd || !is_alive(identity)) return fail(Errc::not_found, "pid {} has ended", identity.pid);
  return std::unique_ptr<Child>(new Child(identity, std::move(pidfd), std::move(mark)));
}

Task<ExitStatus> Child::wait(Clock& clock) {
  // A failed wait is a cancelled one; the next wait in here then throws.
  for (bool ended = false; !ended;) {
    const Result<> readable = co_await wait_readable(pidfd_);
    ended = readable.has_value();
    if (!ended) co_await clock.sleep_for(kLeftoverPause);
  }
  const ExitStatus status = take_status(pidfd_, WNOHANG | WNOWAIT);
  const Time give_up = clock.now() + kLeftoverLimit;
  while (kill_leftovers() > 0 && clock.now() < give_up) co_await clock.sleep_for(kLeftoverPause);
  take_status(pidfd_, WNOHANG);
  co_return status;
}

void Child::signal(int number) const {
  ::pidfd_send_signal(pidfd_.get(), number, nullptr, 0);
}

void Child::kill_tree() const {
  signal(SIGKILL);
  kill_leftovers();
}

// How many it had to kill. Each is named by pid and start time: of an adopted leader that has been
// reaped by somebody else, the number of the group may already be a stranger's.
std::size_t Child::kill_leftovers() const {
  const std::vector<Identity> members = members_of(identity_, mark_);
  for (const Identity& member : members) send_signal(member, SIGKILL);
  return members.size();
}

}  // namespace exai::process
