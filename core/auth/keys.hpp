#pragma once
// Keys that signatures of tokens are checked with. Hides OpenSSL (keys.cpp). A value, fixed once it
// is parsed; copies share the keys.
//
// A key belongs to one algorithm, so no token can choose what its key is used for: the text of a
// public key never is the secret of an HMAC, and there is no "none".
//
//   HS256   a shared secret of 32 bytes at least (RFC 7518 §3.2)
//   RS256   public keys of 2048 to 8192 bits: PEM ("BEGIN PUBLIC KEY", several one after another),
//           or a JWK set (RFC 7517). Of a set, the RSA keys for signatures count; those of other
//           kinds and uses are left out, as the RFC asks.

#include <memory>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"

namespace exai::auth {

enum class Algorithm { hs256, rs256 };

struct Signature {
  Algorithm algorithm = Algorithm::hs256;
  std::string_view key_id;  // as the token says; empty: it does not
  std::string_view text;    // that was signed
  std::string_view bytes;
};

class Keys {
 public:
  Keys();  // none
  // Either may be empty. Errors: invalid, saying which and why; never with any of their text.
  static Result<Keys> parse(const Secret& shared, std::string_view published);

  bool empty() const;
  // Whether one of the keys made it: the one of that id if there is one, else any without an id.
  // Takes the same time wherever a signature goes wrong.
  bool verify(const Signature& signature) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace exai::auth
