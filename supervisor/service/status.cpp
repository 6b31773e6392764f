// What the supervisor shows of itself.

#include <unistd.h>

#include <algorithm>

#include "core/base/proc.hpp"
#include "core/base/version.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

// Shorter than this, a difference of CPU times says nothing.
constexpr Duration kCpuSpan = 500ms;

std::optional<std::int64_t> signed_of(const std::optional<std::uint64_t>& bytes) {
  if (!bytes) return std::nullopt;
  return static_cast<std::int64_t>(*bytes);
}

control::ProofStatus proof_of(const config::Check& check, const checks::Verdict& verdict,
                              Process process, Time now) {
  control::ProofStatus proof;
  proof.check = describe(check);
  // The proof of a process that has gone proves nothing.
  const bool alive = process == Process::alive;
  proof.standing = checks::name(alive ? verdict.standing : checks::Standing::unknown);
  proof.failures = verdict.failures;
  if (verdict.last) {
    proof.detail = verdict.last->detail;
    proof.took_ms = verdict.last->took.count();
  }
  if (verdict.last_good)
    proof.age_ms = std::chrono::duration_cast<Duration>(now - *verdict.last_good).count();
  return proof;
}

}  // namespace

control::StackStatus Supervisor::status(process::Detail detail) {
  pump();  // what has happened, decided: a dead service is not shown as ready
  save();  // what somebody was told is remembered
  std::vector<Unit*> shown;
  for (const auto& unit : units_)
    if (!unit->is_gone()) shown.push_back(unit.get());
  return status_of(shown, detail);
}

Result<control::StackStatus> Supervisor::status(const std::vector<std::string>& services,
                                                process::Detail detail) {
  pump();
  save();
  TRY(chosen, select(services));
  return status_of(chosen, detail);
}

control::StackStatus Supervisor::status_of(const std::vector<Unit*>& units,
                                           process::Detail detail) {
  std::vector<process::Group> groups;
  for (const Unit* unit : units) groups.push_back(unit->runner->group());
  const auto usages = usages_of(groups, detail);
  control::StackStatus status = bare_status();
  for (std::size_t i = 0; i < units.size(); ++i) {
    status.services.push_back(status_of(*units[i]));
    if (detail != process::Detail::none && groups[i].pid != 0)
      units[i]->show(usages[i], around_.clock, status.services.back());
  }
  return status;
}

control::StackStatus Supervisor::bare_status() const {
  const config::Stack& stack = *stack_;
  control::StackStatus status;
  status.version = kVersion;
  status.stack = stack.name;
  status.environment = stack.environment;
  status.timezone = stack.timezone;
  status.stack_file = around_.workspace.stack_file.string();
  status.fingerprint = stack.fingerprint;
  status.supervisor_pid = ::getpid();
  status.supervisor_started = started_;
  status.stopping = stopping_;
  status.last_event = events_.last();
  status.containment = around_.containment.statement();
  status.reload = reload_;
  return status;
}

control::ServiceStatus Supervisor::status_of(const Unit& unit) const {
  const Machine& machine = unit.machine;
  const config::Service& service = unit.service();
  const Time now = around_.clock.now();
  control::ServiceStatus status;
  status.name = service.name;
  status.state = machine.state;
  status.since = unit.since;
  status.cause = machine.cause;
  status.restarts = machine.restarts;
  status.last_exit = machine.last_exit;
  status.last_restart_cause = machine.last_restart_cause;
  status.log = around_.workspace.service_log(service.name).string();
  status.log_lines_dropped = unit.runner->log_lines_dropped();
  for (const config::PortBinding& port : service.ports)
    status.ports.push_back({port.name, port.number});
  for (const Unit::Link& link : unit.needs) {
    for (const Unit* needed : link.units) {
      status.needs.push_back(needed->name());
      const Prospect prospect = prospect_of(needed->machine, link.condition);
      const bool missed = link.soft ? prospect == Prospect::coming : prospect != Prospect::given;
      if (machine.state == State::waiting && missed)
        status.waiting_for.push_back(needed->name());
    }
  }
  if (service.ready)
    status.ready = proof_of(*service.ready, unit.runner->ready(), machine.process, now);
  if (service.healthy)
    status.healthy = proof_of(*service.healthy, unit.runner->healthy(), machine.process, now);

  status.not_limited = unit.runner->not_limited();
  status.said = unit.runner->said();
  status.next_run = unit.runner->next_run();
  const auto process = unit.runner->process();
  if (!process) return status;
  status.pid = process->pid;
  status.started = unit.started;
  status.adopted = unit.adopted;
  return status;
}

void Supervisor::Unit::show(const process::Usage& used, const Clock& clock,
                            control::ServiceStatus& status) {
  status.processes = used.processes;
  status.threads = used.threads;
  status.resident_bytes = signed_of(used.resident_bytes);
  status.descriptors = used.descriptors;
  status.read_bytes = signed_of(used.read_bytes);
  status.written_bytes = signed_of(used.written_bytes);
  status.cpu_percent = cpu_percent(used.cpu, clock);
}

double Supervisor::Unit::cpu_percent(Duration used, const Clock& clock) {
  const pid_t pid = runner->process()->pid;
  const Time now = clock.now();
  if (cpu.pid != pid) {  // first look at this process: since its start
    const auto age =
        started ? std::chrono::duration_cast<Duration>(clock.wall() - *started) : Duration::zero();
    cpu = {now - std::max(age, kCpuSpan), pid, 0ms, 0};
  }
  const auto span = std::chrono::duration_cast<Duration>(now - cpu.at);
  if (span >= kCpuSpan) {
    const double percent =
        100.0 * static_cast<double>((used - cpu.used).count()) / static_cast<double>(span.count());
    cpu = {now, pid, used, percent};
  }
  return cpu.percent;
}

}  // namespace exai::service
