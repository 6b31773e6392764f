#pragma once
// The functions behind the CMP table (cmp_rules.cpp), by topic. Each looks at the whole project and
// is linear in it.

namespace exai::config {

struct LintSubject;
class Findings;

// cmp_health.cpp
void useless_healthchecks(const LintSubject& subject, Findings& findings);      // CMP006
void slow_healthchecks(const LintSubject& subject, Findings& findings);         // CMP007
void impatient_dependencies(const LintSubject& subject, Findings& findings);    // CMP008
void health_of_the_healthless(const LintSubject& subject, Findings& findings);  // CMP009

// cmp_services.cpp
void moving_images(const LintSubject& subject, Findings& findings);        // CMP005
void unattended_services(const LintSubject& subject, Findings& findings);  // CMP010
void unlimited_memory(const LintSubject& subject, Findings& findings);     // CMP014
void unneeded_rights(const LintSubject& subject, Findings& findings);      // CMP016
void fixed_names(const LintSubject& subject, Findings& findings);          // CMP018

// cmp_mounts.cpp
void writable_project(const LintSubject& subject, Findings& findings);      // CMP011
void overlapping_mounts(const LintSubject& subject, Findings& findings);    // CMP012
void paths_of_one_machine(const LintSubject& subject, Findings& findings);  // CMP013
void missing_sources(const LintSubject& subject, Findings& findings);       // CMP017

// cmp_memory.cpp
void limits_below_needs(const LintSubject& subject, Findings& findings);  // CMP015

// cmp_text.cpp
void obsolete_version(const LintSubject& subject, Findings& findings);     // CMP019
void dollars_in_commands(const LintSubject& subject, Findings& findings);  // CMP021

// cmp_files.cpp
void unused_configuration(const LintSubject& subject, Findings& findings);  // CMP020

// cmp_stop.cpp
void hasty_stops(const LintSubject& subject, Findings& findings);  // CMP022

}  // namespace exai::config
