#include "supervisor/service/runner.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "supervisor/service/delivery.hpp"
#include "supervisor/service/limits.hpp"
#include "supervisor/service/reload_plan.hpp"

namespace exai::service {

namespace {

// What is alive this long after KILL hangs in the kernel.
constexpr Duration kKillLimit = 5s;

// Once it is proven, readiness is looked at less often, until it fails.
constexpr Duration kProvenPace = 5s;

std::string out_of_memory(const config::Service& service, std::uint64_t kills) {
  const auto limit = group_limits(service).memory;
  return fmt::format("out of memory: the kernel ended {} of it{}",
                     count_of(kills, "process", "processes"),
                     limit ? fmt::format("; its limit is {}", format_size(*limit)) : std::string());
}

process::LogLimits log_limits(const config::LogPolicy& policy) {
  return {policy.max_size, policy.max_age, policy.keep, policy.compress};
}

std::string last_detail(const checks::Verdict& verdict) {
  return verdict.last ? verdict.last->detail : std::string();
}

}  // namespace

Runner::Runner(const Surroundings& around, Definition definition, Emit emit)
    : around_(around),
      is_(std::move(definition)),
      emit_(std::move(emit)),
      log_(around.log.with("service", service().name)),
      probes_(around.loop, log_),
      tasks_(around.loop, log_) {}

// --- the process ---

void Runner::start() {
  if (!service().before_start) return start_process();
  preparing_ = true;
  abandoned_ = false;
  tasks_.spawn("before_start of " + service().name, prepare_and_start());
}

void Runner::start_process() {
  said_.clear();
  const auto started = try_start();
  if (started) return emit_({Input::spawned});
  log_.warn("cannot start", {{"error", started.error().message()}});
  emit_({Input::spawn_failed, started.error().message()});
}

void Runner::redefine(Definition definition) {
  EXAI_ASSERT(definition.service->name == service().name);
  is_ = std::move(definition);
  if (capture_) capture_->limit(log_limits(service().log));
}

Result<> Runner::try_start() {
  EXAI_ASSERT(!child_);
  if (const std::string conflict = port_conflict(service()); !conflict.empty())
    return fail(Errc::conflict, "{}", conflict);
  TRY(spec, deliver(around_.workspace, stack(), service(), around_.environment, *around_.redactor));
  if (auto opened = open_log(); !opened) return opened;
  capture_->finish();  // what a run has left that ended while nobody watched
  if (auto opened = open_notify(); !opened) return opened;
  offer_notify(spec);
  TRY(writer, capture_->writer());
  TRY(errors, capture_->error_writer());
  spec.stdout_fd = writer.get();
  spec.stderr_fd = errors.get();
  add_limits(service(), around_.descriptors, spec);
  TRY(child,
      process::Child::spawn(spec, mark_of(around_.workspace, service().name), prepare_cgroup()));
  log_.info("started", {{"pid", child->pid()}});
  follow(std::move(child));
  return {};
}

std::optional<process::Cgroup> Runner::prepare_cgroup() {
  auto cgroup = around_.containment.make(service().name);
  const process::GroupLimits limits = group_limits(service());
  if (!cgroup && around_.containment.by_cgroup())
    log_.warn("no cgroup of its own could be made; it is held by session and mark");
  if (!limits.any()) return cgroup;
  auto missing = set_limits(cgroup, limits);
  if (missing != not_limited_)
    for (const std::string& what : missing) log_.warn("not limited", {{"why", what}});
  not_limited_ = std::move(missing);
  return cgroup;
}

Result<> Runner::adopt(process::Identity identity, bool proven) {
  TRY(child, process::Child::adopt(identity, mark_of(around_.workspace, service().name),
                                   around_.containment.find(service().name, identity.pid)));
  if (auto opened = open_log(); !opened)
    log_.error("its output is not kept", {{"error", opened.error().message()}});
  if (auto opened = open_notify(); !opened)
    log_.error("what it says is not heard", {{"error", opened.error().message()}});
  proven_before_ = proven && is_told(service().ready);
  log_.info("taken over", {{"pid", child->pid()}});
  follow(std::move(child));
  return {};
}

// The fifo and the file stay open from the first start to the end of the supervisor.
Result<> Runner::open_log() {
  if (capture_) return {};
  const Workspace& workspace = around_.workspace;
  const config::LogPolicy& policy = service().log;
  TRY(capture, process::LogCapture::open(
                   around_.logs, workspace.service_fifo(service().name),
                   workspace.service_log(service().name).string(), log_limits(policy),
                   policy.streams_apart ? process::Streams::apart : process::Streams::together));
  capture_ = std::move(capture);
  capture_->start();
  return {};
}

void Runner::follow(std::unique_ptr<process::Child> child) {
  child_ = std::move(child);
  const auto watched = around_.watcher.watch(child_->pidfd(), [this] { on_end(); });
  if (!watched) tasks_.spawn("process of " + service().name, wait_for_end(child_));
}

void Runner::on_end() {
  const std::shared_ptr<process::Child> ended = child_;
  hear_all();  // its last word may have been that another process is the service
  if (child_ != ended) return;
  if (const auto status = child_->ended_at_once(around_.containment))
    return tell_end(*child_, *status);
  tasks_.spawn("process of " + service().name, wait_for_end(child_));
}

Task<> Runner::wait_for_end(std::shared_ptr<process::Child> child) {
  const ExitStatus status = co_await child->wait(around_.clock, around_.containment);
  if (child == child_) tell_end(*child, status);  // else it was given up before it ended after all
}

void Runner::tell_end(const process::Child& child, const ExitStatus& status) {
  if (capture_) capture_->finish();
  Event event{Input::exited};
  event.exit = status;
  if (!child.left_behind().empty())
    event.detail = "it left what does not die: " + child.left_behind();
  if (child.oom_kills() > 0) event.detail = out_of_memory(service(), child.oom_kills());
  child_.reset();
  log_.info("ended", {{"how", describe(status)}});
  if (!event.detail.empty()) log_.error("it did not end well", {{"what", event.detail}});
  emit_(std::move(event));
}

void Runner::signal(int number) {
  if (child_) return child_->signal(number);
  if (hook_) return hook_->signal(number);
  abandoned_ = preparing_;
}

void Runner::kill() {
  if (hook_) hook_->kill_tree();
  if (!child_) return;
  child_->kill_tree();
  tasks_.spawn("kill of " + service().name, give_up_on(child_));
}

// KILL does not reach a process that hangs in the kernel, on a dead disk for instance.
Task<> Runner::give_up_on(std::weak_ptr<process::Child> killed) {
  co_await around_.clock.sleep_for(kKillLimit);
  const std::shared_ptr<process::Child> child = killed.lock();
  if (!child || child != child_) co_return;
  Event event{Input::exited};
  event.detail = "it does not die: " + describe(std::vector{child->identity()});
  log_.error("given up", {{"why", event.detail}});
  child->abandon();
  child_.reset();
  around_.watcher.forget(child->pidfd());
  tasks_.spawn("given up", wait_for_end(child));  // to reap it, if it ends after all
  emit_(std::move(event));
}

process::Group Runner::group() const {
  if (!child_) return {};
  const auto& cgroup = child_->cgroup();
  return {cgroup ? &*cgroup : nullptr, child_->pid(), around_.containment.counts_memory()};
}

std::optional<process::Identity> Runner::process() const {
  if (!child_) return std::nullopt;
  return child_->identity();
}

// --- the checks ---

void Runner::start_probing() {
  ++probing_;
  watching_ = false;
  probing_now_ = true;
  ready_ = {};
  healthy_ = {};
  if (is_told(service().ready)) return start_listening();
  if (service().ready) probes_.spawn("readiness of " + service().name, probe_readiness(probing_));
}

void Runner::watch() {
  if (watching_ || !service().healthy) return;
  watching_ = true;
  const bool told = is_told(service().healthy);
  probes_.spawn("health of " + service().name,
                told ? watch_silence(probing_) : probe_health(probing_));
}

void Runner::stop_probing() {
  ++probing_;
  watching_ = false;
  probing_now_ = false;
  stop_listening();
  probes_.cancel();
}

checks::Subject Runner::subject() const {
  checks::Subject subject;
  if (child_) subject.pid = child_->pid();
  if (child_ && child_->cgroup()) subject.cgroup = path_of(*child_->cgroup()).string();
  const Surroundings* around = &around_;
  const Environment environment =
      environment_of(around->workspace, stack(), service(), around->environment);
  subject.environment = {environment.begin(), environment.end()};
  subject.environment[process::kCheckVariable] = "1";
  subject.working_directory = working_directory_of(stack(), service()).string();
  subject.secret = [around, is = is_](const std::string& name) -> std::optional<Secret> {
    auto value = delivered_value(around->workspace, *is.stack, is.service->name, name);
    if (!value) return std::nullopt;
    return std::move(*value);
  };
  return subject;
}

// What a check has seen is shown and written down; a command may have printed anything.
void Runner::hide_secrets(checks::Observation& seen) const {
  seen.detail = around_.redactor->redact(std::move(seen.detail));
}

Task<> Runner::probe_readiness(unsigned generation) {
  const config::Check check = *service().ready;
  for (;;) {
    checks::Subject who = subject();
    checks::Observation seen = co_await around_.checker.run(check, std::move(who));
    if (generation != probing_) co_return;
    hide_secrets(seen);
    ready_ = checks::fold(ready_, seen, check);
    Duration pause = check.every;
    if (ready_.standing == checks::Standing::passing) {
      emit_({Input::proven, fmt::format("proven by {}: {}", describe(check), seen.detail)});
      if (seen.ok) pause = std::max(pause, kProvenPace);
    } else if (ready_.standing == checks::Standing::failing) {
      emit_({Input::proof_lost, failure_text(check, ready_)});
    }
    co_await around_.clock.sleep_for(pause);
  }
}

Task<> Runner::probe_health(unsigned generation) {
  const config::Check check = *service().healthy;
  for (;;) {
    checks::Subject who = subject();
    checks::Observation seen = co_await around_.checker.run(check, std::move(who));
    if (generation != probing_) co_return;
    hide_secrets(seen);
    healthy_ = checks::fold(healthy_, seen, check);
    if (healthy_.standing == checks::Standing::passing) emit_({Input::healthy});
    if (healthy_.standing == checks::Standing::failing)
      emit_({Input::unhealthy, failure_text(check, healthy_)});
    co_await around_.clock.sleep_for(check.every);
  }
}

// "http /health/live failed 3 times: answered with status 503"
std::string Runner::failure_text(const config::Check& check, const checks::Verdict& verdict) {
  const int failures = verdict.failures;
  return fmt::format("{} failed{}: {}", describe(check),
                     failures > 1 ? fmt::format(" {} times", failures) : "", last_detail(verdict));
}

// --- the timer ---

void Runner::schedule(std::optional<WallTime> last) {
  if (!service().schedule) return;
  if (!alarm_) alarm_ = std::make_unique<Alarm>(around_.loop, around_.clock, log_);
  alarm_->start(*service().schedule, last, [this](std::string why) {
    emit_({Input::due, std::move(why)});
  });
}

void Runner::set_timer(std::optional<Time> when) {
  ++timing_;
  tasks_.cancel(std::exchange(timer_, {}));
  if (when) timer_ = tasks_.spawn("timer of " + service().name, ring(*when, timing_));
}

Task<> Runner::ring(Time when, unsigned generation) {
  co_await around_.clock.sleep_until(when);
  if (generation == timing_) emit_({Input::timer, last_detail(ready_)});
}

Task<> Runner::close() {
  stop_probing();
  set_timer(std::nullopt);
  if (child_) around_.watcher.forget(child_->pidfd());
  if (capture_) capture_->stop();
  tasks_.cancel();
  if (alarm_) {
    co_await alarm_->close();
  }
  co_await probes_.join();
  co_await tasks_.join();
}

}  // namespace exai::service
