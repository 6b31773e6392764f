#include "core/auth/keys.hpp"

#include "core/base/base64.hpp"
#include "tests/support/tokens.hpp"

using namespace exai;
using namespace exai::auth;

namespace {

// RFC 7515, appendices A.1 and A.2: the same claims, signed by HS256 and by RS256.
constexpr std::string_view kClaims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr std::string_view kSharedKey =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
constexpr std::string_view kModulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr std::string_view kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU"
    "TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

std::string text_of(std::string_view header) {
  return std::string(header) + "." + std::string(kClaims);
}

std::string jwk(std::string_view modulus, std::string_view more = "") {
  return fmt::format(R"({{"kty":"RSA","n":"{}","e":"AQAB"{}}})", modulus, more);
}

std::string set_of(std::string_view keys) {
  return fmt::format(R"({{"keys":[{}]}})", keys);
}

std::string wrong(const Secret& shared, std::string_view published) {
  const auto keys = Keys::parse(shared, published);
  return keys ? "taken" : keys.error().message();
}

}  // namespace

TEST_CASE("the example of RFC 7515 A.1: HS256") {
  const auto keys = Keys::parse(Secret(from_base64url(kSharedKey).value()), "").value();
  const std::string text = text_of("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9");
  const std::string bytes = from_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").value();
  CHECK(keys.verify({Algorithm::hs256, "", text, bytes}));
  CHECK(keys.verify({Algorithm::hs256, "whatever", text, bytes}));
  CHECK_FALSE(keys.verify({Algorithm::rs256, "", text, bytes}));
  CHECK_FALSE(keys.verify({Algorithm::hs256, "", text + " ", bytes}));
  CHECK_FALSE(keys.verify({Algorithm::hs256, "", text, std::string_view(bytes).substr(1)}));
  CHECK_FALSE(keys.verify({Algorithm::hs256, "", text, ""}));
}

TEST_CASE("the example of RFC 7515 A.2: RS256") {
  const auto keys = Keys::parse({}, set_of(jwk(kModulus))).value();
  const std::string text = text_of("eyJhbGciOiJSUzI1NiJ9");
  const std::string bytes = from_base64url(kRsaSignature).value();
  CHECK(keys.verify({Algorithm::rs256, "", text, bytes}));
  CHECK_FALSE(keys.verify({Algorithm::hs256, "", text, bytes}));
  CHECK_FALSE(keys.verify({Algorithm::rs256, "", text + ".", bytes}));
  CHECK_FALSE(keys.verify({Algorithm::rs256, "", text, ""}));
}

TEST_CASE("a key is found by its id; one without an id is tried for ids that nobody has") {
  const test::TokenMaker first;
  const test::TokenMaker second;
  const std::string token = second.rs256("{}");
  const std::string text = token.substr(0, token.rfind('.'));
  const std::string bytes = from_base64url(token.substr(token.rfind('.') + 1)).value();
  const auto verify = [&](const std::string& published, std::string_view id) {
    return Keys::parse({}, published).value().verify({Algorithm::rs256, id, text, bytes});
  };
  const std::string both = set_of(first.jwk("a") + "," + second.jwk("b"));
  CHECK(verify(both, "b"));
  CHECK_FALSE(verify(both, "a"));
  CHECK_FALSE(verify(both, "c"));
  CHECK(verify(both, ""));
  const std::string pem = first.public_pem() + second.public_pem();
  CHECK(verify(pem, ""));
  CHECK(verify(pem, "anything"));
  CHECK_FALSE(verify(first.public_pem(), ""));
}

TEST_CASE("of a JWK set, what is no RSA key for signatures is left out") {
  const std::string others =
      R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"oct","k":"AAAA","alg":"HS256"},)" +
      jwk(kModulus, R"(,"use":"enc")") + "," + jwk(kModulus, R"(,"alg":"PS256")");
  CHECK(wrong({}, set_of(others)) == "there is no RSA key for signatures by RS256 in the JWK set");
  const auto keys = Keys::parse({}, set_of(others + "," + jwk(kModulus))).value();
  CHECK_FALSE(keys.empty());
}

TEST_CASE("keys that are too weak, or are none, are refused with the reason") {
  CHECK(Keys::parse({}, " \n").value().empty());
  const std::string short_key = jwk("oQ");
  const auto [shared, published, message] =
      GENERATE_COPY(table<std::string, std::string, std::string>({
          {"short", "", "the shared secret has 5 bytes; HS256 needs 32 at least"},
          {"", "letters",
           "neither PEM (\"-----BEGIN PUBLIC KEY-----\") nor a JWK set ({\"keys\": […]})"},
          {"", "{}", "a JWK set has its keys in an array \"keys\""},
          {"", R"({"keys":[7]})", "key 1 of the JWK set is no object"},
          {"", set_of(R"({"kty":"RSA","n":"AB+/","e":"AQAB"})"),
           "key 1 of the JWK set: \"n\" and \"e\" of an RSA key must be base64url"},
          {"", set_of(R"({"kty":"RSA","n":"oQ","e":"Ag"})"),
           "key 1 of the JWK set: \"e\" is the exponent of no RSA key"},
          {"", set_of(short_key),
           "key 1 of the JWK set: an RSA key has 8 bits; between 2048 and 8192 are taken"},
          {"",
           "-----BEGIN PRIVATE"
           " KEY-----\nAA==\n-----END PRIVATE"
           " KEY-----\n",
           "this is a private key, which only who signs may have: give its public half "
           "(openssl pkey -pubout)"},
      }));
  CAPTURE(published);
  CHECK(wrong(Secret(shared), published) == message);
}
