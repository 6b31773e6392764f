#include "core/config/lint/rules.hpp"

#include <algorithm>
#include <array>

namespace exai::config {

namespace {

using enum Severity;

// The catalogue. By code.
constexpr std::array kRules = {
    Rule{"CFG001", "unknown-name", error, "A key, an option or a variable that does not exist",
         unknown_names},
    Rule{"CFG002", "missing", error, "Something required is not there", check_ports},
    Rule{"CFG003", "wrong-type", error,
         "A value of the wrong kind: text for a number, no duration, no URL", stack_schema},
    Rule{"CFG004", "out-of-range", error, "A value too small, too large, too short or too long",
         option_values},
    Rule{"CFG005", "not-a-choice", error, "A value that is none of the allowed ones"},
    Rule{"CFG008", "alias-conflict", error,
         "An option set to different values under two of its names", alias_conflicts},
    Rule{"CFG016", "given-by-exai", error,
         "A layer sets what every service gets from exai itself, such as TZ", names_of_exai},
    Rule{"CFG020", "toml-syntax", error, "Text that is not TOML"},
    Rule{"CFG021", "duplicate-key", error,
         "The same key twice in one table, the same item in a list"},
    Rule{"CFG022", "missing-file", error, "A file that is named but cannot be read"},
    Rule{"CMD001", "command-not-found", error, "A program that is not on this machine",
         missing_commands},
    Rule{"DEP001", "dependency-cycle", error, "Services that wait for each other in a circle",
         dependency_cycles},
    Rule{"DEP002", "unknown-dependency", error, "A service that needs one that does not exist",
         unknown_dependencies},
    Rule{"ENV001", "unterminated-quote", error, "A quote in an environment file is never closed"},
    Rule{"ENV002", "bad-name", error, "A name with a character that names cannot have"},
    Rule{"ENV003", "bad-reference", error, "A ${...} that cannot be read"},
    Rule{"ENV004", "comment-as-value", error,
         "A comment behind an empty value: it becomes the value", comments_as_values},
    Rule{"ENV006", "set-twice", error, "A name set twice in one file", names_set_twice},
    Rule{"ENV007", "bare-name", warning, "A name without =: its value comes from the environment",
         bare_names},
    Rule{"ENV008", "text-after-quote", error,
         "Text behind a closing quote: it is lost, or a statement of its own", text_after_quotes},
    Rule{"ENV015", "not-text", error, "Bytes that are not UTF-8, or NUL", unreadable_bytes},
    Rule{"ENV018", "not-set", error, "A reference to a variable that nothing sets"},
    Rule{"PRT001", "port-used-twice", error, "Two services with the same port", ports_used_twice},
    Rule{"SEC003", "secret-in-the-open", error,
         "A secret in a command line, an environment or a check, where others can read it"},
    Rule{"SEC005", "placeholder-secret", error, "A secret that still has the value of an example",
         placeholder_secrets},
    Rule{"SEC013", "secret-given-twice", error, "An option set both as NAME and as NAME_FILE"},
};

constexpr bool is_sorted() {
  for (std::size_t i = 1; i < kRules.size(); ++i)
    if (!(kRules[i - 1].code < kRules[i].code)) return false;
  return true;
}
static_assert(is_sorted());

}  // namespace

std::span<const Rule> rules() {
  return kRules;
}

const Rule* find_rule(std::string_view code) {
  const auto* found = std::find_if(kRules.begin(), kRules.end(),
                                   [&](const Rule& rule) { return rule.code == code; });
  return found == kRules.end() ? nullptr : found;
}

Diagnostic& Findings::add(std::string_view code, Span span, std::string message, std::string help) {
  Diagnostic one = problem(std::string(code), std::move(span), std::move(message), std::move(help));
  if (full()) return dropped_ = std::move(one);
  return diagnostics_.emplace_back(std::move(one));
}

void Findings::add(Diagnostic diagnostic) {
  if (!full()) diagnostics_.push_back(std::move(diagnostic));
}

void lint(const LintSubject& subject, Diagnostics& diagnostics) {
  Findings findings(diagnostics);
  for (const Rule& rule : kRules)
    if (rule.check != nullptr) rule.check(subject, findings);
}

void set_severities(Diagnostics& diagnostics, bool strict) {
  for (Diagnostic& diagnostic : diagnostics) {
    const Rule* rule = find_rule(diagnostic.code);
    EXAI_ASSERT(rule != nullptr);
    diagnostic.severity = rule->severity;
    if (strict && diagnostic.severity == warning) diagnostic.severity = error;
  }
}

}  // namespace exai::config
