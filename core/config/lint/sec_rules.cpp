// SEC: secrets.

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

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
