// Any text is a JWT or is refused with a reason; only the one that was signed with the key is good,
// and whatever is inside of a good one is read. Any text is keys, or is refused.
//
//   first byte   then
//   odd          a token, as it came over the wire
//   even         header, a newline, claims: to be signed with the right key
#include <cstdint>
#include <cstdlib>

#include "core/auth/jwt.hpp"
#include "tests/support/tokens.hpp"

using namespace exai;
using namespace exai::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kSecret = "a secret of tests, 32 bytes long";
  static const Keys keys = Keys::parse(Secret(std::string(kSecret)), "").value();
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const WallTime now{std::chrono::seconds(1000)};
  if (data[0] % 2 == 1) {
    const auto claims = verify_jwt(text, keys, {}, now);
    if (!claims && claims.error().message().empty()) std::abort();
    if (claims && !looks_like_jwt(text)) std::abort();
    (void)Keys::parse({}, text).has_value();
    return 0;
  }
  const std::size_t line = text.find('\n');
  if (line == text.npos) return 0;
  const std::string token = test::hs256(kSecret, text.substr(0, line), text.substr(line + 1));
  const auto claims = verify_jwt(token, keys, {}, now);
  if (claims && claims->expires + JwtRules{}.leeway <= now) std::abort();
  const auto strict = verify_jwt(token, keys, {{"us"}, "here", 0ms}, now);
  if (strict && (!claims || claims->issuer != "us")) std::abort();
  return 0;
}
