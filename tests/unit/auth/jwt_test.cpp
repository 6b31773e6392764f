#include "core/auth/jwt.hpp"

#include "core/base/text.hpp"
#include "tests/support/tokens.hpp"

using namespace exai;
using namespace exai::auth;
using exai::test::hs256;

namespace {

constexpr std::string_view kSecret = "a secret of tests, 32 bytes long";
constexpr std::string_view kHeader = R"({"alg":"HS256"})";

WallTime at(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

const Keys& shared() {
  static const Keys keys = Keys::parse(Secret(std::string(kSecret)), "").value();
  return keys;
}

// At second 1000, with a leeway of 30 s, from the issuer "us" for "here".
std::string verdict(std::string_view token, const Keys& keys = shared()) {
  const JwtRules rules{{"us", "them"}, "here", 30s};
  const auto claims = verify_jwt(token, keys, rules, at(1000));
  return claims ? "good" : claims.error().message();
}

std::string claiming(std::string_view claims) {
  return verdict(hs256(kSecret, claims));
}

std::string with_header(std::string_view header) {
  return verdict(hs256(kSecret, header, R"({"iss":"us","aud":"here","iat":900,"exp":1100})"));
}

}  // namespace

TEST_CASE("what a token says of its bearer") {
  const auto claims = verify_jwt(
      hs256(kSecret, R"({"iss":"us","sub":"ann","iat":1,"exp":2000.5,"scope":"a  b","scp":["c"]})"),
      shared(), {}, at(1000));
  REQUIRE(claims);
  CHECK(claims->issuer == "us");
  CHECK(claims->subject == "ann");
  CHECK(claims->scopes == std::vector<std::string>{"a", "b", "c"});
  CHECK(claims->expires == at(2000) + 500ms);
}

TEST_CASE("times have a leeway, and each of the others must be right") {
  const auto [claims, expected] = GENERATE(table<std::string, std::string>({
      {R"({"iss":"us","aud":"here","iat":900,"exp":1100})", "good"},
      {R"({"iss":"them","aud":["there","here"],"iat":1030,"nbf":1030,"exp":971})", "good"},
      {R"({"iss":"us","aud":"here","iat":900,"exp":970})", "the token has expired"},
      {R"({"iss":"us","aud":"here","iat":900,"exp":-1})",
       "the token is malformed: exp, nbf and iat must be times in seconds"},
      {R"({"iss":"us","aud":"here","iat":900,"exp":1e300})",
       "the token is malformed: exp, nbf and iat must be times in seconds"},
      {R"({"iss":"us","aud":"here","iat":900,"exp":"1100"})",
       "the token is malformed: exp, nbf and iat must be times in seconds"},
      {R"({"iss":"us","aud":"here","iat":900})", "the token does not say when it expires (exp)"},
      {R"({"iss":"us","aud":"here","exp":1100})",
       "the token does not say when it was issued (iat)"},
      {R"({"iss":"us","aud":"here","iat":1031,"exp":1100})", "the token was issued in the future"},
      {R"({"iss":"us","aud":"here","iat":900,"nbf":1031,"exp":1100})",
       "the token is not valid yet"},
      {R"({"iss":"US","aud":"here","iat":900,"exp":1100})",
       "the token is of an issuer that is not trusted here"},
      {R"({"aud":"here","iat":900,"exp":1100})",
       "the token is of an issuer that is not trusted here"},
      {R"({"iss":["us"],"aud":"here","iat":900,"exp":1100})",
       "the token is malformed: iss must be a text"},
      {R"({"iss":"us","aud":"her","iat":900,"exp":1100})", "the token is for another audience"},
      {R"({"iss":"us","aud":[],"iat":900,"exp":1100})", "the token is for another audience"},
      {R"({"iss":"us","iat":900,"exp":1100})", "the token is for another audience"},
      {R"({"iss":"us","aud":[1],"iat":900,"exp":1100})",
       "the token is malformed: aud must be a text or a list of texts"},
      {R"([])", "the token is malformed: its claims are no JSON object"},
      {R"({"iss":)", "the token is malformed: its claims are no JSON object"},
  }));
  CAPTURE(claims);
  CHECK(claiming(claims) == expected);
}

TEST_CASE("headers: no \"none\", no algorithm but the two, nothing critical") {
  const std::string other =
      "the token is signed by an algorithm that is not taken: HS256 and RS256 are";
  const std::string signature =
      "the token's signature is wrong, or of a key that is not known here";
  const auto [header, expected] = GENERATE_COPY(table<std::string, std::string>({
      {R"({"alg":"HS256","typ":"JWT"})", "good"},
      {R"({"alg":"HS256","typ":"at+JWT","kid":"x"})", "good"},
      {R"({"alg":"none"})", other},
      {R"({"alg":"None"})", other},
      {R"({"alg":"hs256"})", other},
      {R"({"alg":"HS512"})", other},
      {R"({"alg":""})", other},
      {R"({"alg":["HS256"]})", other},
      {R"({})", other},
      {R"({"alg":"RS256"})", signature},
      {R"({"alg":"HS256","typ":"secevent+jwt"})",
       "the token is malformed: \"typ\" says that it is something else"},
      {R"({"alg":"HS256","typ":7})",
       "the token is malformed: \"typ\" says that it is something else"},
      {R"({"alg":"HS256","crit":["b64"],"b64":false})",
       "the token is malformed: its header has extensions (\"crit\")"},
      {R"("HS256")", "the token is malformed: its header is no JSON object"},
  }));
  CAPTURE(header);
  CHECK(with_header(header) == expected);
}

TEST_CASE("a public key is no secret: signing by HS256 with its text does not pass as RS256") {
  const test::TokenMaker maker;
  const Keys keys = Keys::parse({}, maker.public_pem()).value();
  const std::string claims = R"({"iss":"us","aud":"here","iat":900,"exp":1100})";
  CHECK(verdict(maker.rs256(claims), keys) == "good");
  const std::string wrong = "the token's signature is wrong, or of a key that is not known here";
  CHECK(verdict(hs256(maker.public_pem(), claims), keys) == wrong);
  CHECK(verdict(hs256(maker.public_pem(), R"({"alg":"RS256"})", claims), keys) == wrong);
  // and the other way round, with both kinds of keys
  const Keys both = Keys::parse(Secret(std::string(kSecret)), maker.public_pem()).value();
  CHECK(verdict(maker.rs256(R"({"alg":"HS256"})", claims), both) == wrong);
  CHECK(verdict(hs256(kSecret, claims), both) == "good");
  CHECK(verdict(maker.rs256(claims), both) == "good");
}

TEST_CASE("no byte of a token can be changed, left out or added") {
  const std::string token =
      hs256(kSecret, kHeader, R"({"iss":"us","aud":"here","iat":1,"exp":1100})");
  REQUIRE(verdict(token) == "good");
  int taken = 0;
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = token;
      other[i] = static_cast<char>(byte);
      taken += other != token && verdict(other) == "good";
    }
    std::string shorter = token;
    shorter.erase(i, 1);
    taken += verdict(shorter) == "good";
    for (const char* more : {"A", "=", ".", "-", " ", "\n"}) {
      std::string longer = token;
      taken += verdict(longer.insert(i, more)) == "good" || verdict(token + more) == "good";
    }
  }
  CHECK(taken == 0);
}

TEST_CASE("texts that are no token") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"", "the token is malformed: it has not three parts"},
      {"a.b", "the token is malformed: it has not three parts"},
      {"a.b.c.d", "the token is malformed: it has not three parts"},
      {"..", "the token is malformed: its header is no JSON object"},
      {"e30=.e30.e30", "the token is malformed: its parts are not base64url"},
      {"e30.e3+.e30", "the token is malformed: its parts are not base64url"},
      {"e31.e30.e30", "the token is malformed: its parts are not base64url"},
      {std::string(9000, 'A') + "..", "the token is malformed: it is longer than 8 KiB"},
  }));
  CAPTURE(text);
  CHECK(verdict(text) == expected);
}
