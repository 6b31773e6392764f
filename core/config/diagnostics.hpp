#pragma once
// What is wrong, where, and what to do. Collected, never thrown: one run says everything.
//
//   exai.toml:12:9: error[CFG001]: unknown key "proces"
//      12 | proces = ["redis-server"]
//         | ^~~~~~
//     help: did you mean "process"?
//     exai.toml:9:1: note: first defined here

#include <filesystem>
#include <optional>
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

// Puts `text` in the place of bytes [begin, end) of the source.
struct Edit {
  SourcePtr source;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
};

// What a fix changes in the key → value map of an environment file, as Compose reads it. A fix that
// declares none changes none; fix.hpp holds it to its word.
struct Change {
  std::string key;
  std::optional<std::string> before;  // none: it was not there
  std::optional<std::string> after;   // none: it is removed
};

struct Fix {
  std::string title;  // "put the comment on a line of its own"
  std::vector<Edit> edits;
  std::vector<Change> changes;
  // Instead of edits: the mode of a file or folder.
  std::optional<std::filesystem::path> path = {};
  std::uint32_t mode = 0;
};

struct Diagnostic {
  std::string code;  // of the rule table, "CFG001"
  Severity severity = Severity::error;
  Span span;  // empty when it is about no place in a file
  std::string message;
  std::string help;  // what to do; empty only when the message says it
  std::vector<Related> related;
  std::optional<Fix> fix = {};  // safe or only suggested: the rule table says which
  std::string subject = {};     // what it is about, whatever the line: "services.web.ports", "PORT"
  std::string cause = {};       // as_cause of the finding that explains this one: one story
};

using Diagnostics = std::vector<Diagnostic>;

struct FindingCount {
  std::size_t errors = 0;
  std::size_t milder = 0;

  std::size_t all() const { return errors + milder; }
};

// With the severity that the rule table has for the code.
Diagnostic problem(std::string code, Span span, std::string message, std::string help = {});

// How the findings that follow from `root` name it in their `cause`: its place and its message.
std::string as_cause(const Diagnostic& root);

bool has_errors(const Diagnostics& diagnostics);
// By file, then place, then code; equal ones once.
void sort_and_unique(Diagnostics& diagnostics);

enum class Colour { never, always };
std::string render(const Diagnostic& diagnostic, Colour colour = Colour::never);
std::string render(const Diagnostics& diagnostics, Colour colour = Colour::never);
// {"code","severity","file","line","column","end_line","end_column","message","help","related":[…]}
json::object to_json(const Diagnostic& diagnostic);

}  // namespace exai::config
