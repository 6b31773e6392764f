// CFG: several places that give one name a value.

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/compose.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/cfg_rules.hpp"
#include "core/config/lint/words.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

// --- CFG010: ${NAME:-default} ---

struct Default {
  std::string name;
  std::string text;
  Span span;
};

// The defaults in a text as it is written; those with references of their own are left out.
// `place_of` tells where bytes [begin, end) of the text stand.
template <class PlaceOf>
void add_defaults(std::string_view raw, const PlaceOf& place_of, std::vector<Default>& defaults) {
  for (std::size_t at = raw.find("${"); at != raw.npos; at = raw.find("${", at + 2)) {
    const std::size_t close = raw.find('}', at);
    if (close == raw.npos) return;
    const std::string_view inside = raw.substr(at + 2, close - at - 2);
    const std::size_t dash = inside.find('-');
    if (dash == inside.npos || dash == 0 || inside.find('$') != inside.npos) continue;
    const std::string_view name = inside.substr(0, inside[dash - 1] == ':' ? dash - 1 : dash);
    if (name.find_first_of(":?+") != name.npos) continue;
    defaults.push_back(
        {std::string(name), std::string(inside.substr(dash + 1)), place_of(at, close + 1)});
  }
}

// Where the comment of a line of TOML begins, or the line ends.
std::size_t comment_begin(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0 && c == '\\' && quote == '"')
      ++i;
    else if (quote != 0)
      quote = c == quote ? '\0' : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '#')
      return i;
  }
  return line.size();
}

// Those of the stack file, by its text: in the tree the references are replaced already.
void add_defaults_of(const SourcePtr& source, std::vector<Default>& defaults) {
  const std::string_view text = source->text;
  Places places(source);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = line_end(text, begin);
    const std::string_view line = text.substr(begin, end - begin);
    const auto place_of = [&, start = begin](std::size_t from, std::size_t to) {
      return places.span(start + from, start + to);
    };
    add_defaults(line.substr(0, comment_begin(line)), place_of, defaults);
    begin = end + 1;
  }
}

void add_defaults_of(const ComposeProject& compose, std::vector<Default>& defaults) {
  for (const ComposeReference& one : compose.references) {
    const bool has_default = one.action == ":-" || one.action == "-";
    const auto bytes = bytes_of(one.span);
    if (!has_default || one.nested || !bytes) continue;
    const std::string_view raw =
        std::string_view(one.span.source->text).substr(bytes->begin, bytes->end - bytes->begin);
    const auto place_of = [&](std::size_t from, std::size_t to) {
      return narrow(one.span, raw.substr(from, to - from));
    };
    add_defaults(raw, place_of, defaults);
  }
}

void differs_from_table(const Default& one, const Option& option, const std::string& preset,
                        Findings& findings) {
  findings
      .add("CFG010", one.span,
           fmt::format("the default \"{}\" is never used: {} is {} when nobody sets it",
                       printable(one.text), option.name, preset),
           fmt::format("write ${{{}}}", one.name))
      .subject = option.name;
}

}  // namespace

void two_defaults(const LintSubject& subject, Findings& findings) {
  std::vector<Default> stack, all;
  if (const Node::Table& all_services = services(subject.resolved.tree); !all_services.empty())
    add_defaults_of(all_services.front().key_span.source, stack);
  for (const Default& one : stack) {
    const Option* option = subject.options.find(one.name);
    const auto preset =
        option == nullptr ? std::nullopt : option->default_for(subject.resolved.environment);
    if (preset && *preset != one.text) differs_from_table(one, *option, *preset, findings);
    if (!preset) all.push_back(one);
  }
  if (subject.project.compose != nullptr) add_defaults_of(*subject.project.compose, all);
  std::map<std::string, const Default*> first;
  for (const Default& one : all) {
    const auto [before, is_new] = first.emplace(one.name, &one);
    if (is_new || before->second->text == one.text || one.text.empty() ||
        before->second->text.empty())
      continue;
    const bool hidden = subject.resolved.names.is_confidential(one.name);
    Diagnostic& finding = findings.add(
        "CFG010", one.span,
        hidden ? fmt::format("{} has two defaults", one.name)
               : fmt::format("{} has two defaults: \"{}\" here, \"{}\" elsewhere", one.name,
                             printable(one.text), printable(before->second->text)),
        "give it one value, in the environment file, or make them two variables");
    finding.severity = Severity::warning;  // two services may well mean different things
    finding.subject = one.name;
    finding.related.push_back({before->second->span, "the other default"});
  }
}

// --- CFG016 ---

namespace {

void add_chain(Diagnostic& one, const std::vector<Origin>& origins, const Span& except) {
  for (const Origin& origin : origins)
    if (origin.span && !(origin.span.source == except.source && origin.span.begin == except.begin))
      one.related.push_back({origin.span, fmt::format("{} sets it, too", origin.layer)});
}

// A service's own `env` over what a layer says.
void shadowed_by_service(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    for (const Member& own : members(service.value, "env")) {
      const auto found = subject.resolved.variables.find(subject.resolved.names.canonical(own.key));
      const std::string* text = own.value.string();
      if (found == subject.resolved.variables.end() || text == nullptr) continue;
      const Variable& variable = found->second;
      if (!variable.origins.front().span || variable.value == *text) continue;
      Diagnostic& one = findings.add("CFG016", own.key_span,
                                     fmt::format("{} of {} hides what {} says", own.key,
                                                 service.key, variable.origins.front().layer),
                                     "remove one of them, unless this service is meant to differ");
      one.severity = Severity::info;
      one.subject = fmt::format("services.{}.env.{}", service.key, own.key);
      add_chain(one, variable.origins, own.key_span);
    }
}

void shadowed_by_process(const LintSubject& subject, Findings& findings) {
  for (const auto& [name, variable] : subject.resolved.variables) {
    if (variable.origins.size() < 2 || variable.origins[0].layer != kProcessEnvironment) continue;
    const Origin& next = variable.origins[1];
    if (!next.span || next.value == variable.value) continue;
    Diagnostic& one =
        findings.add("CFG016", next.span,
                     fmt::format("{} is not taken from here: the process environment sets it to "
                                 "something else",
                                 name),
                     fmt::format("unset {} where you call exai, unless you mean it", name));
    one.severity = Severity::info;
    one.subject = name;
    add_chain(one, variable.origins, next.span);
  }
}

void shadowed_in_compose(const ComposeService& service, Findings& findings) {
  using Kind = ComposeVariable::Origin;
  for (const ComposeVariable& winner : service.environment)
    for (const ComposeEnvFile& file : service.env_files) {
      const auto entry =
          std::find_if(file.entries.rbegin(), file.entries.rend(),
                       [&](const DotenvEntry& one) { return one.key == winner.name && one.value; });
      if (winner.origin != Kind::environment || entry == file.entries.rend() || !winner.value ||
          *winner.value == *entry->value)
        continue;
      Diagnostic& one = findings.add(
          "CFG016", entry->value_span,
          fmt::format("{} is not taken from here: environment of {} says something else",
                      winner.name, service.name),
          "remove one of the two");
      one.subject = fmt::format("services.{}.{}", service.name, winner.name);
      one.related.push_back({winner.name_span, "environment: wins over env_file:"});
    }
}

}  // namespace

void shadowed_values(const LintSubject& subject, Findings& findings) {
  shadowed_by_service(subject, findings);
  shadowed_by_process(subject, findings);
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    if (service.enabled) shadowed_in_compose(service, findings);
}

// --- CFG019 ---

namespace {

// Files for different environments are meant to differ; .env and .env.docker are not.
bool is_of_one_environment(std::string_view name) {
  constexpr std::array<std::string_view, 12> kWords = {"dev",  "development", "stag", "prod",
                                                       "test", "local",       "ci",   "qa",
                                                       "uat",  "preview",     "demo", "base"};
  const std::string file = to_lower(Path(name).filename().string());
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return file.find(word) != file.npos; });
}

// Where a program runs differs between a machine and a container; what it does should not.
bool says_where(std::string_view name) {
  constexpr std::array<std::string_view, 12> kLast = {"HOST", "PORT",    "URL",  "URI",
                                                      "DSN",  "ADDR",    "PATH", "DIR",
                                                      "FILE", "ADDRESS", "ROOT", "BIND"};
  const std::string_view last = name.substr(name.rfind('_') + 1);
  return contains(kLast, last);
}

struct Said {
  const EnvFile* file;
  const DotenvEntry* entry;
};

void compare(const Said& first, const Said& second, Findings& findings) {
  if (*first.entry->value == *second.entry->value) return;
  if (!trim(comments_of(*first.file, *first.entry)).empty() ||
      !trim(comments_of(*second.file, *second.entry)).empty())
    return;
  Diagnostic& one =
      findings.add("CFG019", second.entry->value_span,
                   fmt::format("{} and {} disagree about {}", first.file->source->name,
                               second.file->source->name, second.entry->key),
                   "give both the same value, or say in a comment why they differ");
  one.subject = second.entry->key;
  one.related.push_back({first.entry->value_span, "the other value"});
}

}  // namespace

void disagreeing_files(const LintSubject& subject, Findings& findings) {
  std::map<std::string, Said> first;
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::example) || is_of_one_environment(file.source->name)) continue;
    std::map<std::string, const DotenvEntry*> last;  // of a name in this file
    for (const DotenvEntry& entry : file.entries)
      if (entry.value && !entry.value->empty() && !entry.after_quote) last[entry.key] = &entry;
    for (const auto& [name, entry] : last) {
      if (name.empty() || says_where(name)) continue;
      const auto [before, is_new] = first.emplace(name, Said{&file, entry});
      if (!is_new) compare(before->second, {&file, entry}, findings);
    }
  }
}

}  // namespace exai::config
