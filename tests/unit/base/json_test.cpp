#include "core/base/json.hpp"

using namespace exai;

TEST_CASE("a fault in JSON is told with its line and column") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"", "not JSON: it ends too early, at line 1, column 1"},
      {"{\"a\": 1", "not JSON: it ends too early, at line 1, column 8"},
      {"1 2", "not JSON: something follows the value, at line 1, column 3"},
      {"{}\n x", "not JSON: something follows the value, at line 2, column 2"},
  }));
  CAPTURE(text);
  const auto parsed = parse_json(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error() == Error(Errc::invalid, message));
}

TEST_CASE("a wrong character in JSON is an error at its line") {
  const auto parsed = parse_json("{\n  \"a\": tru\n}");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message().find("line 2") != std::string::npos);
}

TEST_CASE("JSON that is too big or too deep is refused") {
  CHECK(parse_json("[1,2,3]", {.bytes = 4, .depth = 64}).error().code() == Errc::invalid);
  CHECK(parse_json("[[[1]]]", {.bytes = 100, .depth = 2}).error().code() == Errc::invalid);
  CHECK(parse_json("[[[1]]]", {.bytes = 100, .depth = 3}));
  CHECK(parse_json_object("[]").error() == Error(Errc::invalid, "a JSON object was expected"));
}

TEST_CASE("members are found by name and type") {
  const auto object = *parse_json_object(R"({"s":"x","i":3,"f":3.0,"h":3.5,"b":true,"o":{},"l":[]})");
  CHECK(find_string(object, "s") == "x");
  CHECK_FALSE(find_string(object, "i"));
  CHECK(find_integer(object, "i") == 3);
  CHECK(find_integer(object, "f") == 3);
  CHECK_FALSE(find_integer(object, "h"));
  CHECK(find_number(object, "h") == 3.5);
  CHECK(find_bool(object, "b") == true);
  CHECK_FALSE(find_bool(object, "absent"));
  CHECK(find_object(object, "o"));
  CHECK(find_array(object, "l"));
  CHECK_FALSE(find_array(object, "o"));
}

TEST_CASE("pretty JSON writes numbers as people do") {
  CHECK(to_pretty_text(*parse_json("[0.0, 4.6, -1.5e300, 7]")) ==
        "[\n  0,\n  4.6,\n  -1.5e+300,\n  7\n]\n");
}

TEST_CASE("pretty JSON has two blanks a level and ends with a newline") {
  CHECK(to_pretty_text(*parse_json(R"({"a":[1,{"b":"\"x\n"}],"c":{},"d":[]})")) ==
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"\\\"x\\n\"\n    }\n  ],\n  \"c\": {},\n  "
        "\"d\": []\n}\n");
}

TEST_CASE("an object is as pretty by itself as in a value") {
  const json::object object{{"a", json::array{1, json::object{}}}, {"b", json::array{}}};
  CHECK(to_pretty_text(object) == to_pretty_text(json::value(object)));
  CHECK(to_pretty_text(object) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n");
}
