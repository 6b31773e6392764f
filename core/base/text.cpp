#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>

#include "core/base/ascii.hpp"

namespace exai {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

struct Unit {
  std::string_view name;
  double factor;
};

// Longest name first, so that "ms" is not read as "m".
constexpr std::array kDurationUnits = {
    Unit{"ms", 1}, Unit{"s", 1e3}, Unit{"m", 6e4}, Unit{"h", 3.6e6}, Unit{"d", 8.64e7},
};

constexpr std::array kSizeUnits = {
    Unit{"KiB", 1024.0},      Unit{"MiB", 1048576.0},          Unit{"GiB", 1073741824.0},
    Unit{"TiB", 1099511627776.0}, Unit{"KB", 1e3},             Unit{"MB", 1e6},
    Unit{"GB", 1e9},          Unit{"TB", 1e12},                Unit{"K", 1024.0},
    Unit{"M", 1048576.0},     Unit{"G", 1073741824.0},         Unit{"T", 1099511627776.0},
    Unit{"B", 1},             Unit{"", 1},
};

// The number at the front of `text`, which is shortened by it.
std::optional<double> take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && (is_digit(text[length]) || text[length] == '.')) ++length;
  const auto number = parse_number(text.substr(0, length));
  if (number) text.remove_prefix(length);
  return number;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::invalid, "\"{}\" is no duration; write it like 200ms, 1.5s, 2m or 1h30m",
                printable(text));
  };
  std::string_view rest = text;
  if (rest.empty()) return bad();
  double total = 0;
  double last_factor = std::numeric_limits<double>::infinity();
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number) return bad();
    const auto* unit = std::find_if(kDurationUnits.begin(), kDurationUnits.end(),
                                    [&](const Unit& u) { return rest.starts_with(u.name); });
    if (unit == kDurationUnits.end() || unit->factor >= last_factor) return bad();
    last_factor = unit->factor;
    rest.remove_prefix(unit->name.size());
    total += *number * unit->factor;
  }
  constexpr Duration kLongest = std::chrono::years(200);  // after now it is a time still
  if (total > static_cast<double>(kLongest.count()))
    return fail(Errc::invalid, "\"{}\" is longer than 200 years", printable(text));
  return Duration(static_cast<std::int64_t>(std::llround(total)));
}

std::string format_duration(Duration duration) {
  const std::int64_t ms = duration.count();
  if (ms < 0) return "-" + format_duration(-duration);
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 60'000) {
    const std::int64_t tenths = ms / 100;
    return tenths % 10 == 0 ? fmt::format("{}s", tenths / 10)
                            : fmt::format("{}.{}s", tenths / 10, tenths % 10);
  }
  const auto two = [](std::int64_t big, char big_unit, std::int64_t small, char small_unit) {
    return small == 0 ? fmt::format("{}{}", big, big_unit)
                      : fmt::format("{}{}{}{}", big, big_unit, small, small_unit);
  };
  const std::int64_t s = ms / 1000;
  if (s < 3600) return two(s / 60, 'm', s % 60, 's');
  if (s < 86400) return two(s / 3600, 'h', s % 3600 / 60, 'm');
  return two(s / 86400, 'd', s % 86400 / 3600, 'h');
}

std::string age(WallTime then, WallTime now) {
  const auto passed = std::chrono::duration_cast<Duration>(now - then);
  return format_duration(std::max(passed, Duration::zero()));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  const auto* unit = std::find_if(kSizeUnits.begin(), kSizeUnits.end(),
                                  [&](const Unit& u) { return rest == u.name; });
  if (!number || unit == kSizeUnits.end() || *number * unit->factor > 1e18)
    return fail(Errc::invalid, "\"{}\" is no size; write it like 512, 64KiB or 10MB",
                printable(text));
  return static_cast<std::uint64_t>(std::llround(*number * unit->factor));
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::string_view unit;
  for (const std::string_view next : {"KiB", "MiB", "GiB", "TiB"}) {
    value /= 1024;
    unit = next;
    if (value < 1024) break;
  }
  return value < 10 ? fmt::format("{:.1f} {}", value, unit) : fmt::format("{:.0f} {}", value, unit);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<bool> parse_bool(std::string_view text) {
  const std::string word = to_lower(text);
  for (const std::string_view yes : {"true", "1", "yes", "on", "y", "t"})
    if (word == yes) return true;
  for (const std::string_view no : {"false", "0", "no", "off", "n", "f"})
    if (word == no) return false;
  return std::nullopt;
}

std::string format_utc(WallTime time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  const std::int64_t millis = ((ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (ms - millis) / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     millis);
}

std::optional<WallTime> parse_utc(std::string_view text) {
  // 2026-11-21T03:42:19.123Z; the milliseconds may be missing
  const bool exact = text.size() == 24 && text[19] == '.';
  if ((text.size() != 20 && !exact) || text.back() != 'Z' || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto field = [&](std::size_t from, std::size_t length) -> int {
    const auto value = parse_integer(text.substr(from, length));
    return value && *value >= 0 ? static_cast<int>(*value) : -1;
  };
  const int milli = exact ? field(20, 3) : 0;
  const std::array fields = {field(0, 4),  field(5, 2),  field(8, 2), field(11, 2),
                             field(14, 2), field(17, 2), milli};
  if (std::any_of(fields.begin(), fields.end(), [](int f) { return f < 0; })) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year{fields[0]}, month{static_cast<unsigned>(fields[1])},
                            day{static_cast<unsigned>(fields[2])}};
  if (!date.ok() || fields[3] > 23 || fields[4] > 59 || fields[5] > 60) return std::nullopt;
  return nearest_wall_time(sys_days{date} + hours{fields[3]} + minutes{fields[4]} +
                           seconds{fields[5]} + milliseconds{fields[6]});
}

std::string format_local(WallTime time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 64> buffer{};
  const std::size_t length =
      std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S %z", &parts);
  return {buffer.data(), length};
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment over three rows: two back, one back, current.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates) {
  const std::string folded = to_lower(word);
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  const std::string* found = nullptr;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(folded, to_lower(candidate));
    if (distance < best && distance < candidate.size()) {
      best = distance;
      found = &candidate;
    }
  }
  if (!found) return std::nullopt;
  return *found;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string all;
  for (const std::string& part : parts) {
    if (&part != parts.data()) all += separator;
    all += part;
  }
  return all;
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  if (from.empty()) return text;
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string count_of(std::size_t count, std::string_view singular, std::string_view plural) {
  if (count == 1) return fmt::format("1 {}", singular);
  return plural.empty() ? fmt::format("{} {}s", count, singular)
                        : fmt::format("{} {}", count, plural);
}

namespace {

// Length of the UTF-8 sequence at the front, 0 when it is none (overlong and surrogates included).
std::size_t sequence_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  const unsigned char second = byte(1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
    return 0;
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

char32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::size_t length = sequence_length(text);
  char32_t point = length == 0 ? 0xFFFD : length == 1 ? byte(0) : byte(0) & (0x7FU >> length);
  for (std::size_t at = 1; at < length; ++at) point = point << 6U | (byte(at) & 0x3FU);
  text.remove_prefix(std::max<std::size_t>(length, 1));
  return point;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string printable(std::string_view bytes) {
  std::string result;
  result.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    const auto first = static_cast<unsigned char>(bytes[0]);
    if (length == 0 || first < 0x20 || first == 0x7F) {
      result += fmt::format("\\x{:02x}", first);
      bytes.remove_prefix(1);
    } else {
      result += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return result;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return text;
}

}  // namespace exai
