// Cron expressions, and when they run: also in the nights in which the clocks of Melbourne change.
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "core/config/cron.hpp"

namespace exai::config {

namespace {

using std::chrono::Sunday;
using std::chrono::sys_days;

// Clocks change on the first Sunday of April and of October, at 16:00 UTC of the day before.
std::chrono::seconds melbourne(WallTime at) {
  const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(at)).year();
  const auto change = [&](std::chrono::month month) {
    return sys_days(year / month / Sunday[1]) - std::chrono::hours(8);
  };
  const bool winter = at >= change(std::chrono::April) && at < change(std::chrono::October);
  return std::chrono::hours(winter ? 10 : 11);
}

std::string next(const std::string& expression, const std::string& after) {
  const auto cron = parse_cron(expression);
  REQUIRE(cron);
  const auto run = next_run(*cron, *parse_utc(after), melbourne);
  return run ? format_utc(*run) : "never";
}

}  // namespace

TEST_CASE("a cron expression runs at its next time in the zone of the stack") {
  const auto [expression, after, run] = GENERATE(table<std::string, std::string, std::string>({
      // 14:00 on a Saturday in Melbourne is 03:00 UTC
      {"* * * * *", "2026-11-21T03:00:00.000Z", "2026-11-21T03:01:00.000Z"},
      {"*/15 * * * *", "2026-11-21T03:00:01.000Z", "2026-11-21T03:15:00.000Z"},
      {"30 2 * * *", "2026-11-21T03:00:00.000Z", "2026-11-21T15:30:00.000Z"},
      {"30 14 * * *", "2026-11-21T03:00:00.000Z", "2026-11-21T03:30:00.000Z"},
      {"0 9 * * mon-fri", "2026-11-21T03:00:00.000Z", "2026-11-22T22:00:00.000Z"},
      {"0 9 * * 7", "2026-11-21T03:00:00.000Z", "2026-11-21T22:00:00.000Z"},
      {"0 0 1 jan *", "2026-11-21T03:00:00.000Z", "2026-12-31T13:00:00.000Z"},
      {"@daily", "2026-11-21T03:00:00.000Z", "2026-11-21T13:00:00.000Z"},
      {"@yearly", "2026-11-21T03:00:00.000Z", "2026-12-31T13:00:00.000Z"},
      {"5,10-12 14 * * *", "2026-11-21T03:05:00.000Z", "2026-11-21T03:10:00.000Z"},
      // a day and a weekday: either
      {"0 12 25 * fri", "2026-11-21T03:00:00.000Z", "2026-11-25T01:00:00.000Z"},
      {"0 12 29 * fri", "2026-11-21T03:00:00.000Z", "2026-11-27T01:00:00.000Z"},
      // 29 February, and a day that never comes
      {"0 0 29 2 *", "2026-11-21T03:00:00.000Z", "2028-02-28T13:00:00.000Z"},
      {"0 0 30 2 *", "2026-11-21T03:00:00.000Z", "never"},
      // 4 October 2026: from 02:00 to 03:00 there is no time
      {"30 2 * * *", "2026-10-02T20:00:00.000Z", "2026-10-03T16:00:00.000Z"},
      {"30 2 * * *", "2026-10-03T16:00:00.000Z", "2026-10-04T15:30:00.000Z"},
      {"*/30 * * * *", "2026-10-03T15:30:00.000Z", "2026-10-03T16:00:00.000Z"},
      // 4 April 2027: 02:00 to 03:00 comes twice
      {"30 2 * * *", "2027-04-02T20:00:00.000Z", "2027-04-03T15:30:00.000Z"},
      {"30 2 * * *", "2027-04-03T15:30:00.000Z", "2027-04-04T16:30:00.000Z"},
      {"*/30 * * * *", "2027-04-03T15:30:00.000Z", "2027-04-03T16:00:00.000Z"},
      {"*/30 * * * *", "2027-04-03T16:00:00.000Z", "2027-04-03T16:30:00.000Z"},
  }));
  CAPTURE(expression, after);
  CHECK(next(expression, after) == run);
}

TEST_CASE("what is no cron expression is none") {
  for (const char* text : {"",
                           "* * * *",
                           "* * * * * *",
                           "60 * * * *",
                           "* 24 * * *",
                           "* * 0 * *",
                           "* * 32 * *",
                           "* * * 0 *",
                           "* * * 13 *",
                           "* * * * 8",
                           "*/0 * * * *",
                           "*/61 * * * *",
                           "5-1 * * * *",
                           "1,,2 * * * *",
                           "a * * * *",
                           "* * * foo *",
                           "- * * * *",
                           "1- * * * *",
                           "/5 * * * *",
                           "@never",
                           "-1 * * * *",
                           "99999999999999999999 * * * *"}) {
    INFO(text);
    CHECK_FALSE(parse_cron(text));
  }
  CHECK(parse_cron("0 0 * * sun") == parse_cron("0 0 * * 7"));
  CHECK(parse_cron("  0   0 * * 0 ") == parse_cron("0 0 * * SUN"));
}

}  // namespace exai::config
