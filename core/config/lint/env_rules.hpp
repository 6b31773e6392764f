#pragma once
// The ENV rules: env_text.cpp has those about how one file is written, env_readers.cpp what its
// readers make of it, env_compare.cpp how it fits its example; env_rules.cpp has the table.

#include "core/config/lint/rules.hpp"

namespace exai::config {

// env_text.cpp
bool changes_backslashes(const EnvFile& file, const DotenvEntry& entry);
void comments_as_values(const LintSubject& subject, Findings& findings);
void unclear_hashes(const LintSubject& subject, Findings& findings);
void names_set_twice(const LintSubject& subject, Findings& findings);
void bare_names(const LintSubject& subject, Findings& findings);
void text_after_quotes(const LintSubject& subject, Findings& findings);
void changed_backslashes(const LintSubject& subject, Findings& findings);
void trailing_blanks(const LintSubject& subject, Findings& findings);
void ends_of_files(const LintSubject& subject, Findings& findings);
void line_ends(const LintSubject& subject, Findings& findings);
void byte_order_marks(const LintSubject& subject, Findings& findings);
void unreadable_bytes(const LintSubject& subject, Findings& findings);
void inline_comments(const LintSubject& subject, Findings& findings);
void commands_in_values(const LintSubject& subject, Findings& findings);
void leftovers(const LintSubject& subject, Findings& findings);
void unusual_names(const LintSubject& subject, Findings& findings);

// env_readers.cpp
void reader_differences(const LintSubject& subject, Findings& findings);

// env_compare.cpp
void missing_names(const LintSubject& subject, Findings& findings);
void drifted_sections(const LintSubject& subject, Findings& findings);
void odd_sections(const LintSubject& subject, Findings& findings);

}  // namespace exai::config
