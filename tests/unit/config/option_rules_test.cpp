#include <catch2/catch.hpp>

#include "core/config/option_reader.hpp"

namespace exai::config {

namespace {

constexpr std::string_view kTable = R"({"properties": {
  "INNER": {"type": "integer", "minimum": 0, "default": 100, "description": "x",
    "x-exai": {"group": "g", "unit": "s", "readers": ["exaid"]}},
  "OUTER": {"type": "integer", "default": 200, "description": "x",
    "x-exai": {"group": "g", "unit": "s", "readers": ["exaid"]}},
  "SHORT": {"type": "integer", "default": 1000, "description": "x",
    "x-exai": {"group": "g", "unit": "ms", "readers": ["exaid"]}},
  "TRIES": {"type": "integer", "default": 1, "description": "x",
    "x-exai": {"group": "g", "readers": ["exaid"]}},
  "PAUSE": {"type": "number", "default": 0.5, "description": "x",
    "x-exai": {"group": "g", "unit": "s", "readers": ["exaid"]}},
  "FOREIGN": {"type": "integer", "default": 900, "description": "x",
    "x-exai": {"group": "g", "unit": "s", "readers": ["validate"]}},
  "MODE": {"type": "string", "default": "memory", "description": "x",
    "x-exai": {"group": "g", "readers": ["exaid"]}},
  "HOST": {"type": "string", "default": "127.0.0.1", "description": "x",
    "x-exai": {"group": "g", "readers": ["exaid"]}},
  "TOKEN": {"type": "string", "description": "x",
    "x-exai": {"group": "g", "secret": true, "readers": ["exaid"]}},
  "ENVIRONMENT": {"type": "string", "default": "dev", "description": "x",
    "x-exai": {"group": "g", "readers": ["exaid"]}}
}, "x-exai-rules": [
  {"code": "TMO001", "less": ["INNER", "OUTER"], "factor": 1.5, "why": "it waits for it"},
  {"code": "TMO001", "less": ["OUTER", "FOREIGN"], "why": "it waits for it"},
  {"code": "TMO004", "less": ["SHORT", "OUTER"], "why": "or it is late"},
  {"code": "TMO003", "attempts": "TRIES", "each": "INNER", "pause": "PAUSE", "within": "OUTER",
   "why": "the last is cut off"},
  {"code": "CFG002", "needs": ["TOKEN"], "when": {"MODE": "redis"}, "why": "it is open"},
  {"code": "CFG013", "needs": ["TOKEN"], "unless": {"HOST": "@loopback"}, "environments": ["prod"],
   "why": "anybody may call"},
  {"code": "CFG013", "forbid": {"MODE": "debug", "TOKEN": "@test"}, "environments": ["prod"],
   "why": "it is not for prod"}
]})";

// What exaid and the like say when they start with these options.
std::string said(const std::map<std::string, std::string>& given) {
  const auto table = OptionTable::parse(kTable);
  REQUIRE(table);
  const auto no_files = [](const Path&) -> Result<std::string> {
    return fail(Errc::not_found, "no files here");
  };
  return render(OptionReader(*table, "exaid", given, no_files).diagnostics());
}

}  // namespace

TEST_CASE("rules between options are checked on their values and defaults") {
  const auto [name, value, message] = GENERATE(table<std::string, std::string, std::string>({
      {"INNER", "133", ""},
      {"INNER", "200",
       "error[TMO001]: INNER (200 s) must be less than OUTER (200 s by default): it waits for it\n"
       "  help: raise OUTER to at least 300, or lower INNER\n"},
      {"OUTER", "149",
       "warning[TMO002]: OUTER (149 s) should be at least 1.5 times INNER (100 s by default): it "
       "waits for it\n"
       "  help: raise OUTER to at least 150, or lower INNER\n"},
      {"SHORT", "200000",
       "warning[TMO004]: SHORT (200000 ms) must be less than OUTER (200 s by default): or it is "
       "late\n"
       "  help: raise OUTER or lower SHORT\n"},
      {"TRIES", "2",
       "error[TMO003]: TRIES (2) times INNER (100 s by default) with pauses of PAUSE (0.5 s by "
       "default) make 3m20s, more than OUTER (200 s by default): the last is cut off\n"
       "  help: raise OUTER to at least 201, or lower one of the others\n"},
      {"OUTER", "1000", ""},  // a rule about an option of somebody else
      {"INNER", "-5", "error[CFG004]: INNER must be at least 0, not \"-5\"\n"},
      {"MODE", "redis",
       "error[CFG002]: MODE=redis needs TOKEN: it is open\n"
       "  help: set TOKEN\n"},
      {"HOST", "0.0.0.0", ""},
      {"MODE", "debug", ""},
  }));
  CHECK(said({{name, value}}) == message);
}

TEST_CASE("rules of one environment hold there alone") {
  CHECK(said({{"ENVIRONMENT", "prod"}, {"HOST", "0.0.0.0"}}) ==
        "error[CFG013]: HOST=0.0.0.0 needs TOKEN in prod: anybody may call\n"
        "  help: set TOKEN\n");
  CHECK(said({{"ENVIRONMENT", "prod"}, {"HOST", "::1"}}).empty());
  CHECK(said({{"ENVIRONMENT", "prod"}, {"MODE", "debug"}, {"TOKEN", "sk-test-1"}}) ==
        "error[CFG013]: MODE must not be debug in prod: it is not for prod\n"
        "  help: remove it, or set another value\n"
        "error[CFG013]: TOKEN has a value of the tests in prod: it is not for prod\n"
        "  help: put the real one there\n");
  CHECK(said({{"ENVIRONMENT", "prod"}, {"TOKEN", "latest-contest"}}).empty());
}

TEST_CASE("a secret that will be generated is set, and equal to nothing") {
  const OptionValue generated{"", OptionValue::From::generated};
  CHECK(holds({"TOKEN", "*"}, generated));
  CHECK_FALSE(holds({"TOKEN", "@test"}, generated));
  CHECK_FALSE(holds({"TOKEN", "*"}, OptionValue{}));
}

}  // namespace exai::config
