#include "supervisor/process/tree.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot the extern "C"
}

#include <algorithm>
#include <set>

#include "core/base/os.hpp"
#include "core/base/proc.hpp"

namespace exai::process {

namespace {

Identity identity_of(const ProcessInfo& info) { return {info.pid, info.start_ticks}; }

// "\0NAME=value\0…": each variable between two zeros. Empty when it has gone, or is not ours to see.
std::string variables_of(pid_t pid) {
  const auto environment = read_file(fmt::format("/proc/{}/environ", pid), 4U << 20U);
  return environment ? '\0' + *environment : std::string();
}

bool has_mark(const std::string& variables, const std::string& mark) {
  return !mark.empty() && variables.find('\0' + mark + '\0') != std::string::npos;
}

// The pids of `processes` that descend from `ancestor`.
std::set<pid_t> descendants(const std::vector<ProcessInfo>& processes, pid_t ancestor) {
  std::set<pid_t> family{ancestor};
  for (bool grew = true; grew;) {
    grew = false;
    for (const ProcessInfo& process : processes)
      if (family.contains(process.parent)) grew |= family.insert(process.pid).second;
  }
  family.erase(ancestor);
  return family;
}

}  // namespace

bool is_alive(const Identity& identity) {
  const auto info = process_info(identity.pid);
  return info && info->start_ticks == identity.start_ticks && info->state != 'Z' &&
         info->state != 'X';
}

std::vector<Identity> members_of(const Identity& leader, const std::string& mark) {
  const std::vector<ProcessInfo> processes = all_processes();
  // A leader that was not our child may be reaped, and its number a stranger's: then only the mark
  // counts.
  const bool reused = std::any_of(processes.begin(), processes.end(), [&](const auto& process) {
    return process.pid == leader.pid && process.start_ticks != leader.start_ticks;
  });
  const pid_t number = reused ? -1 : leader.pid;
  const std::set<pid_t> family = descendants(processes, number);
  std::vector<Identity> members;
  for (const ProcessInfo& process : processes) {
    if (process.pid == number || process.pid == ::getpid() || process.state == 'Z') continue;
    if (process.session == number || family.contains(process.pid) || has_mark(variables_of(process.pid), mark))
      members.push_back(identity_of(process));
  }
  return members;
}

std::optional<Identity> find_marked(const std::string& mark) {
  const std::string check = '\0' + std::string(kCheckVariable) + '=';
  std::optional<Identity> oldest;
  for (const ProcessInfo& process : all_processes()) {
    if (process.session != process.pid || process.state == 'Z') continue;
    const std::string variables = variables_of(process.pid);
    if (!has_mark(variables, mark) || variables.find(check) != std::string::npos) continue;
    if (!oldest || process.start_ticks < oldest->start_ticks) oldest = identity_of(process);
  }
  return oldest;
}

void send_signal(const Identity& identity, int number) {
  const Fd pidfd(::pidfd_open(identity.pid, 0));
  // Checked after opening: from here on the descriptor means this very process.
  if (pidfd && is_alive(identity)) ::pidfd_send_signal(pidfd.get(), number, nullptr, 0);
}

void become_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

int OrphanReaper::sweep() {
  siginfo_t peek{};
  // One cheap look first: most of the time nothing has ended.
  if (::waitid(P_ALL, 0, &peek, WEXITED | WNOHANG | WNOWAIT) != 0 || peek.si_pid == 0) {
    seen_.clear();
    return 0;
  }
  std::vector<Identity> zombies;
  int reaped = 0;
  for (const ProcessInfo& process : all_processes()) {
    if (process.parent != ::getpid() || process.state != 'Z') continue;
    const Identity zombie = identity_of(process);
    if (std::find(seen_.begin(), seen_.end(), zombie) == seen_.end()) {
      zombies.push_back(zombie);
      continue;
    }
    siginfo_t status{};
    if (::waitid(P_PID, static_cast<id_t>(zombie.pid), &status, WEXITED | WNOHANG) == 0) ++reaped;
  }
  seen_ = std::move(zombies);
  return reaped;
}

}  // namespace exai::process
