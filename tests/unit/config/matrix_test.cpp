// The matrix of options and environments, and the story of one option.
#include "core/config/matrix.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

MemoryWorld two_environments() {
  MemoryWorld world;
  world.files["exai.toml"] = R"([stack]
name = "test"
variables = ["REGION"]
[environments.dev]
layers = ["base.env", "dev.env"]
[environments.prod]
layers = ["base.env", "prod.env"]
[secrets.DB_PASSWORD]
generate = 32
[services.web]
process = ["run"]
)";
  world.files["base.env"] = "REDIS_PORT=6400\nEXAI_WS_TOKEN=a-long-secret-token-1\n";
  world.files["dev.env"] = "REDIS_PORT=6401\n";
  world.files["prod.env"] = "REGION=eu\nEXAI_WS_TOKEN=a-long-secret-token-2\n";
  return world;
}

std::shared_ptr<const Resolved> resolved_in(MemoryWorld world, const std::string& environment) {
  world.request.environment = environment;
  return world.load().resolved;
}

std::string text_of(const MatrixRow& row) {
  std::string text = row.name;
  for (const ShownValue& value : row.values)
    text += value.is_set ? fmt::format(" | {} {}", value.text, value.from) : " | -";
  return text + (row.same ? " | same" : " | differs");
}

std::string text_of(const Explanation& story) {
  std::string text = story.name;
  for (const Say& say : story.chain)
    text += fmt::format(" | {} {}{}{}", say.value, say.from, say.wins ? " wins" : "",
                        say.written.empty() ? "" : " as " + say.written);
  return text + (story.generated ? " | generated" : "");
}

}  // namespace

TEST_CASE("the matrix has every option and variable, with the place of each value, and no secret") {
  const MemoryWorld world = two_environments();
  const auto dev = resolved_in(world, "dev");
  const auto prod = resolved_in(world, "prod");
  REQUIRE(dev);
  REQUIRE(prod);
  const std::vector<const Resolved*> both{dev.get(), prod.get()};
  const Matrix matrix = make_matrix(both);
  CHECK(matrix.environments == std::vector<std::string>{"dev", "prod"});
  std::map<std::string, std::string> rows;
  for (const MatrixRow& row : matrix.rows) CHECK(rows.emplace(row.name, text_of(row)).second);
  CHECK(rows.size() == OptionTable::shipped().options().size() + 2);
  CHECK(rows["REDIS_PORT"] == "REDIS_PORT | 6401 dev.env:1 | 6400 base.env:1 | differs");
  CHECK(rows["EXAI_WS_TOKEN"] ==
        "EXAI_WS_TOKEN | (secret) base.env:2 | (secret) prod.env:2 | differs");
  CHECK(rows["REGION"] == "REGION | - | eu prod.env:1 | differs");
  CHECK(rows["DB_PASSWORD"] == "DB_PASSWORD | (generated) first up | (generated) first up | same");
  CHECK(rows["EXAI_WS_PORT"] == "EXAI_WS_PORT | 8079 default | 8079 default | same");
}

TEST_CASE("an option's story has everyone who sets it, the winner first") {
  MemoryWorld world = two_environments();
  world.request.process_environment = {{"REDIS_PORT", "6402"}};
  const auto dev = resolved_in(world, "dev");
  REQUIRE(dev);
  CHECK(text_of(*explain(*dev, "REDIS_PORT")) ==
        "REDIS_PORT | 6402 process environment wins | 6401 dev.env:1 | 6400 base.env:1 | 6379 "
        "default");
  CHECK(text_of(*explain(*dev, "EXAI_WS_TOKEN")) == "EXAI_WS_TOKEN | (secret) base.env:2 wins");
  CHECK(text_of(*explain(*dev, "DB_PASSWORD")) == "DB_PASSWORD | generated");
  CHECK(text_of(*explain(*dev, "REGION")) == "REGION");
  const auto unknown = explain(*dev, "REDIS_PROT");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message() ==
        "there is no variable \"REDIS_PROT\"; did you mean \"REDIS_PORT\"?");
}

TEST_CASE("a stack with errors can still be explained") {
  MemoryWorld world = two_environments();
  world.files["dev.env"] = "REDIS_PORT=many\n";
  const auto dev = resolved_in(world, "dev");
  REQUIRE(dev);
  CHECK(text_of(*explain(*dev, "REDIS_PORT")) ==
        "REDIS_PORT | many dev.env:1 wins | 6400 base.env:1 | 6379 default");
}

}  // namespace exai::config::test
