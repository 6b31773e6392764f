#pragma once
// What is wrong, where, and what to do. Collected, never thrown: one run says everything.
//
//   exai.toml:12:9: error[CFG001]: unknown key "proces"
//      12 | proces = ["redis-server"]
//         | ^~~~~~
//     help: did you mean "process"?
//     exai.toml:9:1: note: first defined here

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

enum class Severity { error, warning, info };
std::string_view name(Severity severity);

struct Related {
  Span span;
  std::string message;
};

struct Diagnostic {
  std::string code;  // of the rule table, "CFG001"
  Severity severity = Severity::error;
  Span span;  // empty when it is about no place in a file
  std::string message;
  std::string help;  // what to do; empty only when the message says it
  std::vector<Related> related;
};

using Diagnostics = std::vector<Diagnostic>;

// An error; lint gives it the severity that the rule table has for its code.
Diagnostic problem(std::string code, Span span, std::string message, std::string help = {});

bool has_errors(const Diagnostics& diagnostics);
// By file, then place, then code; equal ones once.
void sort_and_unique(Diagnostics& diagnostics);

enum class Colour { never, always };
std::string render(const Diagnostic& diagnostic, Colour colour = Colour::never);
std::string render(const Diagnostics& diagnostics, Colour colour = Colour::never);
// {"code","severity","file","line","column","end_line","end_column","message","help","related":[…]}
json::object to_json(const Diagnostic& diagnostic);

}  // namespace exai::config
