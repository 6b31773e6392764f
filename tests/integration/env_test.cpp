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
    words.insert(words.begin(), "env");
    return run(std::move(words), std::move(more));
  }
  Outcome run(std::vector<std::string> words, std::map<std::string, std::string> more = {}) const {
    test::Command command;
    command.arguments = {EXAI};
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

TEST_CASE("env show --reader prints what another reader makes of the file") {
  const Folder folder;
  folder.write(".env", "A=x#y\nexport B=$A\nTITLE=My shop\n");
  const Outcome npm = folder.env({"show", "--reader", "npm", "--json"});
  CHECK(npm.out == "{\n  \"A\": \"x\",\n  \"B\": \"$A\",\n  \"TITLE\": \"My shop\"\n}\n");
  const Outcome bash = folder.env({"show", "--reader", "bash"});
  CHECK(bash.out == "NAME  VALUE\nA     x#y\nB     x#y\n");
  CHECK(bash.err ==
        "TITLE: not a plain assignment: it would run shop\n"
        "shop: not a plain assignment: it would run shop\n");
  const Outcome docker = folder.env({"show", "--reader", "docker", "--json"});
  CHECK(docker.exit == 2);
  CHECK(docker.out.empty());
  CHECK(docker.err ==
        "exai: docker run --env-file refuses .env: the name \"export B\" contains blanks\n");
  CHECK(folder.env({"show", "--reader", "compsoe"}).err ==
        "exai: unknown reader \"compsoe\"; did you mean \"compose\"?\nsee exai env show --help\n");
}

namespace {

constexpr const char* kExample =
    "# ---- web ----\n# How fast.\nMODE=fast\nDB_PASSWORD=example\n\n"
    "# ---- queue ----\nSPEED=1\n#LIMIT=1\n";

}  // namespace

TEST_CASE("env check says what a file lacks of its example, and what drifted") {
  const Folder folder;
  folder.write(".env.example", kExample);
  folder.write(".env", "# ---- web ----\n# How fast.\nMODE=slow\nSPEED=2\nOLD=1\n");
  const Outcome text = folder.env({"check"});
  CHECK(text.exit == 1);
  CHECK(text.out ==
        ".env beside .env.example\n"
        "  missing   DB_PASSWORD  .env.example:4\n"
        "  extra     OLD  .env:5\n"
        "  moved     SPEED  .env:4  under \"web\", in the example under \"queue\"\n"
        "to put in what is missing: exai env sync\n");
  const Outcome object = folder.env({"check", "--json", ".env"});
  CHECK(object.exit == 1);
  const auto parsed = parse_json_object(object.out);
  REQUIRE(parsed);
  CHECK(find_array(*parsed, "files")->size() == 1);

  folder.write(".env", kExample);
  const Outcome fits = folder.env({"check"});
  CHECK(fits.exit == 0);
  CHECK(fits.out == ".env fits .env.example\n");
}

TEST_CASE("env sync completes a file, keeps the rest and what it was, and does so once") {
  const Folder folder;
  const std::string before = "# ---- web ----\r\nMODE = 'slow'  \r\nOLD=1\r\n";
  folder.write(".env.example", kExample);
  folder.write(".env", before);
  const Outcome dry = folder.env({"sync", "--dry-run"});
  CHECK(dry.exit == 0);
  CHECK(dry.out.find("+DB_PASSWORD=") != std::string::npos);
  CHECK(dry.out.find("+SPEED=1") != std::string::npos);
  CHECK(folder.read(".env") == before);

  const Outcome done = folder.env({"sync"});
  CHECK(done.exit == 0);
  CHECK(done.out ==
        ".env: added DB_PASSWORD, SPEED (.env.bak is as it was)\n"
        "still without a value: DB_PASSWORD\n");
  CHECK(folder.read(".env") ==
        "# ---- web ----\r\nMODE = 'slow'  \r\nDB_PASSWORD=\r\nOLD=1\r\nSPEED=1\r\n");
  CHECK(folder.read(".env.bak") == before);

  CHECK(folder.env({"sync"}).out == ".env lacks nothing of .env.example\n");
}

TEST_CASE("env check and sync say when there is nothing to compare with") {
  const Folder folder;
  CHECK(folder.env({"check"}).err ==
        "exai: no environment file here has an example beside it; name the file, and the example "
        "with --example\n");
  folder.write("app.env", "A=1\n");
  const Outcome alone = folder.env({"sync", "app.env"});
  CHECK(alone.exit == 2);
  CHECK(alone.err ==
        "exai: app.env has no example: there is neither app.env.example nor a .env.example beside "
        "it; name one with --example\n");
  folder.write("other.env", "A=1\n");
  CHECK(folder.env({"check", "app.env", "--example", "other.env"}).exit == 0);
}

TEST_CASE("env diff compares what two files say, not how they say it") {
  const Folder folder;
  folder.write("a.env", "A=1\nDB_PASSWORD=hunter2\nB=\"x y\"\nC=1\n");
  folder.write("b.env", "# other\nB='x y'\nA=2\nDB_PASSWORD=hunter3\nD=4\n");
  const Outcome text = folder.env({"diff", "a.env", "b.env"});
  CHECK(text.exit == 1);
  CHECK(text.out ==
        "NAME         a.env     b.env\n"
        "A            1         2\n"
        "DB_PASSWORD  ********  ********\n"
        "C            1         not set\n"
        "D            not set   4\n");
  const Outcome object = folder.env({"diff", "a.env", "b.env", "--json"});
  CHECK(object.out.find("hunter") == std::string::npos);
  CHECK(parse_json_object(object.out));
  CHECK(folder.env({"diff", "a.env", "a.env"}).out == "a.env and a.env say the same\n");
  CHECK(folder.env({"diff", "a.env"}).exit == 2);
}

TEST_CASE("what is safe to put right in an environment file is put right by validate --fix") {
  struct Row {
    std::string before;
    std::string after;
  };
  const std::vector<Row> rows = {
      {"TOOLS=  # comma separated\nMODE=fast\n", "# comma separated\nTOOLS=\nMODE=fast\n"},
      {"DATA_NAME=\"C:\\new\\table\"\n", "DATA_NAME='C:\\new\\table'\n"},
      {"MODE=fast \t\n#  \nSPEED=1\n", "MODE=fast\n#\nSPEED=1\n"},
      {"MODE=fast", "MODE=fast\n"},
      {"MODE=fast\n\n \n", "MODE=fast\n"},
      {"MODE=fast\r\nSPEED=1 \r\n", "MODE=fast\nSPEED=1\n"},
      {"\xEF\xBB\xBFMODE=fast\n", "MODE=fast\n"},
      {"COLOR=red#blue\n", "COLOR='red#blue'\n"},
      {"MODE=fast # or slow\nexport SPEED=\"1\"   # one\n",
       "# or slow\nMODE=fast\n# one\nexport SPEED=\"1\"\n"},
  };
  for (const Row& row : rows) {
    const Folder folder;
    folder.write("exai.toml",
                 "[stack]\nname = \"shop\"\n\n[services.web]\nprocess = [\"sleep\", \"1000\"]\n");
    folder.write(".env", row.before);
    INFO(row.before);
    const Outcome fixed = folder.run({"validate", "--fix"});
    INFO(fixed.out << fixed.err);
    CHECK(folder.read(".env") == row.after);
    const Outcome again = folder.run({"validate", "--fix"});
    CHECK(folder.read(".env") == row.after);
  }
}
