#pragma once
// Who comes in, by what they show. One for all transports. What is set decides:
//
//   token   keys   shows                     comes in
//   –       –      whatever                  yes
//   set     –      the token                 yes
//                  anything else             unauthorized
//   any     set    a JWT that is good        yes, with the scopes in it, until it expires
//                  the token, this machine   yes: exai mcp, and the checks of readiness
//                  else, before grace_until  as if there were no keys (and the log says who)
//                  the token                 jwt_required
//                  anything else             unauthorized, or jwt_required without a token set
//
// "This machine" is the address that the request came from, or that a proxy here says it came from:
// a proxy that does not (X-Forwarded-For) makes all its clients into this machine.
//
// A token that is shown beside a JWT (the EXAI protocol's hello has room for both) must be right,
// too. There may be two tokens: `token`, and the one before a rotation, until it is taken away.
//
// A rotation ends nobody: what is open has shown a token that was good then, goes on, and its calls
// with it. Each new connection, and over HTTP each request, must show one that is good now.
//
// The end of a JWT, and that of the grace period for those who came in by it, ends what is open
// (Caller::until):
//
//   WebSockets            are closed, 1008 or in the EXAI protocol 4003; their calls end, too
//   streams of a session  end; their calls go on, and who comes back with a new JWT has the rest
//   requests without one  end with an error that says so; subscriptions with their result
//
// Thread: loop. Lifetime: the clock outlives it.

#include <functional>
#include <optional>
#include <string>

#include "core/auth/jwt.hpp"
#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "core/base/secret.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

struct GateOptions {
  Secret token;           // empty: none
  Secret previous_token;  // still good, too
  auth::Keys keys;        // none: no JWTs
  auth::JwtRules jwt;
  std::optional<WallTime> grace_until;
};

class Gate {
 public:
  struct Shown {  // what is not shown is empty
    Secret token;
    Secret jwt;
    std::string peer;
  };
  struct Denial {
    enum class Why { unauthorized, jwt_required };
    Why why = Why::unauthorized;
    bool showed_something = false;
    std::string message;  // for its client; has nothing of what it showed
  };

  Gate(Clock& clock, Log log, GateOptions options);

  tl::expected<Caller, Denial> admit(const Shown& shown);
  // Hears of each denial: "nothing" was shown, a "wrong" token or JWT, or no JWT ("jwt_required").
  void on_denial(std::function<void(std::string_view why)> listener) {
    listener_ = std::move(listener);
  }
  // The token from now on, and the only one; for this process alone. Errors: denied (`old` is not
  // the token, or there is none), invalid (`fresh` is too short).
  Result<> rotate(const Secret& old, const Secret& fresh);
  // Files say something new: `now` in the place of `before`. Tokens that are the same in both stay
  // what they are: rotate() may have changed them since.
  void renew(const GateOptions& before, GateOptions now);

 private:
  bool is_token(const Secret& shown) const;
  tl::expected<Caller, Denial> decide(const Shown& shown);
  tl::expected<Caller, Denial> admit_by_token(const Shown& shown) const;
  bool is_here_with_token(const Shown& shown) const;
  void tell_of_grace(const Shown& shown, const std::string& why);

  Clock& clock_;
  Log log_;
  GateOptions options_;
  Time told_ = Time::min();
  std::function<void(std::string_view)> listener_;
};

// What an HTTP request shows: its bearer token is either.
Gate::Shown shown_by(const Request& request);

// Whether the caller may do what asks for that scope; one that comes without scopes may. "change"
// is more than "read".
bool may(const Caller& caller, std::string_view scope);
// As authorization servers know it: "exai:read". The empty one has no name.
std::string scope_name(std::string_view scope);

}  // namespace exai::net
