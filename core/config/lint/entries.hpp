#pragma once
// The entries of environment files, for rules that look at each of them.

#include "core/config/lint/rules.hpp"

namespace exai::config {

template <class Test>
void each_entry(const LintSubject& subject, const Test& test) {
  for (const EnvFile& file : subject.project.env_files)
    for (const DotenvEntry& entry : file.entries) test(file, entry);
}

// Entries with a value, of files that programs read: not of examples.
template <class Test>
void each_value(const LintSubject& subject, const Test& test) {
  each_entry(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    if (!file.is(EnvFileRole::example) && entry.value && !entry.value->empty() &&
        !entry.key.empty() && !entry.after_quote && entry.style != DotenvEntry::Style::faulty &&
        !entry.is_comment_as_value())
      test(file, entry);
  });
}

}  // namespace exai::config
