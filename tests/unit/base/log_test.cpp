#include "core/base/log.hpp"

using namespace exai;

TEST_CASE("a known secret is hidden in each form it may take") {
  Redactor redactor;
  redactor.add("TOKEN", Secret("p@ss \"word\"/1"));
  CHECK(redactor.redact("raw p@ss \"word\"/1 end") == "raw [TOKEN] end");
  CHECK(redactor.redact("url p%40ss%20%22word%22%2F1") == "url [TOKEN]");
  CHECK(redactor.redact("b64 cEBzcyAid29yZCIvMQ==") == "b64 [TOKEN]");
  CHECK(redactor.redact(R"({"v":"p@ss \"word\"/1"})") == R"({"v":"[TOKEN]"})");
}

TEST_CASE("a value that contains another is hidden whole") {
  Redactor redactor;
  redactor.add("SHORT", Secret("12345678"));
  redactor.add("LONG", Secret("123456789"));
  CHECK(redactor.redact("123456789 12345678") == "[LONG] [SHORT]");
}

TEST_CASE("values too short to be told from innocent text are not searched for") {
  Redactor redactor;
  redactor.add("PIN", Secret("1234"));
  CHECK(redactor.redact("port 1234") == "port 1234");
}

TEST_CASE("log levels are known by name") {
  CHECK(parse_log_level("info") == LogLevel::info);
  CHECK(parse_log_level("WARNING") == LogLevel::warn);
  CHECK(parse_log_level("off") == LogLevel::off);
  CHECK_FALSE(parse_log_level("loud"));
}
