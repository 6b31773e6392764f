// Taking over what an earlier supervisor left: the table in snapshot.hpp as code.

#include <signal.h>

#include <thread>

#include "core/base/proc.hpp"
#include "supervisor/process/half_made.hpp"
#include "supervisor/service/delivery.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

// For leftovers that are being killed: a second in all, and what is alive then hangs in the kernel.
constexpr int kLooks = 200;
constexpr Duration kLookPause = 5ms;

}  // namespace

// What an earlier supervisor's processes are found by: what it wrote down, the cgroup of the service,
// where it has one, else a table of all processes, read once for all services.
class Supervisor::Finder {
 public:
  // `last_word`: what is written down is all that there was to write down.
  Finder(const Workspace& workspace, const process::Containment& containment, bool last_word)
      : workspace_(workspace), containment_(containment), last_word_(last_word) {}

  // The process that is the service now, if there is one. A marked process beside a dead leader is
  // only a leftover of its tree, unless what is written down may not be the last word.
  std::optional<process::Identity> leader(const std::string& service, const ServiceRecord* record) {
    if (record && record->process && process::is_present(*record->process)) return record->process;
    if (record && record->process && !record->spawning && last_word_) return std::nullopt;
    for (const process::Cgroup& cgroup : containment_.find(service))
      if (const auto found = process::leader_among(processes_in(cgroup))) return found;
    return table().find_marked(mark_of(workspace_, service));
  }

  // What outlived its leader must not live beside the next one. Without cgroups it is looked for
  // until nothing is found: what was killed may have started another one meanwhile. Gives those
  // that do not die, in words.
  std::string kill_leftovers(const std::vector<const ServiceRecord*>& dead) {
    std::vector<const ServiceRecord*> searched;
    for (const ServiceRecord* record : dead) {
      const auto cgroups = containment_.find(record->name);
      for (const process::Cgroup& cgroup : cgroups) kill_all(cgroup);
      if (cgroups.empty() || !containment_.by_cgroup()) searched.push_back(record);
    }
    std::vector<process::Identity> members;
    int calm = 0;
    for (int looks = 0; looks < kLooks && !searched.empty(); ++looks) {
      members = members_of(searched);
      calm = members.empty() ? calm + 1 : 0;
      if (calm == process::ProcessTable::kCalmTables) break;
      for (const auto& member : members) process::send_signal(member, SIGKILL);
      if (!members.empty()) std::this_thread::sleep_for(kLookPause);
      table_.reset();
    }
    return process::describe(members);
  }

 private:
  const process::ProcessTable& table() {
    if (!table_) table_ = process::ProcessTable::read();
    return *table_;
  }

  std::vector<process::Identity> members_of(const std::vector<const ServiceRecord*>& services) {
    std::vector<process::Identity> all;
    for (const ServiceRecord* record : services) {
      const process::Identity leader = record->process.value_or(process::Identity{});
      const auto members = table().members_of(leader, mark_of(workspace_, record->name));
      all.insert(all.end(), members.begin(), members.end());
    }
    return all;
  }

  const Workspace& workspace_;
  const process::Containment& containment_;
  bool last_word_;
  std::optional<process::ProcessTable> table_;
};

namespace {

std::optional<WallTime> start_of(pid_t pid) {
  const auto info = process_info(pid);
  return info ? process_started(*info) : std::nullopt;
}

// What the back-off and giving up have counted so far.
void restore(Machine& machine, const ServiceRecord& record) {
  machine.restarts = record.restarts;
  machine.last_exit = record.last_exit;
  machine.last_restart_cause = record.last_restart_cause;
  machine.attempt = record.attempt;
  machine.restart_times = record.restart_times;
  machine.ready_since = record.ready_since;
  machine.ended_well = record.ended_well;
}

}  // namespace

void Supervisor::adopt() {
  auto read = read_snapshot(around_.workspace.snapshot());
  if (!read && read.error().code() != Errc::not_found)
    around_.log.warn("the snapshot is unreadable; services are looked for by their mark",
                     {{"error", read.error().message()}});
  if (read && read->torn)
    around_.log.warn("the end of the snapshot is torn; services are looked for by their mark, too");
  if (read) {
    events_.continue_after(read->last_event);
    if (read->boot_id != boot_id()) return;  // nothing of it is alive
    whole_ = read->whole;
  }
  process::await_half_made(around_.workspace.stack_file.string());
  const Snapshot* snapshot = read ? &*read : nullptr;
  if (snapshot) restore_scale(*snapshot);
  if (snapshot)
    for (const ServiceRecord& record : snapshot->services)
      if (!find(record.name) && record.process && process::is_present(*record.process))
        add({stack_, std::make_shared<const config::Service>(service_from(record))}).retired = true;
  link();
  Finder finder(around_.workspace, around_.containment, snapshot && !snapshot->torn);
  std::vector<Unit*> units;  // of which nothing runs
  std::vector<const ServiceRecord*> records;
  for (const auto& unit : units_) {
    const ServiceRecord* record = snapshot ? snapshot->find(unit->name()) : nullptr;
    if (adopt_unit(finder, *unit, record) || !record) continue;
    units.push_back(unit.get());
    records.push_back(record);
  }
  if (const std::string left = finder.kill_leftovers(records); !left.empty())
    around_.log.error("what an earlier supervisor left does not die", {{"left", left}});
  for (std::size_t i = 0; i < units.size(); ++i) resume(*units[i], *records[i]);
}

// False: nothing of it runs.
bool Supervisor::adopt_unit(Finder& finder, Unit& unit, const ServiceRecord* record) {
  if (record) {
    restore(unit.machine, *record);
    unit.last_run = record->last_run;
    unit.since = record->since;
  }
  const auto process = finder.leader(unit.name(), record);
  if (!process || !unit.runner->adopt(*process, record && record->proven)) return false;
  take_over(unit, record, *process);
  return true;
}

void Supervisor::take_over(Unit& unit, const ServiceRecord* record, process::Identity process) {
  unit.adopted = true;
  unit.started = record && record->started ? record->started : start_of(process.pid);
  if (record) {
    unit.making = record->making;
    unit.outdated = !unit.retired && !record->making.empty() &&
                    record->making != making_of(unit);
  }
  post(unit, {record && record->proven ? Input::adopted_ready : Input::adopted_starting});
  const bool was_stopping = record && record->state == State::stopping;
  if (was_stopping && record->wanted)
    starts_.insert_or_assign(&unit, Event{Input::start, "restart requested"});
  if (record && (was_stopping || !record->wanted)) stop_in_order({&unit}, record->cause);
}

// It goes on from where it was.
void Supervisor::resume(Unit& unit, const ServiceRecord& record) {
  Machine& machine = unit.machine;
  if (record.wanted && record.process) return post(unit, {Input::ended_unseen});
  if (record.wanted && record.state == State::backoff && record.wake) {
    machine.state = State::backoff;
    machine.wanted = true;
    machine.cause = record.cause;
    machine.wake = record.wake;
    return unit.runner->set_timer(machine.wake);
  }
  if (record.wanted) return post(unit, {Input::start, "it was wanted by an earlier supervisor"});
  if (is_at_rest(record.state)) machine.state = record.state;
  machine.cause = record.process ? "stopped" : record.cause;
}

}  // namespace exai::service
