#include "core/base/base64.hpp"

#include <algorithm>

#include "core/base/ascii.hpp"

namespace exai {

std::string to_base64(std::string_view bytes, Padding padding) {
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += kBase64[bits >> (count - 6) & 63U];
  }
  if (count > 0) text += kBase64[bits << (6 - count) & 63U];
  if (padding == Padding::full) text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t value = kBase64.find(c);
    if (value == std::string_view::npos) return fail(Errc::invalid, "not base64");
    bits = bits << 6U | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255U);
  }
  const bool canonical = count < 6 && (bits & ((1U << count) - 1U)) == 0;
  if (!canonical) return fail(Errc::invalid, "not base64: bits are left over");
  return bytes;
}

std::string to_base64url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

Result<std::string> from_base64url(std::string_view text) {
  if (text.find_first_of("+/") != std::string_view::npos)
    return fail(Errc::invalid, "not base64url");
  std::string usual(text);
  std::ranges::replace(usual, '-', '+');
  std::ranges::replace(usual, '_', '/');
  return from_base64(usual);
}

}  // namespace exai
