// CFG: options, and the stack file itself.

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/client_configs.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/cfg_rules.hpp"
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

void client_config_shape(const LintSubject& subject, Findings& findings) {
  for (const ClientConfig& client : subject.project.clients)
    for (Diagnostic& one : check_client_config(client)) findings.add(std::move(one));
}

void check_ports(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    for (const std::string_view key : {"ready", "healthy"})
      if (const Member* check = service.value.member(key))
        if (auto problem = target_of(service.value, *check, service.key).problem)
          findings.add(std::move(*problem));
}

Diagnostic* unknown_name(const Names& names, std::string_view name, const Span& span,
                         Findings& findings) {
  if (findings.full() || name.empty() || names.is_known(name)) return nullptr;
  const auto meant = names.suggestion(name);
  return &findings.add("CFG001", span, fmt::format("unknown variable \"{}\"", printable(name)),
                       meant ? fmt::format("did you mean \"{}\"?", *meant)
                             : "a variable of your own is declared in the stack file: [stack] "
                               "variables = [\"NAME\"]");
}

void unknown_entry(const Layer& layer, const DotenvEntry& entry, const Names& names,
                   Findings& findings) {
  if (names.options->find_retired(entry.key) != nullptr) return;  // CFG007
  Diagnostic* one = unknown_name(names, entry.key, entry.key_span, findings);
  const auto meant = one == nullptr ? std::nullopt : names.suggestion(entry.key);
  const auto is_it = [&](const DotenvEntry& other) { return other.key == meant; };
  if (meant && std::none_of(layer.entries.begin(), layer.entries.end(), is_it))
    one->fix = rename(entry, *meant);
}

void unknown_names(const LintSubject& subject, Findings& findings) {
  const Resolved& resolved = subject.resolved;
  for (const Layer& layer : resolved.layers)
    for (const DotenvEntry& entry : layer.entries)
      if (entry.style != DotenvEntry::Style::faulty && !entry.after_quote)
        unknown_entry(layer, entry, resolved.names, findings);
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
    auto wrong = check_value(*option, assignment.origin.value);
    if (!wrong) continue;
    Diagnostic& one = findings.add(wrong->code, assignment.origin.span,
                                   wrong->message + from_where(assignment.origin), wrong->help);
    one.subject = assignment.name;
    const auto bytes = bytes_of(assignment.origin.span);
    if (!wrong->meant || !bytes) continue;
    one.fix.emplace();
    one.fix->title = fmt::format("write {}", *wrong->meant);
    one.fix->edits = {{assignment.origin.span.source, bytes->begin, bytes->end, *wrong->meant}};
    one.fix->changes = {{assignment.written, assignment.origin.value, *wrong->meant}};
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

void between_options(const LintSubject& subject, Findings& findings) {
  report_broken_rules(subject, "CFG", findings);
  debug_in_production(subject, findings);
}

constexpr std::array kRules = {
    Rule{"CFG001", "unknown-name", error, deterministic, Fixing::suggested,
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
    Rule{"CFG005", "not-a-choice", error, deterministic, Fixing::suggested,
         "A value that is none of the allowed ones", "The message lists what is allowed."},
    Rule{"CFG006", "no-unit", warning, heuristic, Fixing::none,
         "A time whose unit neither its name nor a comment says",
         "REQUEST_TIMEOUT=30 is half a minute to one program and a flicker to another. Say the "
         "unit in the name (REQUEST_TIMEOUT_SECONDS) or in a comment above it. Options of EXAI "
         "have their unit in the option table.",
         missing_units},
    Rule{"CFG007", "old-name", warning, deterministic, Fixing::safe,
         "An option under an old name, or one that is gone",
         "The old name still works, but one day it will not, and whoever looks for the option "
         "finds it only under the new one. What is gone does nothing any more; the message says "
         "what to do instead.",
         old_names},
    Rule{"CFG008", "alias-conflict", error, deterministic, Fixing::none,
         "An option set to different values under two of its names",
         "Which of the two a program reads depends on the program. Keep the option's own name.",
         names_set_twice_over},
    Rule{"CFG009", "alias-repeats", warning, deterministic, Fixing::safe,
         "An option set to the same value under two of its names",
         "The next change will be made to one of the two. Keep the option's own name."},
    Rule{"CFG010", "two-defaults", error, deterministic, Fixing::none,
         "Two defaults for one name, one of which is never or only sometimes used",
         "A default in ${NAME:-default} counts only while nothing sets the name. An option of EXAI "
         "always has the default of the option table, so another one misleads whoever reads it. "
         "For other names, two references with different defaults run with different values; that "
         "is a warning. (exaid itself has no defaults in its code: the build proves that.)",
         two_defaults},
    Rule{"CFG011", "never-read", warning, contextual, Fixing::none,
         "Something is set that nothing reads",
         "A secret that no service is given protects nothing, and a variable that nothing reads "
         "misleads whoever changes it. (That exaid reads every option that the table lists for it "
         "is proven by the build.)",
         never_read},
    Rule{"CFG012", "undocumented", warning, contextual, Fixing::none,
         "A name that is read, but missing in the example file",
         "Whoever sets the stack up anew copies the example and learns from it what to set. Add "
         "the name, with a comment. (Options of EXAI are in .env.example by construction.)",
         undocumented_names},
    Rule{"CFG013", "not-in-this-environment", error, deterministic, Fixing::none,
         "A value that this environment must not have",
         "What is handy at the desk is a hole in production: a token of the tests, a server open "
         "to everybody without a token, debug lines with what users said. Set the option in the "
         "environment's layer.",
         between_options},
    Rule{"CFG014", "unusual-boolean", warning, heuristic, Fixing::safe,
         "A switch that is not spelt true or false",
         "yes, on, 1 and TRUE are true to some programs, false to others and an error to the rest. "
         "exaid takes them all; the next program to read the file may not. For names that EXAI "
         "does not know this is a guess by the name.",
         unusual_booleans},
    Rule{"CFG015", "no-effect", info, deterministic, Fixing::none,
         "An option without effect, because another one switches it off",
         "REDIS_HOST says nothing while conversations are kept in memory. Either the switch or the "
         "option is not what was meant.",
         without_effect},
    Rule{"CFG016", "shadowed", warning, contextual, Fixing::none,
         "A value that another place hides",
         "Who changes the hidden one wonders why nothing happens. In a Compose file, environment: "
         "wins over env_file:, and that is a warning; that the process environment or a service's "
         "own env wins in a stack file is only told. `exai config explain NAME` shows the whole "
         "chain.",
         shadowed_values},
    Rule{"CFG017", "foreign-path", error, deterministic, Fixing::none,
         "A path of another operating system",
         "C:\\data exists neither on Linux nor in a container of it; a program that is given such "
         "a path makes a file of that name, or fails later. Written with slashes (C:/app) it may "
         "be a mapping, and is a warning.",
         foreign_paths},
    Rule{"CFG018", "localhost", warning, contextual, Fixing::suggested,
         "localhost where another container is meant",
         "Inside a container localhost is that container alone. Another service is reached by its "
         "name, on the port that it listens on inside, not on the published one.",
         localhost_of_another},
    Rule{"CFG019", "files-disagree", warning, heuristic, Fixing::none,
         "Two environment files with different values for one name, and no reason given",
         ".env and .env.docker describe one stack. Where they must differ, a comment says why; "
         "where it runs (hosts, ports, paths) and files of one environment (.env.prod) are left "
         "out.",
         disagreeing_files},
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
         "files of editors. Nothing of the file can be used before its text can be read.",
         client_config_shape},
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
    Rule{"CFG028", "contradicting-keys", error, deterministic, Fixing::none,
         "Keys of a service that contradict each other, or mean nothing together",
         "A schedule beside an interval, a signal beside the steps of a stop, a watchdog as proof "
         "of readiness, somebody who waits for the end of what is kept running, replicas whose "
         "ports run into those of another service: one of the two would silently not count.",
         contradicting_keys},
    Rule{"CFG029", "refused-check", error, deterministic, Fixing::none,
         "A check of exaid that exaid itself refuses",
         "With EXAI_WS_TOKEN or a key for JWTs, exaid asks everybody who he is, the checks of its "
         "own stack, too: one without a token gets 401, and the service never becomes ready. Name "
         "the token in the check and give it a value; with keys for JWTs, EXAI_WS_TOKEN lets in "
         "who comes from this machine.",
         refused_checks},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> cfg_rules() {
  return kRules;
}

}  // namespace exai::config
