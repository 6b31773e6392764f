#include "cli/tail.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"

using namespace exai;
using namespace exai::cli;

namespace {

LogLine line(const std::string& service, const std::string& text) {
  return parse_log_line(service, text, std::nullopt);
}

std::vector<std::string> texts(const std::vector<LogLine>& lines) {
  std::vector<std::string> result;
  for (const LogLine& each : lines) result.push_back(each.text);
  return result;
}

}  // namespace

TEST_CASE("a log line is its time and its text") {
  const LogLine parsed = line("redis", "2026-11-21T03:42:19.123Z hello  world");
  CHECK(parsed.text == "hello  world");
  CHECK(parsed.time == parse_utc("2026-11-21T03:42:19.123Z"));
}

TEST_CASE("a line without a time belongs to the line before it") {
  const auto before = parse_utc("2026-11-21T03:42:19.123Z");
  CHECK(parse_log_line("exaid", "  at main.cpp:12", before) ==
        LogLine{"exaid", before, "  at main.cpp:12"});
  CHECK(parse_log_line("exaid", "", before) == LogLine{"exaid", before, ""});
}

TEST_CASE("an empty line that has a time is kept") {
  CHECK(line("exaid", "2026-11-21T03:42:19.123Z").text.empty());
  CHECK(line("exaid", "2026-11-21T03:42:19.123Z").time);
}

TEST_CASE("logs are merged by time") {
  const auto merged =
      merge({{line("a", "2026-11-21T00:00:01.000Z a1"), line("a", "2026-11-21T00:00:03.000Z a3")},
             {line("b", "2026-11-21T00:00:02.000Z b2"), line("b", "2026-11-21T00:00:03.000Z b3")}});
  CHECK(texts(merged) == std::vector<std::string>{"a1", "b2", "a3", "b3"});
}

TEST_CASE("a clock that steps back does not reorder the lines of one service") {
  const auto merged =
      merge({{line("a", "2026-11-21T00:00:05.000Z a1"), line("a", "2026-11-21T00:00:01.000Z a2")},
             {line("b", "2026-11-21T00:00:03.000Z b1")}});
  CHECK(texts(merged) == std::vector<std::string>{"b1", "a1", "a2"});
}
