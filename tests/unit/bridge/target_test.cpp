#include "cli/mcp/target.hpp"

#include <catch2/catch.hpp>
#include <tuple>

using namespace exai;

TEST_CASE("an endpoint's URL") {
  const auto [url, expected] = GENERATE(table<std::string, std::string>({
      {"ws://127.0.0.1:8079/ws", "ws://127.0.0.1:8079/ws"},
      {"ws://127.0.0.1:8079", "ws://127.0.0.1:8079/ws"},
      {"ws://127.0.0.1:8079/", "ws://127.0.0.1:8079/ws"},
      {"http://localhost:9/mcp", "ws://localhost:9/ws"},
      {"http://proxy.example/exai/mcp", "ws://proxy.example:80/exai/ws"},
      {"ws://[::1]:8079/ws", "ws://[::1]:8079/ws"},
      {"ws://host/other", "ws://host:80/other"},
      {"wss://host/ws", "wss://host:443/ws"},
      {"https://host:8443/mcp", "wss://host:8443/ws"},
  }));
  const auto address = cli::parse_endpoint(url);
  REQUIRE(address.has_value());
  CHECK(cli::url_of(*address) == expected);
  CHECK(address->subprotocol == "mcp");
}

TEST_CASE("what is no endpoint says what it lacks") {
  const std::string looks = "; it looks like ws://127.0.0.1:8079/ws";
  const auto [url, why] = GENERATE(table<std::string, std::string>({
      {"", "\"\" is no URL of a WebSocket"},
      {"localhost:8079", "\"localhost:8079\" is no URL of a WebSocket"},
      {"ftp://host/mcp", "\"ftp://host/mcp\" is no URL of a WebSocket"},
      {"ws://host:99999/ws", "\"ws://host:99999/ws\" has no valid port"},
      {"ws://host:/ws", "\"ws://host:/ws\" has no valid port"},
      {"ws://:80/ws", "\"ws://:80/ws\" names no host"},
      {"ws://[::1:80/ws", "\"ws://[::1:80/ws\" has a bracket without its end"},
      {"ws://me:word@host/ws",
       "\"ws://me:word@host/ws\" has a name or password in it; the token is EXAI_WS_TOKEN"},
  }));
  const auto address = cli::parse_endpoint(url);
  REQUIRE_FALSE(address.has_value());
  CHECK(address.error().code() == Errc::invalid);
  CHECK(address.error().message() == why + looks);
}
