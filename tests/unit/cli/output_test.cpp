#include "cli/output.hpp"

#include <catch2/catch.hpp>

using namespace exai::cli;

namespace {

// A terminal as far as the live block needs one: lines, a cursor, "up", and the two erasures.
class Terminal {
 public:
  Stream stream{[this](std::string_view text) { take(text); }, {true, Colours::on, 80}};
  std::string screen() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }

 private:
  void take(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\x1b') {
        i = escape(text, i + 2);
      } else if (text[i] == '\n') {
        ++row_;
        column_ = 0;
      } else if (text[i] == '\r') {
        column_ = 0;
      } else {
        line().resize(std::max(line().size(), column_ + 1), ' ');
        line()[column_++] = text[i];
      }
    }
  }
  std::size_t escape(std::string_view text, std::size_t at) {
    std::size_t number = 0;
    for (; text[at] >= '0' && text[at] <= '9'; ++at)
      number = number * 10 + static_cast<std::size_t>(text[at] - '0');
    if (text[at] == 'A') row_ -= number;
    if (text[at] == 'K') line().resize(column_);
    if (text[at] == 'J') {
      lines_.resize(std::min(lines_.size(), row_ + 1));
      if (row_ < lines_.size()) lines_[row_].resize(column_);
      if (column_ == 0 && row_ < lines_.size()) lines_.resize(row_);
    }
    return at;
  }
  std::string& line() {
    if (lines_.size() <= row_) lines_.resize(row_ + 1);
    return lines_[row_];
  }

  std::vector<std::string> lines_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

}  // namespace

TEST_CASE("a live block is drawn again in its place, whatever its size was") {
  Terminal terminal;
  terminal.stream.write("before\n");
  LiveBlock block(terminal.stream);
  block.draw("redis starting\nexaid waiting\n");
  CHECK(terminal.screen() == "before\nredis starting\nexaid waiting\n");
  block.draw("redis ready\nexaid waiting\nthird\n");
  CHECK(terminal.screen() == "before\nredis ready\nexaid waiting\nthird\n");
  block.draw("exaid ready\n");
  CHECK(terminal.screen() == "before\nexaid ready\n");
}

TEST_CASE("a live block that is erased leaves nothing of itself") {
  Terminal terminal;
  terminal.stream.write("before\n");
  LiveBlock block(terminal.stream);
  block.draw("one\ntwo\n");
  block.erase();
  block.erase();
  terminal.stream.write("after\n");
  CHECK(terminal.screen() == "before\nafter\n");
}

TEST_CASE("text is painted only where colours are on") {
  CHECK(painted(Tone::bad, "x", Colours::on) == "\x1b[31mx\x1b[0m");
  CHECK(painted(Tone::bad, "x", Colours::off) == "x");
  CHECK(painted(Tone::plain, "x", Colours::on) == "x");
  CHECK(painted(Tone::bad, "", Colours::on).empty());
}
