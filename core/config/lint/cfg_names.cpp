// CFG: the names that variables go by.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/compose.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/cfg_rules.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

bool is_statement(const DotenvEntry& entry) {
  return entry.style != DotenvEntry::Style::faulty && !entry.after_quote && !entry.key.empty();
}

// The whole line, when the statement has it for itself.
std::optional<Fix> remove_line(const Assignment& assignment) {
  const auto key = bytes_of(assignment.key_span);
  if (!key || assignment.key_span.begin.line != assignment.origin.span.end.line)
    return std::nullopt;
  const std::string& text = assignment.key_span.source->text;
  const std::size_t begin = line_begin(text, key->begin);
  const std::size_t end = std::min(line_end(text, key->end) + 1, text.size());
  Fix fix;
  fix.title = fmt::format("remove {}", assignment.written);
  fix.edits.push_back({assignment.key_span.source, begin, end, ""});
  fix.changes = {{assignment.written, assignment.origin.value, std::nullopt}};
  return fix;
}

bool sets(const Layer& layer, std::string_view name) {
  return std::any_of(layer.entries.begin(), layer.entries.end(),
                     [&](const DotenvEntry& entry) { return entry.key == name; });
}

void old_name(const Layer& layer, const DotenvEntry& entry, const Option& option,
              Findings& findings) {
  const OptionAlias* alias = option.alias(entry.key);
  if (alias == nullptr || !alias->deprecated || sets(layer, option.name)) return;
  Diagnostic& one =
      findings.add("CFG007", entry.key_span, alias_message(option, *alias),
                   fmt::format("write {}{}", option.name,
                               alias->since.empty() ? "" : ", its name since " + alias->since));
  one.severity = alias->level;
  one.subject = option.name;
  one.fix = rename(entry, option.name);
}

}  // namespace

std::optional<Fix> rename(const DotenvEntry& entry, const std::string& name) {
  const auto key = bytes_of(entry.key_span);
  if (!key || !entry.value) return std::nullopt;
  Fix fix;
  fix.title = fmt::format("write {}", name);
  fix.edits.push_back({entry.key_span.source, key->begin, key->end, name});
  fix.changes = {{entry.key, entry.value, std::nullopt}, {name, std::nullopt, entry.value}};
  return fix;
}

void old_names(const LintSubject& subject, Findings& findings) {
  for (const Layer& layer : subject.resolved.layers)
    for (const DotenvEntry& entry : layer.entries) {
      if (!is_statement(entry) || findings.full()) continue;
      if (const Option* option = subject.options.find(entry.key)) {
        old_name(layer, entry, *option, findings);
      } else if (const RetiredOption* gone = subject.options.find_retired(entry.key);
                 gone != nullptr && !subject.resolved.names.is_known(entry.key)) {
        findings.add("CFG007", entry.key_span,
                     fmt::format("{} is gone: {}", entry.key, gone->advice),
                     "remove it; a variable of your own is declared in [stack] variables");
      }
    }
}

// One place may give an option a value once: its own name and another one beside it are two.
void names_set_twice_over(const LintSubject& subject, Findings& findings) {
  std::map<std::pair<std::string, std::string>, const Assignment*> seen;  // by layer and option
  for (const Assignment& assignment : subject.resolved.assignments) {
    const auto [first, is_new] =
        seen.emplace(std::pair(assignment.origin.layer, assignment.name), &assignment);
    const Assignment& other = *first->second;
    if (is_new || other.written == assignment.written) continue;
    const bool same = other.origin.value == assignment.origin.value;
    const Assignment& extra = other.written == other.name ? assignment : other;
    const Assignment& kept = !same || &extra == &assignment ? other : assignment;
    const std::string message =
        same ? fmt::format("{} says again what {} says", extra.written, kept.written)
             : fmt::format("{} and {} have different values", other.written, assignment.written);
    Diagnostic& one =
        findings.add(same ? "CFG009" : "CFG008", same ? extra.key_span : assignment.key_span,
                     message + from_where(extra.origin),
                     fmt::format("they are two names of one option: keep {}", assignment.name));
    one.subject = assignment.name;
    if (kept.key_span) one.related.push_back({kept.key_span, "the other one"});
    if (same) one.fix = remove_line(extra);
  }
}

namespace {

using NameSet = std::set<std::string, std::less<>>;

// The names in a text: all of them, or those behind a dollar.
enum class Which { all, references };
void add_names(std::string_view text, Which which, NameSet& names) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && continues_identifier(text[end])) ++end;
    const bool braces = at >= 2 && text.substr(at - 2, 2) == "${";
    const bool dollar = braces || (at >= 1 && text[at - 1] == '$');
    if (end > at && (which == Which::all || dollar)) names.emplace(text.substr(at, end - at));
    at = end + 1;
  }
}

// Names of variables a service of the stack file is given as secrets, or checks itself with.
void add_uses(const Node& service, NameSet& uses) {
  for (const std::string& name : texts(service.find("secrets"))) uses.insert(name);
  for (const std::string_view key : {"ready", "healthy"})
    for (const std::string_view credential : {"password", "token"})
      if (const Node* check = service.find(key))
        if (const Node* name = check->find(credential); name != nullptr && name->string())
          uses.insert(*name->string());
}

void secrets_never_read(const LintSubject& subject, Findings& findings) {
  NameSet uses;
  for (const Member& service : services(subject.resolved.tree)) add_uses(service.value, uses);
  for (const Template& file : subject.resolved.templates)
    add_names(file.text, Which::references, uses);
  for (const auto& [name, span] : subject.resolved.names.secrets) {
    if (uses.contains(name)) continue;
    findings
        .add("CFG011", span, fmt::format("no service reads the secret {}", name),
             "list it in the secrets of the service that needs it, or remove it")
        .subject = name;
  }
}

// What ${} in the Compose files, and in the file itself, ask for.
NameSet asked_for(const EnvFile& file, const ComposeProject& compose) {
  NameSet names;
  for (const ComposeReference& one : compose.references) names.insert(one.name);
  for (const DotenvEntry& entry : file.entries)
    add_names(std::string_view(file.source->text)
                  .substr(entry.value_begin, entry.value_end - entry.value_begin),
              Which::references, names);
  return names;
}

// What Docker itself reads.
bool is_of_docker(std::string_view name) {
  return name.starts_with("COMPOSE_") || name.starts_with("DOCKER_");
}

// What a .env file beside a Compose file sets, when it is there for ${} alone.
void compose_names_never_read(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  for (const EnvFile& file : subject.project.env_files) {
    const bool only_compose =
        !file.uses.empty() &&
        std::all_of(file.uses.begin(), file.uses.end(),
                    [](const EnvFileUse& use) { return use.role == EnvFileRole::compose; });
    if (!only_compose) continue;
    const NameSet asked = asked_for(file, *subject.project.compose);
    for (const DotenvEntry& entry : file.entries) {
      if (!is_statement(entry) || is_of_docker(entry.key) || asked.contains(entry.key)) continue;
      Diagnostic& one =
          findings.add("CFG011", entry.key_span,
                       fmt::format("nothing in the Compose files reads {}", printable(entry.key)),
                       "remove it, or name the file in the env_file of the service that needs it");
      one.severity = Severity::info;  // a program may read the file by itself
      one.subject = entry.key;
    }
  }
}

// --- CFG012 ---

// What every shell has.
bool is_of_the_shell(std::string_view name) {
  constexpr std::array<std::string_view, 9> kShell = {"HOME", "USER", "PATH",     "PWD",  "UID",
                                                      "GID",  "LANG", "HOSTNAME", "SHELL"};
  return contains(kShell, name) || is_of_docker(name);
}

}  // namespace

void never_read(const LintSubject& subject, Findings& findings) {
  secrets_never_read(subject, findings);
  compose_names_never_read(subject, findings);
}

void undocumented_names(const LintSubject& subject, Findings& findings) {
  NameSet documented;
  std::string first;
  for (const EnvFile& file : subject.project.env_files) {
    if (!file.is(EnvFileRole::example)) continue;
    if (first.empty()) first = file.source->name;
    add_names(file.source->text, Which::all, documented);
  }
  if (first.empty()) return;
  std::map<std::string, Span> wanted;
  for (const auto& [name, span] : subject.resolved.names.declared) wanted.emplace(name, span);
  if (subject.project.compose != nullptr)
    for (const ComposeReference& one : subject.project.compose->references)
      wanted.emplace(one.name, one.span);
  for (const auto& [name, span] : wanted) {
    if (is_of_the_shell(name) || documented.contains(name)) continue;
    findings
        .add("CFG012", span,
             fmt::format("{} is read here, but {} does not name it", printable(name), first),
             fmt::format("add {}= to {}, with a comment that says what it is", printable(name),
                         first))
        .subject = name;
  }
}

}  // namespace exai::config
