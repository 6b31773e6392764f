// WebSocket over real sockets, with frames made by hand.
#include <catch2/catch.hpp>

#include "tests/integration/net_client.hpp"
#include "tests/integration/net_fixture.hpp"
#include "tests/integration/net_handler.hpp"

using namespace exai;
using namespace exai::test;

TEST_CASE("a WebSocket echoes text of every size, also in fragments") {
  RunningServer server(limits(200'000), test_handler);
  WebSocketClient client(server.port());
  CHECK(client.upgrade().headers.at("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(client.upgrade().headers.at("sec-websocket-protocol") == "mcp");
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 200'000U}) {
    const std::string text(size, 'x');
    client.text(text);
    CHECK(client.message() == text);
  }
  client.frame(0x01, "in ");
  client.frame(0x89, "between");  // a ping may stand between fragments
  client.frame(0x80, "two");
  const Frame pong = client.next();
  CHECK(pong.opcode == 10);
  CHECK(pong.payload == "between");
  CHECK(client.message() == "in two");
}

TEST_CASE("what a WebSocket may not send closes it with the right code") {
  RunningServer server(limits(1000), test_handler);
  const auto [code, first_byte, payload] = GENERATE(table<int, int, std::string>({
      {1003, 0x82, "binary"},
      {1009, 0x81, std::string(1001, 'x')},
      {1007, 0x81, "\xff\xfe"},
      {1002, 0x83, "a reserved opcode"},
      {1000, 0x88, std::string("\x03\xe8", 2)},  // its own close is echoed
  }));
  CAPTURE(code);
  WebSocketClient client(server.port());
  client.frame(first_byte, payload);
  const Frame close = client.next();
  CHECK(close.opcode == 8);
  CHECK(close.close_code() == code);
}

TEST_CASE("a WebSocket that reads too slowly is closed with 1013") {
  RunningServer server(limits(100'000), test_handler);
  WebSocketClient client(server.port(), "mcp", "/ws", 4096);
  client.text("flood");  // 10 MB into an outbox of 100 kB
  std::size_t messages = 0;
  Frame frame = client.next();
  for (; frame.opcode == 1; frame = client.next()) ++messages;
  CHECK(frame.opcode == 8);
  CHECK(frame.close_code() == 1013);
  CHECK(messages < 1000);
}

TEST_CASE("a WebSocket that does not read at all is cut") {
  RunningServer server(limits(100'000), test_handler);
  WebSocketClient client(server.port(), "mcp", "/ws", 4096);
  std::size_t flooded = 0;
  while (flooded < 50 && client.try_text("flood")) ++flooded;
  CHECK(wait_until([&] { return server.connections() == 0; }, 20s));
}

TEST_CASE("a silent WebSocket is pinged, and given up when it does not answer") {
  auto options = limits();
  options.websocket_ping = 200ms;
  options.websocket_pong = 100ms;
  RunningServer server(options, test_handler);
  WebSocketClient client(server.port());
  CHECK(client.next().opcode == 9);
  CHECK(client.connection().is_closed());
}

TEST_CASE("a refused upgrade is an ordinary answer") {
  RunningServer server(limits(), test_handler);
  Connection client(server.port());
  const Answer answer = client.request("GET", "/elsewhere", upgrade_headers("mcp"));
  CHECK(answer.status == 400);
  CHECK(answer.body == "not here");
}
