#pragma once
// From byte offsets of a text to its lines and columns, and back, without looking through the text
// each time: every diagnostic and every fix asks, and a file has thousands of places.
//
// Lines are split at '\n'; a byte order mark stands before the first. Columns count code points.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace exai::config {

// A value; goes with the text that it was made of.
class TextIndex {
 public:
  explicit TextIndex(std::string_view text);

  // Offset of the first byte of each line; there is always one.
  const std::vector<std::size_t>& lines() const { return lines_; }

  // How many code points begin before `offset`, which is at most the text's size.
  std::size_t code_points_before(std::string_view text, std::size_t offset) const;
  // Where the code point with this many before it begins; the text's size when there is none.
  std::size_t offset_of_code_point(std::string_view text, std::size_t count) const;

 private:
  std::vector<std::size_t> lines_;
  std::vector<std::uint32_t> before_;  // code points before each block; none: the text is ASCII
};

// Makes the index when it is first asked for, and again for another text. One thread at a time.
class CachedTextIndex {
 public:
  const TextIndex& of(std::string_view text) const;

 private:
  mutable std::string_view text_;  // where it was when the index was made; never read
  mutable std::shared_ptr<const TextIndex> made_;
};

}  // namespace exai::config
