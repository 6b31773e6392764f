#include "core/auth/jwt.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/base64.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace exai::auth {

namespace {

constexpr std::size_t kLongest = 8U << 10U;
constexpr JsonLimits kLimits{kLongest, 16};
constexpr double kLatest = 253402300799;  // the end of the year 9999

struct Parts {
  std::string_view signed_text;  // header.claims
  std::string header;
  std::string claims;
  std::string signature;
};

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(Errc::denied, "the token is malformed: {}", what);
}

Result<Parts> take_apart(std::string_view token) {
  if (token.size() > kLongest) return malformed("it is longer than 8 KiB");
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (!looks_like_jwt(token)) return malformed("it has not three parts");
  auto header = from_base64url(token.substr(0, first));
  auto claims = from_base64url(token.substr(first + 1, last - first - 1));
  auto signature = from_base64url(token.substr(last + 1));
  if (!header || !claims || !signature) return malformed("its parts are not base64url");
  return Parts{token.substr(0, last), *std::move(header), *std::move(claims),
               *std::move(signature)};
}

// Which key and algorithm the header asks for.
Result<Signature> read_header(const json::object& header, std::string& key_id) {
  if (header.contains("crit")) return malformed("its header has extensions (\"crit\")");
  if (const json::value* type = find(header, "typ")) {
    const std::string name = to_lower(type->is_string() ? type->get_string() : "?");
    if (name != "jwt" && name != "at+jwt" && name != "application/at+jwt")
      return malformed("\"typ\" says that it is something else");
  }
  key_id = find_string(header, "kid").value_or("");
  const auto algorithm = find_string(header, "alg");
  if (algorithm == "HS256") return Signature{Algorithm::hs256, key_id, {}, {}};
  if (algorithm == "RS256") return Signature{Algorithm::rs256, key_id, {}, {}};
  return fail(Errc::denied,
              "the token is signed by an algorithm that is not taken: HS256 and RS256 are");
}

// A NumericDate; none: it is absent.
Result<std::optional<WallTime>> time_in(const json::object& claims, std::string_view name) {
  const json::value* given = find(claims, name);
  if (!given) return std::nullopt;
  const auto seconds = find_number(claims, name);
  if (!seconds || !std::isfinite(*seconds) || *seconds < 0 || *seconds > kLatest)
    return malformed("exp, nbf and iat must be times in seconds");
  const Duration since_1970(static_cast<std::int64_t>(*seconds * 1000));
  return nearest_wall_time(std::chrono::sys_time<Duration>(since_1970));
}

Result<WallTime> check_times(const json::object& claims, Duration leeway, WallTime now) {
  TRY(expires, time_in(claims, "exp"));
  TRY(begins, time_in(claims, "nbf"));
  TRY(issued, time_in(claims, "iat"));
  if (!expires) return fail(Errc::denied, "the token does not say when it expires (exp)");
  if (now >= *expires + leeway) return fail(Errc::denied, "the token has expired");
  if (!issued) return fail(Errc::denied, "the token does not say when it was issued (iat)");
  if (*issued > now + leeway) return fail(Errc::denied, "the token was issued in the future");
  if (begins && *begins > now + leeway) return fail(Errc::denied, "the token is not valid yet");
  return *expires;
}

// Both are one text or a list of them, but for iss.
Result<std::vector<std::string>> texts_in(const json::object& claims, std::string_view name) {
  std::vector<std::string> texts;
  const json::value* given = find(claims, name);
  if (!given) return texts;
  if (const auto* text = given->if_string()) return std::vector{std::string(*text)};
  const json::array* list = given->if_array();
  if (!list) return malformed("aud must be a text or a list of texts");
  for (const json::value& each : *list) {
    if (!each.is_string()) return malformed("aud must be a text or a list of texts");
    texts.emplace_back(each.get_string());
  }
  return texts;
}

std::vector<std::string> scopes_in(const json::object& claims) {
  std::vector<std::string> scopes;
  const auto add = [&](std::string_view text) {
    for (std::string& each : split(text, ' '))
      if (!each.empty()) scopes.push_back(std::move(each));
  };
  for (const char* name : {"scope", "scp"}) {
    if (const auto text = find_string(claims, name)) add(*text);
    if (const json::array* list = find_array(claims, name))
      for (const json::value& each : *list)
        if (each.is_string()) add(each.get_string());
  }
  return scopes;
}

Result<Claims> check_claims(const json::object& given, const JwtRules& rules, WallTime now) {
  if (given.contains("iss") && !find_string(given, "iss")) return malformed("iss must be a text");
  TRY(audiences, texts_in(given, "aud"));
  TRY(expires, check_times(given, rules.leeway, now));
  Claims claims;
  claims.issuer = find_string(given, "iss").value_or("");
  claims.subject = find_string(given, "sub").value_or("");
  claims.scopes = scopes_in(given);
  claims.expires = expires;
  if (!rules.issuers.empty() && std::ranges::count(rules.issuers, claims.issuer) == 0)
    return fail(Errc::denied, "the token is of an issuer that is not trusted here");
  if (!rules.audience.empty() && std::ranges::count(audiences, rules.audience) == 0)
    return fail(Errc::denied, "the token is for another audience");
  return claims;
}

}  // namespace

bool looks_like_jwt(std::string_view text) {
  return std::ranges::count(text, '.') == 2;
}

Result<Claims> verify_jwt(std::string_view token, const Keys& keys, const JwtRules& rules,
                          WallTime now) {
  TRY(parts, take_apart(token));
  const auto header = parse_json_object(parts.header, kLimits);
  if (!header) return malformed("its header is no JSON object");
  std::string key_id;
  TRY(signature, read_header(*header, key_id));
  signature.text = parts.signed_text;
  signature.bytes = parts.signature;
  if (!keys.verify(signature))
    return fail(Errc::denied, "the token's signature is wrong, or of a key that is not known here");
  const auto claims = parse_json_object(parts.claims, kLimits);
  if (!claims) return malformed("its claims are no JSON object");
  return check_claims(*claims, rules, now);
}

}  // namespace exai::auth
