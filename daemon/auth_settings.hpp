#pragma once
// The options of authentication, and what the transports make of them. A value.

#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "core/config/diagnostics.hpp"
#include "daemon/net/gate.hpp"
#include "daemon/net/oauth.hpp"

namespace exai {

struct AuthSettings {
  Secret token;
  Secret previous_token;
  Secret jwt_secret;
  std::string jwt_public_keys;
  std::vector<std::string> jwt_issuers;
  std::string jwt_audience;
  Duration jwt_leeway{};
  std::string jwt_grace_until;
  std::string oauth_resource;
  std::vector<std::string> oauth_servers;

  bool is_open() const;  // everybody comes in
  friend bool operator==(const AuthSettings&, const AuthSettings&) = default;
};

// Whether `next` may take the place of `now` while clients are served: an empty file must not take
// away what they are asked for. Errors: invalid, saying what is gone.
Result<> may_follow(const AuthSettings& now, const AuthSettings& next);

// What is wrong with them; nothing: the two below give what they say.
config::Diagnostics check(const AuthSettings& settings);

net::GateOptions gate_options(const AuthSettings& settings);
net::OAuthOptions oauth_options(const AuthSettings& settings);

}  // namespace exai
