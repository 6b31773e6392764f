// YAML to tree: what every scalar means, where everything stands, and faults in words.
#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "core/config/yaml.hpp"
#include "core/config/yaml_scalar.hpp"

namespace exai::config::test {

namespace {

Yaml parsed(const std::string& text) {
  return parse_yaml(std::make_shared<const Source>(Source{"c.yaml", text}));
}

std::string place(const Span& span) {
  return fmt::format("{}:{}-{}:{}", span.begin.line, span.begin.column, span.end.line,
                     span.end.column);
}

// One line for the whole tree, without places: {key: type value, …}.
std::string shape(const Node& node) {
  std::string text;
  if (const Node::List* list = node.list()) {
    for (const Node& item : *list) text += (text.empty() ? "" : ", ") + shape(item);
    return "[" + text + "]";
  }
  if (const Node::Table* table = node.table()) {
    for (const Member& member : *table)
      text += (text.empty() ? "" : ", ") + member.key + ": " + shape(member.value);
    return "{" + text + "}";
  }
  if (node.string() != nullptr) return "'" + scalar_text(node) + "'";
  return std::holds_alternative<std::monostate>(node.value) ? "null" : scalar_text(node);
}

// Every node and key with its place, in the order of the tree.
void list_places(const Node& node, std::string& out) {
  if (const Node::List* list = node.list())
    for (const Node& item : *list) {
      out += fmt::format("- {}\n", place(item.span));
      list_places(item, out);
    }
  if (const Node::Table* table = node.table())
    for (const Member& member : *table) {
      out +=
          fmt::format("{} {} {}\n", member.key, place(member.key_span), place(member.value.span));
      list_places(member.value, out);
    }
}

std::string shape_of(const std::string& text) {
  const Yaml yaml = parsed(text);
  INFO(render(yaml.diagnostics));
  REQUIRE(yaml.root);
  REQUIRE(yaml.diagnostics.empty());
  return shape(*yaml.root);
}

std::string places_of(const std::string& text) {
  const Yaml yaml = parsed(text);
  INFO(render(yaml.diagnostics));
  REQUIRE(yaml.root);
  std::string out;
  list_places(*yaml.root, out);
  return out;
}

std::string messages(const std::string& text) {
  return render(parsed(text).diagnostics);
}

}  // namespace

TEST_CASE("a plain scalar means what it means to Go") {
  CHECK(shape_of("[010, 0x1F, 0o17, 0b11, 1_000, -5, +5]") == "[8, 31, 15, 3, 1000, -5, 5]");
  CHECK(shape_of("[1e3, 1.10, .5, 1e21, 0.00001, .inf, -.inf, .nan]") ==
        "[1000, 1.1, 0.5, 1e+21, 1e-05, +Inf, -Inf, NaN]");
  CHECK(shape_of("[12:30, yes, on, 1.2.3, 08, +-1, 0x, 1e, -, 2024-01-01]") ==
        "['12:30', 'yes', 'on', '1.2.3', 8, '+-1', '0x', '1e', '-', '2024-01-01']");
  CHECK(shape_of("[true, False, TRUE, ~, null, NULL, '']") ==
        "[true, false, true, null, null, null, '']");
  CHECK(shape_of("['010', \"true\", !!str 5, !!int 7, ! 8]") == "['010', 'true', '5', 7, '8']");
}

TEST_CASE("texts are read in every style") {
  CHECK(shape_of("a: 'it''s'\nb: \"q\\u0041\\n\"\nc: plain\n  folded\n\n  twice # no\n") ==
        "{a: 'it's', b: 'qA\n', c: 'plain folded\ntwice'}");
  CHECK(shape_of("a: |\n  x\n   y\n\nb: >-\n  x\n  y\nc: |2\n    z\n") ==
        "{a: 'x\n y\n', b: 'x y', c: '  z\n'}");
  CHECK(shape_of("") == "null");
  CHECK(shape_of("# only a comment\n") == "null");
}

TEST_CASE("a question mark inside of a word is part of it, in lists too") {
  CHECK(shape_of(
            "a: [curl, http://x/?a=1&b=2, what?, is it ? yes]\nb: {c: d?e}\n? k\n: [? x : y]\n") ==
        "{a: ['curl', 'http://x/?a=1&b=2', 'what?', 'is it ? yes'], b: {c: 'd?e'}, k: [{x: 'y'}]}");
}

TEST_CASE("merge keys give what the table has not itself, earlier ones first") {
  CHECK(shape_of("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  c: 3\n  <<: [*x, *y]\n") ==
        "{x: {a: 1, b: 1}, y: {b: 2, c: 2}, z: {c: 3, a: 1, b: 1}}");
  CHECK(shape_of("x: &x {a: 1}\nz: {<<: *x, \"<<\": 2}\n") == "{x: {a: 1}, z: {<<: 2, a: 1}}");
}

TEST_CASE("every node has its whole place, in code points") {
  CHECK(places_of("é: \"ü\" # c\nb:\nc: [1, {x: y}, 'it''s']\n") ==
        "é 1:1-1:2 1:4-1:7\n"
        "b 2:1-2:2 2:3-2:3\n"
        "c 3:1-3:2 3:4-3:24\n"
        "- 3:5-3:6\n"
        "- 3:8-3:14\n"
        "x 3:9-3:10 3:12-3:13\n"
        "- 3:16-3:23\n");
  CHECK(places_of("\xEF\xBB\xBF"
                  "a: &n !!str x\r\nb:\r\n  - |\r\n    t\r\n\r\n  -\r\n") ==
        "a 1:1-1:2 1:13-1:14\n"
        "b 2:1-2:2 3:3-6:4\n"
        "- 3:5-4:6\n"
        "- 6:4-6:4\n");
  CHECK(places_of("a: plain\n  goes on\nb: >\n  x\n\n  y\n\nc: ~\n") ==
        "a 1:1-1:2 1:4-2:10\n"
        "b 3:1-3:2 3:4-6:4\n"
        "c 8:1-8:2 8:4-8:5\n");
}

TEST_CASE("an alias stands where it is used, and leads to its anchor") {
  const Yaml yaml = parsed("x: &name\n  k: v\ny: *name\n");
  REQUIRE(yaml.root);
  const Node* used = yaml.root->find("y");
  CHECK(place(used->span) == "3:4-3:9");
  CHECK(place(used->find("k")->span) == "2:6-2:7");
  REQUIRE(yaml.anchors.size() == 1);
  CHECK(yaml.anchors.begin()->first == Position{3, 4});
  CHECK(place(yaml.anchors.begin()->second) == "1:4-1:9");
}

TEST_CASE("tags of Compose are kept by the place of what they are on") {
  const Yaml yaml = parsed("a: !reset null\nb: !override\n  - x\nc: !reset\n");
  REQUIRE(yaml.root);
  CHECK(shape(*yaml.root) == "{a: null, b: ['x'], c: null}");
  CHECK(yaml.tags == std::map<Position, std::string>{
                         {{1, 11}, "!reset"}, {{3, 3}, "!override"}, {{4, 10}, "!reset"}});
}

TEST_CASE("faults of YAML are told in words, at their place") {
  struct Row {
    std::string text, message;
  };
  const Row row = GENERATE(
      Row{"a:\n\tb: 1\n",
          "c.yaml:2:1: error[CMP001]: a tab cannot indent\n"
          "    2 |     b: 1\n"
          "      | ^~~~\n"
          "  help: write spaces\n"},
      Row{"a:\n  image:foo\n  b: 1\n",
          "c.yaml:2:8: error[CMP001]: a space is missing after the colon\n"
          "    2 |   image:foo\n"
          "      |        ^\n"
          "  help: write key: value\n"},
      Row{"a:\n  image\n  b: 1\n",
          "c.yaml:2:3: error[CMP001]: this line is neither \"key: value\" nor \"- item\"\n"
          "    2 |   image\n"
          "      |   ^~~~~\n"
          "  help: is a colon missing?\n"},
      Row{"a:\n  b: x\n  ports\n    - 80\n",
          "c.yaml:3:3: error[CMP001]: this line is neither \"key: value\" nor \"- item\"\n"
          "    3 |   ports\n"
          "      |   ^~~~~\n"
          "  help: is a colon missing?\n"},
      Row{"a:\n  b: 1\n   c: 2\n",
          "c.yaml:3:4: error[CMP001]: this line is indented below one that has a value already\n"
          "    3 |    c: 2\n"
          "      |    ^~~~\n"
          "  help: give all lines of a block the same number of spaces\n"},
      Row{"a:\n    b: 1\n  c: 2\n",
          "c.yaml:3:3: error[CMP001]: this line is indented differently from those it belongs "
          "to\n"
          "    3 |   c: 2\n"
          "      |   ^~~~\n"
          "  help: give all lines of a block the same number of spaces\n"},
      Row{"a: 1\nb: \"x\nc: 2\n",
          "c.yaml:2:4: error[CMP001]: this quote is never closed: \"\n"
          "    2 | b: \"x\n"
          "      |    ^\n"
          "  help: add \" where it ends\n"},
      Row{"a: [1, 2\nb: 3\n",
          "c.yaml:1:4: error[CMP001]: this bracket is never closed: [\n"
          "    1 | a: [1, 2\n"
          "      |    ^\n"
          "  help: add ] where it ends\n"},
      Row{"a: b: c\n",
          "c.yaml:1:5: error[CMP001]: a second \": \" on this line\n"
          "    1 | a: b: c\n"
          "      |     ^\n"
          "  help: put the value into quotes, or begin a new line after the first colon\n"},
      Row{"a: \"x\" y\n",
          "c.yaml:1:8: error[CMP001]: the value has ended in front of this\n"
          "    1 | a: \"x\" y\n"
          "      |        ^\n"
          "  help: put the whole value into quotes\n"},
      Row{"a: \"x: 1\nb: \"y\"\n",
          "c.yaml:1:4: error[CMP001]: this quote is closed on another line only\n"
          "    1 | a: \"x: 1\n"
          "      |    ^\n"
          "  help: add \" where the value ends\n"},
      Row{"a: *x\n",
          "c.yaml:1:4: error[CMP001]: there is no anchor \"x\" above\n"
          "    1 | a: *x\n"
          "      |    ^~\n"
          "  help: define it with &name, or use quotes if an asterisk is meant\n"},
      Row{"a: &x\n  b: *x\n",
          "c.yaml:2:6: error[CMP001]: this alias is inside of what it stands for\n"
          "    2 |   b: *x\n"
          "      |      ^~\n"
          "  help: a value cannot contain itself\n"},
      Row{"a: @x\n",
          "c.yaml:1:4: error[CMP001]: no value begins with this character\n"
          "    1 | a: @x\n"
          "      |    ^\n"
          "  help: put the value into quotes\n"},
      Row{"a: \"C:\\dir\"\n",
          "c.yaml:1:9: error[CMP001]: this escape is unknown in double quotes\n"
          "    1 | a: \"C:\\dir\"\n"
          "      |         ^\n"
          "  help: write \\\\ for a backslash, or single quotes, in which nothing is escaped\n"},
      Row{"a: 1\n---\nb: 2\n",
          "c.yaml:2:1: error[CMP001]: a second document begins here: Compose 1 refuses that, "
          "Compose 2 lays it over the first\n"
          "    2 | ---\n"
          "      | ^~~\n"
          "  help: a file is one document; give Compose two files instead\n"},
      Row{"b:\n  <<: x\n",
          "c.yaml:2:7: error[CMP001]: \"<<\" takes a table, or a list of tables\n"
          "    2 |   <<: x\n"
          "      |       ^\n"
          "  help: name the anchor of a table: <<: *name\n"},
      Row{"a: x\x01\n",
          "c.yaml:1:5: error[CMP001]: YAML does not allow this control character\n"
          "    1 | a: x\\x01\n"
          "      |     ^~~~\n"
          "  help: remove it, or write it as an escape in double quotes\n"},
      Row{"a: 1\nb:\n  - x\na: 3\n",
          "c.yaml:4:1: error[CMP002]: \"a\" is there twice\n"
          "    4 | a: 3\n"
          "      | ^\n"
          "  help: remove one of them\n"
          "  c.yaml:1:1: note: first written here\n"},
      Row{"80: x\n",
          "c.yaml:1:1: error[CMP003]: a key must be text, not integer\n"
          "    1 | 80: x\n"
          "      | ^~\n"
          "  help: write \"80\"\n"});
  CHECK(messages(row.text) == row.message);
}

TEST_CASE("hostile YAML ends with a diagnostic") {
  const std::string deep(100'000, '[');
  CHECK(parsed(deep).diagnostics.at(0).message == "this is nested more than 64 levels deep");
  std::string steps;
  for (int i = 0; i < 100; ++i) steps += "- ";
  CHECK(parsed(steps + "x").diagnostics.at(0).message == "this is nested more than 64 levels deep");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += fmt::format("a{}: &a{} [", i, i);
    for (int k = 0; k < 9; ++k) bomb += fmt::format("{}*a{}", k == 0 ? "" : ", ", i - 1);
    bomb += "]\n";
  }
  CHECK(parsed(bomb).diagnostics.at(0).message ==
        "the aliases of this file stand for more than 32 MiB");
  CHECK(parsed(std::string("a: \0b\n", 6)).diagnostics.at(0).message == "this byte is NUL");
  CHECK(parsed("a: \xff\n").diagnostics.at(0).message == "this byte is not UTF-8 text");
  CHECK(parsed(std::string((std::size_t{4} << 20U) + 1, ' ')).diagnostics.at(0).message ==
        "this file is larger than 4 MiB");
  CHECK(parsed("a: " + std::string(1'000'000, 'x')).root);
}

}  // namespace exai::config::test
