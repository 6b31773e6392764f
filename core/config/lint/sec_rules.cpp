// SEC: secrets.

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"

namespace exai::config {

bool is_placeholder(std::string_view value) {
  const std::string text = to_lower(trim(value));
  if (text.empty()) return false;
  constexpr std::array<std::string_view, 7> kWhole = {"password", "secret", "token",   "todo",
                                                      "none",     "dummy",  "redacted"};
  constexpr std::array<std::string_view, 6> kFirst = {"your_",      "your-",   "test-token",
                                                      "test_token", "insert_", "replace"};
  constexpr std::array<std::string_view, 2> kLast = {"_here", "-here"};
  constexpr std::array<std::string_view, 6> kAnywhere = {"changeme", "change_me", "change-me",
                                                         "example",  "xxxx",      "placeholder"};
  const auto any = [&](const auto& words, const auto& test) {
    return std::any_of(words.begin(), words.end(), test);
  };
  return any(kWhole, [&](std::string_view word) { return text == word; }) ||
         any(kFirst, [&](std::string_view word) { return text.starts_with(word); }) ||
         any(kLast, [&](std::string_view word) { return text.ends_with(word); }) ||
         any(kAnywhere, [&](std::string_view word) { return text.find(word) != text.npos; }) ||
         (text.front() == '<' && text.back() == '>') ||
         (text.size() >= 3 && text.find_first_not_of(text.front()) == text.npos);  // "xxx", "000"
}

namespace {

using enum Severity;
using enum Evidence;

std::string where(const Assignment& assignment) {
  return assignment.origin.span ? "" : fmt::format(" (from the {})", assignment.origin.layer);
}

void placeholder_secrets(const LintSubject& subject, Findings& findings) {
  for (const Assignment& assignment : subject.resolved.assignments) {
    if (!subject.resolved.names.is_secret(assignment.name)) continue;
    if (!is_placeholder(assignment.origin.value)) continue;
    const bool generated = subject.resolved.names.secrets.contains(assignment.name);
    findings.add(
        "SEC005", assignment.origin.span,
        fmt::format("{} still has the value of an example{}", assignment.name, where(assignment)),
        generated ? "remove it: a value is generated on the first `exai up`"
                  : "put the real secret there, or remove it");
  }
}

constexpr std::array kRules = {
    Rule{"SEC003", "secret-in-the-open", error, deterministic, Fixing::none,
         "A secret in a command line, an environment or a check, where others can read it",
         "Every process of the machine can read command lines. Deliver the secret as a file: list "
         "it in the service's secrets and read the file that NAME_FILE names."},
    Rule{"SEC005", "placeholder-secret", error, deterministic, Fixing::none,
         "A secret that still has the value of an example",
         "Examples are public, and the first thing an attacker tries.", placeholder_secrets},
    Rule{"SEC013", "secret-given-twice", error, deterministic, Fixing::none,
         "An option set both as NAME and as NAME_FILE",
         "Programs differ in which of the two they take. Keep the file."},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> sec_rules() {
  return kRules;
}

}  // namespace exai::config
