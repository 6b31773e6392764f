// What the supervisor writes down for the next one (snapshot.hpp).

#include <algorithm>

#include "core/base/proc.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

constexpr Duration kSavePause = 10ms;
constexpr int kSaveShare = 20;  // writing takes at most one part in so many of our time

}  // namespace

// Without the services.
Snapshot Supervisor::snapshot_head() const {
  Snapshot snapshot;
  snapshot.boot_id = boot_id();
  snapshot.stack = stack_->name;
  snapshot.environment = stack_->environment;
  snapshot.timezone = stack_->timezone;
  snapshot.last_event = events_.last();
  snapshot.whole = whole_;
  snapshot.scaled = scaled_;
  return snapshot;
}

std::string Supervisor::making_of(const Unit& unit) {
  if (!makings_ || makings_->stack() != &unit.runner->stack())
    makings_.emplace(unit.runner->stack());
  return makings_->of(unit.service());
}

ServiceRecord Supervisor::record_of(const Unit& unit) const {
  const Machine& machine = unit.machine;
  ServiceRecord record;
  record.name = unit.name();
  record.state = machine.state;
  record.since = unit.since;
  record.cause = machine.cause;
  record.wanted = machine.wanted || starts_.contains(const_cast<Unit*>(&unit));
  record.spawning = machine.process == Process::spawning;
  record.proven = machine.ready_since.has_value();
  record.process = unit.runner->process();
  record.started = unit.started;
  record.last_run = unit.last_run;
  record.ended_well = machine.ended_well;
  record.making = unit.making;
  record.restarts = machine.restarts;
  record.last_exit = machine.last_exit;
  record.last_restart_cause = machine.last_restart_cause;
  record.attempt = machine.attempt;
  record.restart_times = machine.restart_times;
  record.ready_since = machine.ready_since;
  record.wake = machine.wake;
  for (const config::Need& need : unit.service().needs) record.needs.push_back(need.service);
  record.stop = unit.service().stop;
  return record;
}

// Failing to write it costs the next supervisor its knowledge, not this one its services.
void Supervisor::save() {
  if (!std::exchange(changed_, false)) return;
  const Time begin = around_.clock.now();
  const bool all = snapshot_file_.wants_all();
  Snapshot snapshot = snapshot_head();
  for (const auto& unit : units_) {
    const bool has_changed = std::exchange(unit->changed, false);
    if (all ? !unit->is_gone() : has_changed) snapshot.services.push_back(record_of(*unit));
  }
  const auto written = all ? snapshot_file_.write_all(snapshot) : snapshot_file_.append(snapshot);
  if (!written)
    around_.log.error("the snapshot is not written", {{"error", written.error().message()}});
  const auto took = std::chrono::duration_cast<Duration>(around_.clock.now() - begin);
  save_pause_ = std::max(kSavePause, took * kSaveShare);
}

// What is about to be done, and what is done for ever, is written down first. The rest can wait a
// moment for more of its kind: of a process that ended, or was started, the next supervisor sees as
// much by itself. While everything goes down nothing is left to be known.
void Supervisor::save_before_acting() {
  const bool settled = std::exchange(settled_, false);
  if (std::exchange(decided_, false) || settled) return save();
  if (changed_ && !stopping_ && !std::exchange(save_scheduled_, true))
    tasks_.spawn("writing the snapshot", save_soon());
}

Task<> Supervisor::save_soon() {
  co_await around_.clock.sleep_for(save_pause_);
  save_scheduled_ = false;
  save();
}

}  // namespace exai::service
