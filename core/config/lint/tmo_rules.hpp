#pragma once
// The rules of tmo_rules.cpp that stand in files of their own.

#include "core/config/lint/rules.hpp"

namespace exai::config {

// tmo_stack.cpp: times of services
void stack_times_in_order(const LintSubject& subject, Findings& findings);  // TMO001
void restarts_without_end(const LintSubject& subject, Findings& findings);  // TMO003
void implausible_services(const LintSubject& subject, Findings& findings);  // TMO005
void starts_too_short(const LintSubject& subject, Findings& findings);      // TMO007

// tmo_text.cpp: times in environment files
void implausible_options(const LintSubject& subject, Findings& findings);     // TMO005
void derived_values(const LintSubject& subject, Findings& findings);          // TMO008
void rules_that_cannot_fail(const LintSubject& subject, Findings& findings);  // TMO009

}  // namespace exai::config
