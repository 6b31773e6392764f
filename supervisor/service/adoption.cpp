// Taking over what an earlier supervisor left: the table in snapshot.hpp as code.

#include <signal.h>

#include "core/base/proc.hpp"
#include "supervisor/service/delivery.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

// The process that is the service now, if there is one. Without a readable snapshot, and for a
// start that was announced and not reported, the mark is all there is to go by.
std::optional<process::Identity> find_process(const ServiceRecord* record, const std::string& mark,
                                              bool snapshot_known) {
  if (record && record->process && process::is_alive(*record->process)) return record->process;
  if (!snapshot_known || (record && record->spawning)) return process::find_marked(mark);
  return std::nullopt;
}

// What outlived its leader must not live beside the next one.
void kill_leftovers(const ServiceRecord& record, const std::string& mark) {
  const process::Identity leader = record.process.value_or(process::Identity{});
  for (const process::Identity& member : process::members_of(leader, mark))
    process::send_signal(member, SIGKILL);
}

std::optional<WallTime> start_of(pid_t pid) {
  const auto info = process_info(pid);
  return info ? process_started(*info) : std::nullopt;
}

}  // namespace

void Supervisor::adopt() {
  auto read = read_snapshot(around_.workspace.snapshot());
  if (!read && read.error().code() != Errc::not_found)
    around_.log.warn("the snapshot is unreadable; services are looked for by their mark",
                     {{"error", read.error().message()}});
  const Snapshot* snapshot = read ? &*read : nullptr;
  if (snapshot) events_.continue_after(snapshot->last_event);
  if (snapshot && snapshot->boot_id != boot_id()) return;  // nothing of it is alive

  if (snapshot)
    for (const ServiceRecord& record : snapshot->services)
      if (!find(record.name) && record.process && process::is_alive(*record.process))
        add(service_from(record)).retired = true;
  link();
  for (const auto& unit : units_)
    adopt_unit(*unit, snapshot ? snapshot->find(unit->name()) : nullptr, snapshot);
}

void Supervisor::adopt_unit(Unit& unit, const ServiceRecord* record, const Snapshot* snapshot) {
  const std::string mark = mark_of(around_.workspace, unit.name());
  Machine& machine = unit.machine;
  if (record) {
    machine.restarts = record->restarts;
    machine.last_exit = record->last_exit;
    machine.last_restart_cause = record->last_restart_cause;
    unit.since = record->since;
  }
  const auto process = find_process(record, mark, snapshot != nullptr);
  if (process && unit.runner->adopt(*process)) {
    unit.adopted = true;
    unit.started = record && record->started ? record->started : start_of(process->pid);
    post(unit, {record && record->proven ? Input::adopted_ready : Input::adopted_starting});
    const bool was_stopping = record && record->state == State::stopping;
    if (was_stopping && record->wanted)
      starts_.insert_or_assign(&unit, Event{Input::start, "restart requested"});
    if (record && (was_stopping || !record->wanted)) stop_in_order({&unit}, record->cause);
    return;
  }
  if (!record) return;
  kill_leftovers(*record, mark);
  if (record->wanted && record->process) return post(unit, {Input::ended_unseen});
  if (record->wanted) return post(unit, {Input::start, "it was wanted by an earlier supervisor"});
  if (record->state == State::failed) machine.state = State::failed;
  machine.cause = record->process ? "stopped" : record->cause;
}

}  // namespace exai::service
