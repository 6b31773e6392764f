// Thesis: a transcript says exactly what it looks like it says.

#include "tests/e2e/transcript.hpp"

#include <catch2/catch.hpp>

namespace exai::e2e {

TEST_CASE("a transcript is comments, commands and what they print") {
  const std::string text =
      "# The stack comes up.\n"
      "$ exai up\n"
      "ready\n"
      "\n"
      "two lines up\n"
      "# not a comment\n"
      "\n"
      "# And goes down.\n"
      "$ cat <<EOF\n"
      "> word\n"
      ">\n"
      "> EOF\n"
      "word\n"
      "[exit 1]\n";
  const Transcript transcript = parse(text);
  REQUIRE(transcript.steps.size() == 2);
  CHECK(transcript.steps[0].line == 2);
  CHECK(transcript.steps[0].command == "exai up");
  CHECK(transcript.steps[0].expected == Lines{"ready", "", "two lines up", "# not a comment"});
  CHECK(transcript.steps[1].command == "cat <<EOF\nword\n\nEOF");
  CHECK(transcript.steps[1].expected == Lines{"word", "[exit 1]"});
  CHECK(render(transcript) == text);
}

TEST_CASE("expected lines match as their holes say") {
  using Row = std::tuple<std::string, std::string, bool>;
  const auto [expected, actual, match] = GENERATE(table<std::string, std::string, bool>({
      Row{"ready", "ready", true},
      Row{"ready", "ready ", false},
      Row{"a  b", "a b", false},
      Row{"redis   {{*}}  ready", "redis pid 12 since 3s   ready", true},
      Row{"pid {{pid}}, port {{port}}", "pid 12, port 80", true},
      Row{"pid {{pid}}, port {{port}}", "pid 12, port", false},
      Row{"pid {{pid}} and {{pid}}", "pid 12 and 12", true},
      Row{"pid {{pid}} and {{pid}}", "pid 12 and 13", false},
      Row{"known {{four}}", "known 4444", true},
      Row{"known {{four}}", "known 4", false},
      Row{"{{*}}", "", true},
      Row{"{{word}}", "", false},
      Row{"{{word}}", "two words", false},
  }));
  CAPTURE(expected, actual);
  Values values = {{"four", "4444"}};
  CHECK(matches({expected}, {actual}, values) == match);
}

TEST_CASE("three dots take any number of lines") {
  Values values;
  CHECK(matches({"a", "{{...}}", "z"}, {"a", "z"}, values));
  CHECK(matches({"a", "{{...}}", "z"}, {"a", "b", "c", "z"}, values));
  CHECK_FALSE(matches({"a", "{{...}}", "z"}, {"a", "b"}, values));
  CHECK_FALSE(matches({"a"}, {"a", "b"}, values));
}

TEST_CASE("what a hole has taken goes into later commands") {
  Values values;
  REQUIRE(matches({"pid {{pid}}"}, {"pid 4711"}, values));
  const auto make = [](std::string_view name) -> std::optional<std::string> {
    if (name == "port:web") return "8080";
    return std::nullopt;
  };
  CHECK(expand("kill {{pid}}; nc {{port:web}} {{unknown}}", values, make) ==
        "kill 4711; nc 8080 {{unknown}}");
  CHECK(values["port:web"] == "8080");
}

TEST_CASE("a failed match takes nothing") {
  Values values;
  CHECK_FALSE(matches({"pid {{pid}}", "end"}, {"pid 4711", "no end"}, values));
  CHECK(values.empty());
}

TEST_CASE("an update puts known values back as holes") {
  const Values values = {{"dir", "/tmp/x/w"}, {"top", "/tmp/x"}, {"small", "12"}};
  CHECK(with_holes({"in /tmp/x/w/a and /tmp/x, 12"}, values) ==
        Lines{"in {{dir}}/a and {{top}}, 12"});
}

}  // namespace exai::e2e
