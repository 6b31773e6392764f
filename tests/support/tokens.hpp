#pragma once
// Who makes JWTs in tests: by a shared secret, or by an RSA key of its own. Anything may be said in
// them, also what is wrong.

#include <memory>
#include <string>
#include <string_view>

namespace exai::test {

class TokenMaker {
 public:
  TokenMaker();  // a new RSA key of 2048 bits
  ~TokenMaker();
  TokenMaker(const TokenMaker&) = delete;
  TokenMaker& operator=(const TokenMaker&) = delete;

  std::string public_pem() const;
  std::string jwk(std::string_view key_id) const;  // {"kty":"RSA",…}
  std::string rs256(std::string_view header, std::string_view claims) const;
  // {"alg":"RS256","kid":…}
  std::string rs256(std::string_view claims) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

std::string hs256(std::string_view secret, std::string_view header, std::string_view claims);
std::string hs256(std::string_view secret, std::string_view claims);  // {"alg":"HS256"}

}  // namespace exai::test
