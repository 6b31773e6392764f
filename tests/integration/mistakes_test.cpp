// Every rule on a small project of its own. A folder tests/data/mistakes/CODE or CODE-what has
//
//   bad/          a project with this one mistake
//   expected.txt  the whole of what is said about it; only this code may be in it
//   good/         the same project put right: nothing is said
//   setup         optional: a script that prepares each project, in its folder (chmod, git init)
//   env           optional: the name of the environment
//
// Each project is copied into a fresh folder first, which nobody else can look into. EXAI_UPDATE=1
// writes expected.txt anew: read the difference before you keep it.
#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "core/config/fix.hpp"
#include "core/config/lint/lint.hpp"
#include "core/workspace/workspace.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::config;

namespace {

const Path kMistakes = Path(EXAI_REPOSITORY) / "tests/data/mistakes";

std::vector<std::string> names_of_mistakes() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kMistakes))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string code_of(const std::string& name) {
  return name.substr(0, name.find('-'));
}

std::string text_of(const Path& path) {
  const auto text = read_file(path);
  return text ? *text : "";
}

// A fresh copy of bad/ or good/.
class Copy {
 public:
  Copy(const Path& mistake, const char* which) : project_(folder_ / "project") {
    std::filesystem::copy(mistake / which, project_, std::filesystem::copy_options::recursive);
    std::filesystem::permissions(project_, std::filesystem::perms::owner_all);
    environment_ = {{"HOME", folder_.path().string()}, {"PATH", "/usr/bin:/bin"}};
    env_ = trim(text_of(mistake / "env"));
    if (!std::filesystem::exists(mistake / "setup")) return;
    const auto prepared =
        test::run({{"sh", "-e", (mistake / "setup").string()}, environment_, project_, ""});
    INFO(prepared.err);
    REQUIRE(prepared.exit == 0);
  }

  // What is found in it, as if files said `texts`.
  Loaded load(const Texts& texts = {}) const {
    auto loaded = load_project(project_, env_.empty() ? std::nullopt : std::optional(env_),
                               environment_, texts);
    REQUIRE(loaded);
    return std::move(*loaded);
  }

 private:
  test::TempDir folder_;
  Path project_;
  Environment environment_;
  std::string env_;
};

Diagnostics found_in(const Path& mistake, const char* which) {
  return Copy(mistake, which).load().diagnostics;
}

bool is_mended_in_text(const Diagnostic& one) {
  return one.fix && !one.fix->edits.empty();
}

}  // namespace

TEST_CASE("every mistake is found, at its place, and nothing else is reported") {
  for (const std::string& name : names_of_mistakes()) {
    const Path mistake = kMistakes / name;
    const Diagnostics found = found_in(mistake, "bad");
    const std::string said = render(found);
    if (std::getenv("EXAI_UPDATE") != nullptr)
      REQUIRE(write_file_atomic(mistake / "expected.txt", said, 0644));
    INFO(name);
    CHECK(said == text_of(mistake / "expected.txt"));
    CHECK_FALSE(found.empty());
    for (const Diagnostic& one : found) CHECK(one.code == code_of(name));
  }
}

TEST_CASE("a project put right has no mistake") {
  for (const std::string& name : names_of_mistakes()) {
    INFO(name);
    CHECK(render(found_in(kMistakes / name, "good")) == "");
  }
}

TEST_CASE("what a rule proposes can be done, and the mistake is gone") {
  for (const std::string& name : names_of_mistakes()) {
    const Copy copy(kMistakes / name, "bad");
    const Loaded loaded = copy.load();
    if (std::none_of(loaded.diagnostics.begin(), loaded.diagnostics.end(), is_mended_in_text))
      continue;
    INFO(name);
    const Fixed fixed =
        apply_fixes(loaded, FixScope::all, [&](const Texts& texts) { return copy.load(texts); });
    for (const RefusedFix& refused : fixed.refused) FAIL_CHECK(refused.why);
    Texts texts;
    for (const FixedFile& file : fixed.files) texts[file.after->path] = file.after->text;
    CHECK_FALSE(texts.empty());
    for (const Diagnostic& one : copy.load(texts).diagnostics)
      if (one.code == code_of(name)) FAIL_CHECK(render(one));
  }
}
