#pragma once
// The rules of cfg_rules.cpp that stand in files of their own.

#include "core/config/lint/rules.hpp"

namespace exai::config {

// cfg_names.cpp: names that variables go by
std::optional<Fix> rename(const DotenvEntry& entry, const std::string& name);  // in its file
void old_names(const LintSubject& subject, Findings& findings);                // CFG007
void names_set_twice_over(const LintSubject& subject, Findings& findings);     // CFG008, CFG009
void never_read(const LintSubject& subject, Findings& findings);               // CFG011
void undocumented_names(const LintSubject& subject, Findings& findings);       // CFG012

// cfg_values.cpp: what they are set to
void missing_units(const LintSubject& subject, Findings& findings);        // CFG006
void debug_in_production(const LintSubject& subject, Findings& findings);  // CFG013
void unusual_booleans(const LintSubject& subject, Findings& findings);     // CFG014
void without_effect(const LintSubject& subject, Findings& findings);       // CFG015
void foreign_paths(const LintSubject& subject, Findings& findings);        // CFG017

// cfg_life.cpp: how a service lives
void contradicting_keys(const LintSubject& subject, Findings& findings);  // CFG028

// cfg_access.cpp: who is let in
void refused_checks(const LintSubject& subject, Findings& findings);  // CFG029

// cfg_sources.cpp: several places that give one name a value
void two_defaults(const LintSubject& subject, Findings& findings);       // CFG010
void shadowed_values(const LintSubject& subject, Findings& findings);    // CFG016
void disagreeing_files(const LintSubject& subject, Findings& findings);  // CFG019

// cfg_localhost.cpp
void localhost_of_another(const LintSubject& subject, Findings& findings);  // CFG018

}  // namespace exai::config
