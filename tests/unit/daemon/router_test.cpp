#include "daemon/providers/router.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/fake_provider.hpp"

namespace exai::providers {
namespace {

std::string shown(const Result<Route>& route) {
  if (!route) return std::string(name(route.error().code())) + ": " + route.error().message();
  return route->provider->info().name + "/" + route->model + " (" + route->reason + ")";
}

TEST_CASE("a call goes to the provider that has the model") {
  FakeProvider kimi("kimi", "kimi-k2.6");
  FakeProvider custom("custom");
  const Router router({&kimi, &custom}, "");
  struct Row {
    const char* model;
    const char* expected;
  };
  const auto row = GENERATE(values<Row>({
      {"", "kimi/kimi-k2.6 (default model of the first configured provider)"},
      {"kimi-k2.5", "kimi/kimi-k2.5 (named in the call)"},
      {" Kimi-K2.5 ", "kimi/kimi-k2.5 (named in the call)"},
      {"k3", "kimi/kimi-k3 (named in the call)"},
      {"kimi-k9-preview", "kimi/kimi-k9-preview (named in the call)"},
      {"kimi/Whatever:7b", "kimi/Whatever:7b (named in the call)"},
      {"custom/meta-llama/Llama-3", "custom/meta-llama/Llama-3 (named in the call)"},
      {"glm-4.7",
       "unavailable: model glm-4.7 belongs to GLM, which is not configured: set GLM_API_KEY"},
      {"glm-9",
       "unavailable: model glm-9 belongs to GLM, which is not configured: set GLM_API_KEY"},
      {"kimik2.6",
       "not_found: no provider has a model \"kimik2.6\", did you mean \"kimi-k2.6\"?; "
       "listmodels shows all"},
      {"llama", "not_found: no provider has a model \"llama\"; listmodels shows all"},
  }));
  CHECK(shown(router.route(row.model)) == row.expected);
}

TEST_CASE("DEFAULT_MODEL goes before the first provider's own") {
  FakeProvider kimi("kimi", "kimi-k2.6");
  FakeProvider glm("glm", "glm-4.7");
  CHECK(shown(Router({&kimi, &glm}, "glm-5.2").route("")) == "glm/glm-5.2 (DEFAULT_MODEL)");
  CHECK(shown(Router({&glm}, "llama").route("")) ==
        "not_found: DEFAULT_MODEL: no provider has a model \"llama\"; listmodels shows all");
}

TEST_CASE("without any provider the error says which options to set") {
  CHECK(shown(Router({}, "kimi-k3").route("")) ==
        "unavailable: no AI provider is configured: set one of KIMI_API_KEY, GLM_API_KEY, "
        "CUSTOM_API_URL (everything else works without)");
}

TEST_CASE("a provider without a default model needs one in the call") {
  FakeProvider custom("custom");
  CHECK(shown(Router({&custom}, "").route("")) ==
        "invalid: the call names no model, and neither DEFAULT_MODEL nor CUSTOM_MODELS is set");
}

}  // namespace
}  // namespace exai::providers
