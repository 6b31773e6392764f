#include "cli/unified_diff.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::cli {

namespace {

constexpr std::size_t kContext = 3;
constexpr std::size_t kMostCells = 4'000'000;  // of the table below; beyond it all is replaced

using Lines = std::vector<std::string_view>;  // with their ends

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == text.npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

struct Step {
  char kind;           // ' ', '-' or '+'
  std::size_t before;  // index of the line in each text
  std::size_t after;
};

// The middle, where the texts differ: by the longest common subsequence.
void compare_middle(const Lines& a, std::size_t a_begin, std::size_t a_end, const Lines& b,
                    std::size_t b_begin, std::size_t b_end, std::vector<Step>& steps) {
  const std::size_t height = a_end - a_begin;
  const std::size_t width = b_end - b_begin;
  const bool too_large = height > 0 && width > kMostCells / height;
  std::vector<std::uint32_t> common(too_large ? 0 : (height + 1) * (width + 1));
  const auto cell = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return common[i * (width + 1) + j];
  };
  if (!too_large)
    for (std::size_t i = height; i-- > 0;)
      for (std::size_t j = width; j-- > 0;)
        cell(i, j) = a[a_begin + i] == b[b_begin + j] ? cell(i + 1, j + 1) + 1
                                                      : std::max(cell(i + 1, j), cell(i, j + 1));
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < height || j < width) {
    const bool both = i < height && j < width;
    if (both && !too_large && a[a_begin + i] == b[b_begin + j]) {
      steps.push_back({' ', a_begin + i++, b_begin + j++});
    } else if (i < height && (j == width || too_large || cell(i + 1, j) >= cell(i, j + 1))) {
      steps.push_back({'-', a_begin + i++, b_begin + j});
    } else {
      steps.push_back({'+', a_begin + i, b_begin + j++});
    }
  }
}

std::vector<Step> compare(const Lines& a, const Lines& b) {
  std::size_t same = 0;
  while (same < std::min(a.size(), b.size()) && a[same] == b[same]) ++same;
  std::size_t tail = 0;
  while (tail < std::min(a.size(), b.size()) - same &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  std::vector<Step> steps;
  for (std::size_t i = 0; i < same; ++i) steps.push_back({' ', i, i});
  compare_middle(a, same, a.size() - tail, b, same, b.size() - tail, steps);
  for (std::size_t i = tail; i > 0; --i) steps.push_back({' ', a.size() - i, b.size() - i});
  return steps;
}

// Steps [begin, end) that are shown together.
struct Hunk {
  std::size_t begin;
  std::size_t end;
};

std::vector<Hunk> hunks_of(const std::vector<Step>& steps) {
  std::vector<Hunk> hunks;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == ' ') continue;
    const std::size_t begin = i < kContext ? 0 : i - kContext;
    const std::size_t end = std::min(i + kContext + 1, steps.size());
    if (!hunks.empty() && begin <= hunks.back().end)
      hunks.back().end = end;
    else
      hunks.push_back({begin, end});
  }
  return hunks;
}

std::string shown(char kind, const config::Source& source, std::string_view line,
                  std::size_t index) {
  std::string text = printable(shown_line(source, static_cast<std::uint32_t>(index + 1)));
  if (line.ends_with("\r\n")) text += "\\r";
  std::string result = fmt::format("{}{}\n", kind, text);
  if (!line.ends_with('\n')) result += "\\ No newline at end of file\n";
  return result;
}

std::string range(std::size_t first, std::size_t count) {
  return fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

}  // namespace

std::string unified_diff(const config::Source& before, const config::Source& after) {
  if (before.text == after.text) return {};
  const Lines a = lines_of(before.text);
  const Lines b = lines_of(after.text);
  const std::vector<Step> steps = compare(a, b);
  std::string text = fmt::format("--- {}\n+++ {}\n", before.name, before.name);
  for (const Hunk& hunk : hunks_of(steps)) {
    std::string body;
    std::size_t removed = 0;
    std::size_t added = 0;
    for (std::size_t i = hunk.begin; i < hunk.end; ++i) {
      const Step& step = steps[i];
      if (step.kind != '+') ++removed;
      if (step.kind != '-') ++added;
      body += step.kind == '+' ? shown('+', after, b[step.after], step.after)
                               : shown(step.kind, before, a[step.before], step.before);
    }
    text += fmt::format("@@ -{} +{} @@\n{}", range(steps[hunk.begin].before, removed),
                        range(steps[hunk.begin].after, added), body);
  }
  return text;
}

}  // namespace exai::cli
