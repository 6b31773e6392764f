#include <catch2/catch.hpp>

#include "core/config/diagnostics.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

SourcePtr source(std::string text, std::string name = "f") {
  return std::make_shared<const Source>(Source{std::move(name), std::move(text)});
}

Diagnostic at(const SourcePtr& file, std::size_t begin, std::size_t end) {
  return problem("CFG001", Places(file).span(begin, end), "wrong");
}

}  // namespace

TEST_CASE("a diagnostic shows the line, the place, the help and what is related") {
  const SourcePtr file = source("[web]\nproces = [\"x\"]\n", "exai.toml");
  Diagnostic one = problem("CFG001", Places(file).span(6, 12), "unknown key \"proces\"",
                           "did you mean \"process\"?");
  one.related.push_back({Places(file).span(0, 5), "in this table"});
  CHECK(render(one) ==
        "exai.toml:2:1: error[CFG001]: unknown key \"proces\"\n"
        "    2 | proces = [\"x\"]\n"
        "      | ^~~~~~\n"
        "  help: did you mean \"process\"?\n"
        "  exai.toml:1:1: note: in this table\n");
}

TEST_CASE("colours mark the place, the kind, the caret and the help") {
  Diagnostic one = at(source("ab\n"), 0, 2);
  one.severity = Severity::warning;
  one.help = "h";
  CHECK(render(one, Colour::always) ==
        "\x1b[1mf:1:1:\x1b[0m \x1b[1;33mwarning[CFG001]:\x1b[0m wrong\n"
        "    1 | ab\n"
        "      | \x1b[1;32m^~\x1b[0m\n"
        "  \x1b[36mhelp:\x1b[0m h\n");
}

TEST_CASE("a diagnostic without a place is one line") {
  CHECK(render(problem("CFG022", {}, "no file", "")) == "error[CFG022]: no file\n");
}

TEST_CASE("the caret stands under the text, whatever the text is made of") {
  const auto [text, begin, end,
              expected] = GENERATE(table<std::string, std::size_t, std::size_t, std::string>({
      {"a\tbc", 2, 4, "f:1:3: error[CFG001]: wrong\n    1 | a    bc\n      |      ^~\n"},
      {"é=日本x", 3, 9, "f:1:3: error[CFG001]: wrong\n    1 | é=日本x\n      |   ^~~~\n"},
      {"日本x", 6, 7, "f:1:3: error[CFG001]: wrong\n    1 | 日本x\n      |     ^\n"},
      {"e\xCC\x81x", 3, 4, "f:1:3: error[CFG001]: wrong\n    1 | e\xCC\x81x\n      |  ^\n"},
      {"a\x1b[1mb", 5, 6, "f:1:6: error[CFG001]: wrong\n    1 | a\\x1b[1mb\n      |         ^\n"},
      {"ab\r\ncd", 4, 6, "f:2:1: error[CFG001]: wrong\n    2 | cd\n      | ^~\n"},
      {"ab\r\ncd", 1, 6, "f:1:2: error[CFG001]: wrong\n    1 | ab\n      |  ^\n"},
      {"ab", 2, 2, "f:1:3: error[CFG001]: wrong\n    1 | ab\n      |   ^\n"},
      {"", 0, 0, "f:1:1: error[CFG001]: wrong\n    1 | \n      | ^\n"},
  }));
  CHECK(render(at(source(text), begin, end)) == expected);
}

TEST_CASE("a long line is cut to the part around the caret") {
  const std::string shown =
      render(at(source(std::string(500, 'a') + "X" + std::string(500, 'b')), 500, 501));
  const std::string line = shown.substr(shown.find('\n') + 1, 300);
  CHECK(line.find("…aaa") != std::string::npos);
  CHECK(shown.size() < 500);
  CHECK(shown.find("      |  " + std::string(40, ' ') + "^\n") != std::string::npos);
}

TEST_CASE("diagnostics are sorted by file, place and code, and said once") {
  const SourcePtr a = source("x\ny\n", "a");
  const SourcePtr b = source("x\n", "b");
  Diagnostics all = {at(b, 0, 1), at(a, 2, 3), at(a, 0, 1), problem("CFG022", {}, "none"),
                     at(a, 2, 3)};
  sort_and_unique(all);
  std::string places;
  for (const Diagnostic& one : all)
    places += one.span ? fmt::format("{}:{} ", one.span.source->name, one.span.begin.line) : "- ";
  CHECK(places == "- a:1 a:2 b:1 ");
}

TEST_CASE("only errors are errors") {
  Diagnostics all = {problem("ENV007", {}, "a warning by its rule")};
  CHECK_FALSE(has_errors(all));
  all.push_back(problem("ENV008", {}, "an error by its rule"));
  CHECK(has_errors(all));
}

TEST_CASE("a diagnostic as JSON has its place in numbers") {
  Diagnostic one = at(source("ab\n"), 0, 2);
  one.related.push_back({{}, "r"});
  CHECK(to_text(to_json(one)) ==
        R"({"code":"CFG001","severity":"error","file":"f","line":1,"column":1,"end_line":1,)"
        R"("end_column":3,"message":"wrong","help":"","related":[{"message":"r"}]})");
}

TEST_CASE("a part of a quoted text is found in the file") {
  const SourcePtr file = source("x = \"é ${A} ${A}\"\n");
  const Span whole = Places(file).span(4, 18);
  CHECK(narrow(whole, "${A}").begin == Position{1, 8});
  CHECK(narrow(whole, "${A}").end == Position{1, 12});
  CHECK(narrow(whole, "${B}").begin == Position{1, 5});
}

TEST_CASE("the first byte that is no text is found") {
  CHECK(first_bad_byte("a\xC3\xA9\n\xF0\x9F\x98\x80") == std::nullopt);
  CHECK(first_bad_byte("a\n\xC3\xA9\xFF") == 4U);
  CHECK(first_bad_byte(std::string("ab\0", 3)) == 2U);
  CHECK(first_bad_byte("\xC3") == 0U);
}

}  // namespace exai::config
