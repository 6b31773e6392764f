// `exai env` over real files.
#include <catch2/catch.hpp>

#include "core/base/json.hpp"
#include "core/base/os.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using test::Outcome;

namespace {

class Folder {
 public:
  void write(std::string_view name, std::string_view text) const { folder_.write(name, text); }
  std::string read(std::string_view name) const { return read_file(folder_ / name).value(); }

  Outcome env(std::vector<std::string> words, std::map<std::string, std::string> more = {}) const {
    test::Command command;
    command.arguments = {EXAI, "env"};
    command.arguments.insert(command.arguments.end(), words.begin(), words.end());
    for (auto& [name, value] : more) command.environment[name] = value;
    command.environment.erase("EXAI_ENV");
    command.environment.erase("EXAI_FILE");
    command.directory = folder_.path();
    return test::run(command);
  }

 private:
  test::TempDir folder_;
};

}  // namespace

TEST_CASE("env show prints what Compose would have") {
  const Folder folder;
  folder.write(".env", "A=1\nDB_PASSWORD='a$b'\nFROM\nNONE\nB=${A}${OUTER} # c\n");
  const Outcome object = folder.env({"show", "--json"}, {{"OUTER", "x"}, {"FROM", "shell"}});
  CHECK(object.exit == 0);
  CHECK(object.err.empty());
  CHECK(object.out ==
        "{\n  \"A\": \"1\",\n  \"DB_PASSWORD\": \"a$b\",\n  \"FROM\": \"shell\",\n  \"B\": "
        "\"1x\"\n}\n");

  const Outcome table = folder.env({"show", ".env"}, {{"OUTER", "x"}, {"FROM", "shell"}});
  CHECK(table.out ==
        "NAME         VALUE     SET IN\n"
        "A            1         .env:1\n"
        "DB_PASSWORD  ********  .env:2\n"
        "FROM         shell     .env:3\n"
        "B            1x        .env:5\n");
  const Outcome revealed = folder.env({"show", "--reveal"}, {{"OUTER", "x"}, {"FROM", "shell"}});
  CHECK(revealed.out.find("a$b") != std::string::npos);
}

TEST_CASE("env show takes later files over earlier ones, and lets them refer to them") {
  const Folder folder;
  folder.write("base.env", "A=1\nB=2\n");
  folder.write("prod.env", "B=$A-3\nA=4\n");
  const Outcome shown = folder.env({"show", "base.env", "prod.env", "--json"});
  CHECK(shown.out == "{\n  \"A\": \"4\",\n  \"B\": \"1-3\"\n}\n");
  CHECK(shown.exit == 0);
}

TEST_CASE("env show refuses a file as Compose does, and prints no map") {
  const Folder folder;
  folder.write("bad.env", "A=1\nMY_SECRET=\"hunter2\n");
  for (const bool as_json : {false, true}) {
    std::vector<std::string> words = {"show", "bad.env"};
    if (as_json) words.emplace_back("--json");
    const Outcome shown = folder.env(words);
    CHECK(shown.exit == 2);
    CHECK(shown.out.empty());
    CHECK(shown.err ==
          "bad.env:2:11: error[ENV001]: this quote is never closed: \"\n"
          "    2 | MY_SECRET=\"*******\n"
          "      |           ^\n"
          "  help: add \" where the value ends\n");
  }
  CHECK(folder.env({"show", "absent.env"}).err ==
        "exai: opening absent.env: No such file or directory\n");
}

TEST_CASE("env show prints JSON whatever bytes are in the file") {
  const Folder folder;
  folder.write("odd.env", std::string("A=x\xFFy\nB=a\0b\n", 12));
  const auto object = parse_json_object(folder.env({"show", "odd.env", "--json"}).out);
  REQUIRE(object);
  CHECK(find_string(*object, "A") == "x\xEF\xBF\xBDy");
  CHECK(find_string(*object, "B") == std::string("a\0b", 3));
}
