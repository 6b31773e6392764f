#include <catch2/catch.hpp>
#include <map>

#include "core/base/json.hpp"
#include "core/config/dotenv.hpp"
#include "embedded/dotenv_cases.hpp"

namespace exai::config {

namespace {

using Values = std::map<std::string, std::string>;

Lookup in(const Values& values) {
  return [&values](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

Dotenv parse(std::string text, const Values& environment = {}, const Values& earlier = {}) {
  const auto source = std::make_shared<const Source>(Source{"t.env", std::move(text)});
  return parse_dotenv(source, in(environment), in(earlier));
}

Values values_of(const Dotenv& file) {
  Values values;
  for (const DotenvEntry& entry : file.entries)
    if (entry.value) values[entry.key] = *entry.value;
  return values;
}

Values object_of(const json::object& object, std::string_view key) {
  Values values;
  if (const auto* members = find_object(object, key))
    for (const auto& member : *members)
      values[member.key()] = std::string(member.value().as_string());
  return values;
}

}  // namespace

TEST_CASE("an environment file means what it means to Docker Compose") {
  const auto cases = parse_json(embedded::dotenv_cases).value().as_array();
  REQUIRE(cases.size() == 95);
  for (const json::value& value : cases) {
    const json::object& one = value.as_object();
    const std::string input = find_string(one, "input").value();
    INFO(find_string(one, "name").value() << ": " << input);
    const Dotenv file = parse(input, object_of(one, "env"));
    if (find_bool(one, "error").value_or(false))
      CHECK_FALSE(file.accepted);
    else
      CHECK(values_of(file) == object_of(one, "expect"));
  }
}

TEST_CASE("grammar that the shared cases do not show") {
  const auto [text, expected] = GENERATE(table<std::string, Values>({
      {"A = 1", {{"A", "1"}}},
      {"export\tA=1\n", {{"A", "1"}}},
      {"A[0]=x\n", {{"A[0]", "x"}}},
      {"1A=x\n", {{"1A", "x"}}},
      {"=x\n", {{"", "x"}}},
      {"A=\"x\" B=2\n", {{"A", "x"}, {"B", "2"}}},
      {"A=\"\\0400\"\n", {{"A", "\\400"}}},
      {"A=\"\\012x\"\n", {{"A", "\\12x"}}},
      {"A=\"\\x41\\q\\c\"\n", {{"A", "\\x41\\q\\c"}}},
      {"A=\"\\a\\b\\f\\v\\r\"\n", {{"A", "\a\b\f\v\r"}}},
      {"A=\"\\\\$B\"\nB=1\n", {{"A", "\\"}, {"B", "1"}}},
      {"A='x\r\ny'\r\n", {{"A", "x\r\ny"}}},
      {"A=x\xE2\x80\x83\n", {{"A", "x"}}},
      {"A=1\xC2\x85#x\n", {{"A", "1\xC2\x85#x"}}},
      {"A=`x y` # z\n", {{"A", "`x y`"}}},
      {"A=${B:-${C:-deep}}\n", {{"A", "deep"}}},
      {"A=1\nA\n", {{"A", "1"}}},
      {"\xC2\xBD=1\n\xE2\x85\xA7=2\n\xE5\x90\x8D\xE5\x89\x8D=3\n",
       {{"\xC2\xBD", "1"}, {"\xE2\x85\xA7", "2"}, {"\xE5\x90\x8D\xE5\x89\x8D", "3"}}},
      {"A\xC2\xA0"
       "B=1\n",
       {{"A\xC2\xA0"
         "B",
         "1"}}},
      {"A\rB=1\r\n", {{"A\rB", "1"}}},
      {"export \nA=1\n", {{"A", "1"}}},
      {"export =1\n", {{"", "1"}}},
      {"export:1\n", {{"export", "1"}}},
      {"A:=1\nB=:x\n", {{"A", "=1"}, {"B", ":x"}}},
      {"A=#\nB= #\nC=x #\nD=a  #b\n", {{"A", "#"}, {"B", "#"}, {"C", "x"}, {"D", "a"}}},
      {"A=\t'x'\t#c\nB=\"y\"\t#c\n", {{"A", "x"}, {"B", "y"}}},
      {"A='a\\\\'\nB='\\''\n", {{"A", "a\\\\"}, {"B", "'"}}},
      {"A=\"\\\\\\$B\"\n", {{"A", "\\$B"}}},
      {"A=$$$$B\n", {{"A", "$$B"}}},
      {"A=${B:-x}}\nC=${B:-{}}\n", {{"A", "x}"}, {"C", "{}"}}},
      {"A=${B:+${C:?no}}x\n", {{"A", "x"}}},
      {"A=${B-}y\nB=\nC=${B-z}${B:-z}${B+s}${B:+s}\n", {{"A", "y"}, {"B", ""}, {"C", "zs"}}},
      {"A=\"x\ny\"B=2 # c\n", {{"A", "x\ny"}, {"B", "2"}}},
      {"A=\"x\"y", {{"A", "x"}, {"", "y"}}},
      {"A=\"\\0\\01\\0189\\0377\"\n", {{"A", "\\\\1\\189\xC3\xBF"}}},
  }));
  CHECK(values_of(parse(text)) == expected);
}

TEST_CASE("Compose refuses a file for any of these") {
  const std::string text =
      GENERATE(as<std::string>{}, "e\xCC\x81=1\n", "\xF0\x9F\x98\x80=1\n", "A\xE2\x80\x8D=1\n",
               std::string("A\0=1\n", 5), "A\x85=1\n", "A B\n", "A=\"x\" b c\n", "A=\"x\\\"\n",
               "export ", "A=${}\n", "A=${1}\n", "A=${B:}\n", "A=\"${B:-x\ny}\"\n",
               "A=${B:-x #y}\n", "A=${B?}\n", "A;B=1\n", "A=${ B}\n");
  INFO(text);
  CHECK_FALSE(parse(text).accepted);
}

TEST_CASE("a reference to nothing is no reason to refuse a file") {
  CHECK(parse("A=$NOPE${NOPE}\n").accepted);
}

TEST_CASE("references see the environment first, then the file, then earlier files") {
  CHECK(values_of(parse("A=$X$Y$Z\nX=own\nB=$X$Y$Z\n", {{"Z", "outer"}},
                        {{"X", "earlier"}, {"Y", "-"}, {"Z", "earlier"}})) ==
        Values{{"A", "earlier-outer"}, {"X", "own"}, {"B", "own-outer"}});
}

TEST_CASE("faults of an environment file are all reported, at their places") {
  const Dotenv file = parse(
      "OK=1\n"
      "MY KEY=1\n"
      "A/B=1\n"
      "\tC = ${D\n"
      "E=\"ü${!}\"\n"
      "F=$NOPE\n"
      "export \n"
      "\"G\"=1\n"
      "H=${NOPE:?set it in .env}\n"
      "I='open\n"
      "J=2\n");
  CHECK(render(file.diagnostics) ==
        R"(t.env:2:1: error[ENV002]: a name cannot contain a space: "MY KEY"
    2 | MY KEY=1
      | ^~~~~~
  help: names are letters, digits, "_", "-" and "."; comments begin with "#"
t.env:3:2: error[ENV002]: / is not allowed in a name
    3 | A/B=1
      |  ^
  help: names are letters, digits, "_", "-" and "."; comments begin with "#"
t.env:4:6: error[ENV003]: "${" is never closed on its line
    4 |     C = ${D
      |         ^~~
  help: a plain dollar is written $$, or goes into single quotes
t.env:5:5: error[ENV003]: "${" must be followed by a name
    5 | E="ü${!}"
      |     ^~~
  help: a plain dollar is written $$, or goes into single quotes
t.env:6:3: error[ENV018]: NOPE is not set
    6 | F=$NOPE
      |   ^~~~~
  help: set it above or in an earlier file; write ${NOPE:-} if it may be empty, or single quotes if "$" is meant
t.env:8:1: error[ENV002]: " is not allowed in a name
    8 | "G"=1
      | ^
  help: only values are quoted: NAME="value"
t.env:9:3: error[ENV018]: NOPE: set it in .env
    9 | H=${NOPE:?set it in .env}
      |   ^~~~~~~~~~~~~~~~~~~~~~~
  help: set it above, in an earlier file or in the environment
t.env:10:3: error[ENV001]: this quote is never closed: '
   10 | I='open
      |   ^
  help: add ' where the value ends
)");
  CHECK(values_of(file)["OK"] == "1");
  CHECK(values_of(file)["J"] == "2");
}

TEST_CASE("export at the end of the file has no name") {
  CHECK(render(parse("export ").diagnostics) ==
        "t.env:1:1: error[ENV002]: \"export\" without a name\n"
        "    1 | export \n"
        "      | ^~~~~~~\n"
        "  help: write export NAME=value\n");
}

TEST_CASE("entries know where they stand") {
  const Dotenv file = parse(
      "\xEF\xBB\xBF"
      "A = \"x\ny\" \n  ключ=ü\n");
  REQUIRE(file.entries.size() == 2);
  CHECK(file.entries[0].key_span.begin == Position{1, 1});
  CHECK(file.entries[0].value_span.begin == Position{1, 5});
  CHECK(file.entries[0].value_span.end == Position{2, 3});
  CHECK(file.entries[1].key_span.begin == Position{3, 3});
  CHECK(file.entries[1].key_span.end == Position{3, 7});
  CHECK(file.entries[1].value_span.begin == Position{3, 8});
  CHECK(file.entries[1].value_span.end == Position{3, 9});
}

TEST_CASE("a file of a million bytes on one line is read in linear time") {
  std::string text;
  while (text.size() + 8 < (1U << 20U)) text += "A=\"x\" ";
  CHECK(parse(text).entries.size() == text.size() / 6);
  std::string references = "A=";
  while (references.size() + 8 < (1U << 20U)) references += "${A:-}";
  CHECK(parse(references).diagnostics.empty());
}

TEST_CASE("a file larger than 1 MiB is refused") {
  const Dotenv file = parse(std::string((1U << 20U) + 1, 'A'));
  REQUIRE(file.diagnostics.size() == 1);
  CHECK(file.diagnostics[0].message == "this file is larger than 1 MiB");
}

}  // namespace exai::config
