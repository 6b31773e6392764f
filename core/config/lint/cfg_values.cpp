// CFG: what variables are set to.

#include <algorithm>
#include <array>
#include <set>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/cfg_rules.hpp"
#include "core/config/lint/entries.hpp"
#include "core/config/lint/words.hpp"
#include "core/config/option_values.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

void missing_units(const LintSubject& subject, Findings& findings) {
  std::set<std::string> seen;
  each_value(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    const auto number = parse_number(*entry.value);
    if (!number || *number <= 0 || subject.options.find(entry.key) != nullptr) return;
    if (!names_a_time(entry.key) || unit_in_name(entry.key) || comment_names_a_unit(file, entry))
      return;
    if (!seen.insert(entry.key).second) return;
    findings
        .add("CFG006", entry.value_span,
             fmt::format("{}={}: of what? Neither its name nor a comment says the unit", entry.key,
                         *entry.value),
             fmt::format("say it in a comment, or in the name: {}_SECONDS", entry.key))
        .subject = entry.key;
  });
}

namespace {

bool is_plain_boolean(std::string_view value) {
  return value == "true" || value == "false";
}

bool is_boolean_word(std::string_view value) {
  constexpr std::array<std::string_view, 6> kWords = {"yes", "no", "on", "off", "true", "false"};
  return contains(kWords, to_lower(value));
}

bool sounds_boolean(std::string_view name) {
  constexpr std::array<std::string_view, 8> kFirst = {"ENABLE_", "ENABLED_", "DISABLE_", "USE_",
                                                      "IS_",     "HAS_",     "ALLOW_",   "SKIP_"};
  constexpr std::array<std::string_view, 4> kLast = {"_ENABLED", "_DISABLED", "_DEBUG", "_VERBOSE"};
  return name == "DEBUG" || name == "VERBOSE" ||
         std::any_of(kFirst.begin(), kFirst.end(),
                     [&](std::string_view word) { return name.starts_with(word); }) ||
         std::any_of(kLast.begin(), kLast.end(),
                     [&](std::string_view word) { return name.ends_with(word); });
}

}  // namespace

// Of a program that EXAI does not know: told by names that mean the same everywhere.
void debug_in_production(const LintSubject& subject, Findings& findings) {
  if (!subject.resolved.environment.starts_with("prod")) return;
  constexpr std::array<std::string_view, 5> kModes = {"NODE_ENV", "RAILS_ENV", "FLASK_ENV",
                                                      "APP_ENV", "DJANGO_ENV"};
  constexpr std::array<std::string_view, 3> kDesk = {"development", "dev", "test"};
  for (const auto& [name, variable] : subject.resolved.variables) {
    const Span& place = variable.origins.front().span;
    if (!place || subject.options.find(name) != nullptr) continue;
    const bool debug =
        (name == "DEBUG" || name.ends_with("_DEBUG")) && parse_bool(variable.value).value_or(false);
    const bool desk = contains(kModes, name) && contains(kDesk, variable.value);
    if (!debug && !desk) continue;
    Diagnostic& one = findings.add(
        "CFG013", place,
        fmt::format("{} is {} in {}", name, variable.value, subject.resolved.environment),
        debug ? "set it to false: debug output shows what users said, and how to get in"
              : "set it to production");
    one.severity = Severity::warning;  // its program may mean something else
    one.subject = name;
  }
}

void unusual_booleans(const LintSubject& subject, Findings& findings) {
  each_value(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    if (is_plain_boolean(*entry.value)) return;
    const Option* option = file.is(EnvFileRole::layer) ? subject.options.find(entry.key) : nullptr;
    const bool ours = option != nullptr && option->type == OptionType::boolean;
    if (option != nullptr && !ours) return;
    if (!ours && !(sounds_boolean(entry.key) && is_boolean_word(*entry.value))) return;
    const auto meant = parse_bool(*entry.value);
    if (!meant) return;  // CFG003
    const std::string_view plain = *meant ? "true" : "false";
    Diagnostic& one =
        findings.add("CFG014", entry.value_span,
                     fmt::format("{} is spelt \"{}\": programs differ in what they take for {}",
                                 entry.key, printable(*entry.value), plain),
                     fmt::format("write {}", plain));
    one.subject = entry.key;
    if (!ours) return;  // a program of somebody else may want its own word
    one.fix.emplace();
    one.fix->title = fmt::format("write {}", plain);
    one.fix->edits = {{file.source, entry.value_begin, entry.value_end, std::string(plain)}};
    one.fix->changes = {{entry.key, entry.value, std::string(plain)}};
  });
}

namespace {

bool runs_exaid(const Node& tree) {
  const Node::Table& all = services(tree);
  return std::any_of(all.begin(), all.end(),
                     [](const Member& service) { return is_exaid(service.value); });
}

// What switches the option off; none: it has its effect, or nobody can know: a secret may come when
// the program starts, and without exaid another program may read the name.
std::optional<std::string> switched_off(const LintSubject& subject, const Option& option) {
  for (const OptionCondition& need : option.requirements) {
    if (subject.resolved.names.is_secret(need.name)) continue;
    const auto found = subject.resolved.variables.find(need.name);
    const bool chosen = found != subject.resolved.variables.end() &&
                        found->second.origins.front().layer != "default";
    if (!chosen && !runs_exaid(subject.resolved.tree)) continue;
    const std::string value = found == subject.resolved.variables.end() ? "" : found->second.value;
    if (holds(need, {value, OptionValue::From::given})) continue;
    return value.empty() ? need.name + " is not set" : fmt::format("{} is {}", need.name, value);
  }
  return std::nullopt;
}

}  // namespace

void without_effect(const LintSubject& subject, Findings& findings) {
  for (const auto& [name, variable] : subject.resolved.variables) {
    const Option* option = subject.options.find(name);
    if (option == nullptr || variable.origins.empty() || !variable.origins.front().span ||
        variable.value.empty())
      continue;
    const auto why = switched_off(subject, *option);
    if (!why) continue;
    const OptionCondition& need = option->requirements.front();
    findings
        .add("CFG015", variable.origins.front().span,
             fmt::format("{} has no effect: {}", name, *why),
             need.value == "*" ? fmt::format("set {}, or remove it", need.name)
                               : fmt::format("set {} to {}, or remove it", need.name, need.value))
        .subject = name;
  }
}

namespace {

// "C:\data", "C:/data", "\\server\share"
bool is_windows_path(std::string_view text) {
  if (text.starts_with("\\\\") && text.size() > 3 && is_letter(text[2])) return true;
  return text.size() > 3 && is_letter(text[0]) && text[1] == ':' &&
         (text[2] == '\\' || (text[2] == '/' && text[3] != '/'));
}

void foreign_path(std::string_view value, const Span& span, std::string_view subject,
                  Findings& findings) {
  for (const std::string& part : split(replace_all(std::string(value), ";", ","), ',')) {
    const std::string_view path = trim(part);
    if (!is_windows_path(path)) continue;
    Diagnostic& one = findings.add(
        "CFG017", narrow(span, path),
        fmt::format("{} is a path of Windows, and this runs on Linux", printable(path)),
        "write the path as it is on the machine or in the container that runs this");
    one.subject = subject;
    // C:/app may be a mapping of the drive C: to /app.
    if (path[2] == '/') one.severity = Severity::warning;
    return;
  }
}

void foreign_paths_in(const Node& node, const std::string& path, Findings& findings) {
  if (const std::string* text = node.string()) foreign_path(*text, node.span, path, findings);
  if (const auto* list = node.list())
    for (const Node& item : *list) foreign_paths_in(item, path, findings);
  if (const auto* table = node.table())
    for (const Member& member : *table)
      foreign_paths_in(member.value, path + "." + member.key, findings);
}

}  // namespace

void foreign_paths(const LintSubject& subject, Findings& findings) {
  each_value(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    // A file that nothing names may be that of somebody who works on Windows.
    const bool used = file.is(EnvFileRole::layer) || file.is(EnvFileRole::compose) ||
                      file.is(EnvFileRole::service);
    if (used && !subject.resolved.names.is_confidential(entry.key))
      foreign_path(*entry.value, entry.value_span, entry.key, findings);
  });
  for (const Member& service : services(subject.resolved.tree))
    foreign_paths_in(service.value, "services." + service.key, findings);
}

}  // namespace exai::config
