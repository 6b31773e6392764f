// exai validate on real files: what it finds where, what --fix does to them, and what it leaves.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "core/base/json.hpp"
#include "core/base/rewrite.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using test::Outcome;
using test::TempDir;

namespace {

Outcome validate(const Path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {EXAI, "validate"});
  const Environment environment{{"HOME", folder.string()}, {"PATH", "/usr/bin:/bin"}};
  return test::run({std::move(words), environment, folder, ""});
}

std::string text_of(const Path& path) {
  const auto text = read_file(path);
  return text ? *text : "(not there)";
}

mode_t mode_of(const Path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

constexpr const char* kStack =
    "[stack]\nname = \"t\"\n[environments.dev]\nlayers = [\"dev.env\"]\n"
    "[services.web]\nprocess = [\"sh\"]\n";

}  // namespace

TEST_CASE("a rewritten file keeps its mode, and what it said stands beside it") {
  const TempDir folder;
  const Path file = folder.write("a.env", "A=1\n");
  std::filesystem::permissions(file, std::filesystem::perms{0640});
  const auto first = rewrite_file(file, "A=1\n", "A=2\n");
  REQUIRE(first);
  CHECK(first->filename() == "a.env.bak");
  const auto second = rewrite_file(file, "A=2\n", "A=3\n");
  REQUIRE(second);
  CHECK(second->filename() == "a.env.bak.1");
  CHECK(text_of(file) == "A=3\n");
  CHECK(text_of(*first) == "A=1\n");
  CHECK(text_of(*second) == "A=2\n");
  CHECK(mode_of(file) == 0640);
  CHECK(mode_of(*first) == 0640);
}

TEST_CASE("a file that somebody else has changed is left alone, and a link leads to its file") {
  const TempDir folder;
  const Path file = folder.write("a.env", "A=2\n");
  CHECK(rewrite_file(file, "A=1\n", "A=3\n").error().code() == Errc::conflict);
  CHECK(text_of(file) == "A=2\n");
  std::filesystem::create_symlink("a.env", folder / "link.env");
  REQUIRE(rewrite_file(folder / "link.env", "A=2\n", "A=3\n"));
  CHECK(std::filesystem::is_symlink(folder / "link.env"));
  CHECK(text_of(file) == "A=3\n");
}

TEST_CASE("permissions are taken away, never given") {
  const TempDir folder;
  const Path file = folder.write("a.env", "");
  std::filesystem::permissions(file, std::filesystem::perms{0644});
  REQUIRE(restrict_mode(file, 0600));
  CHECK(mode_of(file) == 0600);
  CHECK(restrict_mode(file, 0644).error().code() == Errc::invalid);
  CHECK(mode_of(file) == 0600);
}

TEST_CASE("a folder, a stack file and several of them can be named") {
  const TempDir folder;
  for (const char* name : {"a", "b"}) {
    folder.write(std::string(name) + "/exai.toml", kStack);
    folder.write(std::string(name) + "/dev.env", "");
  }
  CHECK(validate(folder.path(), {"a"}).out ==
        "read exai.toml, dev.env\na is valid: 1 service, 1 layer, 0 problems\n");
  CHECK(validate(folder.path(), {"a/exai.toml", "b"}).out ==
        "read exai.toml, dev.env\na/exai.toml is valid: 1 service, 1 layer, 0 problems\n"
        "read exai.toml, dev.env\nb is valid: 1 service, 1 layer, 0 problems\n");
  folder.write("b/dev.env", "NO=1\n");
  const Outcome both = validate(folder.path(), {"a", "b", "--json"});
  CHECK(both.exit == 2);
  const auto json = parse_json_object(both.out);
  REQUIRE(json);
  CHECK(find_array(*json, "diagnostics")->at(0).at("project") == "b");
  CHECK(validate(folder.path(), {"c"}).exit == 2);
}

TEST_CASE("without a stack file the Compose file here is validated, and nothing else is searched") {
  const TempDir folder;
  const Outcome nothing = validate(folder.path(), {});
  CHECK(nothing.exit == 2);
  CHECK_THAT(nothing.err, Catch::Contains("no stack file"));
  folder.write("compose.yaml", "services: {}\n");
  CHECK(validate(folder.path(), {}).err == "");
  CHECK(validate(folder.path(), {"--file", "gone.toml"}).exit == 2);
}

TEST_CASE("--fail-on and --strict decide what a warning is worth") {
  const TempDir folder;
  folder.write("exai.toml", kStack);
  folder.write("dev.env", "# exai:allow NONSENSE x\n");
  CHECK(validate(folder.path(), {}).exit == 0);
  CHECK(validate(folder.path(), {"--fail-on", "warning"}).exit == 1);
  CHECK(validate(folder.path(), {"--strict"}).exit == 2);
  CHECK_THAT(validate(folder.path(), {"--strict"}).out, Catch::Contains("error[CFG026]"));
}

TEST_CASE("a baseline is written, then it ignores what it lists, also on another line") {
  const TempDir folder;
  folder.write("exai.toml", kStack);
  folder.write("dev.env", "NO=1\n");
  const Outcome written = validate(folder.path(), {"--write-baseline", "known.json"});
  CHECK(written.exit == 0);
  CHECK(written.out == "1 finding written to known.json\n");
  folder.write("dev.env", "# more\n\nNO=1\n");
  const Outcome known = validate(folder.path(), {"--baseline", "known.json"});
  CHECK(known.exit == 0);
  CHECK_THAT(known.out, Catch::Contains("0 problems, 1 in the baseline"));
  folder.write("dev.env", "NO=1\nNEITHER=1\n");
  CHECK(validate(folder.path(), {"--baseline", "known.json"}).exit == 2);
  folder.write("known.json", "{}");
  CHECK(validate(folder.path(), {"--baseline", "known.json"}).err ==
        "exai: known.json: this is no baseline; make one with --write-baseline FILE\n");
  CHECK(validate(folder.path(), {"--baseline", "gone.json"}).exit == 2);
}

TEST_CASE("the command line of validate is checked") {
  const TempDir folder;
  CHECK_THAT(validate(folder.path(), {"--fix=now"}).err,
             Catch::Contains("--fix stands alone or is --fix=suggest"));
  CHECK_THAT(validate(folder.path(), {"--dry-run"}).err, Catch::Contains("give both"));
  CHECK_THAT(validate(folder.path(), {"--explain", "ENV01"}).err,
             Catch::Contains("unknown rule \"ENV01\"; did you mean"));
  CHECK_THAT(validate(folder.path(), {"--format", "xml"}).err, Catch::Contains("text, json"));
}

TEST_CASE("docs/RULES.md is what the rules say") {
  const TempDir folder;
  const Outcome page = validate(folder.path(), {"--list-rules", "--format", "markdown"});
  CHECK(page.exit == 0);
  CHECK(page.out == text_of(Path(EXAI_REPOSITORY) / "docs/RULES.md"));
}
