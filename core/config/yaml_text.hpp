#pragma once
// What yaml-cpp does not tell about a YAML text: where the words end that it says the start of, and
// what its syntax errors mean to whoever wrote the text. Offsets are bytes. Linear; no state.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace exai::config {

// What precedes a node's content: &anchor and !tag.
struct YamlContent {
  std::size_t begin = 0;           // of the content itself
  std::size_t properties_end = 0;  // after the last anchor or tag; where it started if none
};
YamlContent yaml_content(std::string_view text, std::size_t at);

// After the scalar that begins at `at` and means `value`. None: its quote is never closed.
std::optional<std::size_t> yaml_scalar_end(std::string_view text, std::size_t at,
                                           std::string_view value);

// Over blanks, newlines and comments.
std::size_t skip_yaml_blanks(std::string_view text, std::size_t at);

// After the bracket that closes a flow list or table, from the end of its last item on.
std::size_t yaml_flow_end(std::string_view text, std::size_t at);

// yaml-cpp ends a plain scalar of a flow list at a question mark, which is common in addresses:
// [CMD, curl, http://localhost/?a=1]. Those that are part of a word are given to it as a control
// character, which no text has (forbidden_yaml_byte), and taken back from what it reads.
std::string hide_question_marks(std::string_view text);
std::string show_question_marks(std::string value);

struct YamlFault {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string message;
  std::string help;
};

// A byte that YAML does not allow, when there is one.
std::optional<YamlFault> forbidden_yaml_byte(std::string_view text);

// How far a parser came.
struct YamlProgress {
  std::size_t at = 0;                     // where it gave up
  std::size_t word = 0;                   // the beginning of the last scalar it had understood
  std::size_t read = 0;                   // the end of what it had understood
  std::optional<std::size_t> in_bracket;  // the bracket that it was inside of
};

// yaml-cpp's error in words that help.
YamlFault explain_yaml_error(std::string_view text, const YamlProgress& progress,
                             std::string_view error);

// A quote or bracket that is never closed.
YamlFault unclosed_yaml(std::string_view text, std::size_t open);
// A line that would have to be a key, but has no colon.
YamlFault stray_yaml_line(std::string_view text, std::size_t at);

}  // namespace exai::config
