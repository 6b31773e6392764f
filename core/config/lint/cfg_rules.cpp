// CFG: options, and the stack file itself.

#include <map>

#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/option_values.hpp"
#include "core/config/schema.hpp"
#include "core/config/stack_schema.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

void stack_file_shape(const LintSubject& subject, Findings& findings) {
  for (Diagnostic& one : check_schema(stack_schema(), subject.resolved.tree))
    findings.add(std::move(one));
}

void check_ports(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    for (const std::string_view key : {"ready", "healthy"})
      if (const Member* check = service.value.member(key))
        if (auto problem = target_of(service.value, *check, service.key).problem)
          findings.add(std::move(*problem));
}

std::string where(const Assignment& assignment) {
  return assignment.origin.span ? "" : fmt::format(" (from the {})", assignment.origin.layer);
}

void unknown_name(const Names& names, std::string_view name, const Span& span, Findings& findings) {
  if (findings.full() || name.empty() || names.is_known(name)) return;
  const auto meant = names.suggestion(name);
  findings.add("CFG001", span, fmt::format("unknown variable \"{}\"", printable(name)),
               meant ? fmt::format("did you mean \"{}\"?", *meant)
                     : "a variable of your own is declared in the stack file: [stack] variables = "
                       "[\"NAME\"]");
}

void unknown_names(const LintSubject& subject, Findings& findings) {
  const Resolved& resolved = subject.resolved;
  for (const Layer& layer : resolved.layers)
    for (const DotenvEntry& entry : layer.entries)
      if (entry.style != DotenvEntry::Style::faulty && !entry.after_quote)
        unknown_name(resolved.names, entry.key, entry.key_span, findings);
  for (const Member& service : services(resolved.tree)) {
    if (const Node* secrets = service.value.find("secrets"); secrets && secrets->list())
      for (const Node& name : *secrets->list())
        if (name.string() != nullptr)
          unknown_name(resolved.names, *name.string(), name.span, findings);
    for (const std::string_view key : {"ready", "healthy"})
      for (const std::string_view credential : {"password", "token"})
        if (const Node* check = service.value.find(key))
          if (const Node* name = check->find(credential); name && name->string())
            unknown_name(resolved.names, *name->string(), name->span, findings);
  }
}

void option_values(const LintSubject& subject, Findings& findings) {
  for (const Assignment& assignment : subject.resolved.assignments) {
    const Option* option = subject.resolved.names.options->find(assignment.name);
    if (option == nullptr) continue;
    if (auto wrong = check_value(*option, assignment.origin.value))
      findings.add(wrong->code, assignment.origin.span, wrong->message + where(assignment),
                   wrong->help);
  }
}

void alias_conflicts(const LintSubject& subject, Findings& findings) {
  std::map<std::pair<std::string, std::string>, const Assignment*> seen;  // by layer and option
  for (const Assignment& assignment : subject.resolved.assignments) {
    const auto [first, is_new] =
        seen.emplace(std::pair(assignment.origin.layer, assignment.name), &assignment);
    if (is_new || first->second->written == assignment.written ||
        first->second->origin.value == assignment.origin.value)
      continue;
    Diagnostic& one =
        findings.add("CFG008", assignment.key_span,
                     fmt::format("{} and {} have different values{}", first->second->written,
                                 assignment.written, where(assignment)),
                     fmt::format("they are two names of one option: keep {}", assignment.name));
    if (first->second->key_span) one.related.push_back({first->second->key_span, "the other one"});
  }
}

void names_of_exai(const LintSubject& subject, Findings& findings) {
  for (const Assignment& assignment : subject.resolved.assignments)
    if (assignment.key_span && subject.resolved.names.is_given_by_exai(assignment.written))
      findings.add(
          "CFG024", assignment.key_span,
          fmt::format("{} cannot be set here: exai gives it to every service", assignment.written),
          assignment.name == "TZ" ? "change [stack] timezone in the stack file"
                                  : "it follows from the stack file and --env");
}

constexpr std::array kRules = {
    Rule{"CFG001", "unknown-name", error, deterministic, Fixing::none,
         "A key, an option or a variable that does not exist",
         "A misspelt name is not an error to any program that reads it: the value is just never "
         "used, and the default stays. Write the name that was meant, or declare a variable of "
         "your own in [stack] variables.",
         unknown_names},
    Rule{"CFG002", "missing", error, deterministic, Fixing::none, "Something required is not there",
         "A service needs a program, a check needs to know which port it connects to.",
         check_ports},
    Rule{"CFG003", "wrong-type", error, deterministic, Fixing::none,
         "A value of the wrong kind: text for a number, no duration, no URL",
         "The whole text must be the value: 12abc is no number.", stack_file_shape},
    Rule{"CFG004", "out-of-range", error, deterministic, Fixing::none,
         "A value too small, too large, too short or too long",
         "The range of each option is in schemas/options.schema.json and in .env.example.",
         option_values},
    Rule{"CFG005", "not-a-choice", error, deterministic, Fixing::none,
         "A value that is none of the allowed ones", "The message lists what is allowed."},
    Rule{"CFG008", "alias-conflict", error, deterministic, Fixing::none,
         "An option set to different values under two of its names",
         "Which of the two a program reads depends on the program. Keep the option's own name.",
         alias_conflicts},
    Rule{"CFG020", "toml-syntax", error, deterministic, Fixing::none, "Text that is not TOML",
         "Nothing of the file can be used before its text can be read."},
    Rule{"CFG021", "duplicate-key", error, deterministic, Fixing::none,
         "The same key twice in one table, the same item in a list",
         "One of the two would be lost in silence."},
    Rule{"CFG022", "missing-file", error, contextual, Fixing::none,
         "A file that is named but cannot be read",
         "Paths start at the folder of the file that names them."},
    Rule{"CFG023", "json-syntax", error, deterministic, Fixing::none, "Text that is not JSON",
         "JSON is strict: double quotes, no comma behind the last item, no comments except in the "
         "files of editors. Nothing of the file can be used before its text can be read."},
    Rule{"CFG024", "given-by-exai", error, deterministic, Fixing::none,
         "A layer sets what every service gets from exai itself, such as TZ",
         "These values follow from the stack file and the command line, so that all services "
         "agree on them.",
         names_of_exai},
    Rule{"CFG025", "too-complex", error, deterministic, Fixing::none,
         "A file too large or too deep to be checked to the end",
         "What was found so far is right, but more may be wrong. No file that people write comes "
         "near this limit."},
    Rule{"CFG026", "bad-allowance", warning, deterministic, Fixing::none,
         "An exai:allow with a code that does not exist or cannot be allowed, or without a reason",
         "It allows nothing. A comment # exai:allow CODE reason, on the line of a finding or alone "
         "above it, keeps the finding quiet; the reason is for whoever reads the file next. What "
         "makes a file unreadable or a value unusable cannot be allowed."},
    Rule{"CFG027", "unused-allowance", info, contextual, Fixing::none,
         "An exai:allow where there is nothing to allow",
         "What it was about has been put right, or moved to another line. Left in place, it would "
         "hide the next mistake of its kind."},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> cfg_rules() {
  return kRules;
}

}  // namespace exai::config
