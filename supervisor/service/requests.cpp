// What can be asked of the supervisor: each request chooses units, and says what is to become of
// them.

#include <unistd.h>

#include <algorithm>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

constexpr const char* kStartCause = "start requested";
constexpr const char* kRestartCause = "restart requested";

template <class T>
void add_once(std::vector<T>& list, const T& one) {
  if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
}

}  // namespace

Result<> Supervisor::accepting() const {
  if (stopping_) return fail(Errc::conflict, "the stack is going down");
  return {};
}

Result<std::vector<Supervisor::Unit*>> Supervisor::select(
    const std::vector<std::string>& names) const {
  std::vector<Unit*> chosen;
  std::vector<std::string> known;
  for (const auto& unit : units_) {
    if (unit->retired) continue;
    const config::Service& service = unit->service();
    add_once(known, service.group.empty() ? service.name : service.group);
    if (names.empty() && (service.profiles.empty() || !is_at_rest(unit->machine)))
      chosen.push_back(unit.get());
  }
  for (const std::string& name : names) {
    auto units = instances_of(name);
    std::erase_if(units, [](const Unit* unit) { return unit->retired; });
    for (Unit* unit : units) add_once(chosen, unit);
    if (!units.empty()) continue;
    const auto nearest = closest(name, known);
    return fail(Errc::not_found, "there is no service {}{}", name,
                nearest ? fmt::format("; did you mean {}?", *nearest)
                        : fmt::format("; there are: {}", join(known, ", ")));
  }
  return chosen;
}

// And what they need, and what that needs.
std::vector<Supervisor::Unit*> Supervisor::with_needs(std::vector<Unit*> units) const {
  std::set<Unit*> seen(units.begin(), units.end());
  for (std::size_t i = 0; i < units.size(); ++i)
    for (const Unit::Link& link : units[i]->needs)
      for (Unit* needed : link.units)
        if (seen.insert(needed).second) units.push_back(needed);
  return units;
}

// What only wants it can do without.
bool Supervisor::needs_hard(const Unit& unit, const Unit* other) {
  return std::any_of(unit.needs.begin(), unit.needs.end(), [&](const Unit::Link& link) {
    return !link.soft && std::find(link.units.begin(), link.units.end(), other) != link.units.end();
  });
}

std::vector<Supervisor::Unit*> Supervisor::with_dependents(std::vector<Unit*> units) const {
  std::set<Unit*> seen(units.begin(), units.end());
  for (std::size_t i = 0; i < units.size(); ++i)
    for (Unit* dependent : units[i]->dependents)
      if (needs_hard(*dependent, units[i]) && seen.insert(dependent).second)
        units.push_back(dependent);
  return units;
}

// What it needs is told first, so that nobody starts beside what is about to start.
Result<> Supervisor::start_all(const std::vector<std::string>& services, Input how) {
  if (auto open = accepting(); !open) return open;
  TRY(named, select(services));
  whole_ = whole_ || services.empty();
  std::vector<Unit*> chosen = with_needs(named);
  std::sort(chosen.begin(), chosen.end(), in_start_order);
  for (Unit* unit : chosen) {
    const bool by_name = std::find(named.begin(), named.end(), unit) != named.end();
    Event event{by_name ? how : Input::start, kStartCause};
    if (stops_.contains(unit))
      starts_.insert_or_assign(unit, std::move(event));
    else
      post(*unit, std::move(event));
  }
  std::vector<Unit*> retired;
  for (const auto& unit : units_)
    if (unit->retired && services.empty()) retired.push_back(unit.get());
  stop_in_order(retired, "the stack no longer has it");
  pump();
  return {};
}

Result<> Supervisor::up(const std::vector<std::string>& services) {
  return start_all(services, Input::start);
}

Result<> Supervisor::start(const std::vector<std::string>& services) {
  return start_all(services, Input::start_again);
}

Result<> Supervisor::stop(const std::vector<std::string>& services) {
  if (auto open = accepting(); !open) return open;
  TRY(named, select(services));
  const std::vector<Unit*> chosen = with_dependents(named);
  for (Unit* unit : chosen) {
    starts_.erase(unit);
    const bool by_name = std::find(named.begin(), named.end(), unit) != named.end();
    const std::string cause =
        by_name ? "stop requested" : "stopped, because what it needs was to stop";
    const bool rests = is_at_rest(unit->machine);
    if (by_name ? unit->machine.state == State::stopped : rests) continue;
    stops_.emplace(unit, false);
    unit->stop_cause = cause;
  }
  advance_stops();
  pump();
  return {};
}

Result<> Supervisor::restart(const std::vector<std::string>& services) {
  if (auto open = accepting(); !open) return open;
  TRY(chosen, select(services));
  // Of all: what is done stays so.
  if (services.empty())
    std::erase_if(chosen, [](Unit* unit) { return unit->machine.state == State::done; });
  for (Unit* unit : chosen)
    starts_.insert_or_assign(unit, Event{Input::start_again, kRestartCause});
  stop_in_order(chosen, kRestartCause);
  pump();
  return {};
}

Result<> Supervisor::signal(const std::vector<std::string>& services, int number) {
  if (auto open = accepting(); !open) return open;
  TRY(chosen, select(services));
  bool sent = false;
  for (Unit* unit : chosen) {
    if (unit->machine.process != Process::alive) continue;
    unit->runner->signal(number);
    sent = true;
    around_.log.info("signalled on request",
                     {{"service", unit->name()}, {"signal", signal_name(number)}});
  }
  if (sent) return {};
  return fail(Errc::unavailable, "there is no process to signal: {}",
              services.empty() ? "nothing runs" : join(services, ", ") + " does not run");
}

control::Stopping Supervisor::running() const {
  control::Stopping running;
  running.last_event = events_.last();
  for (const auto& unit : units_)
    if (const auto process = unit->runner->process())
      running.processes.push_back({unit->name(), process->pid, process->start_ticks});
  if (const auto self = process_info(::getpid()))
    running.processes.push_back({"", self->pid, self->start_ticks});
  return running;
}

void Supervisor::down() {
  if (stopping_) return;
  stopping_ = true;
  around_.containment.go_down();
  starts_.clear();
  std::vector<Unit*> all;
  for (const auto& unit : units_) all.push_back(unit.get());
  stop_in_order(all, "the stack goes down");
  pump();
}

void Supervisor::kill() {
  for (const auto& unit : units_) unit->runner->kill();
}

}  // namespace exai::service
