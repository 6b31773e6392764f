// The fixes of CFG, done to layers: what the file says afterwards, byte for byte.
#include <catch2/catch.hpp>

#include "core/config/fix.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

constexpr const char* kProcess = "process = [\"run\"]\n";

std::string fixed(const std::string& layer, FixScope scope) {
  MemoryWorld world = world_with(kProcess, layer);
  const Loaded before = world.load();
  const Fixed done = apply_fixes(before, scope, [&](const Texts& texts) {
    for (const auto& [path, text] : texts)
      world.files[path.lexically_relative("/stack").string()] = text;
    return world.load();
  });
  CHECK(done.refused.empty());
  return done.files.empty() ? "(unchanged)" : done.files[0].after->text;
}

}  // namespace

TEST_CASE("fixes of old names, doubles and switches are safe") {
  const auto [before, after] = GENERATE(table<std::string, std::string>({
      {"# how long\nTOOL_TIMEOUT_SECS = 240 # seconds\n",
       "# how long\nWORKFLOW_TOOL_TIMEOUT_SECS = 240 # seconds\n"},
      {"A_=1\nexport WS_PORT='8079'\n", "A_=1\nexport EXAI_WS_PORT='8079'\n"},
      {"RETRY_MAX_ATTEMPTS=1\nMAX_RETRIES=1\nMETRICS_PORT=8010\n",
       "RETRY_MAX_ATTEMPTS=1\nMETRICS_PORT=8010\n"},
      {"MAX_RETRIES=1\nRETRY_MAX_ATTEMPTS=1\n", "RETRY_MAX_ATTEMPTS=1\n"},
      {"HEALTH_DEGRADED_IS_503=\"Yes\"  # for probes\n",
       "HEALTH_DEGRADED_IS_503=true  # for probes\n"},
      {"LOG_LEVLE=info\n", "(unchanged)"},
  }));
  CHECK(fixed(before, FixScope::safe) == after);
}

TEST_CASE("a name or a value that was probably meant is suggested") {
  CHECK(fixed("LOG_LEVLE=info\n", FixScope::all) == "LOG_LEVEL=info\n");
  CHECK(fixed("LOG_FORMAT=jsn # c\n", FixScope::all) == "LOG_FORMAT=json # c\n");
  CHECK(fixed("LOG_LEVLE=info\nLOG_LEVEL=warn\n", FixScope::all) == "(unchanged)");
}

}  // namespace exai::config::test
