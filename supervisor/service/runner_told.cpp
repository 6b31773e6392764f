// Readiness and liveness that a service tells by itself: at its notify socket, or in its output.

#include <algorithm>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/config/regex.hpp"
#include "supervisor/service/delivery.hpp"
#include "supervisor/service/runner.hpp"

namespace exai::service {

namespace {

constexpr std::size_t kLongestQuote = 200;

bool is_kind(const Boxed<config::Check>& check, std::string_view kind) {
  return check && check->kind == kind;
}

bool is_watchdog(const config::Service& service) {
  return is_kind(service.healthy, "notify");
}

}  // namespace

Path Runner::notify_path() const {
  return around_.workspace.service_run(service().name) / "notify";
}

// One socket for all of its lives; the service finds it by name, so it outlives us.
Result<> Runner::open_notify() {
  const bool asked = is_kind(service().ready, "notify") || is_watchdog(service());
  if (!asked || notify_) return {};
  if (auto made = make_private_directory(around_.workspace.service_run(service().name)); !made)
    return made;
  TRY(socket, NotifySocket::open(notify_path()));
  notify_ = std::move(socket);
  tasks_.spawn("notify socket of " + service().name,
               notify_->run([this](const Notice& notice, pid_t sender) { hear(notice, sender); }));
  return {};
}

void Runner::offer_notify(SpawnSpec& spec) const {
  if (!notify_) return;
  spec.environment["NOTIFY_SOCKET"] = notify_path().string();
  if (!is_watchdog(service())) return;
  const auto limit = std::chrono::microseconds(service().healthy->timeout);
  spec.environment["WATCHDOG_USEC"] = std::to_string(limit.count());
}

// Its leader, or what carries its mark or is in its session. What has ended meanwhile cannot be
// asked; the folder of the socket lets nobody in but our own user.
bool Runner::is_of_service(pid_t process) const {
  if (!child_) return false;
  if (process == child_->pid()) return true;
  const auto info = process_info(process);
  if (!info || info->state == 'Z' || info->session == child_->pid()) return true;
  const auto environment = read_file(fmt::format("/proc/{}/environ", process));
  const std::string mark = mark_of(around_.workspace, service().name);
  return environment && environment->find(mark + '\0') != std::string::npos;
}

// MAINPID=: another process of the service is its leader from now on. The one before is an orphan
// of ours, or has ended already; what it leaves goes down with the new one.
void Runner::move_to(pid_t process) {
  const auto info = process_info(process);
  if (process == child_->pid() || !info || info->state == 'Z' || !is_of_service(process)) {
    if (process != child_->pid()) log_.warn("no process of the service", {{"pid", process}});
    return;
  }
  auto child = process::Child::adopt({process, info->start_ticks},
                                     mark_of(around_.workspace, service().name),
                                     around_.containment.find(service().name, process));
  if (!child) return;
  log_.info("it has another leader", {{"from", child_->pid()}, {"to", process}});
  around_.watcher.forget(child_->pidfd());
  follow(std::move(*child));
}

void Runner::hear_all() {
  if (notify_) notify_->drain([this](const Notice& notice, pid_t sender) { hear(notice, sender); });
}

void Runner::hear(const Notice& notice, pid_t sender) {
  if (!child_) return;
  if (!is_of_service(sender)) {
    log_.warn("a message that is not from the service", {{"pid", sender}});
    return;
  }
  if (notice.main_pid) move_to(*notice.main_pid);
  if (notice.status) said_ = around_.redactor->redact(*notice.status);
  if (notice.stopping) emit_({Input::proof_lost, "it says that it is stopping"});
  if (notice.ready && is_kind(service().ready, "notify") && probing_now_) say_ready("READY=1");
  if (!is_watchdog(service()) || !watching_) return;
  if (notice.alive) say_alive();
  if (notice.sick) emit_({Input::unhealthy, "its watchdog: it says so itself"});
}

checks::Observation Runner::observed(bool ok, std::string detail) const {
  checks::Observation seen;
  seen.ok = ok;
  seen.detail = std::move(detail);
  seen.at = around_.clock.now();
  seen.wall = around_.clock.wall();
  return seen;
}

void Runner::say_ready(std::string detail) {
  ready_ = checks::fold(ready_, observed(true, detail), *service().ready);
  ready_.standing = checks::Standing::passing;  // it is not asked again
  emit_({Input::proven, fmt::format("proven by {}: {}", describe(*service().ready), detail)});
}

void Runner::say_alive() {
  last_alive_ = around_.clock.now();
  healthy_ = checks::fold(healthy_, observed(true, "WATCHDOG=1"), *service().healthy);
  if (healthy_.standing == checks::Standing::passing) emit_({Input::healthy});
}

// The regular expression was checked with the stack file.
void Runner::wait_for_line() {
  const auto compiled = config::Regex::compile(service().ready->what.front());
  if (!compiled || !capture_) return;
  capture_->watch_lines([this, regex = *compiled](std::string_view line) {
    if (!regex.finds(line)) return true;
    say_ready(printable(line.substr(0, kLongestQuote)));
    return false;
  });
}

void Runner::start_listening() {
  if (std::exchange(proven_before_, false)) return say_ready("to an earlier supervisor");
  if (is_kind(service().ready, "log")) wait_for_line();
}

void Runner::stop_listening() {
  if (capture_ && is_kind(service().ready, "log")) capture_->watch_lines({});
}

// Silence is what a watchdog looks for.
Task<> Runner::watch_silence(unsigned generation) {
  const config::Check check = *service().healthy;
  last_alive_ = around_.clock.now();
  for (;;) {
    const Time before = last_alive_;
    co_await around_.clock.sleep_until(before + check.timeout);
    if (generation != probing_) co_return;
    if (last_alive_ != before) continue;
    last_alive_ = around_.clock.now();
    healthy_ = checks::fold(
        healthy_,
        observed(false, fmt::format("no WATCHDOG=1 within {}", format_duration(check.timeout))),
        check);
    if (healthy_.standing == checks::Standing::failing)
      emit_({Input::unhealthy, failure_text(check, healthy_)});
  }
}

}  // namespace exai::service
