// Taking over what an earlier supervisor left: the table in snapshot.hpp as code.

#include <signal.h>

#include "core/base/proc.hpp"
#include "supervisor/service/delivery.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

// What an earlier supervisor's processes are found by: the cgroup of the service, where it has one,
// else a table of all processes, read once for all services.
class Finder {
 public:
  Finder(const Workspace& workspace, const process::Containment& containment)
      : workspace_(workspace), containment_(containment) {}

  // The process that is the service now, if there is one. Without a readable snapshot, and for a
  // start that was announced and not reported, the cgroup or the mark is all there is to go by.
  std::optional<process::Identity> leader(const std::string& service, const ServiceRecord* record,
                                          bool snapshot_known) {
    if (record && record->process && process::is_alive(*record->process)) return record->process;
    if (snapshot_known && !(record && record->spawning)) return std::nullopt;
    for (const process::Cgroup& cgroup : containment_.find(service))
      if (const auto found = process::leader_among(processes_in(cgroup))) return found;
    return table().find_marked(mark_of(workspace_, service));
  }

  // What outlived its leader must not live beside the next one.
  void kill_leftovers(const std::string& service, const ServiceRecord& record) {
    const auto cgroups = containment_.find(service);
    for (const process::Cgroup& cgroup : cgroups) kill_all(cgroup);
    if (!cgroups.empty() && containment_.by_cgroup()) return;
    const process::Identity leader = record.process.value_or(process::Identity{});
    for (const auto& member : table().members_of(leader, mark_of(workspace_, service)))
      process::send_signal(member, SIGKILL);
  }

 private:
  const process::ProcessTable& table() {
    if (!table_) table_ = process::ProcessTable::read();
    return *table_;
  }

  const Workspace& workspace_;
  const process::Containment& containment_;
  std::optional<process::ProcessTable> table_;
};

namespace {

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

  if (snapshot) restore_scale(*snapshot);
  if (snapshot)
    for (const ServiceRecord& record : snapshot->services)
      if (!find(record.name) && record.process && process::is_alive(*record.process))
        add(service_from(record)).retired = true;
  link();
  Finder finder(around_.workspace, around_.containment);
  for (const auto& unit : units_)
    adopt_unit(finder, *unit, snapshot ? snapshot->find(unit->name()) : nullptr, snapshot);
}

void Supervisor::adopt_unit(Finder& finder, Unit& unit, const ServiceRecord* record,
                            const Snapshot* snapshot) {
  Machine& machine = unit.machine;
  if (record) {
    machine.restarts = record->restarts;
    machine.last_exit = record->last_exit;
    machine.last_restart_cause = record->last_restart_cause;
    machine.ended_well = record->ended_well;
    unit.last_run = record->last_run;
    unit.since = record->since;
  }
  const auto process = finder.leader(unit.name(), record, snapshot != nullptr);
  if (process && unit.runner->adopt(*process, record && record->proven)) {
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
  finder.kill_leftovers(unit.name(), *record);
  if (record->wanted && record->process) return post(unit, {Input::ended_unseen});
  if (record->wanted) return post(unit, {Input::start, "it was wanted by an earlier supervisor"});
  if (record->state == State::failed || record->state == State::done)
    machine.state = record->state;
  machine.cause = record->process ? "stopped" : record->cause;
}

}  // namespace exai::service
