#include <algorithm>
#include <catch2/catch.hpp>

#include "core/config/formats.hpp"
#include "core/config/json_tree.hpp"
#include "core/config/schema.hpp"
#include "core/config/toml.hpp"
#include "embedded/stack_schema.hpp"

namespace exai::config {

namespace {

std::string messages(const Diagnostics& found) {
  std::string result;
  for (const Diagnostic& one : found)
    result += fmt::format("{}:{} {} {}{}{}\n", one.span.begin.line, one.span.begin.column, one.code,
                          one.message, one.help.empty() ? "" : " | ", one.help);
  return result;
}

std::string check(std::string_view schema, std::string toml) {
  const Toml parsed = parse_toml(std::make_shared<const Source>(Source{"t", std::move(toml)}));
  REQUIRE(parsed.root);
  return messages(check_schema(Schema::parse(schema).value(), *parsed.root));
}

std::string check_json(std::string_view schema, std::string text, SchemaUse use = {}) {
  use.nulls = Nulls::values;
  use.notation = Notation::json;
  const auto source = std::make_shared<const Source>(Source{"t", std::move(text)});
  const JsonTree parsed = parse_json_tree(source, JsonStyle::strict);
  REQUIRE(parsed.root);
  return messages(check_schema(Schema::parse(schema).value(), *parsed.root, use));
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
       "[t]", "1:2 CFG002 t has no \"a\" | a: The a.\n"},
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
       "2:5 CFG003 b must be text or a whole number, not true\n"},
      {R"({"properties":{"a":{"anyOf":[
            {"type":"object","required":["x","y"]},{"type":"object","required":["z"]}]}}})",
       "a = {}", "1:1 CFG002 a has no \"z\"\n"},
      {R"({"additionalProperties":{"additionalProperties":false,"properties":{"x":{},"yes":{}},
            "oneOf":[{"required":["x"]},{"required":["yes"]}]}})",
       "a = {}\nb = {x=1,yes=1}\nc = {x=1}\nd = {yess=1}",
       "1:1 CFG002 a needs one of x, yes\n"
       "2:10 CFG002 b has both \"x\" and \"yes\" | keep one of x, yes\n"
       "4:6 CFG001 unknown key \"yess\" in d | did you mean \"yes\"?\n"},
  }));
  INFO(schema);
  CHECK(check(schema, toml) == expected);
}

TEST_CASE("the other keywords of draft 7 say what is wrong, where") {
  const auto [schema, text, expected] = GENERATE(table<std::string, std::string, std::string>({
      {R"({"type":["string","integer","array"]})", "{}",
       "1:1 CFG003 the file must be text, a whole number or a list, not an object\n"},
      {R"({"properties":{"a":{"type":"string"}}})", R"({"a": null})",
       "1:7 CFG003 a must be text, not null\n"},
      {R"({"properties":{"a":{"type":["string","null"]}}})", R"({"a": 1})",
       "1:7 CFG003 a must be text or null, not 1\n"},
      {R"({"properties":{"a":{"pattern":"^[a-z]+$","examples":["abc"]}}})", R"({"a": "A"})",
       "1:7 CFG003 a must match ^[a-z]+$, not \"A\" | for example \"abc\"\n"},
      {R"({"properties":{"a":{"pattern":"^[a-z]+$","x-exai":{"expected":"a word"}}}})",
       R"({"a": "A"})", "1:7 CFG003 a must be a word, not \"A\"\n"},
      {R"({"properties":{"a":{"pattern":"^x","x-exai":{"format":"name"}}}})", R"({"a": "b"})", ""},
      {R"({"properties":{"a":{"enum":["x"],"x-exai":{"secret":true}}}})", R"({"a": "hidden"})",
       "1:7 CFG005 a must be one of \"x\", not this secret\n"},
      {R"({"additionalProperties":{"enum":["x"]}})",
       R"({"DB_PASSWORD": "hunter22", "a": "redis://me:hunter22@db/0"})",
       "1:17 CFG005 DB_PASSWORD must be one of \"x\", not this secret\n"
       "1:34 CFG005 a must be one of \"x\", not \"redis://me:********@db/0\"\n"},
      {R"({"properties":{"a":{"exclusiveMinimum":0,"exclusiveMaximum":1}}})", R"({"a": 1})",
       "1:7 CFG004 a must be more than 0 and less than 1, not 1\n"},
      {R"({"properties":{"a":{"multipleOf":4096}}})", R"({"a": 100})",
       "1:7 CFG004 a must be a multiple of 4096, not 100\n"},
      {R"({"properties":{"a":{"maxItems":1}}})", R"({"a": [1, 2]})",
       "1:7 CFG004 a must have at most 1 item\n"},
      {R"({"properties":{"a":{"items":[{"type":"string"}],"additionalItems":false}}})",
       R"({"a": [1, 2]})",
       "1:8 CFG003 a[0] must be text, not 1\n"
       "1:11 CFG004 a must have at most 1 item | remove what is too many\n"},
      {R"({"properties":{"a":{"contains":{"const":1,"description":"A one."}}}})", R"({"a": [2]})",
       "1:7 CFG002 a has no item of the kind that must be among them | A one.\n"},
      {R"({"properties":{"a":{"uniqueItems":true}}})",
       R"({"a": [{"x":1,"y":[2]},{"y":[2],"x":1}]})",
       "1:24 CFG021 an object is listed twice in a | remove one\n"},
      {R"({"properties":{"a":false}})", R"({"a": 1})", "1:2 CFG001 a is not allowed here\n"},
      {R"({"properties":{"a":{"minProperties":1}},"maxProperties":1})", R"({"a": {}, "b": 1})",
       "1:2 CFG004 a must have at least 1 key\n"
       "1:1 CFG004 the file must have at most 1 key\n"},
      {R"({"patternProperties":{"^x-":{},"^(web|api)$":{"type":"string"}},
           "additionalProperties":false})",
       R"({"x-a": 1, "x_b": 1, "wep": 1, "zzzz": 1, "web": 1})",
       "1:12 CFG001 unknown key \"x_b\" | did you mean \"x-b\"?\n"
       "1:22 CFG001 unknown key \"wep\" | did you mean \"web\"?\n"
       "1:32 CFG001 unknown key \"zzzz\" | known here: web, api, x-…\n"
       "1:50 CFG003 web must be text, not 1\n"},
      {R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})", R"({"a": 1, "c": 1})",
       "1:2 CFG002 the file has \"a\" but no \"b\" | add \"b\", or remove \"a\"\n"
       "1:1 CFG002 the file has no \"d\"\n"},
      {R"({"properties":{"a":{"required":["b"]}}})", "{\n \"a\": {\n }}",
       "2:2 CFG002 a has no \"b\"\n"},
      {R"({"allOf":[{"required":["a"]},{"required":["a"]}]})", "{}",
       "1:1 CFG002 the file has no \"a\"\n"},
      {R"({"oneOf":[{"type":"object","title":"this"},{"type":"object","title":"that"}]})", "{}",
       "1:1 CFG003 the file can be read in 2 ways, and must be clear | it fits: this, that\n"},
      {R"({"anyOf":[{"properties":{"kind":{"const":"a"},"x":{"type":"string"},"y":{"type":"string"}}},
                    {"properties":{"kind":{"const":"b"},"z":{"type":"string"}}}]})",
       R"({"kind": "a", "x": 1, "y": 1, "z": 1})",
       "1:20 CFG003 x must be text, not 1\n"
       "1:28 CFG003 y must be text, not 1\n"},
      {R"({"properties":{"a":{"anyOf":[{"oneOf":[{"type":"string"},{"type":"array"}]},
                                       {"type":"null"}]}}})",
       R"({"a": 1})", "1:7 CFG003 a must be text, a list or null, not 1\n"},
      {R"({"not":{"required":["a","b"],"description":"They exclude each other."}})",
       R"({"a": 1, "b": 2})",
       "1:1 CFG005 the file must not have a and b | They exclude each other.\n"},
      {R"({"properties":{"a":{"not":{"const":0}}}})", R"({"a": 0})",
       "1:7 CFG005 a must not be 0\n"},
      {R"({"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},
           "else":{"required":["c"]}})",
       R"({"a": 1})", "1:1 CFG002 the file has no \"b\"\n"},
      {R"({"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},
           "else":{"required":["c"]}})",
       R"({"a": 2})", "1:1 CFG002 the file has no \"c\"\n"},
      {R"({"properties":{"a":{"$ref":"#/$defs/d"}},"$defs":{"d":{"$ref":"#/$defs/e"},
           "e":{"type":"string"}}})",
       R"({"a": 1})", "1:7 CFG003 a must be text, not 1\n"},
  }));
  INFO(schema);
  CHECK(check_json(schema, text) == expected);
}

TEST_CASE("a schema that cannot be used says where and why") {
  const auto [schema, expected] = GENERATE(table<std::string, std::string>({
      {"1", "schema, #: a schema is an object, true or false"},
      {R"({"properties":{"a":{"type":"text"}}})",
       "schema, #/properties/a: there is no type \"text\""},
      {R"({"items":{"minimum":"1"}})", "schema, #/items: minimum is a number"},
      {R"({"minLength":-1})", "schema, #: minLength is a whole number, 0 or more"},
      {R"({"required":"a"})", "schema, #: required is a list of names"},
      {R"({"enum":1})", "schema, #: enum is a list of values"},
      {R"({"multipleOf":0})", "schema, #: multipleOf is more than 0"},
      {R"({"pattern":"("})", "schema, #: the pattern (: a \"(\" without \")\""},
      {R"({"properties":[]})", "schema, #: properties is an object"},
      {R"({"x-exai":{"format":"nome"}})", "schema, #: there is no x-exai.format \"nome\""},
      {R"({"$ref":"#/definitions/a"})",
       "schema, #: $ref \"#/definitions/a\" leads to no place in the schema; nothing is fetched"},
      {R"({"$ref":"https://example.com/a.json"})",
       "schema, #: $ref \"https://example.com/a.json\" leads to no place in the schema; nothing is "
       "fetched"},
      {R"({"$ref":"#"})",
       "schema, #: $ref, oneOf and the like go round in a circle, or are more than 64 deep"},
      {R"({"anyOf":[{"$ref":"#/definitions/a"}],"definitions":{"a":{"not":{"$ref":"#"}}}})",
       "schema, #: $ref, oneOf and the like go round in a circle, or are more "
       "than 64 deep"},
  }));
  INFO(schema);
  const auto compiled = Schema::parse(schema);
  REQUIRE_FALSE(compiled);
  CHECK(compiled.error().message() == expected);
}

TEST_CASE("a walk that would not end in time is given up, and that is said") {
  // Each level asks two branches, and each of those two again.
  const std::string schema =
      R"({"items":{"anyOf":[{"allOf":[{"$ref":"#"},{"minItems":99}]},
                             {"allOf":[{"$ref":"#"},{"minItems":99}]}]}})";
  const std::string text = std::string(40, '[') + std::string(40, ']');
  SchemaUse use;
  use.steps = 10'000;
  CHECK(check_json(schema, text, use)
            .find("1:1 CFG025 this is too large or too deep to be checked to the end | split it "
                  "up\n") != std::string::npos);
}

TEST_CASE("a null is a value that is not known, and fits") {
  Node document;
  document.value = Node::Table{{"a", {}, {}}};
  CHECK(check_schema(Schema::parse(R"({"properties":{"a":{"type":"string"}}})").value(), document)
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
      {"duration-range", "0ms..0ms", true},
      {"limit", "64MiB", true},
      {"limit", "0B", true},
      {"limit", "unlimited", true},
      {"limit", "much", false},
      {"limit", "-1KiB", false},
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
      const bool names = member.key() == "properties" || member.key() == "definitions" ||
                         member.key() == "patternProperties" || member.key() == "dependencies";
      if (member.key() == "x-exai" || member.key() == "examples" || member.key() == "default")
        continue;
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
