// Lines of a text, and its code points.
#include "core/config/places.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "core/config/unicode.hpp"

namespace exai::config::test {

TEST_CASE("a byte belongs to the line in front of its newline, and so does the newline") {
  const std::string text = "one\n\nthree";
  const auto line_of = [&](std::size_t at) {
    return text.substr(line_begin(text, at), line_end(text, at) - line_begin(text, at));
  };
  CHECK(line_of(0) == "one");
  CHECK(line_of(3) == "one");
  CHECK(line_of(4).empty());
  CHECK(line_of(5) == "three");
  CHECK(line_of(text.size()) == "three");
  CHECK(line_begin("", 0) == 0);
  CHECK(line_end("", 0) == 0);
}

TEST_CASE("lines end as the first one does") {
  CHECK(newline_of("a\r\nb\n") == "\r\n");
  CHECK(newline_of("a\nb\r\n") == "\n");
  CHECK(newline_of("\n") == "\n");
  CHECK(newline_of("a\r") == "\n");
  CHECK(newline_of("") == "\n");
}

TEST_CASE("what is written as UTF-8 reads as the same code point") {
  for (const std::uint32_t c : {0x0U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xFFFDU, 0x10000U, 0x10FFFFU}) {
    std::string text = "x";
    append_utf8(text, c);
    const CodePoint read = code_point_at(text, 1);
    CHECK(read.value == c);
    CHECK(read.length == text.size() - 1);
  }
  CHECK(code_point_at("\xC3(", 0).value == 0xFFFD);
  CHECK(code_point_at("\xC3(", 0).length == 1);
}

}  // namespace exai::config::test
