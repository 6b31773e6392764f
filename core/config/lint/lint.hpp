#pragma once
// The catalogue of everything that can be wrong with a configuration. Each family is one file with
// its own table, <family>_rules.cpp; rules.cpp puts them together. A new rule is one function and
// one row there, and a small project that breaks it under tests/data/mistakes.
//
//   CFG  options and the stack file      SEC  secrets        CMP  compose files
//   ENV  the text of environment files   PRT  ports          TMO  time
//   DEP  dependencies, names, programs

#include <span>
#include <string_view>

#include "core/config/diagnostics.hpp"

namespace exai::config {

struct LintSubject;
class Findings;

// What a finding rests on.
enum class Evidence {
  deterministic,  // the text alone: always so
  contextual,     // other files, or this machine
  heuristic,      // a good guess; never an error
};
std::string_view name(Evidence evidence);

enum class Fixing {
  none,
  suggested,  // shown by --fix=suggest
  safe,       // done by --fix, when parsing the result again proves it
};
std::string_view name(Fixing fixing);

struct Rule {
  std::string_view code;
  std::string_view name;  // "port-used-twice"
  Severity severity = Severity::error;
  Evidence evidence = Evidence::deterministic;
  Fixing fixing = Fixing::none;
  std::string_view summary;  // one line: what is wrong
  // Why it matters and what to do, in a paragraph: what `exai validate --explain CODE` prints.
  std::string_view docs;
  // None: found earlier, by a parser or while variables are resolved.
  void (*check)(const LintSubject& subject, Findings& findings) = nullptr;
};

// By code.
std::span<const Rule> rules();
const Rule* find_rule(std::string_view code);

}  // namespace exai::config
