#include <catch2/catch.hpp>

#include "core/config/toml.hpp"

namespace exai::config {

namespace {

Toml parse(std::string text) {
  return parse_toml(std::make_shared<const Source>(Source{"t.toml", std::move(text)}));
}

std::string place(const Span& span) {
  return fmt::format("{}:{}-{}:{}", span.begin.line, span.begin.column, span.end.line,
                     span.end.column);
}

}  // namespace

TEST_CASE("TOML becomes a tree in the order of the file, with the place of every word") {
  const Toml toml = parse(
      "\xEF\xBB\xBFz = \"é\" # c\n"
      "[a.\"b c\"]\n"
      "x.y = [1, true, 2.5]\n"
      "m = { k = 'v' }\n"
      "[[l]]\n"
      "n = 1979-05-27\n"
      "[[l]]\n");
  REQUIRE(toml.root);
  const Node& root = *toml.root;
  REQUIRE(root.table()->size() == 3);
  CHECK((*root.table())[0].key == "z");
  CHECK((*root.table())[2].key == "l");
  CHECK(*root.find("z")->string() == "é");
  CHECK(place(root.find("z")->span) == "1:5-1:8");
  const Node* table = root.find("a")->find("b c");
  REQUIRE(table != nullptr);
  CHECK(place(table->span) == "2:1-2:10");
  const Node* list = table->find("x")->find("y");
  REQUIRE(list->list()->size() == 3);
  CHECK(place(list->list()->at(1).span) == "3:11-3:15");
  CHECK(*list->list()->at(1).boolean());
  CHECK(type_name(list->list()->at(2)) == "number");
  CHECK(place(table->find("m")->member("k")->key_span) == "4:7-4:8");
  CHECK(root.find("l")->list()->size() == 2);
  CHECK(*root.find("l")->list()->at(0).find("n")->string() == "1979-05-27");
}

TEST_CASE("what is no TOML is said in our words, where it is") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"a = \"x\nb = 1\n",
       "t.toml:1:5: error[CFG020]: this quote is not closed on its line: \"\n"
       "    1 | a = \"x\n"
       "      |     ^\n"
       "  help: add \" where the text ends; text of several lines stands between \"\"\"\n"},
      {"a = '''x\n\n",
       "t.toml:1:5: error[CFG020]: this text is never closed: '''\n"
       "    1 | a = '''x\n"
       "      |     ^~~\n"
       "  help: add ''' where it ends\n"},
      {"a = [1, 2\n",
       "t.toml:1:5: error[CFG020]: this list is never closed\n"
       "    1 | a = [1, 2\n"
       "      |     ^\n"
       "  help: add \"]\"\n"},
      {"a = [1 2]\n",
       "t.toml:1:8: error[CFG020]: the list goes on here without a comma\n"
       "    1 | a = [1 2]\n"
       "      |        ^\n"
       "  help: put \",\" between the items and \"]\" behind the last\n"},
      {"a = { b = 1\n",
       "t.toml:1:5: error[CFG020]: this inline table is not closed on its line\n"
       "    1 | a = { b = 1\n"
       "      |     ^\n"
       "  help: add \"}\"; a table of several lines has its own [header]\n"},
      {"a = { b = 1, }\n",
       "t.toml:1:14: error[CFG020]: an inline table cannot end with a comma\n"
       "    1 | a = { b = 1, }\n"
       "      |              ^\n"
       "  help: remove the comma\n"},
      {"a = hello\n",
       "t.toml:1:5: error[CFG020]: this is no value\n"
       "    1 | a = hello\n"
       "      |     ^\n"
       "  help: text goes into quotes: \"text\"\n"},
      {"a = 5s\n",
       "t.toml:1:6: error[CFG020]: this is no number\n"
       "    1 | a = 5s\n"
       "      |      ^\n"
       "  help: text goes into quotes: \"text\"\n"},
      {"a =\n",
       "t.toml:1:4: error[CFG020]: a value is missing here\n"
       "    1 | a =\n"
       "      |    ^\n"
       "  help: text goes into quotes: \"text\"\n"},
      {"a\n",
       "t.toml:1:2: error[CFG020]: \"=\" is missing after the key\n"
       "    1 | a\n"
       "      |  ^\n"
       "  help: write key = value\n"},
      {"a = \"x\" b = 1\n",
       "t.toml:1:9: error[CFG020]: nothing may follow here on the same line\n"
       "    1 | a = \"x\" b = 1\n"
       "      |         ^\n"
       "  help: one key = value per line\n"},
      {"a = \"\\q\"\n",
       "t.toml:1:7: error[CFG020]: this escape is unknown\n"
       "    1 | a = \"\\q\"\n"
       "      |       ^\n"
       "  help: write \\\\ for a backslash, or single quotes, in which nothing is escaped\n"},
      {"a = 007\n",
       "t.toml:1:8: error[CFG020]: a number cannot begin with 0\n"
       "    1 | a = 007\n"
       "      |        ^\n"
       "  help: remove the zeroes; octal is written 0o17\n"},
      {"a = 99999999999999999999\n",
       "t.toml:1:25: error[CFG020]: this number does not fit into 64 bits\n"
       "    1 | a = 99999999999999999999\n"
       "      |                         ^\n"},
      {"[a\n",
       "t.toml:1:3: error[CFG020]: the header is not closed\n"
       "    1 | [a\n"
       "      |   ^\n"
       "  help: add \"]\"\n"},
      {"a = 1\nb = \"\xff\"\n",
       "t.toml:2:6: error[CFG020]: this byte is not UTF-8 text\n"
       "    2 | b = \"\\xff\"\n"
       "      |      ^~~~\n"
       "  help: save the file as UTF-8\n"},
      {"= 1\n",
       "t.toml:1:1: error[CFG020]: this is not TOML: expected keys, tables, whitespace or "
       "comments, "
       "saw '='\n"
       "    1 | = 1\n"
       "      | ^\n"},
  }));
  const Toml toml = parse(text);
  CHECK_FALSE(toml.root);
  CHECK(render(toml.diagnostics) == expected);
}

TEST_CASE("a key that is defined twice shows both places, for all such keys") {
  CHECK(render(parse("a = 1\n"
                     "[t]\n"
                     "b.c = 1\n"
                     "b.c = 2\n"
                     "x = { y = 1, y = 2 }\n"
                     "[t]\n"
                     "[u]\n"
                     "[v]\n"
                     "[u]\n")
                   .diagnostics) ==
        R"(t.toml:4:3: error[CFG021]: "t.b.c" is defined twice
    4 | b.c = 2
      |   ^
  help: keep one of them
  t.toml:3:3: note: first defined here
t.toml:5:14: error[CFG021]: "t.x.y" is defined twice
    5 | x = { y = 1, y = 2 }
      |              ^
  help: keep one of them
  t.toml:5:7: note: first defined here
t.toml:6:2: error[CFG021]: "t" is defined twice
    6 | [t]
      |  ^
  help: keep one of them
  t.toml:2:2: note: first defined here
t.toml:9:2: error[CFG021]: "u" is defined twice
    9 | [u]
      |  ^
  help: keep one of them
  t.toml:7:2: note: first defined here
)");
}

TEST_CASE("a table under the name of a value is a duplicate too") {
  const std::string text =
      GENERATE("a = 1\n[a]\n", "a.b = 1\na = 2\n", "[[x]]\n[x]\n", "a = 1\na.b = 2\n");
  const Toml toml = parse(text);
  INFO(text << render(toml.diagnostics));
  REQUIRE(toml.diagnostics.size() == 1);
  CHECK(toml.diagnostics[0].code == "CFG021");
}

TEST_CASE("what looks like a duplicate and is none is accepted") {
  const std::string text =
      GENERATE("[a.b]\n[a]\nc = 1\n", "[[x]]\na = 1\n[[x]]\na = 1\n",
               "[[x]]\n[x.y]\n[[x]]\n[x.y]\n", "a.b = 1\na.c = 2\n", "a = [{k = 1}, {k = 1}]\n",
               "a = '''\n[a]\n[a]\n'''\n", "a = \"\"\"x\"\"\\\"\"\"\"\"\nb = 1\n",
               "a = [ # ]\n 1,\n]\nb = \"]\"\n", "'' = 1\n\"x.y\" = 1\n");
  const Toml toml = parse(text);
  INFO(text << render(toml.diagnostics));
  CHECK(toml.root);
}

TEST_CASE("depth and size have limits") {
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i) key += ".a";
  CHECK(parse("[" + key + "]\n").diagnostics.at(0).message == "a key of more than 16 parts");
  CHECK(parse("a = " + std::string(1000, '[')).diagnostics.at(0).message ==
        "values are nested more than 32 deep");
  CHECK(parse(std::string(300'000, '#')).diagnostics.at(0).message ==
        "this file is larger than 256 KiB");
}

}  // namespace exai::config
