#pragma once
// When a schedule runs next: cron expressions as Vixie's cron reads them, in a time zone. Pure: the
// zone is a function from an instant to its offset, so that a test can make one up.
//
//   expression = minute hour day month weekday / "@hourly" / "@daily" / "@weekly" / "@monthly"
//              / "@yearly"
//   field = item *("," item)        item = ("*" / value / value "-" value) ["/" step]
//   minute 0-59, hour 0-23, day 1-31, month 1-12 or jan-dec, weekday 0-7 (0 and 7: Sunday) or
//   sun-sat
//
// When both day and weekday are restricted, either is enough.
//
// Where clocks change: a time of day that is skipped runs at the first moment after the gap; one
// that comes twice runs the first time only. With "*" or a step of it for the hour it follows the
// clock instead: nothing is made up for the gap, and the hour that comes twice has its runs twice.

#include <bitset>
#include <functional>
#include <optional>
#include <string_view>

#include "core/base/time.hpp"

namespace exai::config {

struct Cron {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;
  std::bitset<13> months;
  std::bitset<7> weekdays;
  bool either = false;         // day and weekday are both restricted: one of them is enough
  bool follows_clock = false;  // the hour is "*" or a step of it
  friend bool operator==(const Cron&, const Cron&) = default;
};
std::optional<Cron> parse_cron(std::string_view text);

// Local time minus UTC at an instant.
using UtcOffset = std::function<std::chrono::seconds(WallTime)>;

// The first run after this instant. None: there is none within the next 12 years (30 February).
std::optional<WallTime> next_run(const Cron& cron, WallTime after, const UtcOffset& offset);

}  // namespace exai::config
