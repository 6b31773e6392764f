#pragma once
// The little that the grammars of files need to know about Unicode.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace exai::config {

// One code point of UTF-8; a byte that starts none stands for itself, as U+FFFD.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 1;
};
CodePoint code_point_at(std::string_view text, std::size_t at);

void append_utf8(std::string& out, std::uint32_t c);

// General categories L and N: letters and numbers of any script.
bool is_letter_or_number(std::uint32_t c);

// White_Space, newlines among it.
bool is_space(std::uint32_t c);

}  // namespace exai::config
