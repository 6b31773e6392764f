// Reading the stack file again, and making what runs what it says: the plan of reload_plan.hpp as
// deeds. What the plan keeps is not touched; what it restarts stops in order and starts as the new
// definition says; an invalid file changes nothing.
//
//   load (island) ──> plan ──> apply ──> on trial ──> applied
//                                            │ one gives up, or is not ready in time
//                                            └──> failed, or with on_failed_reload = "rollback":
//                                                 plan against the stack of before ──> rolled back
//
// A service proves itself by getting ready; without a check, by living for a second.
//
// The file is read beside the loop, so a slow disk or secret store delays no service. A reload that
// comes while an earlier one is on trial is compared with what is wanted by now; the stack to go
// back to stays the last one that was proven. Rolling back needs no file: the stack of before is in
// memory. What it cannot bring back are templates, which are read from the disk at each start.

#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/diagnostics.hpp"
#include "supervisor/service/reload_plan.hpp"
#include "supervisor/service/unit.hpp"

namespace exai::service {

namespace {

// A service without a check is ready as soon as it runs; one that ends within this was not.
constexpr Duration kProbation = 1s;

bool tries(State state) {
  return state == State::backoff || state == State::failed;
}

bool touches(const PlannedChange& planned, std::initializer_list<std::string_view> keys) {
  return std::any_of(planned.why.begin(), planned.why.end(), [&](std::string_view why) {
    return contains(keys, why.substr(0, why.find('.')));
  });
}

std::string cause_of(const PlannedChange& planned) {
  return fmt::format("reload: changed {}", join(planned.why, ", "));
}

control::Reloaded answer_of(const config::Loaded& loaded, const Redactor& redactor) {
  control::Reloaded answer;
  answer.valid = loaded.stack != nullptr;
  answer.text = redactor.redact(config::render(loaded.diagnostics));
  for (const config::Diagnostic& finding : loaded.diagnostics) {
    const std::string text = redactor.redact(to_text(config::to_json(finding)));
    if (auto object = parse_json_object(text)) answer.diagnostics.push_back(std::move(*object));
  }
  if (answer.valid) answer.fingerprint = loaded.stack->fingerprint;
  return answer;
}

// What is read when the supervisor starts, and not again.
std::string text_of_rest(const config::Stack& before, const config::Stack& after) {
  std::vector<std::string> changed;
  if (before.control != after.control) changed.emplace_back("[control]");
  if (before.logs_max_total != after.logs_max_total) changed.emplace_back("logs.max_total");
  std::map<std::string_view, bool> apart;
  for (const config::Service& service : before.services)
    apart.emplace(service.name, service.log.streams_apart);
  for (const config::Service& service : after.services) {
    const auto earlier = apart.find(service.name);
    if (earlier != apart.end() && earlier->second != service.log.streams_apart)
      changed.push_back(service.name + ": log.streams");
  }
  if (changed.empty()) return "";
  return fmt::format("{}: changed; the supervisor takes it up when it starts anew: exai "
                     "upgrade-supervisor\n",
                     join(changed, ", "));
}

void add_plan(control::Reloaded& answer, const std::vector<PlannedChange>& plan) {
  for (const PlannedChange& planned : plan) {
    if (planned.change == Change::keep)
      ++answer.kept;
    else
      answer.changes.push_back({planned.service, std::string(name(planned.change)), planned.why});
  }
}

}  // namespace

// --- the request ---

Supervisor::Plan Supervisor::plan_for(std::shared_ptr<const config::Stack> wanted) const {
  Plan plan;
  plan.stack = std::move(wanted);
  plan.scale = scale_under(*plan.stack);
  plan.services = definitions(plan.stack, plan.scale, around_.workspace.run());
  plan.changes = plan_reload(present(), *plan.stack, plan.services);
  return plan;
}

Task<Result<control::Reloaded>> Supervisor::reload(bool dry_run) {
  if (auto open = accepting(); !open) co_return fail(open.error());
  if (!loader_) loader_ = std::make_unique<Island>(around_.loop, "reload");
  std::function<std::shared_ptr<config::Loaded>()> load = [read = around_.load] {
    return std::make_shared<config::Loaded>(read());
  };
  Task<std::shared_ptr<config::Loaded>> loading =
      loader_->run<std::shared_ptr<config::Loaded>>(std::move(load));
  const std::shared_ptr<config::Loaded> loaded = co_await std::move(loading);
  for (const auto& [name, value] : loaded->secrets) around_.redactor->add(name, value);
  if (auto open = accepting(); !open) co_return fail(open.error());

  control::Reloaded answer = answer_of(*loaded, *around_.redactor);
  if (!answer.valid) co_return answer;
  pump();  // what has happened, decided
  answer.last_event = events_.last();
  Plan plan = plan_for(loaded->stack);
  add_plan(answer, plan.changes);
  answer.text += text_of_rest(*stack_, *loaded->stack);
  if (dry_run) co_return answer;
  begin_trial(plan.changes);
  apply(std::move(plan));
  answer.applied = true;
  if (!answer.changes.empty())
    tell(fmt::format("reloaded: {}", count_of(answer.changes.size(), "change")));
  pump();
  co_return answer;
}

Task<Result<std::string>> Supervisor::upgrade(Path program) {
  if (auto open = accepting(); !open) co_return fail(open.error());
  if (successor_) co_return fail(Errc::conflict, "an upgrade is on its way already");
  if (!loader_) loader_ = std::make_unique<Island>(around_.loop, "reload");
  save();  // so that the check can read all of it
  std::function<Result<std::string>()> check = [attempt = around_.try_program, program] {
    return attempt(program);
  };
  Task<Result<std::string>> checking = loader_->run<Result<std::string>>(std::move(check));
  const Result<std::string> version = co_await std::move(checking);
  if (!version) co_return version;
  if (auto open = accepting(); !open) co_return fail(open.error());
  tell(fmt::format("exai-supervisor {} takes over", *version));
  save();
  successor_ = std::move(program);
  wake_enders();
  co_return version;
}

// The service that the whole is run for has ended, and nobody will start it again.
void Supervisor::heed_end(const Unit& unit, const Event& event) {
  if (end_with_.empty() || unit.name() != end_with_) return;
  if (event.input == Input::exited) exit_status_ = event.exit;
  const bool over = event.input == Input::exited || event.input == Input::spawn_failed;
  if (!over || stopping_ || !is_at_rest(unit.machine) || starts_.contains(const_cast<Unit*>(&unit)))
    return;
  tell(fmt::format("{} has ended, and the stack with it", unit.name()));
  around_.loop.post([this] { down(); });
}

std::vector<Present> Supervisor::present() const {
  std::vector<Present> all;
  for (const auto& unit : units_) {
    if (unit->retired) continue;
    Present one{&unit->runner->stack(), &unit->service(), Life::resting, unit->outdated};
    if (unit->next) {
      one.stack = unit->next->stack.get();
      one.service = unit->next->service.get();
    }
    if (unit->machine.process != Process::none)
      one.life = Life::running;
    else if (tries(unit->machine.state))
      one.life = Life::trying;
    else if (unit->machine.state == State::done)
      one.life = Life::done;
    all.push_back(one);
  }
  return all;
}

// --- applying a plan ---

void Supervisor::apply(Plan plan) {
  pump();  // what has happened, decided
  bury([](const Unit& unit) { return unit.retired; });
  scaled_ = std::move(plan.scale);
  stack_ = std::move(plan.stack);
  makings_.reset();  // they are of a stack that may go
  if (!stack_->timezone.empty()) set_timezone(stack_->timezone);
  std::map<std::string, Unit*> units;  // whose names go with what they were
  for (const auto& unit : units_) units.emplace(unit->name(), unit.get());
  const auto unit_of = [&](const std::string& name) {
    const auto found = units.find(name);
    return found == units.end() ? nullptr : found->second;
  };
  std::vector<Unit*> stopping;
  for (std::size_t i = 0; i < plan.changes.size(); ++i) {
    const PlannedChange& planned = plan.changes[i];
    if (planned.change == Change::stop) {
      Unit* unit = unit_of(planned.service);
      unit->retired = true;
      starts_.erase(unit);
      unit->stop_cause = planned.why.front();
      stopping.push_back(unit);
      continue;
    }
    const Definition& definition = plan.services.at(i);
    Unit* unit = unit_of(planned.service);
    if (unit == nullptr)
      add_new(definition, planned);
    else if (unit->retired)
      revive(*unit, definition);
    else if (change(*unit, definition, planned))
      stopping.push_back(unit);
  }
  arrange();
  watch_files();
  for (Unit* unit : stopping) stops_.emplace(unit, false);
  advance_stops();
}

// True when it has to stop first.
bool Supervisor::change(Unit& unit, const Definition& definition, const PlannedChange& planned) {
  if (planned.change != Change::keep) changed_ = unit.changed = true;
  const bool replaces = planned.change == Change::restart || unit.next;
  if (replaces && unit.machine.process != Process::none) {
    unit.next = definition;
    const bool wanted = unit.machine.wanted || starts_.contains(&unit);
    if (planned.change != Change::restart || !wanted) return false;
    starts_.insert_or_assign(&unit, Event{Input::start, cause_of(planned)});
    unit.stop_cause = cause_of(planned);
    return !stops_.contains(&unit);
  }
  const bool done = unit.machine.state == State::done;
  redefine(unit, definition);
  if (planned.change == Change::start)
    post(unit, {done ? Input::start_again : Input::start, cause_of(planned)});
  if (planned.change != Change::in_place) return false;
  if (touches(planned, {"ready", "healthy"})) renew_checks(unit);
  if (!touches(planned, {"kind", "schedule", "every", "missed"})) return false;
  if (unit.machine.state != State::scheduled) return false;
  // Its alarm is set for what it was: it rests, and waits for its time anew.
  starts_.insert_or_assign(&unit, Event{Input::start, cause_of(planned)});
  unit.stop_cause = cause_of(planned);
  return true;
}

void Supervisor::redefine(Unit& unit, const Definition& definition) {
  unit.runner->redefine(definition);
  unit.machine.policy = policy_of(*definition.service);
  unit.next.reset();
}

void Supervisor::renew_checks(Unit& unit) {
  const State state = unit.machine.state;
  if (unit.machine.process != Process::alive || state == State::stopping) return;
  unit.runner->stop_probing();
  unit.runner->start_probing();
  if (state == State::ready) unit.runner->watch();
  if (!unit.service().ready) post(unit, {Input::proven, "it has no check any more"});
}

void Supervisor::add_new(const Definition& definition, const PlannedChange& planned) {
  Unit& unit = add(definition);
  if (whole_ && definition.service->profiles.empty())
    starts_.insert_or_assign(&unit, Event{Input::start, "reload: " + planned.why.front()});
}

// It was on its way out.
void Supervisor::revive(Unit& unit, const Definition& definition) {
  unit.retired = false;
  changed_ = unit.changed = true;
  const Event start{Input::start, "reload: the stack has it again"};
  if (unit.machine.process == Process::none)
    redefine(unit, definition);
  else
    unit.next = definition;
  if (whole_ && definition.service->profiles.empty()) starts_.insert_or_assign(&unit, start);
}

// Units in the order of the stack file, and who needs whom, anew.
void Supervisor::arrange() {
  std::map<std::string_view, std::size_t> order;
  for (const config::Service& service : stack_->services) order.emplace(service.name, order.size());
  const auto place = [&](const auto& unit) {
    const config::Service& service = unit->service();
    const auto found = order.find(service.group.empty() ? service.name : service.group);
    return std::pair(found == order.end() ? order.size() : found->second, service.replica);
  };
  std::stable_sort(units_.begin(), units_.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  link();
  for (const auto& unit : units_) tell_needs(*unit);
}

// A process that has gone leaves room for what is to come after it.
void Supervisor::settle_next(Unit& unit) {
  if (!unit.next || unit.machine.process != Process::none) return;
  const Definition next = *std::move(unit.next);
  redefine(unit, next);
}

// Those that are chosen, and at rest, are closed and forgotten.
void Supervisor::bury(const std::function<bool(const Unit&)>& chosen) {
  const std::size_t before = units_.size();
  for (auto each = units_.begin(); each != units_.end();) {
    Unit* unit = each->get();
    const bool busy = !unit->actions.empty() || stops_.contains(unit) ||
                      std::any_of(queue_.begin(), queue_.end(),
                                  [&](const Queued& queued) { return queued.unit == unit; });
    if (!chosen(*unit) || busy || !is_at_rest(unit->machine)) {
      ++each;
      continue;
    }
    starts_.erase(unit);
    unit->buried = true;
    tasks_.spawn("closing " + unit->name(), close(std::move(*each)));
    each = units_.erase(each);
  }
  if (units_.size() != before) link();
}

// Replicas that were too many.
void Supervisor::bury_gone() {
  bury([](const Unit& unit) { return unit.is_gone(); });
}

Task<> Supervisor::close(std::unique_ptr<Unit> unit) {
  co_await unit->runner->close();
}

// --- on trial ---

void Supervisor::begin_trial(const std::vector<PlannedChange>& plan) {
  Trial trial;
  trial.before = trial_ ? trial_->before : stack_;
  trial.since = around_.clock.now();
  if (trial_) trial.watched = trial_->watched;
  for (const PlannedChange& planned : plan) {
    if (planned.change == Change::restart || planned.change == Change::start)
      trial.watched.insert(planned.service);
    if (planned.change == Change::stop) trial.watched.erase(planned.service);
  }
  trial_.reset();
  reload_ = {"applied", ""};
  if (trial.watched.empty()) return;
  reload_.standing = "settling";
  trial_ = std::move(trial);
}

// A step of a service may decide about the reload that it is part of.
void Supervisor::judge(const Unit& unit) {
  if (!trial_ || unit.next || !trial_->watched.contains(unit.name())) return;
  const Machine& machine = unit.machine;
  const bool late = around_.clock.now() - trial_->since >= machine.policy.start_timeout;
  const bool failed = machine.state == State::failed ||
                      (machine.state == State::stopping && machine.failing) ||
                      (machine.state == State::backoff && late);
  if (failed) return fail_trial(unit);
  if (machine.state == State::ready && machine.policy.readiness == Readiness::on_start) {
    const auto lived =
        std::chrono::duration_cast<Duration>(around_.clock.now() - *machine.ready_since);
    if (lived < kProbation) {
      tasks_.spawn("probation", judge_after(kProbation - lived));
      return;
    }
  }
  const bool settled =
      control::is_as_wanted(machine.state) ||
      (machine.state == State::stopped && !starts_.contains(const_cast<Unit*>(&unit)));
  if (!settled) return;
  trial_->watched.erase(unit.name());
  if (!trial_->watched.empty()) return;
  trial_.reset();
  reload_ = {"applied", ""};
  tell("the reload holds: what it has started works");
}

Task<> Supervisor::judge_after(Duration wait) {
  co_await around_.clock.sleep_for(wait);
  if (!trial_) co_return;
  const std::set<std::string> watched = trial_->watched;
  for (const std::string& name : watched)
    if (const Unit* unit = find(name)) judge(*unit);
}

void Supervisor::fail_trial(const Unit& unit) {
  const std::string cause = fmt::format("{}: {}", unit.name(), unit.machine.cause);
  const auto before = std::exchange(trial_, std::nullopt)->before;
  const bool back = stack_->on_failed_reload == config::OnFailedReload::rollback && !stopping_;
  reload_ = {back ? "rolled back" : "failed", cause};
  tell(fmt::format("{} because of {}", back ? "the reload is rolled back" : "the reload failed",
                   cause));
  if (back) around_.loop.post([this, before] { roll_back(before); });
}

void Supervisor::roll_back(const std::shared_ptr<const config::Stack>& before) {
  if (stopping_ || stack_ == before) return;
  apply(plan_for(before));
  pump();
}

void Supervisor::tell(std::string text) {
  around_.log.info("stack", {{"what", text}});
  control::Event event;
  event.time = around_.clock.wall();
  event.from = event.to = State::ready;
  event.cause = std::move(text);
  events_.append(std::move(event));
  changed_ = true;  // the number of the event
}

}  // namespace exai::service
