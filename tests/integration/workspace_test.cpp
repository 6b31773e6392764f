// Where a stack lives, and the secrets that are made there.
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <thread>

#include "core/workspace/workspace.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using test::TempDir;

namespace {

// The current folder of this process, put back at the end.
class Inside {
 public:
  explicit Inside(const Path& folder) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  ~Inside() { std::filesystem::current_path(before_); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Path before_;
};

config::Stack with_generated_secret(std::size_t characters) {
  config::Stack stack;
  stack.secrets.push_back({"APP_PASSWORD", characters, {}});
  return stack;
}

}  // namespace

TEST_CASE("the stack file is the one named, else the nearest one above") {
  TempDir folder;
  const Path root = std::filesystem::canonical(folder.path());
  folder.write("project/configs/exai.toml", "");
  folder.write("project/deep/er/file", "");
  folder.write("other.toml", "");
  const Environment home{{"HOME", root.string()}};
  const Inside inside(root / "project" / "deep" / "er");

  const auto found = find_workspace(std::nullopt, home);
  REQUIRE(found);
  CHECK(found->stack_file == root / "project/configs/exai.toml");
  const std::string state = found->state.string();
  CHECK_THAT(state, Catch::StartsWith((root / ".local/state/exai/project-").string()));

  Environment more = home;
  more["EXAI_FILE"] = (root / "other.toml").string();
  more["XDG_STATE_HOME"] = (root / "xdg").string();
  CHECK(find_workspace(std::nullopt, more)->stack_file == root / "other.toml");
  CHECK(find_workspace(Path("../../configs/exai.toml"), more)->stack_file == found->stack_file);
  CHECK_THAT(find_workspace(std::nullopt, more)->state.string(),
             Catch::StartsWith((root / "xdg/exai").string()));
  more["EXAI_STATE_DIR"] = (root / "mine").string();
  CHECK(find_workspace(std::nullopt, more)->state == root / "mine");
}

TEST_CASE("a stack file has one state folder however it is called, and another file another one") {
  TempDir folder;
  folder.write("a/exai.toml", "");
  folder.write("b/exai.toml", "");
  std::filesystem::create_directory_symlink(folder / "a", folder / "link");
  const Environment home{{"HOME", folder.path().string()}};
  const auto state = [&](const Path& file) { return find_workspace(file, home)->state; };
  CHECK(state(folder.path() / "a/exai.toml") == state(folder.path() / "link/../a/exai.toml"));
  CHECK(state(folder.path() / "a/exai.toml") == state(folder.path() / "link/exai.toml"));
  CHECK(state(folder.path() / "a/exai.toml") != state(folder.path() / "b/exai.toml"));
}

TEST_CASE("without a stack file the error says where it was looked for") {
  TempDir folder;
  const Environment home{{"HOME", folder.path().string()}};
  const Inside inside(folder.path());
  const auto none = find_workspace(std::nullopt, home);
  CHECK(none.error().code() == Errc::not_found);
  CHECK_THAT(none.error().message(),
             Catch::Contains(std::filesystem::canonical(folder.path()).string()) &&
                 Catch::Contains("--file"));
  CHECK(find_workspace(Path("absent.toml"), home).error().code() == Errc::not_found);

  SECTION("but what runs can be stopped after its file has gone") {
    const Environment with_state{{"EXAI_STATE_DIR", folder.path().string()}};
    folder.write("snapshot.json", "{}");
    CHECK(find_workspace(Path("absent.toml"), with_state));
  }
}

TEST_CASE("the folders of a workspace are private") {
  TempDir folder;
  const Workspace workspace{folder / "exai.toml", folder / "state"};
  REQUIRE(prepare(workspace));
  REQUIRE(prepare(workspace));
  for (const Path& made : {workspace.state, workspace.run(), workspace.logs(), workspace.secrets()})
    CHECK(std::filesystem::status(made).permissions() == std::filesystem::perms::owner_all);
  std::filesystem::permissions(workspace.run(), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  CHECK(prepare(workspace).error().code() == Errc::denied);
}

TEST_CASE("a generated secret is made once, whoever asks first, and kept") {
  TempDir folder;
  const Workspace workspace{folder / "exai.toml", folder / "state"};
  REQUIRE(prepare(workspace));
  const config::Stack stack = with_generated_secret(32);
  std::vector<std::string> seen(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& value : seen)
      threads.emplace_back([&value, &workspace, &stack] {
        const auto secret = secret_value(workspace, stack, "APP_PASSWORD");
        if (secret) value = secret->reveal();
      });
  }
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 1);
  CHECK(seen[0].size() == 32);
  CHECK(secret_value(workspace, stack, "APP_PASSWORD")->reveal() == seen[0]);
  CHECK(std::distance(std::filesystem::directory_iterator(workspace.secrets()), {}) == 1);
  CHECK(std::filesystem::status(workspace.secrets() / "APP_PASSWORD").permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("a value that somebody set wins over a generated one; a name without a value has none") {
  TempDir folder;
  const Workspace workspace{folder / "exai.toml", folder / "state"};
  config::Stack stack = with_generated_secret(32);
  stack.variables["APP_PASSWORD"].value = "set by hand";
  stack.variables["EMPTY"].value = "";
  CHECK(secret_value(workspace, stack, "APP_PASSWORD")->reveal() == "set by hand");
  CHECK(secret_value(workspace, stack, "EMPTY").error().code() == Errc::not_found);
  CHECK(secret_value(workspace, stack, "UNKNOWN").error().code() == Errc::not_found);
  CHECK_FALSE(std::filesystem::exists(workspace.secrets()));
}
