#pragma once
// Environment files by the grammar of Docker Compose, to the letter; with the place of every name
// and value. What is accepted but probably not meant (a comment that becomes the value, text after
// a closing quote) is reported by lint, from the entries.
//
// Where Compose refuses the whole file at the first fault, all faults are reported here: reading
// goes on with the next line. Never throws; linear in the text.

#include <optional>
#include <string>
#include <vector>

#include "core/config/diagnostics.hpp"
#include "core/config/interpolate.hpp"

namespace exai::config {

// Statements in the order of the file; a name may come more than once, then the last one counts.
struct DotenvEntry {
  enum class Style {
    unquoted,
    single_quoted,
    double_quoted,
    inherited,  // a name alone: its value, if any, comes from the environment
    faulty,     // reported; the place is kept, so that a secret in it can be hidden
  };
  std::string key;
  std::optional<std::string> value;  // references expanded
  Style style = Style::unquoted;
  Span key_span;
  Span value_span;              // with the quotes
  std::size_t value_begin = 0;  // the same place in bytes
  std::size_t value_end = 0;
  bool after_quote = false;     // on the line of a closing quote: rarely meant as a statement
  bool at_end_of_file = false;  // a name alone without a newline: Compose takes it for a value
  bool after_blank = false;     // blanks between the = and the value

  // NAME=  # text: to Compose the text is the value; to whoever wrote it, a comment.
  bool is_comment_as_value() const {
    return style == Style::unquoted && after_blank && value && value->starts_with('#');
  }
};

struct Dotenv {
  std::vector<DotenvEntry> entries;
  Diagnostics diagnostics;  // ENV001, ENV002, ENV003, ENV015, ENV018
  bool accepted = true;     // false: Compose refuses the whole file
};

// References are looked up in `environment` first, then in the file's own earlier lines, then in
// `earlier` (files and defaults that this one stands on).
Dotenv parse_dotenv(const SourcePtr& source, const Lookup& environment, const Lookup& earlier);

}  // namespace exai::config
