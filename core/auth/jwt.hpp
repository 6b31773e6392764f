#pragma once
// JSON Web Tokens (RFC 7519) in the compact form of JWS (RFC 7515), read by who is asked for
// something. Pure: keys and the time are arguments. First match decides:
//
//   longer than 8 KiB, not three parts of canonical base64url, header no JSON object   malformed
//   "typ" is neither JWT nor at+jwt, or there is a "crit"                              malformed
//   "alg" is neither HS256 nor RS256: "none", say                                      algorithm
//   no key of that algorithm made the signature                                        signature
//   claims that are no JSON object, or exp, nbf, iat, iss, aud of a wrong type         malformed
//   exp is missing, or has passed                                                      expired
//   iat is missing or lies ahead, or nbf lies ahead                                    too early
//   iss is not one of the issuers                                                      issuer
//   the audience is not among aud                                                      audience
//
// Times have a leeway, for clocks that differ. What a token says is looked at only after its
// signature was found good, and no message repeats any of it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/keys.hpp"
#include "core/base/time.hpp"

namespace exai::auth {

struct JwtRules {
  std::vector<std::string> issuers;  // one of them; none: whoever
  std::string audience;              // empty: for whomever
  Duration leeway = 30s;
};

struct Claims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> scopes;  // of "scope" (RFC 9068) or "scp"
  WallTime expires;                 // the leeway not counted
};

// Errors: denied, with a sentence that its bearer may hear.
Result<Claims> verify_jwt(std::string_view token, const Keys& keys, const JwtRules& rules,
                          WallTime now);

// Whether the text has the shape of one, so that it is worth checking: two dots.
bool looks_like_jwt(std::string_view text);

}  // namespace exai::auth
