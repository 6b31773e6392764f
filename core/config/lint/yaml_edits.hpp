#pragma once
// Edits of YAML text that keep every other byte: whole lines go or come, in the indentation and
// with the line ends of their neighbours. Where the text is not laid out in the plain way (flow
// style, a value on the key's line), there is no edit rather than a clever one.

#include <optional>
#include <string>
#include <vector>

#include "core/config/diagnostics.hpp"

namespace exai::config {

struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;   // before the line end
  std::size_t next = 0;  // where the next line begins
};
std::optional<Line> line_at(const Span& span);

// What the text says at a place.
std::string_view text_at(const Span& span);

Edit replace(const Span& span, std::string text);

// Takes the line of a "key: value" away, when there is nothing else on it.
std::optional<Edit> without_line(const Span& key);

// Lines that become the first of the block below "key:"; they are indented as the block is.
std::optional<Edit> first_in_block(const Span& key, const std::vector<std::string>& lines);

// Lines below the line of `place`, as far in as the column of `place`, plus `deeper`.
std::optional<Edit> below(const Span& place, std::size_t deeper,
                          const std::vector<std::string>& lines);

}  // namespace exai::config
