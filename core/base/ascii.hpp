#pragma once
// Classes of ASCII characters, the same in every locale; what is not ASCII is in none of them.
// What a grammar takes for a blank or a name is its own matter and stands beside its reader.

#include <algorithm>
#include <string_view>

namespace exai {

constexpr bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char32_t c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char32_t c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_letter(char32_t c) {
  return is_lower(c) || is_upper(c);
}
constexpr bool is_letter_or_digit(char32_t c) {
  return is_letter(c) || is_digit(c);
}

// Names as most languages and shells have them: letters, digits and "_", no digit first.
constexpr bool begins_identifier(char32_t c) {
  return is_letter(c) || c == '_';
}
constexpr bool continues_identifier(char32_t c) {
  return begins_identifier(c) || is_digit(c);
}
constexpr bool is_identifier(std::string_view text) {
  return !text.empty() && begins_identifier(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return continues_identifier(c); });
}

// The value of a hexadecimal digit, -1 when it is none.
constexpr int hex_digit(char32_t c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  const char32_t lower = c | 0x20U;
  return lower >= 'a' && lower <= 'f' ? static_cast<int>(lower - 'a') + 10 : -1;
}
constexpr bool is_hex_digit(char32_t c) {
  return hex_digit(c) >= 0;
}

}  // namespace exai
