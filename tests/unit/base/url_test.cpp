#include "core/base/url.hpp"

#include "core/base/hash.hpp"

using namespace exai;

TEST_CASE("the path of a URL is what follows its host") {
  CHECK(path_of_url("http://127.0.0.1:8082/health/live?deep") == "/health/live?deep");
  CHECK(path_of_url("http://127.0.0.1:8082") == "http://127.0.0.1:8082");
  CHECK(path_of_url("/health") == "/health");
  CHECK(path_of_url("") == "");
}

TEST_CASE("loopback are numbers and names of this machine, not names that look like them") {
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"})
    CHECK(is_loopback(host));
  for (const char* host : {"", "0.0.0.0", "127.evil.example", "localhost.evil.example", "::2"})
    CHECK_FALSE(is_loopback(host));
}

TEST_CASE("percent escapes are read in either case, and text that only looks like one stays") {
  CHECK(percent_decoded("a%20b%2Fc%2fd") == "a b/c/d");
  CHECK(percent_decoded("100%") == "100%");
  CHECK(percent_decoded("%4") == "%4");
  CHECK(percent_decoded("%zz%%41") == "%zz%A");
}

TEST_CASE("what is not plain is escaped") {
  CHECK(percent_encoded("a-b_c.d~9 /\xC3\xA9", "") == "a-b_c.d~9%20%2F%C3%A9");
  CHECK(percent_encoded("a b/c", "/") == "a%20b/c");
  CHECK(percent_encoded("/", "", "0123456789abcdef") == "%2f");
}

// State folders and baselines on disk are named by it.
TEST_CASE("the hash is FNV-1a, and goes on where it stopped") {
  CHECK(fnv1a("") == 0xcbf29ce484222325U);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8U);
  CHECK(fnv1a("bar", fnv1a("foo")) == fnv1a("foobar"));
}
