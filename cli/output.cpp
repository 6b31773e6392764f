#include "cli/output.hpp"

#include <algorithm>

namespace exai::cli {

namespace {

std::string_view escape_code(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::strong:
      return "\x1b[1m";
    case Tone::dim:
      return "\x1b[2m";
    case Tone::good:
      return "\x1b[32m";
    case Tone::warn:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[31m";
  }
  return "";
}

constexpr std::string_view kReset = "\x1b[0m";

}  // namespace

std::string painted(Tone tone, std::string_view text, Colours colours) {
  if (colours == Colours::off || tone == Tone::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}{}", escape_code(tone), text, kReset);
}

void LiveBlock::erase() {
  // Up to the block's first line, and clear from there to the end of the screen.
  if (lines_ > 0) stream_.print("\x1b[{}A\r\x1b[J", lines_);
  lines_ = 0;
}

void LiveBlock::draw(std::string_view text) {
  std::string frame;
  if (lines_ > 0) frame = fmt::format("\x1b[{}A\r", lines_);
  for (const char c : text) {
    if (c == '\n') frame += "\x1b[K";  // what the previous frame had to the right
    frame += c;
  }
  frame += "\x1b[J";
  stream_.write(frame);  // in one piece: no flicker
  lines_ = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace exai::cli
