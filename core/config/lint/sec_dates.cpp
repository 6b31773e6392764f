#include <set>

#include "core/config/lint/sec_rules.hpp"
#include "core/config/secret_age.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

// Where the environment names its store.
const Node* name_of_store(const Resolved& resolved) {
  if (resolved.secret_store.empty()) return nullptr;
  for (const Member& one : members(resolved.tree, "environments"))
    if (one.key == resolved.environment) return one.value.find("secrets");
  return nullptr;
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
    const auto period = renewal_period(subject.options, names.canonical(name));
    const auto wrong = problem_of_age(name, dates, period, *now);
    if (!wrong) continue;
    Diagnostic& one =
        findings.add("SEC014", named->span, wrong->message, "exai secret rotate " + name);
    one.severity = wrong->severity;
    one.subject = name;
  }
}

}  // namespace exai::config
