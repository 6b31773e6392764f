// L3. Sizes are habits, not limits: warnings. Tables and flat switches are excepted by judgement.

#include <algorithm>
#include <array>

#include "tests/lint/lint.hpp"

namespace exai::lint {
namespace {

constexpr std::size_t kHeaderLines = 200;
constexpr std::size_t kSourceLines = 400;
constexpr std::size_t kFunctionLines = 70;

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// A brace that opens the body of a function: what stands before it has parameters and is neither a
// class nor a namespace.
bool opens_function(std::string_view code, std::size_t brace) {
  const std::size_t before =
      brace == 0 ? std::string_view::npos : code.find_last_of(";{}", brace - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view head = code.substr(begin, brace - begin);
  if (head.find('(') == std::string_view::npos) return false;
  static constexpr std::array<std::string_view, 4> kContainers = {"namespace", "class", "struct",
                                                                  "enum"};
  return std::none_of(kContainers.begin(), kContainers.end(), [&](std::string_view word) {
    const auto at = find_word(head, word);
    return at && *at < head.find('(');
  });
}

}  // namespace

void check_sizes(const File& file, const Report& report) {
  if (!is_cpp(file)) return;
  const std::size_t lines = lines_in(file.text);
  const std::size_t limit = is_header(file) ? kHeaderLines : kSourceLines;
  if (lines > limit)
    report(0, Level::warning, std::to_string(lines) + " lines; ask at " + std::to_string(limit));
  const std::string_view code = file.code;
  for (std::size_t at = code.find('{'); at != std::string_view::npos; at = code.find('{', at + 1)) {
    if (!opens_function(code, at)) continue;
    const std::size_t end = matching_close(code, at);
    const std::size_t length = lines_in(code.substr(at, end - at)) + 1;
    if (length > kFunctionLines && file.code.find("TEST_CASE", 0) == std::string::npos)
      report(at, Level::warning, "a function of " + std::to_string(length) + " lines");
    at = end;
  }
}

}  // namespace exai::lint
