#include "core/base/log.hpp"

using namespace exai;

TEST_CASE("log levels are known by name") {
  CHECK(parse_log_level("info") == LogLevel::info);
  CHECK(parse_log_level("WARNING") == LogLevel::warn);
  CHECK(parse_log_level("off") == LogLevel::off);
  CHECK_FALSE(parse_log_level("loud"));
}
