// A load that is remembered: the same stack while the world answers as it did, another one as soon
// as any answer is another one.
#include <catch2/catch.hpp>

#include "core/config/recall.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

// A stack that asks about files, folders, programs and a store.
MemoryWorld asking_world() {
  MemoryWorld world = world_with("process = [\"run\"]\nsecrets = [\"KIMI_API_KEY\"]\n", "LOG_LEVEL=warn\nGLM_API_KEY=0123456789abcdef0123456789abcdef.ABCDEFGHIJ\n");
  std::string& text = world.files["exai.toml"];
  text.insert(text.find("layers"), "secrets = \"dev.age\"\n");
  world.request.scope = Scope::project;  // asks more
  world.request.now = WallTime(std::chrono::hours(24));
  world.stores["dev.age"] = {{"KIMI_API_KEY", Secret("the-first-value")}};
  return world;
}

struct Case {
  std::string what;
  std::function<void(MemoryWorld&)> change;
};

}  // namespace

TEST_CASE("a stack is the same, by pointer, while nothing it was read from has changed") {
  MemoryWorld world = asking_world();
  Recall recall;
  const Loaded first = recall.load(world.request, world.facilities());
  INFO(render(first.diagnostics));
  REQUIRE(first.stack);
  CHECK(first.resolved == nullptr);
  world.request.now = WallTime(std::chrono::hours(25));
  const Loaded second = recall.load(world.request, world.facilities());
  CHECK(second.stack == first.stack);
  CHECK(second.files == first.files);
  CHECK(second.secrets == first.secrets);
}

TEST_CASE("whatever the engine was told otherwise is another load") {
  const auto [what, change] = GENERATE(values<Case>({
      {"the stack file", [](MemoryWorld& world) { world.files["exai.toml"] += "# more\n"; }},
      {"a layer", [](MemoryWorld& world) { world.files["dev.env"] = "LOG_LEVEL=debug\n"; }},
      {"a layer that has gone", [](MemoryWorld& world) { world.files.erase("dev.env"); }},
      {"a program that has gone", [](MemoryWorld& world) { world.programs.clear(); }},
      {"a secret",
       [](MemoryWorld& world) { world.stores["dev.age"]["KIMI_API_KEY"] = Secret("the-second-value"); }},
      {"a store that cannot be read", [](MemoryWorld& world) { world.stores.clear(); }},
      {"the mode of a file",
       [](MemoryWorld& world) {
         world.modes["dev.env"] = {FileInfo::Kind::file, 0666, true};
       }},
      {"the process environment",
       [](MemoryWorld& world) { world.request.process_environment["B"] = "1"; }},
      {"the environment's name", [](MemoryWorld& world) { world.request.environment = "dev"; }},
      {"dates of secrets, for what they mean depends on the time",
       [](MemoryWorld& world) { world.dates["dev.age"]["KIMI_API_KEY"].since = WallTime(); }},
  }));
  INFO(what);
  MemoryWorld world = asking_world();
  Recall recall;
  const Loaded first = recall.load(world.request, world.facilities());
  REQUIRE(first.stack);
  change(world);
  const Loaded second = recall.load(world.request, world.facilities());
  CHECK(second.stack != first.stack);
  const Loaded fresh = world.load();
  CHECK(render(second.diagnostics) == render(fresh.diagnostics));
  CHECK((second.stack == nullptr) == (fresh.stack == nullptr));
}

TEST_CASE("dates of secrets are never remembered") {
  MemoryWorld world = asking_world();
  world.dates["dev.age"]["KIMI_API_KEY"].since = WallTime();
  Recall recall;
  const Loaded first = recall.load(world.request, world.facilities());
  CHECK(recall.load(world.request, world.facilities()).stack != first.stack);
}

TEST_CASE("a stack file with errors is remembered with them, and left when it is mended") {
  MemoryWorld world = world_with("proces = [\"run\"]\n");
  Recall recall;
  const Loaded first = recall.load(world.request, world.facilities());
  CHECK(first.stack == nullptr);
  CHECK(render(recall.load(world.request, world.facilities()).diagnostics) ==
        render(first.diagnostics));
  world.files["exai.toml"] = world_with("process = [\"run\"]\n").files["exai.toml"];
  CHECK(recall.load(world.request, world.facilities()).stack != nullptr);
}

}  // namespace exai::config::test
