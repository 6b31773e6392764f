#pragma once
// The functions behind the DEP table (dep_rules.cpp), by what they look at.

namespace exai::config {

struct LintSubject;
class Findings;

// dep_hosts.cpp
void strange_hosts(const LintSubject& subject, Findings& findings);            // DEP002
void undeclared_dependencies(const LintSubject& subject, Findings& findings);  // DEP003

// dep_stack.cpp
void undeclared_needs(const LintSubject& subject, Findings& findings);     // DEP003
void containers_as_hosts(const LintSubject& subject, Findings& findings);  // DEP002

// dep_files.cpp
void disabled_dependencies(const LintSubject& subject, Findings& findings);  // DEP004
void contradicting_files(const LintSubject& subject, Findings& findings);    // DEP005

// dep_programs.cpp
void missing_programs(const LintSubject& subject, Findings& findings);  // DEP006

}  // namespace exai::config
