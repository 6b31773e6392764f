#include <catch2/catch.hpp>

#include "supervisor/service/watch.hpp"

using namespace exai::service;

TEST_CASE("which folders a pattern reaches into") {
  const auto [pattern, folder, reaches] = GENERATE(table<std::string, std::string, bool>({
      {"src/**", "", true},
      {"src/**", "src", true},
      {"src/**", "src/deep/er", true},
      {"src/**", "node_modules", false},
      {"src/*.py", "src", true},
      {"src/*.py", "src/deep", false},
      {"*/x.py", "any", true},
      {"*/x.py", "any/deep", false},
      {"app.py", "", true},
      {"app.py", "src", false},
      {"**", "any/deep", true},
  }));
  CAPTURE(pattern, folder);
  CHECK(reaches_into(pattern, folder) == reaches);
}

TEST_CASE("which files a service watches") {
  const auto [pattern, path, watched] = GENERATE(table<std::string, std::string, bool>({
      {"src/**", "src/a.py", true},
      {"src/**", "src/deep/er/a.py", true},
      {"src/**", "other/a.py", false},
      {"src/**", "src/.a.py.swp", false},
      {"src/**", "src/.git/index", false},
      {"src/**", "src/a.py~", false},
      {"src/*.py", "src/a.py", true},
      {"src/*.py", "src/deep/a.py", false},
      {"src/**/*.py", "src/a.py", true},
      {"src/**/*.py", "src/x/y/a.py", true},
      {"app.py", "app.py", true},
      {"app.py", "sub/app.py", false},
      {"[ab].txt", "b.txt", true},
  }));
  CAPTURE(pattern, path);
  CHECK(is_watched({pattern}, path) == watched);
}
