// Who wins when there is a store of secrets, and what is told about it.
#include "core/base/text.hpp"
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

TEST_CASE("credentials that cannot be read are told, and others stand in for them") {
  MemoryWorld world = world_with_store({{"KIMI_API_KEY", Secret("from-the-store")}});
  world.request.credentials_fault = "reading /run/credentials/x: Permission denied";
  CHECK(world.messages() ==
        "warning[CFG022]: $CREDENTIALS_DIRECTORY cannot be read: reading /run/credentials/x: "
        "Permission denied\n"
        "  help: make it readable for this user, or unset it; without it, the store and the layers "
        "say what secrets are\n");
  CHECK(world.load().stack->variables.at("KIMI_API_KEY").value == "from-the-store");
}

TEST_CASE("an environment may have a store alone, or nothing at all") {
  MemoryWorld world = world_with_store({{"KIMI_API_KEY", Secret("from-the-store")}});
  std::string& file = world.files["exai.toml"];
  const std::size_t layers = file.find("layers");
  file.erase(layers, file.find('\n', layers) + 1 - layers);
  CHECK(world.messages() == "");
  CHECK(world.load().stack->variables.at("KIMI_API_KEY").value == "from-the-store");
  const std::size_t store = file.find("secrets");
  file.erase(store, file.find('\n', store) + 1 - store);
  CHECK(world.messages() == "");
  CHECK(world.load().stack != nullptr);
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

namespace {

// What `validate` says of the two keys on 21 November 2026, when the store has these dates.
MemoryWorld world_with_dates(DatesOfSecrets dates) {
  MemoryWorld world = world_with_store({{"KIMI_API_KEY", Secret("aG4x7Qp2Lw9Zr5Tk1Vb8Yn3")}});
  world.files["exai.toml"] += "secrets = [\"KIMI_API_KEY\"]\n";
  world.dates["secrets/dev.age"] = std::move(dates);
  world.request.scope = Scope::project;
  world.request.now = parse_utc("2026-11-21T12:00:00.000Z");
  return world;
}

std::string overdue(const DatesOfSecrets& dates) {
  const Diagnostics found = world_with_dates(dates).load().diagnostics;
  std::string said;
  for (const Diagnostic& one : found)
    if (one.code == "SEC014") said += one.message + "\n";
  return said;
}

}  // namespace

TEST_CASE("SEC014: what has expired, what is too old, and what has no date") {
  const auto day = [](const char* date) { return parse_utc(date + std::string("T12:00:00.000Z")); };
  CHECK(overdue({{"KIMI_API_KEY", {day("2026-05-25"), {}}}}) == "");  // 180 days, not more
  CHECK(overdue({{"KIMI_API_KEY", {day("2026-05-24"), {}}}}) ==
        "KIMI_API_KEY has had its value since 2026-05-24, and is to be renewed every 180d\n");
  CHECK(overdue({{"KIMI_API_KEY", {day("2026-11-01"), day("2026-11-22")}}}) ==
        "KIMI_API_KEY expires on 2026-11-22\n");
  CHECK(overdue({{"KIMI_API_KEY", {day("2026-11-01"), day("2026-12-05")}}}) ==
        "KIMI_API_KEY expires on 2026-12-05\n");
  CHECK(overdue({{"KIMI_API_KEY", {day("2026-11-01"), day("2026-12-06")}}}) == "");
  CHECK(overdue({{"KIMI_API_KEY", {day("2026-11-01"), day("2026-11-21")}}}) ==
        "KIMI_API_KEY expired on 2026-11-21\n");
  CHECK(overdue({{"KIMI_API_KEY", {day("2020-01-01"), day("2026-11-20")}}}) ==
        "KIMI_API_KEY expired on 2026-11-20\n");
  // A name of its own has no period, only what somebody said.
  CHECK(overdue({{"KIMI_API_KEY", {day("2026-11-01"), {}}},
                 {"OWN", {day("2001-01-01"), {}}},
                 {"DATELESS", {}},
                 {"LENT", {{}, day("2026-01-01")}}}) == "LENT expired on 2026-01-01\n");
  const std::string no_date =
      "nobody knows how old KIMI_API_KEY is, and it is to be renewed every 180d\n";
  CHECK(overdue({{"KIMI_API_KEY", {}}}) == no_date);
  CHECK(overdue({}) == no_date);  // made by another program
  CHECK(overdue({{"KIMI_API_KEY", {{}, day("2027-01-01")}}}) == "");
  // Under its other name.
  CHECK(overdue({{"MOONSHOT_API_KEY", {day("2026-11-01"), {}}}}) == "");
}

TEST_CASE("SEC014: what expires soon is a remark, what has expired is a warning") {
  const auto severity = [](const char* date) {
    const DatesOfSecrets dates = {{"KIMI_API_KEY", {{}, parse_utc(date)}}};
    for (const Diagnostic& one : world_with_dates(dates).load().diagnostics)
      if (one.code == "SEC014") return one.severity;
    return Severity::error;
  };
  CHECK(severity("2026-11-22T00:00:00Z") == Severity::info);
  CHECK(severity("2026-11-21T11:00:00Z") == Severity::warning);
}

TEST_CASE("SEC014 is at the place that names the store, and says what to type") {
  const MemoryWorld world =
      world_with_dates({{"KIMI_API_KEY", {parse_utc("2026-01-02T00:00:00.000Z"), {}}}});
  CHECK_THAT(
      world.messages(),
      Catch::Contains(
          R"(exai.toml:5:11: warning[SEC014]: KIMI_API_KEY has had its value since 2026-01-02, and is to be renewed every 180d
    5 | secrets = "secrets/dev.age"
      |           ^~~~~~~~~~~~~~~~~
  help: exai secret rotate KIMI_API_KEY
)"));
}

TEST_CASE("SEC014: without a clock nothing is old, and no stack stops starting because of a date") {
  MemoryWorld world =
      world_with_dates({{"KIMI_API_KEY", {parse_utc("2001-01-01T00:00:00.000Z"), {}}}});
  CHECK_THAT(world.messages(), Catch::Contains("SEC014"));
  world.request.now.reset();
  CHECK_THAT(world.messages(), !Catch::Contains("SEC014"));
  world.request.now = parse_utc("2026-11-21T12:00:00.000Z");
  world.request.scope = Scope::stack;
  CHECK_THAT(world.messages(), !Catch::Contains("SEC014"));
}
