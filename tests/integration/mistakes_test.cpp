// Every rule on a small project of its own. A folder tests/data/mistakes/CODE or CODE-what has
//
//   bad/          a project with this one mistake
//   expected.txt  the whole of what is said about it; only this code may be in it
//   good/         the same project put right: nothing is said; what --fix makes of bad/, if it can
//   fixed/        optional: what --fix makes of bad/, where good/ shows more than that
//   setup         optional: a script that prepares each project, in its folder (chmod, git init)
//   env           optional: the name of the environment
//
// Each project is copied into a fresh folder first, which nobody else can look into. EXAI_UPDATE=1
// writes expected.txt anew: read the difference before you keep it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/base/rewrite.hpp"
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

// A fresh copy of bad/ or good/, prepared.
class Copy {
 public:
  Copy(const Path& mistake, const char* which) : environment_(own_environment()) {
    std::filesystem::copy(mistake / which, project(), std::filesystem::copy_options::recursive);
    std::filesystem::permissions(project(), std::filesystem::perms::owner_all);
    if (std::filesystem::exists(mistake / "setup")) {
      const auto prepared =
          test::run({{"sh", "-e", (mistake / "setup").string()}, environment_, project(), ""});
      INFO(prepared.err);
      REQUIRE(prepared.exit == 0);
    }
    const std::string env = std::string(trim(text_of(mistake / "env")));
    if (!env.empty()) env_ = env;
  }

  Path project() const { return folder_ / "project"; }

  Loaded load(const Texts& texts = {}) const {
    const auto loaded = load_project(project(), env_, environment_, texts);
    REQUIRE(loaded);
    return *loaded;
  }

  Fixed fixes(FixScope scope) const {
    return apply_fixes(load(), scope, [this](const Texts& texts) { return load(texts); });
  }

 private:
  Environment own_environment() const {
    return {{"HOME", folder_.path().string()}, {"PATH", "/usr/bin:/bin"}};
  }

  test::TempDir folder_;
  Environment environment_;
  std::optional<std::string> env_;
};

Diagnostics found_in(const Path& mistake, const char* which) {
  return Copy(mistake, which).load().diagnostics;
}

// Does what --fix would; what it refuses is a failure.
void do_safe_fixes(const Copy& copy) {
  const Fixed fixed = copy.fixes(FixScope::safe);
  for (const RefusedFix& one : fixed.refused) FAIL_CHECK(one.why + "\n" + render(one.finding));
  for (const FixedFile& file : fixed.files)
    REQUIRE(rewrite_file(file.before->path, file.before->text, file.after->text));
  for (const auto& [path, mode] : fixed.modes) REQUIRE(restrict_mode(path, mode));
}

// Every file in `good` says in `fixed` what it says there.
void check_same_texts(const Path& fixed, const Path& good) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(good)) {
    if (!entry.is_regular_file()) continue;
    const Path name = entry.path().lexically_relative(good);
    INFO(name.string());
    CHECK(text_of(fixed / name) == text_of(entry.path()));
  }
}

bool is_mended_in_text(const Diagnostic& one) {
  return one.fix && !one.fix->edits.empty();
}

}  // namespace

TEST_CASE("every rule has its project") {
  // CFG025 takes a file that is larger than any that people write; unit tests have it.
  std::set<std::string> shown{"CFG025"};
  for (const std::string& name : names_of_mistakes()) shown.insert(code_of(name));
  for (const Rule& rule : rules()) {
    INFO(rule.code);
    CHECK(shown.contains(std::string(rule.code)));
  }
  CHECK(shown.size() == rules().size());
}

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
      if (one.code == code_of(name) && one.fix) FAIL_CHECK(render(one));
  }
}

TEST_CASE("what --fix does makes the good project out of the bad one, byte for byte, once") {
  for (const std::string& name : names_of_mistakes()) {
    const Rule* rule = find_rule(code_of(name));
    if (rule == nullptr || rule->fixing != Fixing::safe) continue;
    INFO(name);
    const Copy copy(kMistakes / name, "bad");
    const Diagnostics found = copy.load().diagnostics;
    const bool all = std::all_of(found.begin(), found.end(),
                                 [](const Diagnostic& one) { return one.fix.has_value(); });
    if (!all) continue;  // of this kind, not every mistake has an answer
    do_safe_fixes(copy);
    CHECK(render(copy.load().diagnostics) == "");
    const Fixed again = copy.fixes(FixScope::safe);
    CHECK((again.files.empty() && again.modes.empty()));
    const bool modes = std::all_of(found.begin(), found.end(),
                                   [](const Diagnostic& one) { return one.fix->edits.empty(); });
    const bool other = std::filesystem::exists(kMistakes / name / "fixed");
    if (!modes) check_same_texts(copy.project(), kMistakes / name / (other ? "fixed" : "good"));
  }
}

TEST_CASE("a rule whose fixes are suggested or safe proposes one for some mistake of its kind") {
  std::map<std::string, bool> proposes;
  for (const std::string& name : names_of_mistakes()) {
    const Rule* rule = find_rule(code_of(name));
    if (rule == nullptr || rule->fixing == Fixing::none) continue;
    bool& does = proposes[code_of(name)];
    for (const Diagnostic& one : found_in(kMistakes / name, "bad")) does = does || one.fix;
  }
  for (const auto& [code, does] : proposes) {
    INFO(code);
    CHECK(does);
  }
}
