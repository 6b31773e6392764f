// Rules over the layers of the environment and the variables they set.

#include <algorithm>
#include <array>
#include <map>

#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/option_values.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

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

}  // namespace

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
          "CFG016", assignment.key_span,
          fmt::format("{} cannot be set here: exai gives it to every service", assignment.written),
          assignment.name == "TZ" ? "change [stack] timezone in the stack file"
                                  : "it follows from the stack file and --env");
}

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

namespace {

template <class Test>
void each_entry(const LintSubject& subject, const Test& test) {
  for (const Layer& layer : subject.resolved.layers)
    for (const DotenvEntry& entry : layer.entries) test(entry);
}

}  // namespace

void comments_as_values(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const DotenvEntry& entry) {
    if (!entry.is_comment_as_value()) return;
    findings.add("ENV004", entry.value_span,
                 fmt::format("this comment becomes the value of {}", printable(entry.key)),
                 fmt::format("put the comment on a line of its own and write {}=", entry.key));
  });
}

void names_set_twice(const LintSubject& subject, Findings& findings) {
  for (const Layer& layer : subject.resolved.layers) {
    std::map<std::string_view, const DotenvEntry*> seen;
    for (const DotenvEntry& entry : layer.entries) {
      const bool faulty = entry.style == DotenvEntry::Style::faulty;
      if (entry.key.empty() || faulty || entry.after_quote) continue;
      const auto [first, is_new] = seen.emplace(entry.key, &entry);
      if (is_new) continue;
      findings
          .add("ENV006", entry.key_span,
               fmt::format("{} is set twice in this file", printable(entry.key)),
               "keep one of them; the last one counts")
          .related.push_back({first->second->key_span, "first set here"});
    }
  }
}

void bare_names(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const DotenvEntry& entry) {
    if (entry.after_quote) return;
    if (entry.at_end_of_file)
      findings.add("ENV007", entry.value_span, "this line is neither a name nor a value",
                   "write NAME=value, and end the file with a newline");
    else if (entry.style == DotenvEntry::Style::inherited)
      findings.add("ENV007", entry.key_span,
                   fmt::format("{} has no \"=\": its value comes from the environment of whoever "
                               "runs exai",
                               printable(entry.key)),
                   fmt::format("write {}=value", printable(entry.key)));
  });
}

void text_after_quotes(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const DotenvEntry& entry) {
    if (!entry.after_quote || entry.style == DotenvEntry::Style::faulty) return;
    const bool lost = entry.style == DotenvEntry::Style::inherited || entry.at_end_of_file;
    findings.add("ENV008", entry.at_end_of_file ? entry.value_span : entry.key_span,
                 lost ? "text behind a closing quote is lost"
                      : "this is a statement of its own, behind a closing quote",
                 lost ? "put it inside the quotes, or a \"#\" in front of a comment"
                      : "put it on a line of its own");
  });
}

void unreadable_bytes(const LintSubject& subject, Findings& findings) {
  for (const Layer& layer : subject.resolved.layers) {
    const auto bad = first_bad_byte(layer.source->text);
    if (!bad) continue;
    findings.add("ENV015", Places(layer.source).span(*bad, *bad + 1),
                 layer.source->text[*bad] == '\0' ? "a NUL byte" : "this byte is not UTF-8 text",
                 "save the file as UTF-8");
  }
}

}  // namespace exai::config
