#include <algorithm>
#include <catch2/catch.hpp>

#include "core/config/formats.hpp"
#include "core/config/schema.hpp"
#include "core/config/toml.hpp"
#include "embedded/stack_schema.hpp"

namespace exai::config {

namespace {

std::string check(std::string_view schema, std::string toml) {
  const auto source = std::make_shared<const Source>(Source{"t", std::move(toml)});
  const Toml parsed = parse_toml(source);
  REQUIRE(parsed.root);
  std::string result;
  for (const Diagnostic& one : check_schema(parse_json_object(schema).value(), *parsed.root))
    result += fmt::format("{}:{} {} {}{}{}\n", one.span.begin.line, one.span.begin.column, one.code,
                          one.message, one.help.empty() ? "" : " | ", one.help);
  return result;
}

}  // namespace

TEST_CASE("each keyword reports what is wrong, where") {
  const auto [schema, toml, expected] = GENERATE(table<std::string, std::string, std::string>({
      {R"({"properties":{"a":{"type":"string","examples":["x"]}}})", "a = 1",
       "1:5 CFG003 a must be text, not 1 | for example \"x\"\n"},
      {R"({"properties":{"a":{"type":["string","integer"]}}})", "a = true",
       "1:5 CFG003 a must be text or a whole number, not true\n"},
      {R"({"properties":{"a":{"type":"integer"}}})", "a = 2.0", ""},
      {R"({"properties":{"a":{"type":"integer"}}})", "a = 2.5",
       "1:5 CFG003 a must be a whole number, not 2.5\n"},
      {R"({"properties":{"a":{"type":"number"},"b":{"type":"boolean"},"c":{"type":"array"}}})",
       "a = []\nb = 'x'\nc = {}",
       "1:5 CFG003 a must be a number, not a list\n"
       "2:5 CFG003 b must be true or false, not \"x\"\n"
       "3:5 CFG003 c must be a list, not a table\n"},
      {R"({"additionalProperties":false,"properties":{"port":{}}})", "prot = 1\nzzz = 2",
       "1:1 CFG001 unknown key \"prot\" | did you mean \"port\"?\n"
       "2:1 CFG001 unknown key \"zzz\" | known here: port\n"},
      {R"({"properties":{"t":{"required":["a"],"properties":{"a":{"description":"The a."}}}}})",
       "[t]", "1:1 CFG002 t has no \"a\" | a: The a.\n"},
      {R"({"additionalProperties":false,"required":["port"],"properties":{"port":{}}})", "prot = 1",
       "1:1 CFG001 unknown key \"prot\" | did you mean \"port\"?\n"},
      {R"({"additionalProperties":{"type":"integer"}})", "a = 1\nb = 'x'",
       "2:5 CFG003 b must be a whole number, not \"x\"\n"},
      {R"({"properties":{"t":{"propertyNames":{"x-exai":{"format":"name"}}}}})", "[t]\nA = 1",
       "2:1 CFG003 t's key must be lower-case letters, digits and \"-\", beginning with a letter, "
       "not \"A\"\n"},
      {R"({"properties":{"a":{"enum":["always","never",3]}}})", "a = 'allways'",
       "1:5 CFG005 a must be one of \"always\", \"never\", 3, not \"allways\" | did you mean "
       "\"always\"?\n"},
      {R"({"properties":{"a":{"enum":["x",3]}}})", "a = 3", ""},
      {R"({"properties":{"a":{"const":true}}})", "a = false",
       "1:5 CFG005 a can only be true, not false\n"},
      {R"({"additionalProperties":{"minimum":1,"maximum":9}})", "a = 0\nb = 10\nc = 9",
       "1:5 CFG004 a must be between 1 and 9, not 0\n"
       "2:5 CFG004 b must be between 1 and 9, not 10\n"},
      {R"({"properties":{"a":{"minimum":1},"b":{"maximum":2}}})", "a = 0\nb = 2.5",
       "1:5 CFG004 a must be at least 1, not 0\n"
       "2:5 CFG004 b must be at most 2, not 2.5\n"},
      {R"({"additionalProperties":{"minLength":2}})", "a = ''\nb = 'é'\nc = 'éé'",
       "1:5 CFG004 a must not be empty\n"
       "2:5 CFG004 b must have at least 2 characters\n"},
      {R"({"additionalProperties":{"maxLength":2}})", "a = 'ééé'\nb = 'éé'",
       "1:5 CFG004 a must have at most 2 characters\n"},
      {R"({"properties":{"a":{"minItems":1,"items":{"type":"string"}},"b":{"items":{"type":"string"}}}})",
       "a = []\nb = ['x', 2]",
       "1:5 CFG004 a must have at least 1 item\n"
       "2:11 CFG003 b[1] must be text, not 2\n"},
      {R"({"properties":{"a":{"uniqueItems":true}}})", "a = ['x', 'y', 'x']",
       "1:16 CFG021 \"x\" is listed twice in a | remove one\n"},
      {R"({"properties":{"a":{"$ref":"#/definitions/d"}},"definitions":{"d":{"type":"string"}}})",
       "a = 1", "1:5 CFG003 a must be text, not 1\n"},
      {R"({"additionalProperties":{"oneOf":[{"type":"integer","maximum":9},{"type":"string"}]}})",
       "a = 10\nb = true",
       "1:5 CFG004 a must be at most 9, not 10\n"
       "2:5 CFG003 b must be a whole number or text, not true\n"},
      {R"({"properties":{"a":{"anyOf":[
            {"type":"object","required":["x","y"]},{"type":"object","required":["z"]}]}}})",
       "a = {}", "1:5 CFG002 a has no \"z\"\n"},
      {R"({"additionalProperties":{"additionalProperties":false,"properties":{"x":{},"yes":{}},
            "oneOf":[{"required":["x"]},{"required":["yes"]}]}})",
       "a = {}\nb = {x=1,yes=1}\nc = {x=1}\nd = {yess=1}",
       "1:5 CFG002 a needs one of x, yes\n"
       "2:10 CFG002 b has both \"x\" and \"yes\" | keep one of x, yes\n"
       "4:6 CFG001 unknown key \"yess\" in d | did you mean \"yes\"?\n"},
  }));
  INFO(schema);
  CHECK(check(schema, toml) == expected);
}

TEST_CASE("a null is a value that is not known, and fits") {
  Node document;
  document.value = Node::Table{{"a", {}, {}}};
  CHECK(
      check_schema(parse_json_object(R"({"properties":{"a":{"type":"string"}}})").value(), document)
          .empty());
}

TEST_CASE("the notations of the stack file are read whole") {
  const auto [format, text, accepted] = GENERATE(table<std::string, std::string, bool>({
      {"duration", "500ms", true},
      {"duration", "1m30s", true},
      {"duration", "0s", false},
      {"duration", "5", false},
      {"duration-range", "200ms..30s", true},
      {"duration-range", "30s..1s", false},
      {"duration-range", "1s", false},
      {"rate", "10 in 5m", true},
      {"rate", "0 in 5m", false},
      {"rate", "10 in ", false},
      {"port", "8079", true},
      {"port", "0", false},
      {"port", "65536", false},
      {"port", "80x", false},
      {"name", "redis-2", true},
      {"name", "Redis", false},
      {"name", "2redis", false},
      {"variable", "_A1", true},
      {"variable", "1A", false},
      {"variable", "A-B", false},
      {"file-name", "redis.conf", true},
      {"file-name", "../redis.conf", false},
      {"file-name", "..", false},
      {"http-target", "/health", true},
      {"http-target", "https://x/y", true},
      {"http-target", "health", false},
      {"mcp-call", "tools/call status", true},
      {"mcp-call", "tools/call ", false},
      {"mcp-call", "tools/list", false},
  }));
  INFO(format << " " << text);
  CHECK(find_format(format)->accepts(text) == accepted);
}

namespace {

// Every keyword that is used in a schema, below `value`.
void collect_keywords(const json::value& value, std::vector<std::string>& found) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) collect_keywords(item, found);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      found.emplace_back(member.key());
      const bool names = member.key() == "properties" || member.key() == "definitions";
      if (member.key() == "x-exai" || member.key() == "examples") continue;
      if (!names || !member.value().is_object()) {
        collect_keywords(member.value(), found);
        continue;
      }
      for (const auto& named : member.value().get_object()) collect_keywords(named.value(), found);
    }
  }
}

}  // namespace

TEST_CASE("the stack schema promises nothing that the walker does not check") {
  std::vector<std::string> used;
  collect_keywords(parse_json(embedded::stack_schema).value(), used);
  CHECK(used.size() > 100);
  for (const std::string& keyword : used) {
    INFO(keyword);
    const auto known = schema_keywords();
    CHECK(std::find(known.begin(), known.end(), keyword) != known.end());
  }
}

TEST_CASE("everything in the stack schema has a description") {
  const json::object schema = parse_json_object(embedded::stack_schema).value();
  const std::function<void(const json::object&, const std::string&)> visit =
      [&](const json::object& one, const std::string& path) {
        INFO(path);
        CHECK((one.contains("description") || one.contains("$ref")));
        for (const char* key : {"properties", "definitions"})
          if (const json::object* inner = find_object(one, key))
            for (const auto& member : *inner)
              visit(member.value().as_object(), path + "/" + std::string(member.key()));
        for (const char* key : {"additionalProperties", "items", "propertyNames"})
          if (const json::object* inner = find_object(one, key)) visit(*inner, path + "/" + key);
      };
  visit(schema, "");
}

}  // namespace exai::config
