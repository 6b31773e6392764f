#include "cli/table.hpp"

#include <catch2/catch.hpp>

using namespace exai::cli;

namespace {

Table services() {
  return {{{"SERVICE"}, {"PID", Align::right}, {"PROOF"}},
          {{{"redis", "12", "redis round-trip 2s ago"}}, {{"exaid", "4711", ""}}},
          2};
}

}  // namespace

TEST_CASE("columns are as wide as their widest cell, and lines end with their text") {
  CHECK(layout(services(), 0, Colours::off) ==
        "SERVICE   PID  PROOF\n"
        "redis      12  redis round-trip 2s ago\n"
        "exaid    4711\n");
}

TEST_CASE("the flexible column is cut when the terminal is narrow") {
  CHECK(layout(services(), 30, Colours::off) ==
        "SERVICE   PID  PROOF\n"
        "redis      12  redis round-tr…\n"
        "exaid    4711\n");
}

TEST_CASE("the flexible column keeps eight columns however narrow the terminal is") {
  CHECK(layout(services(), 5, Colours::off) ==
        "SERVICE   PID  PROOF\n"
        "redis      12  redis r…\n"
        "exaid    4711\n");
}

TEST_CASE("a table without titles has no head line") {
  const Table table{{{""}, {""}}, {{{"a", "b"}}, {{"long", "c"}}}, 1};
  CHECK(layout(table, 0, Colours::off) == "a     b\nlong  c\n");
}

TEST_CASE("notes stand indented below their row and are cut at the width") {
  Table table{{{"NAME"}}, {{{"redis"}, {"proof: a very long proof"}}}, 0};
  CHECK(layout(table, 16, Colours::off) == "NAME\nredis\n  proof: a very…\n");
}

TEST_CASE("colours surround the text and never count as width") {
  const Table table{{{""}, {""}}, {{{Cell("ok", Tone::good), "x"}}, {{"long", "y"}}}, 1};
  CHECK(layout(table, 0, Colours::on) == "\x1b[32mok\x1b[0m    x\nlong  y\n");
}

TEST_CASE("what others wrote cannot steer the terminal or break the columns") {
  const Table table{{{""}, {""}}, {{{"a\x1b[2Jb", "x"}}}, 1};
  const std::string text = layout(table, 0, Colours::off);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("columns count characters, not bytes") {
  const Table table{{{""}, {""}}, {{{"é…", "x"}}, {{"abc", "y"}}}, 1};
  CHECK(layout(table, 0, Colours::off) == "é…   x\nabc  y\n");
}

TEST_CASE("cutting keeps whole characters") {
  CHECK(cut("häßlich", 4) == "häß…");
  CHECK(cut("short", 5) == "short");
}
