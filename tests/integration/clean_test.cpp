// Realistic projects that are in order: nothing in them may be called an error, and every warning
// has a reason to be there. A folder tests/data/clean/NN-what has
//
//   project/   the project
//   setup      optional: a script that prepares it, in its folder (secrets that nobody keeps)
//   justified  optional: a line for each finding, "CODE file:line: why it is right to say so"
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"
#include "core/workspace/workspace.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::config;

namespace {

const Path kClean = Path(EXAI_REPOSITORY) / "tests/data/clean";

std::vector<Path> projects() {
  std::vector<Path> found;
  for (const auto& entry : std::filesystem::directory_iterator(kClean))
    found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

Diagnostics found_in(const Path& clean) {
  const test::TempDir folder;
  const Path project = folder / "project";
  std::filesystem::copy(clean / "project", project, std::filesystem::copy_options::recursive);
  std::filesystem::permissions(project, std::filesystem::perms::owner_all);
  const Environment environment{{"HOME", folder.path().string()}, {"PATH", "/usr/bin:/bin"}};
  if (std::filesystem::exists(clean / "setup"))
    REQUIRE(test::run({{"sh", "-e", (clean / "setup").string()}, environment, project, ""}).exit ==
            0);
  const auto loaded = load_project(project, std::nullopt, environment);
  REQUIRE(loaded);
  return loaded->diagnostics;
}

// "CODE file:line" → why.
std::map<std::string, std::string> justified_in(const Path& clean) {
  std::map<std::string, std::string> reasons;
  const auto text = read_file(clean / "justified");
  for (const std::string& line : split(text ? *text : "", '\n')) {
    const std::size_t end = line.find(": ");
    if (end == std::string::npos) continue;
    reasons[line.substr(0, end)] = std::string(trim(line.substr(end + 2)));
  }
  return reasons;
}

std::string key_of(const Diagnostic& one) {
  if (!one.span) return one.code;
  return fmt::format("{} {}:{}", one.code, one.span.source->name, one.span.begin.line);
}

}  // namespace

TEST_CASE("there are enough projects for a false alarm to show") {
  CHECK(projects().size() >= 30);
}

TEST_CASE("projects that are in order have no errors, and every warning is justified") {
  for (const Path& clean : projects()) {
    INFO(clean.filename().string());
    const auto reasons = justified_in(clean);
    std::set<std::string> said;
    for (const Diagnostic& one : found_in(clean)) {
      INFO(render(one));
      CHECK(one.severity != Severity::error);
      CHECK(reasons.contains(key_of(one)));
      said.insert(key_of(one));
    }
    for (const auto& [finding, reason] : reasons)
      if (!said.contains(finding)) FAIL_CHECK("not found any more: " + finding);
  }
}
