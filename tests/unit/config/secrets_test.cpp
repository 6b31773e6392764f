// Who wins when there is a store of secrets, and what is told about it.
#include "memory.hpp"

using namespace exai;
using namespace exai::config;
using namespace exai::config::test;

namespace {

const std::string kProcess = "process = [\"run\"]\n";

// A stack with the store secrets/dev.age.
MemoryWorld world_with_store(Secrets values, const std::string& layer = "") {
  MemoryWorld world = world_with(kProcess, layer);
  std::string& file = world.files["exai.toml"];
  file.insert(file.find("[services"), "secrets = \"secrets/dev.age\"\n");
  world.stores["secrets/dev.age"] = std::move(values);
  return world;
}

std::vector<std::string> layers_of(const Variable& variable) {
  std::vector<std::string> layers;
  for (const Origin& origin : variable.origins) layers.push_back(origin.layer);
  return layers;
}

}  // namespace

TEST_CASE("process environment, credentials, store, layers: in this order") {
  MemoryWorld world = world_with_store({{"KIMI_API_KEY", Secret("from-the-store")}},
                                       "KIMI_API_KEY=from-the-layer\n");
  const auto winner = [&] { return world.load().stack->variables.at("KIMI_API_KEY"); };
  CHECK(winner().value == "from-the-store");
  world.request.credentials = {{"KIMI_API_KEY", Secret("from-systemd")},
                               {"SOMEBODY_ELSES", Secret("ignored")}};
  CHECK(winner().value == "from-systemd");
  world.request.process_environment = {{"KIMI_API_KEY", "from-outside"}};
  CHECK(winner().value == "from-outside");
  CHECK(layers_of(winner()) == std::vector<std::string>{"process environment", "credentials",
                                                        "secrets/dev.age", "dev.env"});
  CHECK(winner().secret);
  CHECK_FALSE(world.load().stack->variables.contains("SOMEBODY_ELSES"));
  CHECK(world.load().stack->secret_store == "/stack/secrets/dev.age");
}

TEST_CASE("what is in the store is known, and a secret everywhere") {
  MemoryWorld world =
      world_with_store({{"MY_OWN", Secret("value-of-mine")}}, "MY_OWN=aG4x7Qp2Lw9Zr5Tk1Vb8Yn3\n");
  world.files["exai.toml"] += "secrets = [\"MY_OWN\"]\n";
  REQUIRE(world.messages() == "");
  CHECK(world.load().stack->variables.at("MY_OWN").secret);
  world.files["exai.toml"] += "env = { COPY = \"${MY_OWN}\" }\n";
  CHECK_THAT(world.messages(), Catch::Contains("error[SEC003]: MY_OWN is a secret"));
  CHECK_THAT(world.messages(), !Catch::Contains("value-of-mine"));
}

TEST_CASE("a layer cannot make a copy of a stored secret that is none") {
  const MemoryWorld world =
      world_with_store({{"MY_OWN", Secret("value-of-mine")}}, "DEFAULT_MODEL=\"${MY_OWN}x\"\n");
  const Loaded loaded = world.load();
  const std::string messages = render(loaded.diagnostics);
  CHECK_THAT(messages, !Catch::Contains("value-of-mine"));
  if (loaded.stack) CHECK(loaded.stack->variables.at("DEFAULT_MODEL").value == "x");
}

TEST_CASE("values of the store are checked like others, at the place that names it") {
  const MemoryWorld world = world_with_store(
      {{"KIMI_API_KEY", Secret("short")}, {"GLM_API_KEY", Secret("your_key_here")}});
  CHECK(
      world.messages() ==
      R"(exai.toml:5:11: error[CFG004]: KIMI_API_KEY is too short: 5 characters, at least 8 are needed
    5 | secrets = "secrets/dev.age"
      |           ^~~~~~~~~~~~~~~~~
exai.toml:5:11: error[SEC005]: GLM_API_KEY still has the value of an example
    5 | secrets = "secrets/dev.age"
      |           ^~~~~~~~~~~~~~~~~
  help: put the real secret there, or remove it
)");
}

TEST_CASE("a store that cannot be opened is said at the place that names it, with what to do") {
  MemoryWorld world = world_with_store({});
  world.stores.clear();
  CHECK(world.messages() ==
        R"(exai.toml:5:11: error[CFG022]: the secrets in secrets/dev.age cannot be read: no identity
    5 | secrets = "secrets/dev.age"
      |           ^~~~~~~~~~~~~~~~~
  help: make one
)");
}

TEST_CASE("without a store nobody is asked for one") {
  MemoryWorld world = world_with(kProcess);
  CHECK(world.load().stack);
  CHECK(world.load().stack->secret_store.empty());
}

TEST_CASE("all values that are nobody's business are told, those of a broken stack too") {
  MemoryWorld world =
      world_with_store({{"KIMI_API_KEY", Secret("from-the-store")}},
                       "KIMI_API_KEY=from-the-layer\nMY_TOKEN=not-declared\nLOG_LEVEL=debug\n"
                       "OTHER_TOKEN=changeme\nKEY_FILE=/a/path/to/a/file\nGLM_API_KEY=web\n");
  world.request.process_environment = {{"KIMI_API_KEY", "from-outside"}};
  const Loaded loaded = world.load();
  CHECK_FALSE(loaded.stack);
  std::set<std::string> told;
  for (const auto& [name, value] : loaded.secrets)
    told.insert(name + "=" + std::string(value.reveal()));
  CHECK(told == std::set<std::string>{"KIMI_API_KEY=from-outside", "KIMI_API_KEY=from-the-layer",
                                      "KIMI_API_KEY=from-the-store", "MY_TOKEN=not-declared",
                                      "hidden=from-the-layer", "hidden=not-declared"});
}
