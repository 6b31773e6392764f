// When a schedule rings, and what a service says at its notify socket.
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "supervisor/service/notify.hpp"
#include "supervisor/service/schedule.hpp"

using namespace exai;
using namespace exai::service;

namespace {

WallTime at(const std::string& text) {
  return *parse_utc(text);
}
std::chrono::seconds utc(WallTime) {
  return {};
}

config::Schedule daily(config::Missed missed) {
  config::Schedule schedule;
  schedule.cron = config::parse_cron("0 3 * * *");
  schedule.missed = missed;
  return schedule;
}

}  // namespace

TEST_CASE("a run that is due is run, one that was missed is made up for or skipped") {
  using config::Missed;
  const auto [missed, since, now, next, made_up] =
      GENERATE(table<Missed, std::string, std::string, std::string, bool>({
          // before its time, at it, and a little late
          {Missed::skip, "2026-11-20T03:00:00.000Z", "2026-11-20T09:00:00.000Z",
           "2026-11-21T03:00:00.000Z", false},
          {Missed::skip, "2026-11-20T03:00:00.000Z", "2026-11-21T03:00:00.000Z",
           "2026-11-21T03:00:00.000Z", false},
          {Missed::skip, "2026-11-20T03:00:00.000Z", "2026-11-21T03:00:59.000Z",
           "2026-11-21T03:00:00.000Z", false},
          // nobody was there
          {Missed::skip, "2026-11-18T03:00:00.000Z", "2026-11-21T09:00:00.000Z",
           "2026-11-22T03:00:00.000Z", false},
          {Missed::once, "2026-11-18T03:00:00.000Z", "2026-11-21T09:00:00.000Z",
           "2026-11-19T03:00:00.000Z", true},
          // the clock was set back, by a little and by a year
          {Missed::skip, "2026-11-21T03:00:00.000Z", "2026-11-21T02:00:00.000Z",
           "2026-11-22T03:00:00.000Z", false},
          {Missed::skip, "2026-11-21T03:00:00.000Z", "2025-11-21T02:00:00.000Z",
           "2025-11-21T03:00:00.000Z", false},
      }));
  CAPTURE(since, now);
  const auto planned = plan(daily(missed), at(since), at(now), utc);
  REQUIRE(planned);
  CHECK(format_utc(planned->at) == format_utc(at(next)));
  CHECK(planned->made_up == made_up);
}

TEST_CASE("an interval begins at once, and goes on where an earlier supervisor was") {
  config::Schedule schedule;
  schedule.every = 10min;
  const WallTime now = at("2026-11-21T03:00:00.000Z");
  CHECK(first_delay(schedule, std::nullopt, now) == 0ms);
  CHECK(first_delay(schedule, now - 4min, now) == 6min);
  CHECK(first_delay(schedule, now - 34min, now) == 6min);  // three were missed
  schedule.missed = config::Missed::once;
  CHECK(first_delay(schedule, now - 34min, now) == 0ms);
  CHECK(first_delay(schedule, now + 1h, now) == 0ms);  // the clock was set back
}

TEST_CASE("what a service says at its notify socket is read line by line") {
  Notice notice = parse_notice("READY=1\nSTATUS=serving 3 clients\nMAINPID=4711\nX_OTHER=1");
  CHECK(notice.ready);
  CHECK(notice.status == "serving 3 clients");
  CHECK(notice.main_pid == 4711);
  CHECK_FALSE(notice.stopping);
  CHECK(parse_notice("WATCHDOG=1").alive);
  CHECK(parse_notice("WATCHDOG=trigger").sick);
  CHECK(parse_notice("STOPPING=1\n").stopping);
  for (const char* nothing : {"", "READY", "READY=0", "=1", "ready=1", "MAINPID=1", "MAINPID=-5",
                              "MAINPID=99999999999999999999", "\n\n", "READY=11"})
    CHECK(parse_notice(nothing) == Notice{});
  CHECK(parse_notice("STATUS=a\x1b[31mb").status == "a\\x1b[31mb");
  CHECK(parse_notice("STATUS=" + std::string(5000, 'x')).status->size() == 200);
}
