#pragma once
// Transcripts: what a person types and sees, as a test. Pure: text in, steps and verdicts out;
// main.cpp runs them.
//
//   # What this scenario shows, for people: at the top, and after an empty line.
//   $ exai status --json | grep pid       a command, run by bash in the scenario's folder
//   > | head -1                           its next line
//   "pid": {{pid}},                       what it must print, stdout and stderr together
//   [exit 1]                              its exit status, when that is not 0
//
// Holes in expected lines:  {{*}}    any text within the line
//                           {{...}}  alone on a line: any number of lines
//                           {{name}} a word; the first time it is taken, from then on it must be
//                                    the same, and commands may use it
// Known from the start: {{dir}} {{state}} {{repo}} {{bin}} and {{port:ANYTHING}}, a free port.
// In a line with a hole a run of blanks matches any run of blanks; other lines match exactly.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exai::e2e {

using Lines = std::vector<std::string>;
using Values = std::map<std::string, std::string, std::less<>>;

struct Step {
  std::size_t line = 0;  // of the command in its file; the first is 1
  Lines before;          // comments and empty lines above it, as they are
  std::string command;   // lines joined by \n
  Lines expected;
};

struct Transcript {
  std::vector<Step> steps;
  Lines after;  // comments and empty lines at the end
};

Transcript parse(std::string_view text);
std::string render(const Transcript& transcript);

// Puts known values in; names that nobody knows go to `make` (ports), which may know.
using Make = std::function<std::optional<std::string>(std::string_view name)>;
std::string expand(std::string_view text, Values& values, const Make& make);

// Whether the output is as expected; takes the values of new names when it is.
bool matches(const Lines& expected, const Lines& actual, Values& values);

// For --update: the output as expected lines, with the longest known values as holes again.
Lines with_holes(const Lines& actual, const Values& values);

Lines split_lines(std::string_view text);

}  // namespace exai::e2e
