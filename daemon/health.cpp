#include "daemon/health.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"

namespace exai::health {
namespace {

double percent_used(std::uint64_t total, std::uint64_t available) {
  if (total == 0) return 0;
  return 100.0 * static_cast<double>(total - std::min(available, total)) /
         static_cast<double>(total);
}

Component memory(Fullness limits) {
  const MemoryInfo machine = system_memory();
  const double percent = percent_used(machine.total, machine.available);
  Component component;
  component.name = "memory";
  component.status = by_percent(percent, limits.warn, limits.fail);
  component.detail =
      fmt::format("{:.0f}% of the machine's {} used", percent, format_size(machine.total));
  component.facts["used_percent"] = std::round(percent * 10) / 10;
  if (const auto self = process_info(::getpid())) {
    component.facts["process_bytes"] = self->resident_bytes;
    component.detail += ", " + format_size(self->resident_bytes) + " by this process";
  }
  return component;
}

Component disk(Fullness limits) {
  Component component;
  component.name = "disk";
  const Result<DiskSpace> space = disk_space(".");
  if (!space) {
    component.status = Status::warn;
    component.detail = space.error().message();
    return component;
  }
  const double percent = percent_used(space->total, space->available);
  component.status = by_percent(percent, limits.warn, limits.fail);
  component.detail = fmt::format("{:.0f}% used, {} free", percent, format_size(space->available));
  component.facts["used_percent"] = std::round(percent * 10) / 10;
  component.facts["free_bytes"] = space->available;
  return component;
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::pass:
      return "pass";
    case Status::warn:
      return "warn";
    case Status::fail:
      return "fail";
  }
  return "fail";
}

Status roll_up(const std::vector<Component>& components) {
  Status worst = Status::pass;
  for (const Component& component : components) {
    const bool softened =
        component.status == Status::fail && component.weight == Weight::supporting;
    worst = std::max(worst, softened ? Status::warn : component.status);
  }
  return worst;
}

Status by_percent(double percent, double warn, double fail) {
  if (percent >= fail) return Status::fail;
  return percent >= warn ? Status::warn : Status::pass;
}

Component permits_component(const Permits& permits) {
  constexpr double kNearlyAll = 90;
  Component component;
  component.name = "permits";
  std::vector<std::string> parts;
  json::object pools;
  for (const Permits::Pool& pool : permits.pools) {
    if (pool.limit == 0) continue;
    const double percent = percent_used(pool.limit, pool.limit - std::min(pool.in_use, pool.limit));
    if (percent >= kNearlyAll) component.status = std::max(component.status, Status::warn);
    if (pool.in_use >= pool.limit && permits.waiting > 0) component.status = Status::fail;
    parts.push_back(fmt::format("{} {} of {}", pool.name, pool.in_use, pool.limit));
    pools[pool.name] = json::object{{"in_use", pool.in_use}, {"limit", pool.limit}};
  }
  component.detail = parts.empty() ? "calls are not limited" : join(parts, ", ") + " in use";
  if (permits.waiting > 0)
    component.detail += fmt::format(
        "; {} for one", permits.waiting == 1 ? std::string("1 call waits")
                                             : fmt::format("{} calls wait", permits.waiting));
  component.facts["waiting"] = permits.waiting;
  component.facts["pools"] = std::move(pools);
  return component;
}

Report make_report(std::vector<Component> components) {
  Report report;
  report.status = roll_up(components);
  std::vector<std::string> reasons;
  for (const Component& component : components) {
    if (component.status == Status::pass) continue;
    std::string reason = component.name + ": " + component.detail;
    if (component.good_ago)
      reason += ", last good " + format_duration(*component.good_ago) + " ago";
    reasons.push_back(std::move(reason));
  }
  report.reason = join(reasons, "; ");
  report.components = std::move(components);
  return report;
}

Monitor::Monitor(Clock& clock, Log log, store::Store& store, const providers::Router& router,
                 Thresholds thresholds)
    : clock_(clock),
      log_(std::move(log)),
      store_(store),
      router_(router),
      thresholds_(thresholds) {}

Task<> Monitor::watch() {
  for (;;) {
    const bool due = !last_try_ || clock_.now() - *last_try_ >= kInterval;
    if (due || asked_ || wrong_) co_await prove_storage();
    const Duration pause = wrong_ ? kRetry : kFresh;
    co_await clock_.sleep_for(pause);
  }
}

Task<> Monitor::prove_storage() {
  asked_ = false;
  const Time begin = clock_.now();
  Task<Result<>> round_trip = store_.ping();
  const Result<> answer = co_await with_timeout(clock_, std::move(round_trip), kLimit);
  last_try_ = clock_.now();
  took_ = std::chrono::duration_cast<Duration>(*last_try_ - begin);
  if (answer) {
    if (wrong_) log_.info("storage works again", {{"backend", store_.backend()}});
    wrong_.reset();
    last_good_ = last_try_;
  } else {
    if (!wrong_) log_.warn("storage does not work", {{"error", answer.error().message()}});
    wrong_ = answer.error();
  }
}

Component Monitor::storage() {
  asked_ = true;
  Component component;
  component.name = "storage";
  component.weight = Weight::essential;
  component.facts["backend"] = store_.backend();
  if (last_good_) {
    component.good_ago = std::chrono::duration_cast<Duration>(clock_.now() - *last_good_);
    component.facts["round_trip_ms"] = took_.count();
  }
  if (!last_try_) {
    component.status = Status::fail;
    component.detail = "not tried yet";
  } else if (wrong_) {
    component.status = Status::fail;
    component.detail = wrong_->message();
    component.facts["error"] = name(wrong_->code());
  } else {
    component.detail = "a key was written, read and removed";
  }
  return component;
}

Component Monitor::providers() const {
  Component component;
  component.name = "providers";
  std::vector<std::string> titles;
  for (const providers::Provider* provider : router_.providers())
    titles.push_back(provider->info().title);
  component.detail = titles.empty() ? "none is configured: chat is off, all else works"
                                    : "configured: " + join(titles, ", ");
  component.facts["configured"] = titles.size();
  return component;
}

Report Monitor::everything() {
  std::vector<Component> components = {storage(), memory(thresholds_.memory),
                                       disk(thresholds_.disk), providers()};
  if (permits_) components.push_back(permits_component(permits_()));
  if (keys_) components.push_back(keys_());
  return unless_draining(std::move(components));
}
Report Monitor::ready() {
  return unless_draining({storage()});
}

Report Monitor::unless_draining(std::vector<Component> components) const {
  Report report = make_report(std::move(components));
  if (!draining_) return report;
  report.status = Status::fail;
  report.reason = "draining: this daemon is going down";
  return report;
}

json::object Monitor::to_json(const Report& report) const {
  json::object out;
  out["status"] = name(report.status);
  out["version"] = kVersion;
  out["time_utc"] = format_utc(clock_.wall());
  out["time_local"] = format_local(clock_.wall());
  if (!report.reason.empty()) out["reason"] = report.reason;
  json::object components;
  for (const Component& component : report.components) {
    json::object entry{{"status", name(component.status)}, {"detail", component.detail}};
    for (const auto& fact : component.facts) entry[fact.key()] = fact.value();
    if (component.good_ago) {
      entry["last_good_utc"] = format_utc(clock_.wall() - *component.good_ago);
      entry["last_good_age_ms"] = component.good_ago->count();
    }
    components[component.name] = std::move(entry);
  }
  out["components"] = std::move(components);
  return out;
}

}  // namespace exai::health
