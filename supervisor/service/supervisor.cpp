#include "supervisor/service/supervisor.hpp"

#include <algorithm>
#include <random>

#include "core/base/text.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

constexpr Duration kOrphanPause = 50ms;
constexpr std::size_t kMany = 50;  // services that act at once leave much behind that is free again
constexpr Duration kRest = 1s;     // after which nobody is in a hurry
constexpr Duration kTurn = 200ms;  // a follower may ask for the status of all after each

// Different for each service, unknown at each start; the kernel's numbers are dear, a thousand times.
std::uint64_t fresh_seed() {
  static std::uint64_t seed = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
  }();
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15U;  // of splitmix64: no two are near
  return seed += kGolden;
}

}  // namespace

bool Supervisor::in_start_order(const Unit* a, const Unit* b) {
  return a->rank < b->rank;
}

Supervisor::Supervisor(const Surroundings& around)
    : around_(around),
      stack_(around.stack),
      events_(around.loop),
      snapshot_file_(around.workspace.snapshot()),
      started_(around.clock.wall()),
      tasks_(around.loop, around.log) {
  for (Definition& definition : definitions(stack_, {}, around.workspace.run()))
    add(std::move(definition));
  link();
  process::become_subreaper();
  tasks_.spawn("reaping orphans", reap_orphans());
  watch_files();
}

Supervisor::~Supervisor() = default;

Supervisor::Unit& Supervisor::add(Definition definition) {
  auto unit = std::make_unique<Unit>();
  Unit* self = unit.get();
  unit->machine.policy = policy_of(*definition.service);
  unit->machine.seed = fresh_seed();
  unit->since = around_.clock.wall();
  unit->runner = std::make_unique<Runner>(
      around_, std::move(definition), [this, self](Event event) { post(*self, std::move(event)); });
  units_.push_back(std::move(unit));
  return *self;
}

std::vector<Supervisor::Unit*> Supervisor::instances_of(std::string_view service) const {
  std::vector<Unit*> found;
  for (const auto& unit : units_)
    if (unit->name() == service || unit->service().group == service) found.push_back(unit.get());
  return found;
}

Supervisor::Unit* Supervisor::find(std::string_view name) const {
  const auto found = std::find_if(units_.begin(), units_.end(),
                                  [&](const auto& unit) { return unit->name() == name; });
  return found == units_.end() ? nullptr : found->get();
}

// --- one queue: step, write down, act ---

void Supervisor::post(Unit& unit, Event event) {
  if (unit.buried) return;
  queue_.push_back({&unit, std::move(event)});
  if (!pumping_) schedule();
}

void Supervisor::schedule() {
  if (std::exchange(scheduled_, true)) return;
  around_.loop.post([this] {
    scheduled_ = false;
    pump();
  });
}

// What takes long, a thousand starts for instance, is done in turns: requests are answered between
// them.
void Supervisor::pump() {
  pumping_ = true;  // what is posted in here is stepped in here
  const Time end_of_turn = around_.clock.now() + kTurn;
  do {
    while (!queue_.empty()) {
      const Queued next = std::move(queue_.front());
      queue_.pop_front();
      step_unit(*next.unit, next.event);
      if (queue_.empty()) advance_stops();
    }
    save_before_acting();
    while (!acting_.empty() && around_.clock.now() < end_of_turn) {
      Unit& unit = *acting_.front();
      acting_.pop_front();
      ++acted_;
      for (const Action action : std::exchange(unit.actions, {})) perform(unit, action);
    }
  } while (!queue_.empty() && around_.clock.now() < end_of_turn);
  pumping_ = false;
  if (!queue_.empty() || !acting_.empty()) schedule();
  if (queue_.empty() && acting_.empty() && std::exchange(acted_, 0) >= kMany)
    tasks_.spawn("giving memory back", give_memory_back());
  wake_enders();
}

// Whatever may make it start is seen in the light of what is there.
void Supervisor::step_unit(Unit& unit, const Event& event) {
  switch (event.input) {
    case Input::needs_met:
    case Input::needs_lost:
    case Input::needs_failed: return tell_needs(unit);
    case Input::start:
    case Input::start_again:
    case Input::due:
    case Input::timer:
    case Input::exited:
    case Input::cleaned: tell_needs(unit); break;
    default: break;
  }
  apply(unit, event);
}

void Supervisor::apply(Unit& unit, const Event& event) {
  const State before = unit.machine.state;
  const auto wake = unit.machine.wake;
  Step taken = step(unit.machine, event, around_.clock.now());
  unit.machine = std::move(taken.machine);
  if (unit.machine.wake != wake) unit.runner->set_timer(unit.machine.wake);
  if (event.input == Input::spawned) {
    unit.started = around_.clock.wall();
    unit.adopted = false;
    unit.outdated = false;
    unit.making = making_of(unit);
  }
  if (event.input == Input::spawned || event.input == Input::exited)
    changed_ = unit.changed = true;
  if (event.input == Input::due) {
    unit.last_run = around_.clock.wall();
    changed_ = unit.changed = true;
  }
  for (const Action action : taken.actions) {
    if (action == Action::record) {
      note(unit, before);
      continue;
    }
    if (unit.actions.empty()) acting_.push_back(&unit);
    decided_ = decided_ || action == Action::spawn || action == Action::signal ||
               action == Action::kill;
    unit.actions.push_back(action);
  }
  update_dependents(unit);
  if (unit.is_gone()) around_.loop.post([this] { bury_gone(); });
  settle_next(unit);
  judge(unit);
  heed_end(unit, event);
}

void Supervisor::perform(Unit& unit, Action action) {
  switch (action) {
    case Action::spawn: return unit.runner->start();
    case Action::start_probing: return unit.runner->start_probing();
    case Action::watch: return unit.runner->watch();
    case Action::stop_probing: return unit.runner->stop_probing();
    case Action::signal: {
      const auto& steps = unit.machine.policy.stop.steps;
      return unit.runner->signal(steps[std::min(unit.machine.stop_step, steps.size() - 1)].signal);
    }
    case Action::kill: return unit.runner->kill();
    case Action::clean_up: return unit.runner->clean_up();
    case Action::schedule: return arm(unit);
    case Action::unschedule: return unit.runner->unschedule();
    case Action::record: return;  // done when it was stepped
  }
}

// Since when runs count as missed is remembered, too.
void Supervisor::arm(Unit& unit) {
  unit.runner->schedule(unit.last_run);
  if (unit.last_run || !unit.service().schedule->cron) return;
  unit.last_run = around_.clock.wall();
  changed_ = unit.changed = true;
}

void Supervisor::note(Unit& unit, State from) {
  const Machine& machine = unit.machine;
  changed_ = unit.changed = true;
  if (machine.state != from) unit.since = around_.clock.wall();
  if (machine.state != from && is_at_rest(machine)) settled_ = settled_ || !stopping_;
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

void Supervisor::link() {
  std::map<std::string_view, std::vector<Unit*>> named;
  for (const auto& unit : units_) {
    unit->needs.clear();
    unit->dependents.clear();
    const config::Service& service = unit->service();
    if (unit->retired && !service.group.empty()) continue;  // nobody needs this one any more
    named[service.name].push_back(unit.get());
    if (!service.group.empty()) named[service.group].push_back(unit.get());
  }
  for (const auto& unit : units_) {
    for (const config::Need& need : unit->service().needs) {
      Unit::Link link{need.service, need.condition, need.soft, {}};
      if (const auto found = named.find(need.service); found != named.end())
        link.units = found->second;
      for (Unit* other : link.units) other->dependents.push_back(unit.get());
      unit->needs.push_back(std::move(link));
    }
  }
  rank_units();
}

// In rounds: whoever needs nobody without a rank gets the next one. What waits in a circle, which
// only a damaged snapshot can say, comes last.
void Supervisor::rank_units() {
  std::map<const Unit*, std::size_t> open;
  std::vector<Unit*> ranked;
  for (const auto& unit : units_) {
    unit->rank = units_.size();
    for (const Unit::Link& link : unit->needs) open[unit.get()] += link.units.size();
    if (open[unit.get()] == 0) ranked.push_back(unit.get());
  }
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    ranked[i]->rank = i;
    for (Unit* dependent : ranked[i]->dependents)
      if (--open[dependent] == 0) ranked.push_back(dependent);
  }
}

// What a unit is to hear about its needs now. A soft one is only waited for while it may come.
Event Supervisor::needs_of(const Unit& unit) const {
  Event standing{Input::needs_met};
  for (const Unit::Link& link : unit.needs) {
    if (link.units.empty() && !link.soft) standing.input = Input::needs_lost;
    for (const Unit* needed : link.units) {
      const Prospect prospect = prospect_of(needed->machine, link.condition);
      if (prospect == Prospect::given || (link.soft && prospect != Prospect::coming)) continue;
      standing.input = Input::needs_lost;
      if (prospect != Prospect::failed) continue;
      const bool itself = needed->machine.state == State::failed;
      return {Input::needs_failed,
              fmt::format("cannot start: it needs {}, which {}", needed->name(),
                          itself ? "has failed: " + needed->machine.cause : "cannot start")};
    }
  }
  return standing;
}

// As things are now: what was noticed earlier may have changed since.
void Supervisor::tell_needs(Unit& unit) {
  const Event standing = needs_of(unit);
  const Machine& machine = unit.machine;
  const bool met = standing.input == Input::needs_met;
  if (met != machine.needs_met || standing.detail != machine.blocked) apply(unit, standing);
}

void Supervisor::update_dependents(const Unit& unit) {
  for (Unit* dependent : unit.dependents) {
    const Event standing = needs_of(*dependent);
    const bool met = standing.input == Input::needs_met;
    if (met != dependent->machine.needs_met || standing.detail != dependent->machine.blocked)
      post(*dependent, standing);
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
// side. Starts what was to be started again as soon as nothing in its way is left.
void Supervisor::advance_stops() {
  if (stops_.empty() && starts_.empty()) return;
  for (auto& [unit, told] : stops_) {
    if (told) continue;
    const bool needed =
        unit->machine.process != Process::none &&
        std::any_of(unit->dependents.begin(), unit->dependents.end(), [&](Unit* dependent) {
          return stops_.contains(dependent) && dependent->machine.process != Process::none;
        });
    if (needed) continue;
    told = true;
    post(*unit, {Input::stop, unit->stop_cause});
  }
  if (!queue_.empty()) return;  // first see what comes of that
  std::erase_if(stops_, [](const auto& stop) { return stop.second && is_at_rest(stop.first->machine); });
  std::vector<Unit*> free;
  for (const auto& [unit, event] : starts_)
    if (is_free_to_start(*unit)) free.push_back(unit);
  std::sort(free.begin(), free.end(), in_start_order);
  for (Unit* unit : free) post(*unit, starts_.extract(unit).mapped());
}

// Not while it, or something that it needs, is still to be stopped: it would start on that.
bool Supervisor::is_free_to_start(const Unit& unit) const {
  const auto stops = [&](const Unit* one) { return stops_.contains(const_cast<Unit*>(one)); };
  return !stopping_ && !stops(&unit) &&
         std::none_of(unit.needs.begin(), unit.needs.end(), [&](const Unit::Link& link) {
           return std::any_of(link.units.begin(), link.units.end(), stops);
         });
}

void Supervisor::wake_enders() {
  if (!successor_ && (!stopping_ || !stops_.empty())) return;
  for (const auto& ender : enders_) ender->cancel();
}

Task<> Supervisor::ended() {
  while (!successor_ && (!stopping_ || !stops_.empty())) {
    auto timer = std::make_shared<Timer>(around_.loop.executor(), Time::max());
    enders_.push_back(timer);
    co_await timer->async_wait(kAsTuple);
    std::erase(enders_, timer);
  }
}

Task<> Supervisor::close() {
  if (file_watch_) co_await file_watch_->close();
  tasks_.cancel();
  co_await tasks_.join();
  for (const auto& unit : units_) co_await unit->runner->close();
}

Task<> Supervisor::give_memory_back() {
  co_await around_.clock.sleep_for(kRest);
  release_startup_memory();
}

// Awake only when a child has ended: what we started is reaped by its own watcher meanwhile, and
// what is a zombie then is an orphan.
Task<> Supervisor::reap_orphans() {
  process::OrphanReaper reaper;
  const auto is_ours = [this](pid_t pid) {
    return std::any_of(units_.begin(), units_.end(), [&](const auto& unit) {
      const auto process = unit->runner->process();
      return process && process->pid == pid;
    });
  };
  for (;;) {
    const Result<> ended = co_await wait_readable(around_.child_ends);
    if (!ended) co_return;
    do {
      co_await around_.clock.sleep_for(kOrphanPause);
      process::drain(around_.child_ends);
      const int reaped = reaper.sweep(is_ours);
      if (reaped > 0) around_.log.debug("reaped orphans", {{"count", reaped}});
    } while (reaper.waits());
  }
}

}  // namespace exai::service
