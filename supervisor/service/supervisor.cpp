#include "supervisor/service/supervisor.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "core/base/text.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

constexpr Duration kOrphanPace = 1s;

std::uint64_t fresh_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

bool is_at_rest(const Machine& machine) {
  return machine.process == Process::none &&
         (machine.state == State::stopped || machine.state == State::failed);
}

}  // namespace

Supervisor::Supervisor(const Surroundings& around)
    : around_(around),
      events_(around.loop),
      started_(around.clock.wall()),
      tasks_(around.loop, around.log) {
  for (const config::Service& service : around.stack->services) add(service);
  for (const auto& unit : units_) unit->machine.needs_met = unit->needs_told = needs_met(*unit);
  process::become_subreaper();
  tasks_.spawn("reaping orphans", reap_orphans());
}

Supervisor::~Supervisor() = default;

Supervisor::Unit& Supervisor::add(const config::Service& service) {
  auto unit = std::make_unique<Unit>();
  Unit* self = unit.get();
  unit->machine.policy = policy_of(service);
  unit->machine.seed = fresh_seed();
  unit->since = around_.clock.wall();
  unit->runner = std::make_unique<Runner>(
      around_, service, [this, self](Event event) { post(*self, std::move(event)); });
  units_.push_back(std::move(unit));
  return *self;
}

Supervisor::Unit* Supervisor::find(std::string_view name) const {
  const auto found = std::find_if(units_.begin(), units_.end(),
                                  [&](const auto& unit) { return unit->name() == name; });
  return found == units_.end() ? nullptr : found->get();
}

// --- requests ---

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
    known.push_back(unit->name());
    if (names.empty()) chosen.push_back(unit.get());
  }
  for (const std::string& name : names) {
    Unit* unit = find(name);
    if (unit && !unit->retired) {
      chosen.push_back(unit);
      continue;
    }
    const auto nearest = closest(name, known);
    return fail(Errc::not_found, "there is no service {}{}", name,
                nearest ? fmt::format("; did you mean {}?", *nearest)
                        : fmt::format("; there are: {}", join(known, ", ")));
  }
  return chosen;
}

Result<> Supervisor::up(const std::vector<std::string>& services) {
  if (auto open = accepting(); !open) return open;
  TRY(chosen, select(services));
  for (std::size_t i = 0; i < chosen.size(); ++i)  // grows: what they need, and what that needs
    for (const config::Need& need : chosen[i]->service().needs)
      if (Unit* needed = find(need.service);
          needed && std::find(chosen.begin(), chosen.end(), needed) == chosen.end())
        chosen.push_back(needed);
  for (Unit* unit : chosen) {
    if (stops_.contains(unit)) starts_.insert(unit);
    else post(*unit, {Input::start, "start requested"});
  }
  std::vector<Unit*> retired;
  for (const auto& unit : units_)
    if (unit->retired && services.empty()) retired.push_back(unit.get());
  stop_in_order(retired, "the stack no longer has it");
  pump();
  return {};
}

Result<> Supervisor::restart(const std::vector<std::string>& services) {
  if (auto open = accepting(); !open) return open;
  TRY(chosen, select(services));
  starts_.insert(chosen.begin(), chosen.end());
  stop_in_order(chosen, "restart requested");
  pump();
  return {};
}

void Supervisor::down() {
  if (stopping_) return;
  stopping_ = true;
  starts_.clear();
  std::vector<Unit*> all;
  for (const auto& unit : units_) all.push_back(unit.get());
  stop_in_order(all, "the stack goes down");
  pump();
}

void Supervisor::kill() {
  for (const auto& unit : units_) unit->runner->kill();
}

// --- one queue: step, write down, act ---

void Supervisor::post(Unit& unit, Event event) {
  queue_.push_back({&unit, std::move(event)});
  if (std::exchange(scheduled_, true)) return;
  around_.loop.post([this] { pump(); });
}

void Supervisor::pump() {
  scheduled_ = true;  // what is posted in here is stepped in here
  while (!queue_.empty()) {
    while (!queue_.empty()) {
      const Queued next = std::move(queue_.front());
      queue_.pop_front();
      step_unit(*next.unit, next.event);
      if (queue_.empty()) advance_stops();
    }
    save();
    for (const auto& unit : units_)
      for (const Action action : std::exchange(unit->actions, {})) perform(*unit, action);
  }
  scheduled_ = false;
  wake_enders();
}

void Supervisor::step_unit(Unit& unit, const Event& event) {
  const State before = unit.machine.state;
  const auto wake = unit.machine.wake;
  Step taken = step(unit.machine, event, around_.clock.now());
  unit.machine = std::move(taken.machine);
  if (unit.machine.wake != wake) unit.runner->set_timer(unit.machine.wake);
  if (event.input == Input::spawned) {
    unit.started = around_.clock.wall();
    unit.adopted = false;
  }
  if (event.input == Input::spawned || event.input == Input::exited) changed_ = true;
  for (const Action action : taken.actions) {
    if (action == Action::record) note(unit, before);
    else unit.actions.push_back(action);
  }
  update_dependents(unit);
}

void Supervisor::perform(Unit& unit, Action action) {
  switch (action) {
    case Action::spawn: return unit.runner->start();
    case Action::start_probing: return unit.runner->start_probing();
    case Action::watch: return unit.runner->watch();
    case Action::stop_probing: return unit.runner->stop_probing();
    case Action::signal: return unit.runner->signal();
    case Action::kill: return unit.runner->kill();
    case Action::record: return;  // done when it was stepped
  }
}

void Supervisor::note(Unit& unit, State from) {
  const Machine& machine = unit.machine;
  changed_ = true;
  if (machine.state != from) unit.since = around_.clock.wall();
  control::Event event;
  event.time = around_.clock.wall();
  event.service = unit.name();
  event.from = from;
  event.to = machine.state;
  event.cause = machine.cause;
  around_.log.info("state", {{"service", unit.name()},
                             {"from", control::name(from)},
                             {"to", control::name(machine.state)},
                             {"cause", machine.cause}});
  events_.append(std::move(event));
}

// --- who needs whom ---

std::vector<Supervisor::Unit*> Supervisor::dependents_of(const Unit& unit) const {
  std::vector<Unit*> dependents;
  for (const auto& other : units_)
    for (const config::Need& need : other->service().needs)
      if (need.service == unit.name()) dependents.push_back(other.get());
  return dependents;
}

bool Supervisor::needs_met(const Unit& unit) const {
  const auto& needs = unit.service().needs;
  return std::all_of(needs.begin(), needs.end(), [&](const config::Need& need) {
    const Unit* needed = find(need.service);
    return needed && satisfies(needed->machine, need.condition);
  });
}

void Supervisor::update_dependents(const Unit& unit) {
  for (Unit* dependent : dependents_of(unit)) {
    const bool met = needs_met(*dependent);
    if (met != dependent->needs_told)
      post(*dependent, {met ? Input::needs_met : Input::needs_lost});
    dependent->needs_told = met;
  }
}

// --- stopping in order ---

void Supervisor::stop_in_order(const std::vector<Unit*>& units, const std::string& cause) {
  for (Unit* unit : units) {
    stops_.emplace(unit, false);
    unit->stop_cause = cause;
  }
  advance_stops();
}

// Tells those to stop that nobody with a process needs any more. Independent branches stop side by
// side. When all have stopped, starts what was to be started again.
void Supervisor::advance_stops() {
  if (stops_.empty()) return;
  for (auto& [unit, told] : stops_) {
    if (told) continue;
    const auto dependents = dependents_of(*unit);
    const bool needed = unit->machine.process != Process::none &&
                        std::any_of(dependents.begin(), dependents.end(), [&](Unit* dependent) {
                          return stops_.contains(dependent) &&
                                 dependent->machine.process != Process::none;
                        });
    if (needed) continue;
    told = true;
    post(*unit, {Input::stop, unit->stop_cause});
  }
  if (!queue_.empty()) return;  // first see what comes of that
  std::erase_if(stops_, [](const auto& stop) { return stop.second && is_at_rest(stop.first->machine); });
  if (!stops_.empty() || stopping_) return;
  for (Unit* unit : std::exchange(starts_, {})) post(*unit, {Input::start, "restart requested"});
}

void Supervisor::wake_enders() {
  if (!stopping_ || !stops_.empty()) return;
  for (const auto& ender : enders_) ender->cancel();
}

Task<> Supervisor::ended() {
  while (!stopping_ || !stops_.empty()) {
    auto timer = std::make_shared<asio::steady_timer>(around_.loop.executor(), Time::max());
    enders_.push_back(timer);
    const auto token = asio::as_tuple(asio::use_awaitable);
    co_await timer->async_wait(token);
    std::erase(enders_, timer);
  }
}

Task<> Supervisor::close() {
  tasks_.cancel();
  co_await tasks_.join();
  for (const auto& unit : units_) co_await unit->runner->close();
}

Task<> Supervisor::reap_orphans() {
  process::OrphanReaper reaper;
  for (;;) {
    co_await around_.clock.sleep_for(kOrphanPace);
    const int reaped = reaper.sweep();
    if (reaped > 0) around_.log.debug("reaped orphans", {{"count", reaped}});
  }
}

}  // namespace exai::service
