#include "daemon/net/gate.hpp"

#include "tests/support/tokens.hpp"

using namespace exai;
using namespace exai::net;
using exai::test::hs256;

namespace {

constexpr std::string_view kSecret = "a secret of tests, 32 bytes long";
const std::string kToken = "0123456789abcdef";

GateOptions with_keys() {
  GateOptions options;
  options.keys = auth::Keys::parse(Secret(std::string(kSecret)), "").value();
  options.jwt.leeway = 0ms;
  return options;
}

GateOptions with_token(GateOptions options = {}) {
  options.token = Secret(kToken);
  return options;
}

// Good from second 0 to second 100.
std::string jwt(std::string_view more = "") {
  return hs256(kSecret, fmt::format(R"({{"iss":"us","sub":"ann","iat":0,"exp":100{}}})", more));
}

struct World {
  explicit World(GateOptions options) : gate(clock, Log(), std::move(options)) {}

  // "in", or why not.
  std::string over_http(const std::string& authorization, const std::string& peer = "10.0.0.1") {
    Request request;
    request.peer = peer;
    if (!authorization.empty()) request.headers["authorization"] = authorization;
    return verdict(gate.admit(shown_by(request)));
  }
  std::string hello(const std::string& token, const std::string& jwt_text,
                    const std::string& peer = "10.0.0.1") {
    return verdict(gate.admit({Secret(token), Secret(jwt_text), peer}));
  }
  static std::string verdict(const tl::expected<Caller, Gate::Denial>& caller) {
    if (caller) return "in";
    return caller.error().why == Gate::Denial::Why::jwt_required ? "jwt" : "no";
  }

  Loop loop;
  FakeClock clock{loop};
  Gate gate;
};

}  // namespace

TEST_CASE("the token, once set, must be shown") {
  World world(with_token());
  const auto [authorization, expected] = GENERATE(table<std::string, std::string>({
      {"Bearer 0123456789abcdef", "in"},
      {"bearer  0123456789abcdef ", "in"},
      {"Bearer 0123456789abcdeF", "no"},
      {"Bearer 0123456789abcde", "no"},
      {"Bearer", "no"},
      {"Basic 0123456789abcdef", "no"},
      {"0123456789abcdef", "no"},
      {"", "no"},
  }));
  CAPTURE(authorization);
  CHECK(world.over_http(authorization) == expected);
  CHECK(World({}).over_http(authorization) == "in");
}

TEST_CASE("who comes in by a JWT: the table of gate.hpp") {
  struct Shows {
    std::string what;
    std::string authorization;
    std::string peer;
  };
  const std::string good = "Bearer " + jwt();
  const std::string bad = "Bearer " + hs256("another secret that is long enough", "{}");
  const std::string token = "Bearer " + kToken;
  // keys: alone, in grace, with a token, with a token in grace
  const auto [what, authorization, peer, alone, grace, token_too, both] =
      GENERATE_COPY(table<std::string, std::string, std::string, std::string, std::string,
                          std::string, std::string>({
          {"a good one", good, "10.0.0.1", "in", "in", "in", "in"},
          {"a bad one", bad, "10.0.0.1", "jwt", "in", "no", "no"},
          {"nothing", "", "10.0.0.1", "jwt", "in", "no", "no"},
          {"the token", token, "10.0.0.1", "jwt", "in", "jwt", "in"},
          {"the token, here", token, "127.0.0.1", "jwt", "in", "in", "in"},
          {"the token, here", token, "::1", "jwt", "in", "in", "in"},
          {"nothing, here", "", "127.0.0.1", "jwt", "in", "no", "no"},
      }));
  CAPTURE(what, peer);
  GateOptions in_grace = with_keys();
  in_grace.grace_until = WallTime(1s);
  CHECK(World(with_keys()).over_http(authorization, peer) == alone);
  CHECK(World(in_grace).over_http(authorization, peer) == grace);
  CHECK(World(with_token(with_keys())).over_http(authorization, peer) == token_too);
  CHECK(World(with_token(in_grace)).over_http(authorization, peer) == both);
}

TEST_CASE("the grace period ends on its day, however often the program was started") {
  GateOptions options = with_keys();
  options.grace_until = WallTime(60s);
  World world(options);
  CHECK(world.over_http("") == "in");
  world.clock.advance(59999ms);
  CHECK(world.over_http("") == "in");
  world.clock.advance(1ms);
  CHECK(world.over_http("") == "jwt");
  Gate started_again(world.clock, Log(), options);
  CHECK(World::verdict(started_again.admit({})) == "jwt");
}

TEST_CASE("a hello may show both; then both must be right") {
  World world(with_token(with_keys()));
  const auto [token, jwt_text, expected] = GENERATE(table<std::string, std::string, std::string>({
      {kToken, jwt(), "in"},
      {"", jwt(), "in"},
      {"a wrong one, long enough", jwt(), "no"},
      {kToken, "", "jwt"},
      {kToken, "a.b.c", "jwt"},
      {"", "a.b.c", "no"},
  }));
  CAPTURE(token, jwt_text);
  CHECK(world.hello(token, jwt_text) == expected);
}

TEST_CASE("a JWT says who comes, what for, and until when") {
  World world(with_keys());
  const auto caller = world.gate.admit({{}, Secret(jwt(R"(,"scope":"exai:read other")")), ""});
  REQUIRE(caller);
  CHECK(*caller ==
        Caller{"us ann", std::vector<std::string>{"exai:read", "other"}, WallTime(100s)});
  CHECK(may(*caller, ""));
  CHECK(may(*caller, "read"));
  CHECK_FALSE(may(*caller, "change"));
  const auto nobody = world.gate.admit({{}, Secret(jwt()), ""}).value();
  CHECK_FALSE(may(nobody, "read"));
  CHECK(may(world.gate.admit({{}, Secret(jwt(R"(,"scope":"exai:change")")), ""}).value(), "read"));
  CHECK(may(World(with_token()).gate.admit({Secret(kToken), {}, ""}).value(), "change"));
  world.clock.advance(100s);
  CHECK(world.over_http("Bearer " + jwt()) == "jwt");
}

TEST_CASE(
    "until when somebody may stay: the JWT's end, or the grace period's if that lets him in") {
  const std::string good = "Bearer " + jwt();
  const std::string token = "Bearer " + kToken;
  const auto [options, authorization, peer, until] =
      GENERATE_COPY(table<std::string, std::string, std::string, int>({
          {"keys", good, "10.0.0.1", 100},
          {"keys and a long grace", good, "10.0.0.1", 200},
          {"keys and a long grace", "", "10.0.0.1", 200},
          {"keys and a short grace", good, "10.0.0.1", 100},
          {"keys and a short grace", "", "10.0.0.1", 50},
          {"all", good, "10.0.0.1", 100},
          {"all", token, "10.0.0.1", 200},
          {"all", token, "127.0.0.1", 0},
          {"token", token, "10.0.0.1", 0},
      }));
  CAPTURE(options, authorization, peer);
  GateOptions given = options == "token" ? GateOptions() : with_keys();
  if (options == "token" || options == "all") given.token = Secret(kToken);
  if (options == "all" || options == "keys and a long grace") given.grace_until = WallTime(200s);
  if (options == "keys and a short grace") given.grace_until = WallTime(50s);
  World world(std::move(given));
  Request request;
  request.peer = peer;
  if (!authorization.empty()) request.headers["authorization"] = authorization;
  const auto caller = world.gate.admit(shown_by(request));
  REQUIRE(caller);
  CHECK(caller->until == (until == 0 ? WallTime::max() : WallTime(std::chrono::seconds(until))));
}

TEST_CASE("what files say anew takes effect; a token that they did not change stays, if rotated") {
  const GateOptions before = with_token(with_keys());
  World world(before);
  const std::string fresh = "fedcba9876543210";
  const auto here = [&](const std::string& token) {
    return world.over_http("Bearer " + token, "127.0.0.1");
  };
  const auto by_other_key = [&] {
    return world.over_http("Bearer " + hs256("another secret that is long enough",
                                             R"({"iss":"us","sub":"ann","iat":0,"exp":100})"));
  };
  REQUIRE(world.gate.rotate(Secret(kToken), Secret(fresh)));
  CHECK(by_other_key() == "no");

  GateOptions other_key = before;
  other_key.keys = auth::Keys::parse(Secret("another secret that is long enough"), "").value();
  world.gate.renew(before, other_key);
  CHECK(by_other_key() == "in");
  CHECK(world.over_http("Bearer " + jwt()) == "no");
  CHECK(here(fresh) == "in");
  CHECK(here(kToken) == "no");

  GateOptions other_token = other_key;
  other_token.token = Secret("a third token, long enough");
  world.gate.renew(other_key, other_token);
  CHECK(here("a third token, long enough") == "in");
  CHECK(here(fresh) == "no");
}

TEST_CASE("two tokens are good until the one before is taken away; rotate_token takes it away") {
  GateOptions options = with_token();
  options.previous_token = Secret("the one before it");
  World world(options);
  const std::string fresh = "fedcba9876543210";
  CHECK(world.over_http("Bearer " + kToken) == "in");
  CHECK(world.over_http("Bearer the one before it") == "in");
  CHECK(world.over_http("Bearer ") == "no");
  CHECK(world.gate.rotate(Secret("the one before it"), Secret(fresh)).error().code() ==
        Errc::denied);
  CHECK(world.gate.rotate(Secret(kToken), Secret("short")).error().code() == Errc::invalid);
  CHECK(world.gate.rotate(Secret(kToken), Secret(fresh)));
  CHECK(world.over_http("Bearer " + fresh) == "in");
  CHECK(world.over_http("Bearer " + kToken) == "no");
  CHECK(world.over_http("Bearer the one before it") == "no");
  CHECK(World({}).gate.rotate({}, Secret(fresh)).error().code() == Errc::denied);
}
