#include "core/base/ascii.hpp"

#include <cctype>

using namespace exai;

TEST_CASE("the classes of characters hold ASCII and nothing else") {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    INFO("byte " << byte);
    const bool in_ascii = byte < 128;
    CHECK(is_digit(c) == (in_ascii && std::isdigit(byte) != 0));
    CHECK(is_lower(c) == (in_ascii && std::islower(byte) != 0));
    CHECK(is_upper(c) == (in_ascii && std::isupper(byte) != 0));
    CHECK(is_letter(c) == (in_ascii && std::isalpha(byte) != 0));
    CHECK(is_letter_or_digit(c) == (in_ascii && std::isalnum(byte) != 0));
    CHECK(is_hex_digit(c) == (in_ascii && std::isxdigit(byte) != 0));
  }
  CHECK_FALSE(is_letter(U'é'));
  CHECK_FALSE(is_digit(U'٣'));
}

TEST_CASE("an identifier has letters, digits and underscores, and begins with no digit") {
  for (const char* good : {"a", "_", "A1", "_9", "snake_CASE_2"}) CHECK(is_identifier(good));
  for (const char* bad : {"", "9a", "a-b", "a.b", "é", "a b"}) CHECK_FALSE(is_identifier(bad));
}

TEST_CASE("hexadecimal digits have their value in either case") {
  CHECK(hex_digit('0') == 0);
  CHECK(hex_digit('9') == 9);
  CHECK(hex_digit('a') == 10);
  CHECK(hex_digit('F') == 15);
  CHECK(hex_digit('g') == -1);
  CHECK(hex_digit('\0') == -1);
}
