#include <catch2/catch.hpp>

#include "core/base/json.hpp"
#include "core/config/json_tree.hpp"

namespace exai::config {

namespace {

JsonTree parse(std::string text, JsonStyle style = JsonStyle::strict) {
  return parse_json_tree(std::make_shared<const Source>(Source{"mcp.json", std::move(text)}),
                         style);
}

std::string place(const Span& span) {
  return fmt::format("{}:{}-{}:{}", span.begin.line, span.begin.column, span.end.line,
                     span.end.column);
}

// Every value with its place, a line each.
void write(const Node& node, const std::string& path, std::string& out) {
  out += fmt::format("{} {} {}", path, type_name(node), place(node.span));
  if (const std::string* text = node.string()) out += " " + *text;
  if (const std::int64_t* integer = node.integer()) out += fmt::format(" {}", *integer);
  if (const double* number = std::get_if<double>(&node.value)) out += fmt::format(" {}", *number);
  if (const bool* boolean = node.boolean()) out += *boolean ? " true" : " false";
  out += '\n';
  if (const Node::List* list = node.list())
    for (std::size_t i = 0; i < list->size(); ++i)
      write((*list)[i], fmt::format("{}[{}]", path, i), out);
  if (const Node::Table* table = node.table())
    for (const Member& member : *table)
      write(member.value, fmt::format("{}.{}@{}", path, member.key, place(member.key_span)), out);
}

std::string said(const JsonTree& tree) {
  std::string result;
  for (const Diagnostic& one : tree.diagnostics) {
    result += fmt::format("{} {} {}{}{}\n", place(one.span), one.code, one.message,
                          one.help.empty() ? "" : " | ", one.help);
    for (const Related& related : one.related)
      result += fmt::format("  {} {}\n", place(related.span), related.message);
  }
  return result;
}

}  // namespace

TEST_CASE("every key and value has its place") {
  const JsonTree tree = parse(
      "\xEF\xBB\xBF{\n"
      "  \"mcpServers\": {\"é\": {\"args\": [\"-y\", 1, -2.5, 1e2, true, null, []]}},\n"
      "  \"a\\n\\u00e9\\ud83d\\udc32\\/\": {} }\n");
  REQUIRE(tree.root);
  std::string out;
  write(*tree.root, "", out);
  CHECK(out ==
        " table 1:1-3:34\n"
        ".mcpServers@2:3-2:15 table 2:17-2:70\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21 table 2:23-2:69\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30 list 2:32-2:68\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30[0] text 2:33-2:37 -y\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30[1] integer 2:39-2:40 1\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30[2] number 2:42-2:46 -2.5\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30[3] number 2:48-2:51 100\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30[4] boolean 2:53-2:57 true\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30[5] null 2:59-2:63\n"
        ".mcpServers@2:3-2:15.é@2:18-2:21.args@2:24-2:30[6] list 2:65-2:67\n"
        ".a\né\xF0\x9F\x90\xB2/@3:3-3:28 table 3:30-3:32\n");
}

TEST_CASE("what is no JSON is said at its place") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"", "1:1-1:1 CFG023 there is nothing in this file | the smallest one is {}\n"},
      {" {} x", "1:5-1:6 CFG023 the file goes on behind its value | a JSON file is one value\n"},
      {"{\"a\": 1,}", "1:8-1:9 CFG023 no comma may stand behind the last item | remove it\n"},
      {"[1,\n 2,\n]", "2:3-2:4 CFG023 no comma may stand behind the last item | remove it\n"},
      {"{\"a\": 1\n \"b\": 2}",
       "2:2-2:2 CFG023 \",\" is missing here | put a comma between the items\n"},
      {"{\"a\" 1}", "1:6-1:6 CFG023 \":\" is missing behind the key | write \"key\": value\n"},
      {"{a: 1}", "1:2-1:3 CFG023 a key stands in double quotes | write \"a\"\n"},
      {"{'a': 1}",
       "1:2-1:3 CFG023 text stands in double quotes, not in single ones | write \"text\"\n"},
      {"{,}", "1:2-1:3 CFG023 a key is missing here | write \"key\": value\n"},
      {"['a']",
       "1:2-1:3 CFG023 text stands in double quotes, not in single ones | write \"text\"\n"},
      {"[True]", "1:2-1:6 CFG023 True is no value in JSON | write true\n"},
      {"[yes]", "1:2-1:5 CFG023 this is no value | text stands in double quotes: \"yes\"\n"},
      {"[,]",
       "1:2-1:3 CFG023 a value is missing here | a value is a text in double quotes, a number, "
       "true, false, null, {…} or […]\n"},
      {"{\"a\":", "1:6-1:6 CFG023 a value is missing at the end\n"},
      {"{\n\"a\": [1", "2:6-2:7 CFG023 this bracket is never closed | add \"]\" at its end\n"},
      {"{\"a\": [1}",
       "1:9-1:10 CFG023 \"}\" closes what \"[\" opened | write \"]\"\n  1:7-1:8 opened here\n"},
      {"[\"a\n\"]",
       "1:2-1:3 CFG023 this text is never closed | add a double quote at its end; a line end "
       "inside is written \\n\n"},
      {"[\"a\tb\"]", "1:4-1:5 CFG023 a control character stands in the text | write \\u0009\n"},
      {"[\"C:\\dir\"]", "1:5-1:7 CFG023 this escape is unknown | write \\\\ for a backslash\n"},
      {"[\"\\ud800\"]",
       "1:3-1:9 CFG023 this escape is no character | write \\\\ for a backslash\n"},
      {"[\"\\u12\"]", "1:3-1:7 CFG023 this escape is no character | write \\\\ for a backslash\n"},
      {"[007]", "1:2-1:5 CFG023 a number cannot begin with 0 | remove the zeroes, or quote it\n"},
      {"[1.]", "1:2-1:4 CFG023 this is no number | text stands in double quotes: \"text\"\n"},
      {"[-]", "1:2-1:3 CFG023 this is no number | text stands in double quotes: \"text\"\n"},
      {"[10s]", "1:2-1:5 CFG023 this is no number | text stands in double quotes: \"text\"\n"},
      {"[1e999]", "1:2-1:7 CFG023 this number is too large\n"},
      {"[1] // x", "1:5-1:7 CFG023 there are no comments in JSON | remove it\n"},
      {"[# x\n1]", "1:2-1:3 CFG023 there are no # comments in JSON | remove it\n"},
      {"[\"\xFF\"]", "1:3-1:4 CFG023 this byte is not UTF-8 text | save the file as UTF-8\n"},
  }));
  INFO(text);
  const JsonTree tree = parse(text);
  CHECK_FALSE(tree.root);
  CHECK(said(tree) == expected);
}

TEST_CASE("a key that is there twice is reported, and the later value counts") {
  const JsonTree tree = parse("{\"a\": 1,\n \"b\": 2, \"a\": 3}");
  CHECK(said(tree) ==
        "2:10-2:13 CFG021 \"a\" is there twice | keep one of them; now the later one counts\n"
        "  1:2-1:5 first here\n");
  REQUIRE(tree.root);
  CHECK(*tree.root->find("a")->integer() == 3);
  CHECK(tree.root->table()->size() == 2);
}

TEST_CASE("files of editors may have comments and a comma at the end") {
  const JsonTree tree =
      parse("// servers\n{\"a\": [1, /* two */ 2,], // x\n}\n/**/", JsonStyle::with_comments);
  CHECK(said(tree) == "");
  REQUIRE(tree.root);
  CHECK(tree.root->find("a")->list()->size() == 2);
  CHECK(said(parse("[1 /* x", JsonStyle::with_comments)) ==
        "1:4-1:6 CFG023 this comment is never closed | add */ behind it\n");
}

TEST_CASE("size and depth have limits") {
  CHECK(said(parse(std::string(100'000, '['))) ==
        "1:65-1:66 CFG023 this is nested more than 64 deep\n");
  CHECK(parse(std::string(64, '[') + std::string(64, ']')).root);
  CHECK(said(parse(std::string((1U << 20U) + 1, ' '))) ==
        "1:1-1:1 CFG023 this file is larger than 1 MiB\n");
}

}  // namespace exai::config
