// What git tracks and ignores, from bytes in memory.
#include <catch2/catch.hpp>

#include "core/config/git_index.hpp"

namespace exai::config::test {

namespace {

std::string number(std::uint32_t value, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i)
    bytes += static_cast<char>((value >> (8U * static_cast<unsigned>(i))) & 0xFFU);
  return bytes;
}

std::string header(std::uint32_t version, std::uint32_t count) {
  return "DIRC" + number(version, 4) + number(count, 4);
}

// An entry of version 2 or 3; extended ones have 16 bits more.
std::string entry(const std::string& path, std::size_t hash = 20, bool extended = false) {
  std::string bytes(40 + hash, 'x');
  bytes += number((extended ? 0x4000U : 0U) + static_cast<std::uint32_t>(path.size()), 2);
  if (extended) bytes += number(0, 2);
  bytes += path;
  bytes.append(8 - bytes.size() % 8, '\0');
  return bytes;
}

// Version 4: how much of the path before goes, and what comes instead.
std::string packed(int dropped, const std::string& suffix, std::uint32_t length) {
  return std::string(60, 'x') + number(length, 2) + static_cast<char>(dropped) + suffix + '\0';
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("the index of git names the tracked files, in all its versions") {
  const auto [bytes, paths] = GENERATE(table<std::string, Paths>({
      {header(2, 0), {}},
      {header(2, 2) + entry(".env") + entry("src/main.c"), {".env", "src/main.c"}},
      {header(3, 2) + entry("a", 20, true) + entry("bb", 20, true), {"a", "bb"}},
      {header(2, 2) + entry("a", 32) + entry("b", 32), {"a", "b"}},
      {header(4, 3) + packed(0, "src/a.c", 7) + packed(3, "b.c", 7) + packed(7, "z", 1),
       {"src/a.c", "src/b.c", "z"}},
  }));
  CHECK(parse_git_index(bytes) == paths);
}

TEST_CASE("what is no index of git says nothing") {
  const std::string bytes = GENERATE(
      as<std::string>(), "", "DIRC", "not an index at all", header(5, 0), header(2, 1),
      header(2, 1) + "short", header(2, 2) + entry("b") + entry("a"), header(2, 0xFFFFFFFFU),
      header(4, 1) + packed(9, "a", 1), header(4, 1) + std::string(62, '\xFF'));
  CHECK(parse_git_index(bytes) == std::nullopt);
}

TEST_CASE("a repository is found above the project, also by the file of a work tree") {
  std::map<std::string, std::string> files{
      {"/repo/.git", "gitdir: ../main/.git/worktrees/repo\n"},
      {"/main/.git/worktrees/repo/index", header(2, 1) + entry("app/.env")},
      {"/repo/.gitignore", "*.log\n.env\n"},
      {"/repo/app/.gitignore", "!.env\n"}};
  Facilities world;
  world.read = [&](const Path& path) -> Result<std::string> {
    const auto found = files.find(path.string());
    if (found == files.end()) return fail(Errc::not_found, "not there");
    return found->second;
  };
  world.look = [&](const Path& path) -> Result<FileInfo> {
    if (!files.contains(path.string())) return fail(Errc::not_found, "not there");
    return FileInfo{};
  };
  const auto repository = find_repository("/repo/app", world);
  REQUIRE(repository);
  CHECK(repository->root == "/repo");
  CHECK(repository->tracks("/repo/app/.env"));
  CHECK_FALSE(repository->tracks("/repo/.env"));
  CHECK_FALSE(git_ignores(*repository, "/repo/app/.env", world));
  CHECK(git_ignores(*repository, "/repo/.env", world)->span.begin == Position{2, 1});
  CHECK_FALSE(find_repository("/elsewhere/app", world));
}

TEST_CASE("patterns match as git's do") {
  const auto [pattern, text, matches] = GENERATE(table<std::string, std::string, bool>({
      {"a", "a", true},
      {"a", "b", false},
      {"*", "abc", true},
      {"*", "a/b", false},
      {"a*c", "abbc", true},
      {"a*c", "ab/c", false},
      {"?", "/", false},
      {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false},
      {"[", "[", true},
      {"a\\*", "a*", true},
      {"a\\*", "ab", false},
      {"**/x", "x", true},
      {"**/x", "a/b/x", true},
      {"**/x", "a/bx", false},
      {"a/**", "a/b/c", true},
      {"a/**", "b/a/c", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "axb", false},
      {"", "", true},
  }));
  INFO(pattern << " " << text);
  CHECK(matches_glob(pattern, text) == matches);
}

TEST_CASE("a pattern that backtracks for ever elsewhere is quick here") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  CHECK_FALSE(matches_glob(pattern + "b", std::string(1000, 'a')));
}

TEST_CASE("the last pattern of a list counts, and folders take their files along") {
  const auto source = std::make_shared<const Source>(
      Source{".gitignore", "# local\n*.log\n!keep.log\n/build\nsecrets/\ndocs/*.txt\n"});
  const auto git = parse_ignore_file(source, IgnoreDialect::git);
  const auto [path, pattern] = GENERATE(table<std::string, std::string>({
      {"a.log", "*.log"},
      {"x/y/a.log", "*.log"},
      {"x/keep.log", ""},
      {"build/a", "build"},
      {"x/build/a", ""},
      {"x/secrets/key", "secrets"},
      {"secrets", ""},  // a file, where the pattern wants a folder
      {"docs/a.txt", "docs/*.txt"},
      {"docs/x/a.txt", ""},
  }));
  INFO(path);
  const IgnorePattern* found = ignored_by(git, path);
  CHECK((found == nullptr ? "" : found->text) == pattern);
}

TEST_CASE("every pattern of .dockerignore starts at the top") {
  const auto list =
      parse_ignore_file(std::make_shared<const Source>(Source{".dockerignore", ".env\n**/*.key\n"}),
                        IgnoreDialect::docker);
  CHECK(ignored_by(list, ".env") != nullptr);
  CHECK(ignored_by(list, "app/.env") == nullptr);
  CHECK(ignored_by(list, "a/b.key") != nullptr);
}

}  // namespace exai::config::test
