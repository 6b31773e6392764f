#include "daemon/net/gate.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai::net {

namespace {

constexpr std::size_t kShortestToken = 16;
constexpr Duration kTellEvery = 60s;
constexpr std::string_view kNoToken =
    "the bearer token is missing or wrong: send \"Authorization: Bearer <token>\"";

}  // namespace

Gate::Gate(Clock& clock, Log log, GateOptions options)
    : clock_(clock), log_(std::move(log)), options_(std::move(options)) {}

bool Gate::is_token(const Secret& shown) const {
  // Both are compared, so that the time says nothing about which one it is.
  const bool now = !options_.token.empty() && shown == options_.token;
  const bool before = !options_.previous_token.empty() && shown == options_.previous_token;
  return now || before;
}

tl::expected<Caller, Gate::Denial> Gate::admit_by_token(const Shown& shown) const {
  if (options_.token.empty() || is_token(shown.token)) return Caller{};
  return tl::unexpected(
      Denial{Denial::Why::unauthorized, !shown.token.empty(), std::string(kNoToken)});
}

// exai mcp and the checks of readiness: they come in with and without a grace period.
bool Gate::is_here_with_token(const Shown& shown) const {
  return is_token(shown.token) && is_loopback(shown.peer);
}

tl::expected<Caller, Gate::Denial> Gate::admit(const Shown& shown) {
  auto caller = decide(shown);
  if (caller || !listener_) return caller;
  const Denial& denial = caller.error();
  const bool wants_jwt = denial.why == Denial::Why::jwt_required && shown.jwt.empty();
  listener_(!denial.showed_something ? "nothing" : wants_jwt ? "jwt_required" : "wrong");
  return caller;
}

tl::expected<Caller, Gate::Denial> Gate::decide(const Shown& shown) {
  if (options_.keys.empty()) return admit_by_token(shown);
  const bool is_both = !shown.token.empty() && !(shown.token == shown.jwt);
  const bool has_token = is_token(shown.token);
  if (is_both && !options_.token.empty() && !has_token) return admit_by_token(shown);

  const WallTime now = clock_.wall();
  const auto claims =
      shown.jwt.empty()
          ? fail(Errc::denied, "a JWT is missing: send \"Authorization: Bearer <JWT>\"")
          : auth::verify_jwt(shown.jwt.reveal(), options_.keys, options_.jwt, now);
  const bool in_grace = options_.grace_until && now < *options_.grace_until;
  if (claims) {
    Caller caller{claims->issuer + " " + claims->subject, claims->scopes,
                  claims->expires + options_.jwt.leeway};
    if (in_grace && admit_by_token(shown))
      caller.until = std::max(caller.until, *options_.grace_until);
    return caller;
  }
  if (is_here_with_token(shown)) return Caller{};
  if (in_grace) {
    auto caller = admit_by_token(shown);
    if (!caller) return caller;
    caller->until = *options_.grace_until;
    tell_of_grace(shown, claims.error().message());
    return caller;
  }
  const bool lacks_token = !options_.token.empty() && !has_token;
  return tl::unexpected(Denial{lacks_token ? Denial::Why::unauthorized : Denial::Why::jwt_required,
                               !shown.token.empty() || !shown.jwt.empty(),
                               claims.error().message()});
}

void Gate::tell_of_grace(const Shown& shown, const std::string& why) {
  if (told_ != Time::min() && clock_.now() - told_ < kTellEvery) return;
  told_ = clock_.now();
  log_.warn("a client came in without a good JWT; after JWT_GRACE_UNTIL it will not",
            {{"peer", shown.peer}, {"why", why}, {"until", format_utc(*options_.grace_until)}});
}

Result<> Gate::rotate(const Secret& old, const Secret& fresh) {
  if (options_.token.empty())
    return fail(Errc::denied, "this server has no token (EXAI_WS_TOKEN): there is none to rotate");
  if (!(old == options_.token)) return fail(Errc::denied, "\"old\" is not the token");
  if (fresh.reveal().size() < kShortestToken)
    return fail(Errc::invalid, "\"new\" must have {} characters at least", kShortestToken);
  options_.token = fresh;
  options_.previous_token = {};
  log_.warn("the token was rotated: set EXAI_WS_TOKEN to the new one before the next start");
  return {};
}

void Gate::renew(const GateOptions& before, GateOptions now) {
  if (before.token == now.token && before.previous_token == now.previous_token) {
    now.token = options_.token;
    now.previous_token = options_.previous_token;
  }
  options_ = std::move(now);
}

Gate::Shown shown_by(const Request& request) {
  Gate::Shown shown;
  shown.peer = request.peer;
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view authorization = header(request.headers, "authorization");
  if (to_lower(authorization.substr(0, kScheme.size())) != kScheme) return shown;
  shown.token = Secret(std::string(trim(authorization.substr(kScheme.size()))));
  if (auth::looks_like_jwt(shown.token.reveal())) shown.jwt = shown.token;
  return shown;
}

std::string scope_name(std::string_view scope) {
  return scope.empty() ? "" : fmt::format("exai:{}", scope);
}

bool may(const Caller& caller, std::string_view scope) {
  if (scope.empty() || !caller.scopes) return true;
  const auto has = [&](std::string_view name) {
    return std::ranges::count(*caller.scopes, name) > 0;
  };
  return has(scope_name(scope)) || (scope == "read" && has(scope_name("change")));
}

}  // namespace exai::net
