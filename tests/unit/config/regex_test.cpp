#include <catch2/catch.hpp>

#include "core/config/regex.hpp"

namespace exai::config {

namespace {

bool finds(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern);
  INFO(pattern);
  REQUIRE(regex);
  return regex->finds(text);
}

}  // namespace

TEST_CASE("a pattern is found where ECMAScript finds it") {
  const auto [pattern, text, expected] = GENERATE(table<std::string, std::string, bool>({
      {"", "", true},
      {"", "anything", true},
      {"b", "abc", true},
      {"^b", "abc", false},
      {"^a*$", "aaa", true},
      {"^a*$", "aab", false},
      {"a|bc|", "x", true},
      {"^(a|bc)$", "bc", true},
      {"^(a|bc)$", "abc", false},
      {"^(?:ab)+$", "abab", true},
      {"^(?<name>ab)?$", "", true},
      {"^(a*)*$", "aaaa", true},
      {"^(a|)*b$", "aab", true},
      {"^a{2}$", "aa", true},
      {"^a{2}$", "a", false},
      {"^a{2,}$", "aaaa", true},
      {"^a{2,3}$", "aaaa", false},
      {"^a{0,1}b$", "b", true},
      {"^a{0}$", "", true},
      {"^a{x}$", "a{x}", true},
      {"^a+?$", "aaa", true},
      {"^.$", "é", true},
      {"^.$", "\xF0\x9F\x90\xB2", true},
      {"^..$", "é", false},
      {"^.$", "\n", false},
      {"^[a-c_]+$", "abc_", true},
      {"^[^a-c]$", "b", false},
      {"^[^a-c]$", "é", true},
      {"^[]$", "", false},
      {"^[^]$", "\n", true},
      {"^[a-]+$", "a-", true},
      {"^[\\w.-]+$", "a.b-c_1", true},
      {"^[\\b]$", "\b", true},
      {"^\\d+$", "0129", true},
      {"^\\d$", "\xD9\xA1", false},
      {"^\\D$", "x", true},
      {"^\\W\\s\\S$", "- x", true},
      {"^\\s$", "\xC2\xA0", true},
      {"\\bcat\\b", "a cat.", true},
      {"\\bcat\\b", "concat", false},
      {"\\Bcat", "concat", true},
      {"^\\t\\n\\v\\f\\r\\0$", std::string("\t\n\v\f\r\0", 6), true},
      {"^\\cA\\x41\\u0042\\u{43}$", "\001ABC", true},
      {"^\\ud83d\\udc32$", "\xF0\x9F\x90\xB2", true},
      {"^\\$\\{.+\\}$", "${X}", true},
      {"^(/|https?://|\\$\\{)", "https://x", true},
      {"^x-", "x-logging", true},
      {"^[0-9]+(\\.[0-9]+)?(ms|s)$", "1.5s", true},
      {"a.c",
       "a\xFF"
       "c",
       true},
  }));
  INFO(pattern << " in " << text);
  CHECK(finds(pattern, text) == expected);
}

TEST_CASE("a pattern that cannot be used says why") {
  const auto [pattern, expected] = GENERATE(table<std::string, std::string>({
      {"(a", "a \"(\" without \")\""},
      {"a)", "a \")\" without \"(\""},
      {"[a", "a \"[\" without \"]\""},
      {"*a", "nothing to repeat"},
      {"a**", "nothing to repeat"},
      {"a{3,2}", "a count whose end is below its begin"},
      {"[b-a]", "a range whose end is below its begin"},
      {"\\", "a \"\\\" at the end"},
      {"(?=a)", "looking ahead or behind is not supported"},
      {"(?<!a)", "looking ahead or behind is not supported"},
      {"(a)\\1", "back references are not supported"},
      {"\\p{Letter}", "the escape \\p is not supported"},
      {"\\x4", "an escape with too few digits"},
      {"\\u{110000}", "an escape of no character"},
      {"a{1001}", "the pattern is too large"},
      {"((a{99}){99}){99}", "the pattern is too large"},
  }));
  INFO(pattern);
  const auto regex = Regex::compile(pattern);
  REQUIRE_FALSE(regex);
  CHECK(regex.error().message() == expected);
}

TEST_CASE("a hostile pattern costs time in proportion to the text") {
  const std::string text(20'000, 'a');
  for (const char* pattern : {"^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^(a?){50}a{50}$"}) {
    INFO(pattern);
    (void)finds(pattern, text + "!");
  }
  CHECK_FALSE(finds("^(a+)+$", text + "!"));
  CHECK_FALSE(Regex::compile(std::string(100'000, '(')));
}

}  // namespace exai::config
