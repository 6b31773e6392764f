#include "core/base/base64.hpp"

#include <catch2/catch.hpp>

using namespace exai;

TEST_CASE("base64 is that of RFC 4648, with padding and without") {
  struct Row {
    const char* bytes;
    const char* padded;
    const char* plain;
  };
  const Row rows[] = {{"", "", ""},
                      {"f", "Zg==", "Zg"},
                      {"fo", "Zm8=", "Zm8"},
                      {"foo", "Zm9v", "Zm9v"},
                      {"foob", "Zm9vYg==", "Zm9vYg"},
                      {"fooba", "Zm9vYmE=", "Zm9vYmE"},
                      {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                      {"\xff\xfe\xfd", "//79", "//79"}};
  for (const Row& row : rows) {
    INFO(row.padded);
    CHECK(to_base64(row.bytes, Padding::full) == row.padded);
    CHECK(to_base64(row.bytes) == row.plain);
    CHECK(from_base64(row.plain).value() == row.bytes);
  }
}

TEST_CASE("base64url has \"-\" and \"_\", and not the others") {
  CHECK(to_base64url("\xff\xfe\xfd\xfb") == "__79-w");
  CHECK(from_base64url("__79-w").value() == "\xff\xfe\xfd\xfb");
  CHECK_FALSE(from_base64url("//79-w"));
  CHECK_FALSE(from_base64url("__79+w"));
  CHECK_FALSE(from_base64url("__79-w=="));
  CHECK_FALSE(from_base64url("__79-x"));
}
