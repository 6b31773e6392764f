#pragma once
// What rules see and what they write into; and the rules themselves, for the table.

#include "core/config/config.hpp"
#include "core/config/lint/lint.hpp"
#include "core/config/resolve.hpp"

namespace exai::config {

struct LintSubject {
  const Resolved& resolved;
  const Facilities& world;
};

class Findings {
 public:
  explicit Findings(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // Returns: the diagnostic, to add related places.
  Diagnostic& add(std::string_view code, Span span, std::string message, std::string help = {});
  void add(Diagnostic diagnostic);

  // Nobody reads more than this: what is added now is dropped.
  bool full() const { return diagnostics_.size() >= kMost; }

 private:
  static constexpr std::size_t kMost = 200;
  Diagnostics& diagnostics_;
  Diagnostic dropped_;
};

// All rules of the table over the subject.
void lint(const LintSubject& subject, Diagnostics& diagnostics);

// What the table says about severity; in a strict environment warnings are errors.
void set_severities(Diagnostics& diagnostics, bool strict);

// stack_rules.cpp: over the tree of the stack file
void stack_schema(const LintSubject& subject, Findings& findings);
void check_ports(const LintSubject& subject, Findings& findings);
void ports_used_twice(const LintSubject& subject, Findings& findings);
void dependency_cycles(const LintSubject& subject, Findings& findings);
void unknown_dependencies(const LintSubject& subject, Findings& findings);
void missing_commands(const LintSubject& subject, Findings& findings);

// variable_rules.cpp: over the layers and the variables
void unknown_names(const LintSubject& subject, Findings& findings);
void option_values(const LintSubject& subject, Findings& findings);
void alias_conflicts(const LintSubject& subject, Findings& findings);
void names_of_exai(const LintSubject& subject, Findings& findings);
void placeholder_secrets(const LintSubject& subject, Findings& findings);
void comments_as_values(const LintSubject& subject, Findings& findings);
void names_set_twice(const LintSubject& subject, Findings& findings);
void bare_names(const LintSubject& subject, Findings& findings);
void text_after_quotes(const LintSubject& subject, Findings& findings);
void unreadable_bytes(const LintSubject& subject, Findings& findings);

bool is_placeholder(std::string_view value);

}  // namespace exai::config
