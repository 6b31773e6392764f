#include <set>

#include "core/base/text.hpp"
#include "core/config/lint/sec_rules.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

std::string day_of(WallTime time) {
  return format_utc(time).substr(0, std::string_view("2026-11-21").size());
}

// Where the environment names its store.
const Node* name_of_store(const Resolved& resolved) {
  if (resolved.secret_store.empty()) return nullptr;
  for (const Member& one : members(resolved.tree, "environments"))
    if (one.key == resolved.environment) return one.value.find("secrets");
  return nullptr;
}

// How long an option may keep its value; a name that is no option, as long as it likes.
std::optional<Duration> period_of(const LintSubject& subject, std::string_view name) {
  const Option* option = subject.options.find(name);
  return option == nullptr ? std::nullopt : option->rotate;
}

// Returns: what is wrong; nothing when nothing is.
std::optional<std::string> overdue(const std::string& name, const SecretDates& dates,
                                   const std::optional<Duration>& period, WallTime now) {
  if (dates.expires && *dates.expires <= now)
    return fmt::format("{} expired on {}", name, day_of(*dates.expires));
  if (!period) return std::nullopt;
  if (!dates.since && !dates.expires)
    return fmt::format("nobody knows how old {} is, and it is to be renewed every {}", name,
                       format_duration(*period));
  if (dates.since && *dates.since < now - *period)
    return fmt::format("{} has had its value since {}, and is to be renewed every {}", name,
                       day_of(*dates.since), format_duration(*period));
  return std::nullopt;
}

}  // namespace

void overdue_secrets(const LintSubject& subject, Findings& findings) {
  const Node* named = name_of_store(subject.resolved);
  const auto& now = subject.request.now;
  if (subject.request.scope != Scope::project || named == nullptr || !now ||
      !subject.world.secret_dates)
    return;
  const auto known = subject.world.secret_dates(subject.resolved.secret_store);
  if (!known) {
    findings.add("SEC014", named->span,
                 "it is unknown how old the secrets are: " + known.error().message(),
                 "exai secret check says more");
    return;
  }
  const Names& names = subject.resolved.names;
  DatesOfSecrets all = *known;
  std::set<std::string, std::less<>> dated;
  for (const auto& [name, dates] : *known) dated.insert(names.canonical(name));
  for (const std::string& name : names.stored)
    if (!dated.contains(name)) all[name] = {};
  for (const auto& [name, dates] : all) {
    const auto wrong = overdue(name, dates, period_of(subject, names.canonical(name)), *now);
    if (!wrong) continue;
    findings.add("SEC014", named->span, *wrong, "exai secret rotate " + name).subject = name;
  }
}

}  // namespace exai::config
