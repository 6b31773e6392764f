#include "core/config/lint/rules.hpp"

#include <algorithm>

namespace exai::config {

namespace {

std::vector<Rule> catalogue() {
  std::vector<Rule> all;
  for (const std::span<const Rule> family :
       {cfg_rules(), cmp_rules(), dep_rules(), env_rules(), prt_rules(), sec_rules(),
        tmo_rules()})
    all.insert(all.end(), family.begin(), family.end());
  std::sort(all.begin(), all.end(), [](const Rule& a, const Rule& b) { return a.code < b.code; });
  return all;
}

}  // namespace

std::string_view name(Evidence evidence) {
  constexpr std::array<std::string_view, 3> kNames = {"deterministic", "contextual", "heuristic"};
  return kNames.at(static_cast<std::size_t>(evidence));
}

std::string_view name(Fixing fixing) {
  constexpr std::array<std::string_view, 3> kNames = {"none", "suggested", "safe"};
  return kNames.at(static_cast<std::size_t>(fixing));
}

std::span<const Rule> rules() {
  static const std::vector<Rule> all = catalogue();
  return all;
}

const Rule* find_rule(std::string_view code) {
  const auto all = rules();
  const auto found = std::lower_bound(
      all.begin(), all.end(), code,
      [](const Rule& rule, std::string_view wanted) { return rule.code < wanted; });
  return found == all.end() || found->code != code ? nullptr : &*found;
}

namespace {

std::size_t& counter(FindingCount& count, Severity severity) {
  return severity == Severity::error ? count.errors : count.milder;
}

}  // namespace

Findings::Findings(Diagnostics& diagnostics) : diagnostics_(diagnostics) {
  for (const Diagnostic& one : diagnostics) ++counter(kept_, one.severity);
}

bool Findings::take(Severity severity) {
  const bool room = counter(kept_, severity) < kMost;
  FindingCount& count = room ? kept_ : dropped_;
  ++counter(count, severity);
  return room;
}

Diagnostic& Findings::add(std::string_view code, Span span, std::string message, std::string help) {
  Diagnostic one = problem(std::string(code), std::move(span), std::move(message), std::move(help));
  if (!take(one.severity)) return nowhere_ = std::move(one);
  return diagnostics_.emplace_back(std::move(one));
}

void Findings::add(Diagnostic diagnostic) {
  if (take(diagnostic.severity)) diagnostics_.push_back(std::move(diagnostic));
}

FindingCount lint(const LintSubject& subject, Diagnostics& diagnostics) {
  Findings findings(diagnostics);
  for (const Rule& rule : rules())
    if (rule.check != nullptr) rule.check(subject, findings);
  return findings.dropped();
}

void make_strict(Diagnostics& diagnostics) {
  for (Diagnostic& diagnostic : diagnostics) {
    const Rule* rule = find_rule(diagnostic.code);
    const bool guesses = rule != nullptr && rule->evidence == Evidence::heuristic;
    if (diagnostic.severity == Severity::warning && !guesses) diagnostic.severity = Severity::error;
  }
}

}  // namespace exai::config
