#include "supervisor/process/tree.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot the extern "C"
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <set>
#include <thread>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"

namespace exai::process {

namespace {

Identity identity_of(const ProcessInfo& info) {
  return {info.pid, info.start_ticks};
}

// How often one that is within exec is looked at: about 100 ms in all, each pause twice the last.
constexpr int kLooks = 10;

// "\0NAME=value\0…": each variable between two zeros. Empty when it has gone, or is not ours to
// see.
std::string variables_of(pid_t pid) {
  const std::string file = fmt::format("/proc/{}/environ", pid);
  auto environment = read_file(file, 4U << 20U);
  std::chrono::microseconds pause(200);
  for (int looks = 1; looks < kLooks && environment && environment->empty() &&
                      is_within_exec(read_file(fmt::format("/proc/{}/stat", pid)).value_or(""));
       ++looks, pause *= 2) {
    std::this_thread::sleep_for(pause);
    environment = read_file(file, 4U << 20U);
  }
  return environment ? '\0' + *environment : std::string();
}

// The value of a variable, with its name: "NAME=value". Empty: it is not there.
std::string variable_in(const std::string& variables, const std::string& name) {
  const std::size_t at = variables.find('\0' + name + '=');
  if (at == std::string::npos) return {};
  return variables.substr(at + 1, variables.find('\0', at + 1) - at - 1);
}

bool is_check(const std::string& variables) {
  return variables.find('\0' + std::string(kCheckVariable) + '=') != std::string::npos;
}

std::vector<pid_t> numbers_in(std::string_view text) {
  std::vector<pid_t> numbers;
  for (const std::string& word : split(text, ' '))
    if (const auto number = parse_integer(trim(word)))
      numbers.push_back(static_cast<pid_t>(*number));
  return numbers;
}

// A child belongs to the thread that started it or that orphans are given to.
std::vector<pid_t> children_of_this_process() {
  std::vector<pid_t> children;
  std::error_code error;
  bool known = false;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    const auto text = read_file(task.path() / "children");
    known |= text.has_value();
    if (!text) continue;
    const std::vector<pid_t> more = numbers_in(*text);
    children.insert(children.end(), more.begin(), more.end());
  }
  if (known) return children;
  for (const ProcessInfo& process : all_processes())  // a kernel without that file
    if (process.parent == ::getpid()) children.push_back(process.pid);
  return children;
}

bool is_zombie(pid_t child) {
  siginfo_t peek{};
  return ::waitid(P_PID, static_cast<id_t>(child), &peek, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         peek.si_pid == child;
}

}  // namespace

bool is_within_exec(std::string_view stat) {
  constexpr std::size_t kMemory = 23 - 3;     // vsize; fields are counted from the state on
  constexpr std::size_t kVariables = 51 - 3;  // env_end
  const std::size_t name = stat.rfind(')');
  if (name == std::string_view::npos) return false;
  const std::vector<std::string> fields = split(trim(stat.substr(name + 1)), ' ');
  return fields.size() > kVariables && fields[kMemory] != "0" && fields[kVariables] == "0";
}

bool is_alive(const Identity& identity) {
  return exai::is_alive(identity.pid, identity.start_ticks);
}

bool is_present(const Identity& identity) {
  const auto info = process_info(identity.pid);
  if (!info || info->start_ticks != identity.start_ticks) return false;
  return (info->state != 'Z' && info->state != 'X') || info->parent == ::getpid();
}

ProcessTable ProcessTable::read(const std::string& variable) {
  ProcessTable table;
  for (const ProcessInfo& process : all_processes()) {
    if (process.state == 'Z' && process.session != process.pid) continue;
    const std::string variables = variables_of(process.pid);
    Entry entry{identity_of(process), process.parent, process.session, is_check(variables),
                variable_in(variables, variable)};
    if (process.state == 'Z') entry.identity.start_ticks = 0;  // only holds a number
    const std::size_t place = table.entries_.size();
    table.by_parent_.emplace(entry.parent, place);
    table.by_session_.emplace(entry.session, place);
    if (!entry.mark.empty()) table.by_mark_.emplace(entry.mark, place);
    table.entries_.push_back(std::move(entry));
  }
  return table;
}

std::vector<Identity> ProcessTable::members_of(const Identity& leader,
                                               const std::string& mark) const {
  // A leader that was not our child may be reaped, and its number a stranger's: then only the mark
  // counts.
  const bool reused = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.identity.pid == leader.pid && entry.identity.start_ticks != 0 &&
           entry.identity.start_ticks != leader.start_ticks;
  });
  std::set<std::size_t> places;
  std::vector<pid_t> ancestors;
  if (!reused) ancestors.push_back(leader.pid);
  const auto add = [&](auto range) {
    for (auto each = range.first; each != range.second; ++each)
      if (places.insert(each->second).second)
        ancestors.push_back(entries_[each->second].identity.pid);
  };
  if (!mark.empty()) add(by_mark_.equal_range(mark));
  if (!reused) add(by_session_.equal_range(leader.pid));
  for (std::size_t i = 0; i < ancestors.size(); ++i) add(by_parent_.equal_range(ancestors[i]));
  std::vector<Identity> members;
  for (const std::size_t place : places) {
    const Identity& each = entries_[place].identity;
    if (each.start_ticks != 0 && each.pid != leader.pid && each.pid != ::getpid())
      members.push_back(each);
  }
  return members;
}

std::optional<Identity> ProcessTable::find_marked(const std::string& mark) const {
  std::optional<Identity> oldest;
  const auto [first, last] = by_mark_.equal_range(mark);
  for (auto each = first; each != last; ++each) {
    const Entry& entry = entries_[each->second];
    if (entry.session != entry.identity.pid || entry.check || entry.identity.start_ticks == 0)
      continue;
    if (!oldest || entry.identity.start_ticks < oldest->start_ticks) oldest = entry.identity;
  }
  return oldest;
}

std::vector<Identity> members_of(const Identity& leader, const std::string& mark) {
  return ProcessTable::read().members_of(leader, mark);
}

std::optional<Identity> find_marked(const std::string& mark) {
  return ProcessTable::read().find_marked(mark);
}

std::optional<Identity> leader_among(const std::vector<pid_t>& pids) {
  std::optional<Identity> oldest;
  for (const pid_t pid : pids) {
    const auto info = process_info(pid);
    if (!info || info->session != pid || info->state == 'Z' || is_check(variables_of(pid)))
      continue;
    if (!oldest || info->start_ticks < oldest->start_ticks) oldest = identity_of(*info);
  }
  return oldest;
}

std::string describe(const std::vector<Identity>& processes) {
  std::vector<std::string> names;
  for (const Identity& process : processes) {
    const auto info = process_info(process.pid);
    if (info && info->state != 'Z')
      names.push_back(fmt::format("pid {} ({}, state {})", info->pid, info->program, info->state));
  }
  return join(names, ", ");
}

void send_signal(const Identity& identity, int number) {
  const Fd pidfd(::pidfd_open(identity.pid, 0));
  // Checked after opening: from here on the descriptor means this very process.
  if (pidfd && is_alive(identity)) ::pidfd_send_signal(pidfd.get(), number, nullptr, 0);
}

int kill_marked_children(const std::string& mark) {
  int killed = 0;
  if (mark.empty()) return killed;
  for (const pid_t child : children_of_this_process()) {
    if (is_zombie(child) || variable_in(variables_of(child), kMarkVariable) != mark) continue;
    ::kill(child, SIGKILL);  // nobody else reaps it, so the number is its own
    ++killed;
  }
  return killed;
}

void become_subreaper() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Result<Fd> watch_children() {
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  Fd fd(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail(errno_error(errno, "watching for the ends of children"));
  return fd;
}

void drain(const Fd& children) {
  std::array<signalfd_siginfo, 4> ends{};
  while (::read(children.get(), ends.data(), sizeof ends) > 0) {
  }
}

bool OrphanReaper::is_due() {
  siginfo_t peek{};
  return ::waitid(P_ALL, 0, &peek, WEXITED | WNOHANG | WNOWAIT) == 0 && peek.si_pid != 0;
}

int OrphanReaper::sweep(const std::function<bool(pid_t)>& is_ours) {
  std::vector<pid_t> zombies;
  int reaped = 0;
  for (const pid_t child : is_due() ? children_of_this_process() : std::vector<pid_t>{}) {
    if (!is_zombie(child) || (is_ours && is_ours(child))) continue;
    if (!std::binary_search(seen_.begin(), seen_.end(), child)) {
      zombies.push_back(child);
      continue;
    }
    siginfo_t status{};
    if (::waitid(P_PID, static_cast<id_t>(child), &status, WEXITED | WNOHANG) == 0) ++reaped;
  }
  std::sort(zombies.begin(), zombies.end());
  seen_ = std::move(zombies);
  return reaped;
}

}  // namespace exai::process
