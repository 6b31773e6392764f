#include "supervisor/service/reload_plan.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/config/traits.hpp"

namespace exai::service {

namespace {

// Sorted by key.
constexpr std::array kEffects{
    KeyEffect{"after_stop", Effect::in_place, ""},
    KeyEffect{"before_start", Effect::in_place, ""},
    KeyEffect{"delivery", Effect::restart, "file"},
    KeyEffect{"env", Effect::restart, ""},
    KeyEffect{"every", Effect::in_place, ""},
    KeyEffect{"group", Effect::restart, ""},
    KeyEffect{"healthy", Effect::in_place, ""},
    KeyEffect{"kind", Effect::restart, "service"},
    KeyEffect{"limits", Effect::restart, ""},
    KeyEffect{"log", Effect::in_place, ""},
    KeyEffect{"missed", Effect::in_place, ""},
    KeyEffect{"needs", Effect::in_place, ""},
    KeyEffect{"nice", Effect::restart, ""},
    KeyEffect{"overlap", Effect::in_place, ""},
    KeyEffect{"ports", Effect::restart, ""},
    KeyEffect{"process", Effect::restart, ""},
    KeyEffect{"profiles", Effect::in_place, ""},
    KeyEffect{"ready", Effect::in_place, ""},
    KeyEffect{"render", Effect::restart, ""},
    KeyEffect{"replicas", Effect::in_place, ""},
    KeyEffect{"restart", Effect::in_place, ""},
    KeyEffect{"schedule", Effect::in_place, ""},
    KeyEffect{"secrets", Effect::restart, ""},
    KeyEffect{"start_timeout", Effect::in_place, ""},
    KeyEffect{"stop", Effect::in_place, ""},
    KeyEffect{"umask", Effect::restart, ""},
    KeyEffect{"user", Effect::restart, ""},
    KeyEffect{"wants", Effect::in_place, ""},
    KeyEffect{"watch", Effect::in_place, ""},
    KeyEffect{"working_directory", Effect::restart, "."},
};

std::string_view key_of(std::string_view trait) {
  return trait.substr(0, trait.find('.'));
}

const KeyEffect* effect_of(std::string_view trait) {
  const auto found = std::find_if(kEffects.begin(), kEffects.end(),
                                  [&](const auto& row) { return row.key == key_of(trait); });
  return found == kEffects.end() ? nullptr : &*found;
}

bool restarts(std::string_view trait) {
  const KeyEffect* row = effect_of(trait);
  return row == nullptr || row->effect == Effect::restart;
}

bool is_check(std::string_view trait) {
  return key_of(trait) == "ready" || key_of(trait) == "healthy";
}

// Says what not to say it would mean as well.
bool says_nothing(const config::Trait& trait) {
  const KeyEffect* row = effect_of(trait.name);
  if (row == nullptr || row->otherwise.empty() || row->key != trait.name) return false;
  config::Digest digest;
  digest.add(row->otherwise);
  return digest.value() == trait.digest;
}

// The traits that are not in both, or not the same.
std::vector<std::string> changed_traits(const std::vector<config::Trait>& before,
                                        const std::vector<config::Trait>& after) {
  std::vector<std::string> changed;
  const auto differ = [&](const config::Trait& only) {
    if (!says_nothing(only)) changed.push_back(only.name);
  };
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    if (b == after.end() || (a != before.end() && a->name < b->name)) {
      differ(*a++);
    } else if (a == before.end() || b->name < a->name) {
      differ(*b++);
    } else {
      if (a->digest != b->digest) changed.push_back(a->name);
      ++a;
      ++b;
    }
  }
  return changed;
}

bool is_delivered(const config::Service& service, const std::string& name) {
  return std::find(service.secrets.begin(), service.secrets.end(), name) != service.secrets.end();
}

// A variable that every service gets as it is: somebody set it, and it is no secret.
const std::string* shared_value(const config::Stack& stack, const std::string& name) {
  const auto found = stack.variables.find(name);
  if (found == stack.variables.end()) return nullptr;
  const config::Variable& variable = found->second;
  const bool set = !variable.origins.empty() && variable.origins.front().layer != "default";
  return set && !variable.secret ? &variable.value : nullptr;
}

std::uint64_t digest_of(const std::string& variable, const std::string& value) {
  config::Digest digest;
  digest.add(variable);
  digest.add(value);
  return digest.value();
}

const std::string* any_value(const config::Stack& stack, const std::string& name) {
  const auto found = stack.variables.find(name);
  return found == stack.variables.end() ? nullptr : &found->second.value;
}

bool same(const std::string* a, const std::string* b) {
  return (a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b);
}

// What two stacks differ in that every process of theirs could feel. Worked out once for all
// services that were taken from the same stack.
struct StackDifference {
  std::vector<std::string> why;        // what no service can be spared from
  std::vector<std::string> variables;  // that are shared
};

StackDifference difference(const config::Stack& before, const config::Stack& after) {
  StackDifference found;
  if (before.name != after.name) found.why.emplace_back("the name of the stack");
  if (before.environment != after.environment) found.why.emplace_back("the environment");
  if (before.timezone != after.timezone) found.why.emplace_back("the time zone");
  if (before.directory != after.directory) found.why.emplace_back("the folder of the stack");
  std::set<std::string> names;
  for (const auto& [name, variable] : before.variables) names.insert(name);
  for (const auto& [name, variable] : after.variables) names.insert(name);
  for (const std::string& name : names)
    if (!same(shared_value(before, name), shared_value(after, name)))
      found.variables.push_back(name);
  return found;
}

// What a change comes to for a service that does not simply run.
Change for_life(Change change, Life life) {
  if (change == Change::keep || life == Life::running) return change;
  if (life == Life::trying) return Change::start;
  if (life == Life::done && change == Change::restart) return Change::start;
  return Change::in_place;
}

class Planner {
 public:
  explicit Planner(const config::Stack& wanted) : wanted_(wanted) {}

  PlannedChange compare(const Present& present, const config::Service& service);

 private:
  const StackDifference& against(const config::Stack& stack);

  const config::Stack& wanted_;
  std::map<const config::Stack*, StackDifference> differences_;
};

const StackDifference& Planner::against(const config::Stack& stack) {
  const auto known = differences_.find(&stack);
  if (known != differences_.end()) return known->second;
  return differences_.emplace(&stack, difference(stack, wanted_)).first->second;
}

PlannedChange Planner::compare(const Present& present, const config::Service& service) {
  PlannedChange planned{service.name, Change::keep, {}};
  const auto because = [&](std::string why, bool restart) {
    planned.change = restart ? Change::restart : std::max(planned.change, Change::in_place);
    planned.why.push_back(std::move(why));
  };
  // What a process was given to tell it with, it keeps.
  const bool told = is_told(present.service->ready) || is_told(present.service->healthy) ||
                    is_told(service.ready) || is_told(service.healthy);
  for (std::string& trait : changed_traits(present.service->traits, service.traits)) {
    const bool restart = restarts(trait) || (told && is_check(trait));
    because(std::move(trait), restart);
  }
  const StackDifference& stacks = against(*present.stack);
  for (const std::string& why : stacks.why) because(why, true);
  for (const std::string& name : stacks.variables)
    if (!service.environment.contains(name) && !is_delivered(service, name))
      because("the variable " + name, true);
  for (const std::string& name : service.secrets)
    if (is_delivered(*present.service, name) &&
        !same(any_value(*present.stack, name), any_value(wanted_, name)))
      because("the secret " + name, true);
  if (present.outdated && planned.change != Change::restart)
    because("the stack file was changed while no supervisor ran", true);
  std::sort(planned.why.begin(), planned.why.end());
  planned.change = for_life(planned.change, present.life);
  return planned;
}

}  // namespace

bool is_told(const Boxed<config::Check>& check) {
  return check && (check->kind == "notify" || check->kind == "log");
}

std::string_view name(Change change) {
  constexpr std::array<std::string_view, 5> kNames{"keep", "change in place", "restart", "start",
                                                   "stop"};
  return kNames.at(static_cast<std::size_t>(change));
}

std::vector<PlannedChange> plan_reload(const std::vector<Present>& present,
                                       const config::Stack& wanted,
                                       const std::vector<Definition>& services) {
  std::map<std::string_view, const Present*> have;
  for (const Present& each : present) have.emplace(each.service->name, &each);
  std::vector<PlannedChange> plan;
  std::set<std::string_view> kept;
  Planner planner(wanted);
  for (const Definition& definition : services) {
    const config::Service& service = *definition.service;
    kept.insert(service.name);
    const auto found = have.find(service.name);
    plan.push_back(found == have.end() ? PlannedChange{service.name, Change::start, {"it is new"}}
                                       : planner.compare(*found->second, service));
  }
  for (const Present& each : present)
    if (!kept.contains(each.service->name))
      plan.push_back({each.service->name, Change::stop, {"the stack no longer has it"}});
  return plan;
}

Makings::Makings(const config::Stack& stack) : stack_(stack) {
  for (const auto& [variable, unused] : stack.variables)
    if (const std::string* value = shared_value(stack, variable))
      shared_ ^= digest_of(variable, *value);
}

std::string Makings::of(const config::Service& service) const {
  std::uint64_t shared = shared_;  // without those that do not reach it
  const auto leave_out = [&](const std::string& variable) {
    if (const std::string* value = shared_value(stack_, variable))
      shared ^= digest_of(variable, *value);
  };
  for (const auto& [variable, value] : service.environment) leave_out(variable);
  for (const std::string& variable : service.secrets)
    if (!service.environment.contains(variable)) leave_out(variable);
  config::Digest digest;
  digest.add(std::to_string(shared));
  for (const std::string* text : {&stack_.name, &stack_.environment, &stack_.timezone})
    digest.add(*text);
  digest.add(stack_.directory.string());
  for (const config::Trait& trait : service.traits) {
    if (!restarts(trait.name) || says_nothing(trait)) continue;
    digest.add(trait.name);
    digest.add(std::to_string(trait.digest));
  }
  return fmt::format("{:016x}", digest.value());
}

std::span<const KeyEffect> effects() {
  return kEffects;
}

}  // namespace exai::service
