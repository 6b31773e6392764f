#include "core/config/env_layout.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "core/config/env_compare.hpp"

namespace exai::config {

namespace {

struct Parsed {
  explicit Parsed(std::string given)
      : source(std::make_shared<const Source>(Source{"t.env", std::move(given)})) {
    const Lookup nothing = [](std::string_view) { return std::nullopt; };
    entries = parse_dotenv(source, nothing, nothing).entries;
  }
  EnvText text() const { return {source->text, entries}; }

  SourcePtr source;
  std::vector<DotenvEntry> entries;
};

bool is_secret(std::string_view name) {
  return name.find("PASSWORD") != std::string_view::npos;
}

std::string synced(std::string example, std::string file) {
  const Parsed from(std::move(example));
  const Parsed to(std::move(file));
  return with_insertions(to.source->text, missing_names(from.text(), to.text(), is_secret));
}

constexpr const char* kExample =
    "# The shop.\n"
    "\n"
    "# ---- web ----\n"
    "\n"
    "# How fast.\n"
    "# Or not.\n"
    "MODE=fast\n"
    "# Opens the door.\n"
    "ADMIN_PASSWORD=example\n"
    "#OPTIONAL=1\n"
    "\n"
    "# ---- queue ----\n"
    "NOTE=\"two\n"
    "lines\"\n"
    "SPEED=1\n";

std::string names_of(const std::vector<EnvComparison::Item>& items) {
  std::string text;
  for (const auto& one : items)
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", one.key, one.line);
  return text;
}

}  // namespace

TEST_CASE("a file's lines are what people see in them") {
  const auto [line, kind, word] = GENERATE(table<std::string, EnvLine::Kind, std::string>({
      {"# ---- web ----", EnvLine::Kind::heading, "web"},
      {"# === the web ===", EnvLine::Kind::heading, "the web"},
      {"### web", EnvLine::Kind::heading, "web"},
      {"#---------- web", EnvLine::Kind::heading, "web"},
      {"# web", EnvLine::Kind::comment, ""},
      {"# -----------", EnvLine::Kind::comment, ""},
      {"#", EnvLine::Kind::comment, ""},
      {"#MODE=fast", EnvLine::Kind::commented_out, "MODE"},
      {"# MODE=fast # or slow", EnvLine::Kind::commented_out, "MODE"},
      {"# MODE=\"very fast\"", EnvLine::Kind::commented_out, "MODE"},
      {"# MODE=fast means that it runs", EnvLine::Kind::comment, ""},
      {"# mode=fast", EnvLine::Kind::comment, ""},
      {" \t", EnvLine::Kind::blank, ""},
  }));
  INFO(line);
  const Parsed file(line + "\n");
  const auto lines = env_lines(file.source->text, file.entries);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].kind == kind);
  if (kind != EnvLine::Kind::comment) CHECK(lines[0].word == word);
}

TEST_CASE("missing names go beside their neighbours, with their comments") {
  CHECK(synced(kExample, "# ---- web ----\nMODE=slow\n\n# ---- queue ----\nSPEED=2\n") ==
        "# ---- web ----\nMODE=slow\n# Opens the door.\nADMIN_PASSWORD=\n\n"
        "# ---- queue ----\nNOTE=\"two\nlines\"\nSPEED=2\n");
  // Without a neighbour: below the heading; without a heading: at the end.
  CHECK(synced(kExample, "# ---- queue ----\nX=1") ==
        "# ---- queue ----\nNOTE=\"two\nlines\"\nSPEED=1\nX=1\n# How fast.\n# Or not.\nMODE=fast\n"
        "# Opens the door.\nADMIN_PASSWORD=\n");
  // Line ends are those of the file.
  CHECK(synced("A=1\n# b\nB=2\n", "A=0\r\nC=3\r\n") == "A=0\r\n# b\r\nB=2\r\nC=3\r\n");
  CHECK(synced("A=1\n", "") == "A=1\n");
}

TEST_CASE("names that are there, or commented out on either side, are not missing") {
  CHECK(synced("A=1\n#B=2\nC=3\n", "#C=0\nA=x\n") == "#C=0\nA=x\n");
  CHECK(synced("A=1\nB=2\n", "X=\"x\" B=2\nA=1\n") == "X=\"x\" B=2\nA=1\n");
}

TEST_CASE("a completed file lacks nothing, and the rest of it is as it was") {
  const std::string file =
      "\xEF\xBB\xBF"
      "# mine\r\nSPEED=9 # keep\t\r\n\r\n  X = 'y'\n";
  const std::string once = synced(kExample, file);
  CHECK(synced(kExample, once) == once);
  CHECK(once.starts_with("\xEF\xBB\xBF"));
  for (const std::string& line : split(file.substr(3), '\n'))
    CHECK(once.find(line) != std::string::npos);
}

TEST_CASE("an environment file is compared with its example in names and layout") {
  const Parsed example("# ---- web ----\nA=1\n# b\nB=2\nC=3\n#D=4\n# ---- queue ----\nE=5\nF=6\n");
  const Parsed file("# ---- web ----\nC=3\nA=1\n# other\nB=2\nE=5\nX=1\nD=1\n");
  const EnvComparison found = compare_env(example.text(), file.text());
  CHECK(names_of(found.missing) == "F:9");
  CHECK(names_of(found.extra) == "X:7");
  CHECK(names_of(found.moved) == "E:6");
  CHECK(found.moved.at(0).other == "queue");
  CHECK(names_of(found.reordered) == "C:2");
  CHECK(names_of(found.reworded) == "B:5");
  CHECK(compare_env(example.text(), example.text()).empty());
}

TEST_CASE("the live file of an example is found by its name") {
  CHECK(live_name(".env.example") == ".env");
  CHECK(live_name("configs/.env.docker.sample") == "configs/.env.docker");
  CHECK(live_name("example.env") == ".env");
  CHECK(live_name("app.env.dist") == "app.env");
  CHECK(live_name(".env") == std::nullopt);
}

TEST_CASE("a large file is completed in time linear in its lines") {
  std::string example;
  std::string file;
  for (int i = 0; i < 5000; ++i) {
    example += fmt::format("# number {}\nNAME_{}=1\n", i, i);
    if (i % 2 == 0) file += fmt::format("NAME_{}=1\n", i);
  }
  const std::string result = synced(example, file);
  CHECK(split(result, '\n').size() == 5000 + 2500 + 1);
}

}  // namespace exai::config
