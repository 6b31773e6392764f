#pragma once
// From byte offsets, which parsers count in, to lines and columns, which people count in; and back.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "core/config/tree.hpp"

namespace exai::config {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Any place of a file, in any order, by the index of its text (text_index.hpp).
class Places {
 public:
  explicit Places(SourcePtr source) : source_(std::move(source)) {}

  Position at(std::size_t offset) const;
  Span span(std::size_t begin, std::size_t end) const;

  // The way back; the end of its line for a column that there is not.
  std::size_t offset(Position position) const;

 private:
  SourcePtr source_;
};

// The first byte of the line that the byte at `at` belongs to, and its newline or the text's end.
inline std::size_t line_begin(std::string_view text, std::size_t at) {
  return at == 0 ? 0 : text.rfind('\n', at - 1) + 1;  // npos + 1 is 0
}
inline std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

// What ends the first line, and so the others: "\r\n" or "\n".
inline std::string_view newline_of(std::string_view text) {
  const std::size_t end = line_end(text, 0);
  return end < text.size() && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

// The text of a line without its end; empty when there is no such line.
std::string_view line_text(const Source& source, std::uint32_t line);

// The same as it may be shown: an asterisk for each code point of what the source hides, and of
// what sounds secret in any of our formats (secrecy.hpp), so that no reader of a file can forget
// to.
std::string shown_line(const Source& source, std::uint32_t line);

// Where a position stands in the source's text.
std::optional<std::size_t> offset_of(const Source& source, Position position);

// The part of `whole` that reads `part`, when it does in one place or more (then the first): how a
// reference inside a quoted text is pointed at. Else `whole`.
Span narrow(const Span& whole, std::string_view part);

// Offset of the first byte that is NUL or no UTF-8.
std::optional<std::size_t> first_bad_byte(std::string_view text);

}  // namespace exai::config
