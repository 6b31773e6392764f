// ENV: the text of environment files.

#include <map>

#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

template <class Test>
void each_entry(const LintSubject& subject, const Test& test) {
  for (const EnvFile& file : subject.project.env_files)
    for (const DotenvEntry& entry : file.entries) test(entry);
}

void comments_as_values(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const DotenvEntry& entry) {
    if (!entry.is_comment_as_value()) return;
    findings.add("ENV004", entry.value_span,
                 fmt::format("this comment becomes the value of {}", printable(entry.key)),
                 fmt::format("put the comment on a line of its own and write {}=", entry.key));
  });
}

void names_set_twice(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    std::map<std::string_view, const DotenvEntry*> seen;
    for (const DotenvEntry& entry : file.entries) {
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
  for (const EnvFile& file : subject.project.env_files) {
    const auto bad = first_bad_byte(file.source->text);
    if (!bad) continue;
    findings.add("ENV015", Places(file.source).span(*bad, *bad + 1),
                 file.source->text[*bad] == '\0' ? "a NUL byte" : "this byte is not UTF-8 text",
                 "save the file as UTF-8");
  }
}

constexpr std::array kRules = {
    Rule{"ENV001", "unterminated-quote", error, deterministic, Fixing::none,
         "A quote in an environment file is never closed",
         "Everything behind the quote, to the end of the file, would be part of the value."},
    Rule{"ENV002", "bad-name", error, deterministic, Fixing::none,
         "A name with a character that names cannot have",
         "Compose refuses the whole file for one such name."},
    Rule{"ENV003", "bad-reference", error, deterministic, Fixing::none,
         "A ${...} that cannot be read",
         "Compose refuses the whole file. A plain dollar is written $$."},
    Rule{"ENV004", "comment-as-value", error, deterministic, Fixing::none,
         "A comment behind an empty value: it becomes the value",
         "Blanks behind the = are dropped before the value is read, so that the # stands first and "
         "begins no comment.",
         comments_as_values},
    Rule{"ENV006", "set-twice", error, deterministic, Fixing::none, "A name set twice in one file",
         "The last one wins, in silence; whoever edits the first one wonders why nothing changes.",
         names_set_twice},
    Rule{"ENV007", "bare-name", warning, deterministic, Fixing::none,
         "A name without =: its value comes from the environment",
         "What the stack does then depends on the shell of whoever starts it.", bare_names},
    Rule{"ENV008", "text-after-quote", error, deterministic, Fixing::none,
         "Text behind a closing quote: it is lost, or a statement of its own",
         "Compose reads the rest of the line as another statement.", text_after_quotes},
    Rule{"ENV015", "not-text", error, deterministic, Fixing::none,
         "Bytes that are not UTF-8, or NUL", "Programs disagree about what such a file says.",
         unreadable_bytes},
    Rule{"ENV018", "not-set", error, deterministic, Fixing::none,
         "A reference to a variable that nothing sets", "It would be replaced by nothing."},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> env_rules() {
  return kRules;
}

}  // namespace exai::config
