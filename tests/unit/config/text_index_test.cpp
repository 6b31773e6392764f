#include <catch2/catch.hpp>

#include "core/config/places.hpp"

namespace exai::config {

namespace {

// The definition: step by step from the beginning.
Position counted(std::string_view text, std::size_t offset) {
  Position position{1, 1};
  for (std::size_t i = text.starts_with(kByteOrderMark) ? 3 : 0; i < offset; ++i) {
    if (text[i] == '\n')
      position = {position.line + 1, 1};
    else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U)
      ++position.column;
  }
  return position;
}

bool begins(std::string_view text, std::size_t i) {
  return i >= text.size() || (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
}

SourcePtr source(std::string text) {
  return std::make_shared<const Source>(Source{"f", std::move(text)});
}

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("every offset has the place that counting gives, and every place its offset") {
  const std::vector<std::string> texts = {
      "",
      "\n",
      "one line",
      "a\nbb\n\nccc",
      "\r\nA=1\r\n",
      std::string(kByteOrderMark) + "A=1\nB=2\n",
      repeated("PLAIN_NAME=value of ascii\n", 20),
      repeated("schön=äöü €\n", 20),
      repeated("😀€é", 40),                                         // one line over many blocks
      std::string(63, 'a') + "é" + std::string(62, 'b') + "€\nc",  // letters across two blocks
  };
  for (const std::string& text : texts) {
    const SourcePtr file = source(text);
    const Places places(file);
    CAPTURE(text);
    for (std::size_t i = text.starts_with(kByteOrderMark) ? 3 : 0; i <= text.size(); ++i) {
      if (!begins(text, i)) continue;
      const Position place = counted(text, i);
      CAPTURE(i);
      CHECK(places.at(i) == place);
      CHECK(places.offset(place) == i);
      CHECK(offset_of(*file, place) == i);
    }
  }
}

TEST_CASE("a place that a text has not is its nearest end, or none") {
  const SourcePtr file = source("é1\nlast");
  CHECK(Places(file).at(100) == Position{2, 5});
  CHECK(Places(file).offset({1, 9}) == 3);
  CHECK(Places(file).offset({2, 9}) == 8);
  CHECK(Places(file).offset({3, 1}) == 8);
  CHECK(offset_of(*file, {2, 0}) == 4);
  CHECK(offset_of(*file, {2, 9}) == 8);
  CHECK_FALSE(offset_of(*file, {3, 1}));
  CHECK_FALSE(offset_of(*file, {0, 1}));
  const SourcePtr marked = source(std::string(kByteOrderMark) + "A");
  CHECK(Places(marked).at(0) == Position{1, 1});
}

TEST_CASE("an index belongs to the text that it was made of") {
  CachedTextIndex cached;
  const std::string two = "a\nb";
  const std::string three = "a\nb\nc";
  CHECK(cached.of(two).lines() == std::vector<std::size_t>{0, 2});
  CHECK(&cached.of(two) == &cached.of(two));
  CHECK(cached.of(three).lines() == std::vector<std::size_t>{0, 2, 4});

  Source first{"f", "a\nb"};
  CHECK(first.index().lines().size() == 2);
  Source copy = first;
  copy.text = "a\nb\nc\nd";
  CHECK(copy.index().lines().size() == 4);
  CHECK(first.index().lines().size() == 2);
}

TEST_CASE("a line is shown without what is hidden on it, wherever else something is") {
  Source file{"f", "one\ntwo\nthree\n"};
  file.hidden = {{8, 10}, {5, 6}, {0, 1}, {2, 5}};  // in no order; the last one over the line's end
  CHECK(shown_line(file, 1) == "*n*");
  CHECK(shown_line(file, 2) == "**o");
  CHECK(shown_line(file, 3) == "**ree");
}

}  // namespace exai::config
