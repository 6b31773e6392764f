#pragma once
// The functions of the rules about secrets, by what they look at; the table is in sec_rules.cpp.

#include "core/config/lint/rules.hpp"

namespace exai::config {

// sec_values.cpp: what a secret is
void placeholder_secrets(const LintSubject& subject, Findings& findings);         // SEC005
void weak_secrets(const LintSubject& subject, Findings& findings);                // SEC006
void secrets_for_several_things(const LintSubject& subject, Findings& findings);  // SEC007
void secrets_given_twice(const LintSubject& subject, Findings& findings);         // SEC013

// sec_files.cpp: who can read the file it is in
void secrets_in_git(const LintSubject& subject, Findings& findings);       // SEC001
void open_files(const LintSubject& subject, Findings& findings);           // SEC009
void secret_files_in_git(const LintSubject& subject, Findings& findings);  // SEC010

// sec_dates.cpp: how old it is
void overdue_secrets(const LintSubject& subject, Findings& findings);  // SEC014

// sec_texts.cpp: what was copied out of it
void secrets_in_texts(const LintSubject& subject, Findings& findings);  // SEC016

// sec_places.cpp: where it is written in stack, compose and client files
void secrets_in_environments(const LintSubject& subject, Findings& findings);  // SEC002
void secrets_in_commands(const LintSubject& subject, Findings& findings);      // SEC003
void secrets_in_urls(const LintSubject& subject, Findings& findings);          // SEC004

// sec_services.cpp: which services get it
void unneeded_secrets(const LintSubject& subject, Findings& findings);                   // SEC011
void secrets_in_images(const LintSubject& subject, Findings& findings);                  // SEC012
void ignored_ownership(const LintSubject& subject, Findings& findings);                  // SEC015
void secrets_delivered_in_environments(const LintSubject& subject, Findings& findings);  // SEC017

// sec_pairs.cpp: who sets it and who uses it
void disagreeing_secrets(const LintSubject& subject, Findings& findings);  // SEC008

}  // namespace exai::config
