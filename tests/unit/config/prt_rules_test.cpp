// What rules about ports propose.
#include <catch2/catch.hpp>

#include "core/config/fix.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

TEST_CASE("PRT003: an address goes in front of a port, and the fix keeps its word") {
  const auto [before, after] = GENERATE(table<std::string, std::string>({
      {"8080:80", "127.0.0.1:8080:80"},
      {"\"8080:80\"", "\"127.0.0.1:8080:80\""},
      {"'0.0.0.0:8080:80/tcp'", "'127.0.0.1:8080:80/tcp'"},
      {"\"9000\"", "\"127.0.0.1::9000\""},
  }));
  MemoryWorld world;
  world.request.stack_file.clear();
  world.request.folder = "/stack";
  world.request.scope = Scope::project;
  const auto text = [](const std::string& port) {
    return "services:\n  web:\n    image: shop/web:1.0.0\n    ports: [" + port + "]\n";
  };
  world.files["compose.yaml"] = text(before);
  const Loaded loaded = world.load();
  const auto found = std::find_if(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                  [](const Diagnostic& one) { return one.code == "PRT003"; });
  REQUIRE(found != loaded.diagnostics.end());
  REQUIRE(found->fix);
  std::string fixed = text(before);
  for (const Edit& edit : found->fix->edits)
    fixed.replace(edit.begin, edit.end - edit.begin, edit.text);
  CHECK(fixed == text(after));
  const auto meaning = [](const std::string& yaml) {
    return *meaning_of(std::make_shared<const Source>(Source{"compose.yaml", yaml}));
  };
  CHECK(broken_promise(meaning(text(before)), meaning(fixed), found->fix->changes) == std::nullopt);
}

}  // namespace exai::config::test
