#include "core/config/lint/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::array<Pair, 16> kUnits = {{{"MS", "ms"},
                                          {"MSEC", "ms"},
                                          {"MSECS", "ms"},
                                          {"MILLIS", "ms"},
                                          {"MILLISECONDS", "ms"},
                                          {"S", "s"},
                                          {"SEC", "s"},
                                          {"SECS", "s"},
                                          {"SECONDS", "s"},
                                          {"MIN", "min"},
                                          {"MINS", "min"},
                                          {"MINUTES", "min"},
                                          {"HOURS", "h"},
                                          {"HOUR", "h"},
                                          {"DAYS", "days"},
                                          {"DAY", "days"}}};

constexpr std::array<std::string_view, 10> kTimes = {"TIMEOUT",  "INTERVAL", "TTL",    "DELAY",
                                                     "BACKOFF",  "DURATION", "PERIOD", "COOLDOWN",
                                                     "LIFETIME", "DEADLINE"};

std::vector<std::string> words_of(std::string_view text, std::string_view letters) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (letters.find(c) != letters.npos)
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

}  // namespace

std::optional<std::string> unit_in_name(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('_') + 1);
  const auto* found = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Pair& unit) { return unit.first == last; });
  if (found == kUnits.end() || last == name) return std::nullopt;
  return std::string(found->second);
}

bool names_a_time(std::string_view name) {
  if (unit_in_name(name)) name = name.substr(0, name.rfind('_'));
  const std::string_view last = name.substr(name.rfind('_') + 1);
  return contains(kTimes, last);
}

std::string comments_of(const EnvFile& file, const DotenvEntry& entry) {
  const std::string& text = file.source->text;
  std::string comments =
      text.substr(entry.value_end, line_end(text, entry.value_end) - entry.value_end);
  // Upwards by bytes: looking for lines by their number would read the file again for each.
  std::size_t line = entry.value_begin == 0 ? text.npos : text.rfind('\n', entry.value_begin - 1);
  while (line != text.npos && line > 0) {
    const std::size_t before = text.rfind('\n', line - 1);
    const std::size_t begin = before == text.npos ? 0 : before + 1;
    const std::string_view above = trim(std::string_view(text).substr(begin, line - begin));
    if (!above.starts_with('#')) break;
    comments = std::string(above) + "\n" + comments;
    line = before;
  }
  return comments;
}

bool comment_names_a_unit(const EnvFile& file, const DotenvEntry& entry) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  constexpr std::array<std::string_view, 14> kWords = {
      "s",   "sec",    "secs",    "second", "seconds", "ms",  "millisecond", "milliseconds",
      "min", "minute", "minutes", "hour",   "hours",   "days"};
  const auto words = words_of(to_lower(comments_of(file, entry)), kLetters);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return contains(kWords, word); });
}

}  // namespace exai::config
