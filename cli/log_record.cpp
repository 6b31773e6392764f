#include "cli/log_record.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

using Names = std::initializer_list<std::string_view>;

// The first of these members that is a text; it is taken out of the object.
std::string take_text(json::object& object, Names names) {
  for (const std::string_view name : names)
    if (auto text = find_string(object, name)) {
      object.erase(name);
      return *std::move(text);
    }
  return {};
}

// pino and bunyan count levels.
std::string take_level(json::object& object) {
  std::string level = take_text(object, {"level", "severity", "lvl", "levelname", "log.level"});
  const auto number = find_integer(object, "level");
  if (!level.empty() || !number) return to_lower(level);
  object.erase("level");
  constexpr std::array<std::string_view, 7> kLevels = {"",     "trace", "debug", "info",
                                                       "warn", "error", "fatal"};
  const auto index = static_cast<std::size_t>(std::clamp<std::int64_t>(*number / 10, 0, 6));
  return std::string(kLevels[index]);
}

std::string value_text(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : to_text(value);
}

struct Notation {
  const char* format;
  bool dated;
};
constexpr std::array kNotations = {
    Notation{"%Y-%m-%d %H:%M:%S", true},
    Notation{"%Y-%m-%dT%H:%M:%S", true},
    Notation{"%Y-%m-%d %H:%M", true},
    Notation{"%Y-%m-%dT%H:%M", true},
    Notation{"%Y-%m-%d", true},
    Notation{"%H:%M:%S", false},
    Notation{"%H:%M", false},
};

std::tm local_day(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm day{};
  ::localtime_r(&seconds, &day);
  day.tm_hour = day.tm_min = day.tm_sec = 0;
  return day;
}

}  // namespace

std::optional<LogRecord> parse_record(std::string_view line) {
  line = trim(line);
  if (!line.starts_with('{') || !line.ends_with('}')) return std::nullopt;
  auto object = parse_json_object(line);
  if (!object) return std::nullopt;
  LogRecord record;
  record.whole = *object;
  record.level = take_level(*object);
  record.message = take_text(*object, {"message", "msg", "event"});
  record.time = parse_utc(take_text(*object, {"time", "timestamp", "ts", "@timestamp"}));
  record.fields = std::move(*object);
  return record;
}

std::string as_text(const LogRecord& record) {
  std::string level = record.level;
  for (char& c : level) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string text = level.empty() ? "" : fmt::format("{:<5} ", level);
  text += record.message;
  for (const auto& [key, value] : record.fields) {
    if (!text.empty() && text.back() != ' ') text += ' ';
    text += fmt::format("{}={}", std::string_view(key), value_text(value));
  }
  return text;
}

Result<WallTime> parse_moment(std::string_view text, WallTime now) {
  if (const auto ago = parse_duration(text)) return now - *ago;
  if (const auto utc = parse_utc(text)) return *utc;
  const bool zulu = text.ends_with('Z');
  const std::string written(text.substr(0, text.size() - (zulu ? 1 : 0)));
  for (const Notation& notation : kNotations) {
    std::tm parts = local_day(now);
    if (notation.dated) parts = {};
    parts.tm_isdst = -1;
    const char* rest = ::strptime(written.c_str(), notation.format, &parts);
    if (rest == nullptr || *rest != '\0') continue;
    const std::chrono::seconds since_1970(zulu ? ::timegm(&parts) : ::mktime(&parts));
    return nearest_wall_time(std::chrono::sys_seconds(since_1970));
  }
  return fail(Errc::invalid,
              "\"{}\" is no moment; write 10m (ago), 14:30, \"2026-11-21 14:30\" or "
              "2026-11-21T03:30:00.000Z",
              text);
}

}  // namespace exai::cli
