// The configuration in this repository: it loads without a word in every environment, and what is
// generated from the option table is in step with it.
#include <catch2/catch.hpp>

#include "core/base/os.hpp"
#include "core/config/config.hpp"
#include "core/config/option_docs.hpp"
#include "core/control/api_page.hpp"
#include "daemon/tools/tool_page.hpp"

namespace exai::config {

namespace {

const Path kRepository = EXAI_REPOSITORY;

Loaded load_shipped(const std::string& environment) {
  LoadRequest request;
  request.stack_file = kRepository / "configs/exai.toml";
  request.environment = environment;
  request.state_folder = "/state";
  request.run_folder = "/state/run";
  Facilities world;
  world.read = [](const Path& path) -> Result<std::string> {
    // That of whoever works in this repository is no part of it.
    if (path.filename() == ".env") return fail(Errc::not_found, "{}", path.string());
    return read_file(path);
  };
  world.has_program = [](const std::string& program) {
    return program == "redis-server" || program == "exaid";
  };
  return load(request, world);
}

}  // namespace

TEST_CASE("the shipped stack loads without a word in every environment") {
  const std::string environment = GENERATE(as<std::string>(), "dev", "staging", "prod");
  const Loaded loaded = load_shipped(environment);
  CHECK(render(loaded.diagnostics) == "");
  REQUIRE(loaded.stack);
  CHECK(loaded.stack->environment == environment);
  CHECK(loaded.stack->variables.at("EXAI_STORE").value == "redis");
  REQUIRE(loaded.stack->services.size() == 2);
  CHECK(describe(*loaded.stack->find("redis")->ready) == "redis round-trip");
  CHECK(describe(*loaded.stack->find("exaid")->ready) == "mcp tools/call status");
  const Check& healthy = *loaded.stack->find("exaid")->healthy;
  CHECK(url_of(healthy, healthy.what.front()) == "http://127.0.0.1:8082/health/live");
  CHECK(loaded.stack->secrets.at(0).name == "REDIS_PASSWORD");
}

TEST_CASE("the shipped template of redis.conf is complete once the secret is there") {
  const auto text = read_file(kRepository / "configs/redis.conf");
  REQUIRE(text);
  const auto rendered = interpolate(*text, [](std::string_view name) -> std::optional<std::string> {
    if (name == "REDIS_PORT") return "1234";
    if (name == "REDIS_PASSWORD") return "generated";
    if (name == "EXAI_SERVICE_DIR") return "/run/redis";
    return std::nullopt;
  });
  REQUIRE(rendered);
  CHECK(rendered->find("\nport 1234\n") != std::string::npos);
  CHECK(rendered->find("\nrequirepass generated\n") != std::string::npos);
}

TEST_CASE("what is made from the option table is in step with it") {
  const auto& table = OptionTable::shipped();
  const auto in_step = [](const char* file, const std::string& made) {
    INFO(file << " is not what the tables say. Run: ninja -C build/dev generated");
    const auto text = read_file(kRepository / file);
    REQUIRE(text);
    CHECK((*text == made));
  };
  in_step(".env.example", env_example(table));
  in_step("configs/env/.env.docker.example", env_docker_example(table));
  in_step("docs/CONFIGURATION.md", configuration_manual(table));
  in_step("docs/control-api.md", control::api_page());
  in_step("docs/TOOLS.md", tools::tool_page(tools::read_definitions()));
}

}  // namespace exai::config
