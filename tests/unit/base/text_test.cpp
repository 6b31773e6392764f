#include "core/base/text.hpp"

using namespace exai;

TEST_CASE("a duration is a number with a unit, or several from large to small") {
  const auto [text, milliseconds] = GENERATE(table<std::string, std::int64_t>({
      {"200ms", 200},
      {"1s", 1000},
      {"1.5s", 1500},
      {"2m", 120'000},
      {"1h30m", 5'400'000},
      {"4d", 345'600'000},
      {"0s", 0},
  }));
  CAPTURE(text);
  const auto parsed = parse_duration(text);
  REQUIRE(parsed);
  CHECK(parsed->count() == milliseconds);
}

TEST_CASE("what is no duration is refused with an example of one") {
  const std::string text = GENERATE("", "5", "s", "1x", "1m2h", "1s1s", "-1s", "1 s", "1..5s");
  CAPTURE(text);
  const auto parsed = parse_duration(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error() ==
        Error(Errc::invalid,
              "\"" + text + "\" is no duration; write it like 200ms, 1.5s, 2m or 1h30m"));
}

TEST_CASE("a duration is one that a time can be moved by, both ways") {
  const auto longest = parse_duration("73048d");
  REQUIRE(longest);
  const WallTime now = WallTime(std::chrono::seconds(1'795'232'539));
  CHECK(format_utc(now + *longest) == "2226-11-21T03:42:19.000Z");
  CHECK(format_utc(now - *longest) == "1826-11-22T03:42:19.000Z");
  for (const std::string text : {"73050d", "99999999999999d"})
    CHECK(parse_duration(text).error() ==
          Error(Errc::invalid, "\"" + text + "\" is longer than 200 years"));
}

TEST_CASE("a duration is written with at most two units") {
  const auto [milliseconds, text] = GENERATE(table<std::int64_t, std::string>({
      {0, "0ms"},
      {340, "340ms"},
      {1000, "1s"},
      {1250, "1.2s"},
      {59'999, "59.9s"},
      {125'000, "2m5s"},
      {120'000, "2m"},
      {11'520'000, "3h12m"},
      {352'800'000, "4d2h"},
      {-1500, "-1.5s"},
  }));
  CHECK(format_duration(Duration(milliseconds)) == text);
}

TEST_CASE("an age is never negative") {
  const WallTime then{std::chrono::seconds(1000)};
  CHECK(age(then, then + std::chrono::seconds(192)) == "3m12s");
  CHECK(age(then, then) == "0ms");
  CHECK(age(then, then - std::chrono::hours(1)) == "0ms");
}

TEST_CASE("sizes are read with decimal and binary units") {
  const auto [text, bytes] = GENERATE(table<std::string, std::uint64_t>({
      {"512", 512},
      {"1B", 1},
      {"64KiB", 65536},
      {"64K", 65536},
      {"10MB", 10'000'000},
      {"1.5GiB", 1'610'612'736},
  }));
  CAPTURE(text);
  CHECK(parse_size(text) == bytes);
}

TEST_CASE("what is no size is refused") {
  const std::string text = GENERATE("", "x", "1 KB", "KB", "-1", "1kb2");
  CAPTURE(text);
  REQUIRE_FALSE(parse_size(text));
}

TEST_CASE("sizes are written for people") {
  CHECK(format_size(0) == "0 B");
  CHECK(format_size(1023) == "1023 B");
  CHECK(format_size(1536) == "1.5 KiB");
  CHECK(format_size(15U << 20U) == "15 MiB");
}

TEST_CASE("a number is the whole text or none") {
  CHECK(parse_integer("12") == 12);
  CHECK(parse_integer("-3") == -3);
  CHECK_FALSE(parse_integer("12abc"));
  CHECK_FALSE(parse_integer(" 12"));
  CHECK_FALSE(parse_integer(""));
  CHECK(parse_number("1.5") == 1.5);
  CHECK_FALSE(parse_number("inf"));
  CHECK_FALSE(parse_number("1.5x"));
}

TEST_CASE("a truth value has six spellings each way, in any case") {
  for (const std::string yes : {"true", "1", "YES", "on", "y", "T"}) CHECK(parse_bool(yes) == true);
  for (const std::string no : {"False", "0", "no", "OFF", "n", "f"}) CHECK(parse_bool(no) == false);
  CHECK_FALSE(parse_bool("maybe"));
  CHECK_FALSE(parse_bool(""));
}

TEST_CASE("a UTC time survives being written and read") {
  const WallTime time{Duration(1'795'232'539'123)};
  CHECK(format_utc(time) == "2026-11-21T03:42:19.123Z");
  CHECK(parse_utc("2026-11-21T03:42:19.123Z") == time);
  CHECK(parse_utc("2026-11-21T03:42:19Z") == time - Duration(123));
}

TEST_CASE("a UTC time of a year that no clock has is the nearest that there is") {
  CHECK(format_utc(*parse_utc("9999-12-31T00:00:00Z")) == "2255-01-01T00:00:00.000Z");
  CHECK(format_utc(*parse_utc("2255-01-01T00:00:01Z")) == "2255-01-01T00:00:00.000Z");
  CHECK(format_utc(*parse_utc("2254-12-31T23:59:59Z")) == "2254-12-31T23:59:59.000Z");
  CHECK(format_utc(*parse_utc("0000-01-01T00:00:00Z")) == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("the distance of any two UTC times fits, both ways") {
  const WallTime first = *parse_utc("0001-01-01T00:00:00Z");
  const WallTime last = *parse_utc("9999-12-31T23:59:59Z");
  CHECK(last - first > 280 * std::chrono::years(1));
  CHECK(first - last < -280 * std::chrono::years(1));
}

TEST_CASE("what is no UTC time is refused") {
  const std::string text =
      GENERATE("", "2026-11-21", "2026-13-21T03:42:19.123Z", "2026-02-30T03:42:19.123Z",
               "2026-11-21T24:42:19.123Z", "2026-11-21T03:42:19.123+", "2026-11-21T03:42:19+",
               "2026-11-21 03:42:19.123Z");
  CAPTURE(text);
  CHECK_FALSE(parse_utc(text));
}

TEST_CASE("the distance of two words counts inserts, deletes, replacements and swaps") {
  const auto [a, b, distance] = GENERATE(table<std::string, std::string, std::size_t>({
      {"", "", 0},
      {"abc", "abc", 0},
      {"abc", "", 3},
      {"proces", "process", 1},
      {"porcess", "process", 1},
      {"kitten", "sitting", 3},
      {"ca", "abc", 3},
  }));
  CAPTURE(a, b);
  CHECK(edit_distance(a, b) == distance);
  CHECK(edit_distance(b, a) == distance);
}

TEST_CASE("the closest word is suggested only when it is close") {
  const std::vector<std::string> words = {"process", "ports", "ready", "healthy"};
  CHECK(closest("proces", words) == "process");
  CHECK(closest("PORT", words) == "ports");
  CHECK(closest("raedy", words) == "ready");
  CHECK_FALSE(closest("container", words));
  CHECK_FALSE(closest("x", std::vector<std::string>{"y"}));
}

TEST_CASE("splitting and joining are each other's inverse") {
  CHECK(split("a,,b", ',') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(join(split("a,,b", ','), ",") == "a,,b");
  CHECK(join({}, ",").empty());
}

TEST_CASE("small helpers of text") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(to_lower("AbC-Ä") == "abc-Ä");
  CHECK(replace_all("aaa", "a", "ab") == "ababab");
  CHECK(replace_all("abc", "", "x") == "abc");
  CHECK(count_of(1, "service") == "1 service");
  CHECK(count_of(0, "service") == "0 services");
  CHECK(count_of(2, "proof", "proofs") == "2 proofs");
}

TEST_CASE("UTF-8 is checked by its shortest forms, without surrogates") {
  CHECK(is_utf8("grün €  𝄞"));
  CHECK_FALSE(is_utf8("\xC0\x80"));
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));
  CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(is_utf8("\xE2\x82"));
  CHECK_FALSE(is_utf8("\xFF"));
  CHECK(code_points("grün") == 4);
}

TEST_CASE("code points are taken one by one, and a byte that begins none stands for itself") {
  const auto points_of = [](std::string_view text) {
    std::u32string points;
    while (!text.empty()) points += take_code_point(text);
    return points;
  };
  CHECK(points_of("aü€𝄞") == U"aü€𝄞");
  CHECK(points_of("\xE2\x82z") == U"\xFFFD\xFFFDz");                    // cut off
  CHECK(points_of("\xE0\x80\x80") == U"\xFFFD\xFFFD\xFFFD");            // longer than it has to be
  CHECK(points_of("\xED\xA0\x80") == U"\xFFFD\xFFFD\xFFFD");            // half of a pair
  CHECK(points_of("\xF4\x90\x80\x80") == U"\xFFFD\xFFFD\xFFFD\xFFFD");  // above the last one
}

TEST_CASE("bytes of others are made visible before they are printed") {
  CHECK(printable("ok ü\x1b[31m\xff\n") == "ok ü\\x1b[31m\\xff\\x0a");
}

TEST_CASE("bytes are written as two lower-case digits each") {
  CHECK(to_hex("").empty());
  CHECK(to_hex(std::string("\0\x0f\x7f\xff", 4)) == "000f7fff");
}
