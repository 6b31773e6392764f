#pragma once
// The catalogue of everything that can be wrong with a configuration: one table, rules.cpp. A new
// rule is one function in stack_rules.cpp or variable_rules.cpp and one line in the table.

#include <span>
#include <string_view>

#include "core/config/diagnostics.hpp"

namespace exai::config {

struct LintSubject;
class Findings;

struct Rule {
  std::string_view code;
  std::string_view name;  // "port-used-twice"
  Severity severity = Severity::error;
  std::string_view summary;  // one line
  // None: found earlier, by a parser or while variables are resolved.
  void (*check)(const LintSubject& subject, Findings& findings) = nullptr;
};

// By code.
std::span<const Rule> rules();
const Rule* find_rule(std::string_view code);

}  // namespace exai::config
