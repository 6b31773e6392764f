// The commands around the life of a process: before each start, and after each end.

#include "core/base/text.hpp"
#include "supervisor/service/delivery.hpp"
#include "supervisor/service/limits.hpp"
#include "supervisor/service/runner.hpp"

namespace exai::service {

// As the service would run, with its secrets and into its log; marked as no service itself, so that
// the next supervisor does not take it for one.
Result<> Runner::start_hook(const config::Hook& hook) {
  config::Service as = service();
  as.command = hook.command;
  TRY(spec, deliver(around_.workspace, stack(), as, around_.environment, *around_.redactor));
  spec.environment[process::kCheckVariable] = "1";
  if (auto opened = open_log(); !opened) return opened;
  TRY(writer, capture_->writer());
  spec.stdout_fd = writer.get();
  add_limits(service(), around_.descriptors, spec);
  TRY(child,
      process::Child::spawn(spec, mark_of(around_.workspace, service().name), prepare_cgroup()));
  hook_ = std::move(child);
  return {};
}

Task<> Runner::end_hook(std::shared_ptr<process::Child> hook, Duration limit) {
  co_await around_.clock.sleep_for(limit);
  if (hook != hook_) co_return;
  hook_late_ = true;
  hook->kill_tree();
}

// Errors: what a person is told.
Task<Result<>> Runner::run_hook(config::Hook hook, std::string name) {
  const Result<> started = start_hook(hook);
  if (!started) co_return fail(started.error().within(name));
  hook_late_ = false;
  const std::shared_ptr<process::Child> child = hook_;
  const TaskGroup::Handle limit =
      tasks_.spawn("limit of " + name + " of " + service().name, end_hook(child, hook.timeout));
  const ExitStatus status = co_await child->wait(around_.clock, around_.containment);
  tasks_.cancel(limit);
  hook_.reset();
  if (hook_late_)
    co_return fail(Errc::timeout, "{} did not end within {}", name, format_duration(hook.timeout));
  if (!status.success()) co_return fail(Errc::internal, "{}: {}", name, describe(status));
  co_return Result<>();
}

Task<> Runner::prepare_and_start() {
  if (abandoned_) {
    preparing_ = false;
    co_return emit_({Input::spawn_failed, "stopped before it began"});
  }
  Task<Result<>> running = run_hook(*service().before_start, "before_start");
  const Result<> prepared = co_await std::move(running);
  preparing_ = false;
  if (prepared) co_return start_process();
  log_.warn("cannot start", {{"error", prepared.error().message()}});
  emit_({Input::spawn_failed, prepared.error().message()});
}

// It has ended whatever its hook says.
Task<> Runner::run_clean_up() {
  Task<Result<>> running = run_hook(*service().after_stop, "after_stop");
  const Result<> done = co_await std::move(running);
  if (!done) log_.warn("what follows its end failed", {{"error", done.error().message()}});
  emit_({Input::cleaned});
}

void Runner::clean_up() {
  tasks_.spawn("after_stop of " + service().name, run_clean_up());
}

}  // namespace exai::service
