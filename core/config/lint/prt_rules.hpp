#pragma once
// The functions of the rules about ports, by what they look at; the table is in prt_rules.cpp.

#include "core/config/lint/rules.hpp"

namespace exai::config {

// prt_published.cpp: ports of the host
void ports_used_twice(const LintSubject& subject, Findings& findings);     // PRT001
void open_ports(const LintSubject& subject, Findings& findings);           // PRT003
void ports_out_of_range(const LintSubject& subject, Findings& findings);   // PRT004
void misleading_comments(const LintSubject& subject, Findings& findings);  // PRT008

// prt_listening.cpp: who listens behind them
void ports_without_listener(const LintSubject& subject, Findings& findings);  // PRT002
void listeners_without_port(const LintSubject& subject, Findings& findings);  // PRT005

// prt_healthchecks.cpp
void checks_of_wrong_ports(const LintSubject& subject, Findings& findings);  // PRT006

// prt_conflicts.cpp
void listeners_in_conflict(const LintSubject& subject, Findings& findings);  // PRT007

}  // namespace exai::config
