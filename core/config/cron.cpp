#include "core/config/cron.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/base/text.hpp"

namespace exai::config {

namespace {

using std::chrono::seconds;
// A moment on the clock on the wall, as if that clock showed UTC.
using Local = std::chrono::sys_time<seconds>;
using Instant = std::chrono::sys_time<seconds>;

constexpr int kLongestSearch = 12 * 366;  // days: 29 February may be eight years away

struct Field {
  int least;
  int most;
  std::span<const std::string_view> names;  // of `least` and on
};

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};

std::optional<int> parse_value(std::string_view text, const Field& field) {
  const std::string lower = to_lower(text);
  const auto named = std::find(field.names.begin(), field.names.end(), lower);
  if (named != field.names.end())
    return field.least + static_cast<int>(named - field.names.begin());
  const auto number = parse_integer(text);
  if (!number || *number < field.least || *number > field.most) return std::nullopt;
  return static_cast<int>(*number);
}

template <std::size_t N>
bool add_item(std::string_view item, const Field& field, std::bitset<N>& set) {
  const std::size_t slash = item.find('/');
  int step = 1;
  if (slash != item.npos) {
    const auto number = parse_integer(item.substr(slash + 1));
    if (!number || *number < 1 || *number > 60) return false;
    step = static_cast<int>(*number);
  }
  const std::string_view range = item.substr(0, slash);
  int first = field.least;
  int last = field.most;
  if (range != "*") {
    const std::size_t dash = range.find('-');
    const auto low = parse_value(range.substr(0, dash), field);
    const auto high = dash == range.npos ? low : parse_value(range.substr(dash + 1), field);
    if (!low || !high || *low > *high) return false;
    first = *low;
    last = dash == range.npos && slash != item.npos ? field.most : *high;
  }
  for (int value = first; value <= last; value += step) set.set(static_cast<std::size_t>(value));
  return true;
}

template <std::size_t N>
bool parse_field(std::string_view text, const Field& field, std::bitset<N>& set) {
  const std::vector<std::string> items = split(text, ',');
  return !text.empty() && std::all_of(items.begin(), items.end(), [&](const std::string& item) {
    return add_item(item, field, set);
  });
}

std::string_view spelled_out(std::string_view text) {
  if (text == "@hourly") return "0 * * * *";
  if (text == "@daily" || text == "@midnight") return "0 0 * * *";
  if (text == "@weekly") return "0 0 * * 0";
  if (text == "@monthly") return "0 0 1 * *";
  if (text == "@yearly" || text == "@annually") return "0 0 1 1 *";
  return text;
}

bool day_matches(const Cron& cron, std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  if (!cron.months.test(static_cast<unsigned>(date.month()))) return false;
  const bool by_day = cron.days.test(static_cast<unsigned>(date.day()));
  const bool by_weekday = cron.weekdays.test(std::chrono::weekday(day).c_encoding());
  return cron.either ? by_day || by_weekday : by_day && by_weekday;
}

// The instants at which the clock shows this, in order: none, one or two.
std::vector<Instant> instants_of(Local local, const UtcOffset& offset) {
  std::vector<Instant> found;
  const std::chrono::days day(1);
  for (const seconds guess : {offset(local - day), offset(local + day)}) {
    const Instant instant = local - guess;
    if (offset(instant) == guess && (found.empty() || found.back() != instant))
      found.push_back(instant);
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The first instant after the gap in which this time of day lies.
Instant end_of_gap(Local local, const UtcOffset& offset) {
  const std::chrono::days day(1);
  Instant before = local - offset(local - day) - day;
  Instant behind = local - offset(local + day) + day;
  const seconds old_offset = offset(before);
  while (behind - before > seconds(1)) {
    const Instant middle = before + (behind - before) / 2;
    (offset(middle) == old_offset ? before : behind) = middle;
  }
  return behind;
}

// The runs of one local time of day; a gap or a repetition is settled here.
std::vector<Instant> runs_of(const Cron& cron, Local local, const UtcOffset& offset) {
  std::vector<Instant> found = instants_of(local, offset);
  if (cron.follows_clock) return found;
  if (found.empty()) return {end_of_gap(local, offset)};
  found.resize(1);
  return found;
}

std::optional<Instant> first_run_of(const Cron& cron, std::chrono::sys_days day, Instant after,
                                    const UtcOffset& offset) {
  std::optional<Instant> first;
  for (unsigned hour = 0; hour < cron.hours.size(); ++hour) {
    if (!cron.hours.test(hour)) continue;
    for (unsigned minute = 0; minute < cron.minutes.size(); ++minute) {
      if (!cron.minutes.test(minute)) continue;
      const Local local = day + std::chrono::hours(hour) + std::chrono::minutes(minute);
      for (const Instant run : runs_of(cron, local, offset))
        if (run > after && (!first || run < *first)) first = run;
    }
  }
  return first;
}

}  // namespace

std::optional<Cron> parse_cron(std::string_view text) {
  std::vector<std::string> fields = split(spelled_out(trim(text)), ' ');
  std::erase(fields, "");
  if (fields.size() != 5) return std::nullopt;
  Cron cron;
  std::bitset<8> weekdays;
  const bool valid = parse_field(fields[0], {0, 59, {}}, cron.minutes) &&
                     parse_field(fields[1], {0, 23, {}}, cron.hours) &&
                     parse_field(fields[2], {1, 31, {}}, cron.days) &&
                     parse_field(fields[3], {1, 12, kMonths}, cron.months) &&
                     parse_field(fields[4], {0, 7, kWeekdays}, weekdays);
  if (!valid) return std::nullopt;
  for (std::size_t day = 0; day < weekdays.size(); ++day)
    if (weekdays.test(day)) cron.weekdays.set(day % 7);
  cron.either = !fields[2].starts_with('*') && !fields[4].starts_with('*');
  cron.follows_clock = fields[1].starts_with('*');
  return cron;
}

std::optional<WallTime> next_run(const Cron& cron, WallTime after, const UtcOffset& offset) {
  const Instant since = std::chrono::floor<seconds>(after);
  const auto today = std::chrono::floor<std::chrono::days>(since + offset(since));
  // Yesterday's last run may have been moved behind midnight by a gap.
  for (int day = -1; day < kLongestSearch; ++day) {
    const std::chrono::sys_days date = today + std::chrono::days(day);
    if (!day_matches(cron, date)) continue;
    if (const auto run = first_run_of(cron, date, since, offset)) return *run;
  }
  return std::nullopt;
}

}  // namespace exai::config
