#pragma once
// Classes of ASCII characters, the same in every locale; what is not ASCII is in none of them.
// Functions of a char as of a code point, which the algorithms of the library take by name. What a
// grammar takes for a blank or a name is its own matter and stands beside its reader.

#include <algorithm>
#include <concepts>
#include <string_view>

namespace exai {

inline constexpr auto is_digit = [](std::integral auto c) { return c >= '0' && c <= '9'; };
inline constexpr auto is_lower = [](std::integral auto c) { return c >= 'a' && c <= 'z'; };
inline constexpr auto is_upper = [](std::integral auto c) { return c >= 'A' && c <= 'Z'; };
inline constexpr auto is_letter = [](std::integral auto c) { return is_lower(c) || is_upper(c); };
inline constexpr auto is_letter_or_digit = [](std::integral auto c) {
  return is_letter(c) || is_digit(c);
};

// The digits of base64 (RFC 4648), by their value.
inline constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Names as most languages and shells have them: letters, digits and "_", no digit first.
inline constexpr auto begins_identifier = [](std::integral auto c) {
  return is_letter(c) || c == '_';
};
inline constexpr auto continues_identifier = [](std::integral auto c) {
  return begins_identifier(c) || is_digit(c);
};
constexpr bool is_identifier(std::string_view text) {
  return !text.empty() && begins_identifier(text.front()) &&
         std::all_of(text.begin(), text.end(), continues_identifier);
}

// The value of a hexadecimal digit, -1 when it is none.
inline constexpr auto hex_digit = [](std::integral auto c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return -1;
};
inline constexpr auto is_hex_digit = [](std::integral auto c) { return hex_digit(c) >= 0; };

}  // namespace exai
