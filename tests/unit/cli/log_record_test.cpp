#include "cli/log_record.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"

using namespace exai;
using namespace exai::cli;

TEST_CASE("a JSON line is its level, its message and its fields") {
  const auto record = parse_record(
      R"({"time":"2026-11-21T03:42:19.123Z","level":"WARN","msg":"slow","ms":812,"path":"/a b"})");
  REQUIRE(record);
  CHECK(record->level == "warn");
  CHECK(record->message == "slow");
  CHECK(record->time == *parse_utc("2026-11-21T03:42:19.123Z"));
  CHECK(as_text(*record) == "WARN  slow ms=812 path=/a b");
  CHECK(record->whole.size() == 5);
}

TEST_CASE("loggers have names of their own for the same") {
  CHECK(as_text(*parse_record(R"({"severity":"error","message":"no"})")) == "ERROR no");
  CHECK(as_text(*parse_record(R"({"level":30,"event":"up","pid":7})")) == "INFO  up pid=7");
  CHECK(as_text(*parse_record(R"({"a":1,"b":{"c":[2]}})")) == R"(a=1 b={"c":[2]})");
}

TEST_CASE("what is no object is a text") {
  for (const char* line : {"", "text", "{not json}", "[1]", "{\"a\":1} and more", "\"{}\""})
    CHECK_FALSE(parse_record(line));
}

TEST_CASE("a moment is a time ago, a time of day, or a date") {
  const auto now = *parse_utc("2026-11-21T12:00:00.000Z");
  CHECK(parse_moment("10m", now) == now - 10min);
  CHECK(parse_moment("2026-11-21T03:42:19.123Z", now) == *parse_utc("2026-11-21T03:42:19.123Z"));
  CHECK(parse_moment("2026-11-20T03:42:19Z", now) == *parse_utc("2026-11-20T03:42:19.000Z"));
  CHECK(parse_moment("2026-11-20 03:42Z", now) == *parse_utc("2026-11-20T03:42:00.000Z"));
  CHECK(parse_moment("2026-11-20Z", now) == *parse_utc("2026-11-20T00:00:00.000Z"));
  const auto today = parse_moment("00:00", now);
  REQUIRE(today);
  CHECK(parse_moment("14:30:05", now) == *today + 14h + 30min + 5s);
  CHECK(parse_moment("yesterday", now).error().message() ==
        "\"yesterday\" is no moment; write 10m (ago), 14:30, \"2026-11-21 14:30\" or "
        "2026-11-21T03:30:00.000Z");
}
