#include "cli/validation.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::cli;

namespace {

config::Loaded valid() {
  auto stack = std::make_shared<config::Stack>();
  stack->file = "/stack/exai.toml";
  stack->services.resize(2);
  stack->services[0].render["redis.conf"] = "/stack/redis.conf";
  config::Loaded loaded;
  loaded.stack = stack;
  loaded.files = {"exai.toml", "env/base.env", "env/dev.env", "redis.conf"};
  return loaded;
}

config::Diagnostic diagnostic(config::Severity severity) {
  config::Diagnostic result;
  result.code = "CFG001";
  result.severity = severity;
  result.message = "unknown key \"proces\"";
  return result;
}

}  // namespace

TEST_CASE("a valid file is told in numbers") {
  CHECK(validation_summary(valid(), "exai.toml") ==
        "read exai.toml, env/base.env, env/dev.env, redis.conf\n"
        "exai.toml is valid: 2 services, 2 layers, 0 problems\n");
}

TEST_CASE("warnings leave a file valid, errors do not") {
  config::Loaded loaded = valid();
  loaded.diagnostics = {diagnostic(config::Severity::warning)};
  CHECK(validation_summary(loaded, "exai.toml") ==
        "read exai.toml, env/base.env, env/dev.env, redis.conf\n"
        "exai.toml is valid: 2 services, 2 layers, 1 warning\n");
  CHECK(validation_json(loaded).at("valid") == true);

  loaded.diagnostics.push_back(diagnostic(config::Severity::error));
  loaded.stack = nullptr;
  CHECK(validation_summary(loaded, "exai.toml") ==
        "read exai.toml, env/base.env, env/dev.env, redis.conf\n"
        "exai.toml is not valid: 1 error, 1 warning\n");
  CHECK(validation_json(loaded).at("valid") == false);
}

TEST_CASE("validation as JSON has counts, files and diagnostics as lists of objects") {
  config::Loaded loaded = valid();
  loaded.files = {"exai.toml"};
  loaded.diagnostics = {diagnostic(config::Severity::error)};
  const json::object object = validation_json(loaded);
  CHECK(find_integer(object, "errors") == 1);
  CHECK(find_integer(object, "warnings") == 0);
  CHECK(to_text(*find_array(object, "files")) == R"([{"path":"exai.toml"}])");
  REQUIRE(find_array(object, "diagnostics")->size() == 1);
  CHECK(find_array(object, "diagnostics")->at(0).at("code") == "CFG001");
}
