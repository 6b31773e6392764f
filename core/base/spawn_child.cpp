#include "core/base/spawn_child.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "core/base/handover.hpp"

namespace exai {

namespace {

constexpr std::size_t kStackBytes = 64U << 10U;
constexpr std::size_t kKernelSignalBytes = 8;  // of a signal set, as the kernel has it

template <class... Arguments>
inline long call(long number, Arguments... arguments) {
  return ::syscall(number, arguments...);
}

// The kernel's own structure: what sigaction() makes of it differs.
struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

[[noreturn]] void leave(SpawnPlan& plan, SpawnStep step) {
  plan.failed = step;
  plan.error = errno;
  for (;;) call(SYS_exit_group, 127);
}

// What we ignore must not pass to the program: it could not be stopped, or would outlive its
// reader.
void reset_signals() {
  const KernelAction standard{};
  for (int number = 1; number < NSIG; ++number)
    call(SYS_rt_sigaction, number, &standard, nullptr, kKernelSignalBytes);
}

void write_word(int fd, const char* text, SpawnPlan& plan, SpawnStep step) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  if (call(SYS_write, fd, text, length) < 0) leave(plan, step);
}

void set_oom_score(SpawnPlan& plan) {
  const long fd = call(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) leave(plan, SpawnStep::oom_score);
  write_word(static_cast<int>(fd), plan.oom_score, plan, SpawnStep::oom_score);
  call(SYS_close, fd);
}

void set_limits(SpawnPlan& plan) {
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    const rlimit64 limit{plan.limits[i].soft, plan.limits[i].hard};
    if (call(SYS_prlimit64, 0, plan.limits[i].resource, &limit, nullptr) != 0)
      leave(plan, SpawnStep::limits);
  }
  if (plan.nice && call(SYS_setpriority, PRIO_PROCESS, 0, *plan.nice) != 0)
    leave(plan, SpawnStep::priority);
  if (plan.oom_score) set_oom_score(plan);
  if (plan.processors && call(SYS_sched_setaffinity, 0, sizeof(cpu_set_t), plan.processors) < 0)
    leave(plan, SpawnStep::processors);
  if (plan.mask >= 0) call(SYS_umask, plan.mask);
}

void connect(SpawnPlan& plan, int fd, int target) {
  if (fd == target) {  // dup3 refuses that, and the number must survive the exec
    if (call(SYS_fcntl, fd, F_SETFD, 0) != 0) leave(plan, SpawnStep::descriptors);
  } else if (call(SYS_dup3, fd, target, 0) < 0) {
    leave(plan, SpawnStep::descriptors);
  }
}

void close_from(int first) {
  if (call(SYS_close_range, first, ~0U, 0) == 0) return;
  rlimit64 limit{};  // a kernel or a filter without close_range
  call(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit);
  constexpr std::uint64_t kMost = 1U << 20U;
  const auto end = static_cast<int>(limit.rlim_cur < kMost ? limit.rlim_cur : kMost);
  for (int fd = first; fd < end; ++fd) call(SYS_close, fd);
}

// Before anything else is done to a descriptor: what is shared is our parent's.
void have_own_descriptors(SpawnPlan& plan) {
  if (!plan.shares_descriptors) return;
  if (call(SYS_close_range, plan.descriptors_end, ~0U, CLOSE_RANGE_UNSHARE) == 0) return;
  // Linux below 5.9: a copy of all.
  if (call(SYS_unshare, CLONE_FILES) != 0) leave(plan, SpawnStep::descriptors);
}

void connect_descriptors(SpawnPlan& plan) {
  int target = 0;
  for (const int fd : plan.descriptors) connect(plan, fd, target++);
  // Asio and the libraries leave descriptors without close-on-exec.
  close_from(target);
}

void become(SpawnPlan& plan) {
  const Credentials& who = *plan.credentials;
  if (call(SYS_setgroups, who.groups.size(), who.groups.data()) != 0 ||
      call(SYS_setresgid, who.group, who.group, who.group) != 0 ||
      call(SYS_setresuid, who.user, who.user, who.user) != 0)
    leave(plan, SpawnStep::credentials);
}

int in_child(void* memory) {
  SpawnPlan& plan = *static_cast<SpawnPlan*>(memory);
  have_own_descriptors(plan);
  reset_signals();
  if (plan.session == Session::own && call(SYS_setsid) < 0) leave(plan, SpawnStep::session);
  if (plan.cgroup_join >= 0) write_word(plan.cgroup_join, "0", plan, SpawnStep::cgroup);
  connect_descriptors(plan);
  set_limits(plan);
  if (plan.credentials) become(plan);
  if (plan.folder && call(SYS_chdir, plan.folder) != 0) leave(plan, SpawnStep::folder);
  const std::uint64_t none = 0;
  call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kKernelSignalBytes);
  call(SYS_execve, plan.arguments[0], plan.arguments, plan.environment);
  leave(plan, SpawnStep::program);
}

#if defined(__x86_64__)
// clone3 with a stack of its own returns in the child without a frame to return to, so the call of
// `in_child` belongs to the very instruction.
long clone3_call(clone_args& arguments, SpawnPlan& plan) {
  register int (*entry)(void*) asm("r12") = &in_child;
  register SpawnPlan* memory asm("r13") = &plan;
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "movq %[memory], %%rdi\n\t"
      "callq *%[entry]\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), [entry] "r"(entry), [memory] "r"(memory)
      : "rcx", "r11", "memory");
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}
#else
long clone3_call(clone_args&, SpawnPlan&) {
  errno = ENOSYS;  // clone() does
  return -1;
}
#endif

Launched launch_by_clone3(SpawnPlan& plan, std::byte* stack) {
  Launched child;
  plan.shares_descriptors = true;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_FILES;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&child.pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<std::uintptr_t>(stack);
  arguments.stack_size = kStackBytes;
  if (plan.cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(plan.cgroup);
  }
  child.pid = static_cast<pid_t>(clone3_call(arguments, plan));
  if (child.pid < 0) child.pidfd = -1;
  return child;
}

Launched launch_by_clone(SpawnPlan& plan, std::byte* stack) {
  if (plan.cgroup >= 0) {
    plan.cgroup_join = ::openat(plan.cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (plan.cgroup_join < 0) return {};
  }
  plan.shares_descriptors = false;
  Launched child;
  child.pid = ::clone(&in_child, stack + kStackBytes, CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  const int error = errno;
  if (plan.cgroup_join >= 0) ::close(plan.cgroup_join);
  errno = error;
  return child;
}

}  // namespace

Launched launch(SpawnPlan& plan) {
  const auto handover = Handover::take(plan.descriptors);
  if (!handover) return {};
  plan.descriptors = handover->places();
  plan.descriptors_end = handover->end();
  // Too large for a test of alignment to fail: new gives 16 bytes, as the ABI wants.
  const std::unique_ptr<std::byte[]> stack(new std::byte[kStackBytes]);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  Launched child = launch_by_clone3(plan, stack.get());
  if (child.pid < 0 && errno == ENOSYS) child = launch_by_clone(plan, stack.get());
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return child;
}

}  // namespace exai
