#include "supervisor/process/child.hpp"

#include <poll.h>
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
constexpr Duration kChase = 20ms;

// waitid on the pidfd. Of a process that is not our child the kernel tells nothing (ECHILD).
ExitStatus take_status(const Fd& pidfd, int flags) {
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | flags);
  ExitStatus status;
  if (result != 0 || info.si_pid == 0) return status;
  if (info.si_code == CLD_EXITED)
    status.code = info.si_status;
  else
    status.signal = info.si_status;
  status.core_dumped = info.si_code == CLD_DUMPED;
  return status;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::spawn(const SpawnSpec& spec, std::string mark,
                                            std::optional<Cgroup> cgroup) {
  Fd folder;
  if (cgroup) {
    TRY(opened, open_cgroup(*cgroup));
    folder = std::move(opened);
  }
  auto spawned = spawn_into(folder, spec);
  if (!spawned) {
    if (cgroup) static_cast<void>(process::remove(*cgroup));
    return fail(std::move(spawned).error());
  }
  // A zombie keeps its entry in /proc, so even one that ended at once can be named.
  const auto info = process_info(spawned->pid);
  const Identity identity{spawned->pid, info ? info->start_ticks : 0};
  return std::unique_ptr<Child>(
      new Child(identity, std::move(spawned->pidfd), std::move(mark), std::move(cgroup)));
}

Result<std::unique_ptr<Child>> Child::adopt(Identity identity, std::string mark,
                                            std::optional<Cgroup> cgroup) {
  Fd pidfd(::pidfd_open(identity.pid, 0));
  if (!pidfd && errno != ESRCH)
    return fail(errno_error(errno, fmt::format("watching pid {}", identity.pid)));
  // Checked after opening: from here on the descriptor means this very process.
  if (!pidfd || !is_present(identity))
    return fail(Errc::not_found, "pid {} has ended", identity.pid);
  return std::unique_ptr<Child>(
      new Child(identity, std::move(pidfd), std::move(mark), std::move(cgroup)));
}

// With a cgroup, when it has ended: the rest of its tree is found by that.
bool Child::is_reaped(const Containment& containment) {
  pollfd end{pidfd_.get(), POLLIN, 0};
  if (status_ || !cgroup_ || ::poll(&end, 1, 0) != 1) return status_.has_value();
  status_ = take_status(pidfd_, WNOHANG);
  oom_kills_ = containment.oom_kills(*cgroup_);
  return true;
}

std::optional<ExitStatus> Child::ended_at_once(const Containment& containment) {
  if (!is_reaped(containment) || containment.goes_down()) return std::nullopt;
  return process::remove(*cgroup_) == Removal::gone ? status_ : std::nullopt;
}

Task<ExitStatus> Child::wait(Clock& clock, Containment& containment) {
  // A failed wait is a cancelled one; the next wait in here then throws.
  for (bool ended = status_.has_value(); !ended;) {
    const Result<> readable = co_await wait_readable(pidfd_);
    ended = readable.has_value();
    if (!ended) co_await clock.sleep_for(kLeftoverPause);
  }
  if (is_reaped(containment)) {
    const Cgroup cgroup = cgroup_.value_or(Cgroup{});  // none: it was abandoned
    const Removal removal = co_await containment.remove(cgroup);
    if (removal == Removal::populated && cgroup_) co_await clear_cgroup(clock);
    co_return *status_;
  }
  const ExitStatus status = take_status(pidfd_, WNOHANG | WNOWAIT);
  co_await clear_marked(clock, containment);
  take_status(pidfd_, WNOHANG);
  co_return status;
}

void Child::abandon() {
  cgroup_.reset();
  mark_.clear();
}

Task<> Child::clear_cgroup(Clock& clock) {
  const Cgroup cgroup = *cgroup_;  // it may be abandoned meanwhile
  const Time give_up = clock.now() + kLeftoverLimit;
  do {
    if (!cgroup_) co_return;
    kill_all(cgroup);
    Task<Result<>> emptied = until_empty(cgroup);
    const Duration left = std::chrono::duration_cast<Duration>(give_up - clock.now());
    const Result<> empty = co_await with_timeout(clock, std::move(emptied), left);
    if (!empty && empty.error().code() != Errc::timeout) co_await clock.sleep_for(kLeftoverPause);
    if (process::remove(cgroup) == Removal::gone) co_return;
  } while (clock.now() < give_up);
  std::vector<Identity> left;
  for (const pid_t pid : processes_in(cgroup)) left.push_back({pid, 0});
  left_behind_ = describe(left);
}

Task<> Child::clear_marked(Clock& clock, Containment& containment) {
  const Time give_up = clock.now() + kLeftoverLimit;
  for (int calm = 0; calm < ProcessTable::kCalmTables;) {
    const std::shared_ptr<const ProcessTable> table = co_await containment.processes();
    const std::vector<Identity> members = table->members_of(identity_, mark_);
    calm = members.empty() ? calm + 1 : 0;
    if (members.empty()) continue;
    // Each is named by pid and start time: of an adopted leader that has been reaped by somebody
    // else, the number of the group may already be a stranger's.
    for (const Identity& member : members) send_signal(member, SIGKILL);
    // What forks faster than all of /proc is read is an orphan, and ours, as soon as it has forked.
    const Time turn = clock.now() + kChase;
    while (clock.now() < turn && kill_marked_children(mark_) > 0) {
    }
    if (clock.now() >= give_up) {
      left_behind_ = describe(members);
      co_return;
    }
    co_await clock.sleep_for(kLeftoverPause);
  }
}

void Child::signal(int number) const {
  ::pidfd_send_signal(pidfd_.get(), number, nullptr, 0);
}

void Child::kill_tree() const {
  if (cgroup_) return kill_all(*cgroup_);
  signal(SIGKILL);  // its end has the rest found and killed
}

}  // namespace exai::process
