// MCP over both transports and real sockets.
#include <catch2/catch.hpp>
#include <set>

#include "core/base/text.hpp"
#include "tests/integration/mcp_fixture.hpp"

using namespace exai;
using namespace exai::test;

TEST_CASE("HTTP: a session is opened, used and ended") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  CHECK(session.id.size() == 32);
  CHECK(endpoint.count(&Counts::http_sessions) == 1);
  const Answer accepted = session.post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  CHECK(accepted.status == 202);
  CHECK(accepted.body.empty());
  const Answer called = session.post(call_of(1, "echo"));
  CHECK(called.status == 200);
  CHECK(called.headers.at("content-type") == "application/json");
  CHECK(called.body == text_result(1, "hi"));

  Connection client(endpoint.port());
  CHECK(client.request("DELETE", "/mcp", session.headers()).status == 204);
  CHECK(session.post(call_of(2, "echo")).status == 404);
  CHECK(client.request("DELETE", "/mcp", session.headers()).status == 404);
  CHECK(endpoint.count(&Counts::http_sessions) == 0);
}

TEST_CASE("HTTP: session ids differ and are visible ASCII") {
  TestEndpoint endpoint;
  const HttpSession one(endpoint.port());
  const HttpSession two(endpoint.port());
  CHECK(one.id != two.id);
  for (const char c : one.id + two.id) CHECK((c >= 0x21 && c <= 0x7e));
}

TEST_CASE("HTTP: what is wrong with a request decides its status") {
  TestEndpoint endpoint({}, 1000);
  HttpSession session(endpoint.port());
  const std::string with_session = session.headers();
  const std::string& no_session = kJson;
  const std::string modern =
      R"({"jsonrpc":"2.0","id":5,"method":"server/discover","params":{"_meta":)"
      R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
  struct Row {
    int status;
    int code;
    std::string method, path, headers, body;
  };
  const std::vector<Row> rows = {
      {400, -32600, "POST", "/mcp", no_session, kPing},
      {400, -32600, "POST", "/mcp", no_session, call_of(1, "echo")},
      {400, -32700, "POST", "/mcp", no_session, "{"},
      {400, -32602, "POST", "/mcp", no_session, modern},
      {400, -32602, "POST", "/mcp", no_session + "MCP-Protocol-Version: 2026-07-28\r\n", kPing},
      {405, -32600, "GET", "/mcp", "MCP-Protocol-Version: 2026-07-28\r\n", ""},
      {405, -32600, "DELETE", "/mcp", "MCP-Protocol-Version: 2026-07-28\r\n", ""},
      {400, -32600, "POST", "/mcp", no_session + "MCP-Protocol-Version: 1999-01-01\r\n", kPing},
      {400, -32700, "POST", "/mcp", with_session, "{"},
      {200, -32601, "POST", "/mcp", with_session,
       R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})"},
      {200, -32602, "POST", "/mcp", with_session, call_of(1, "nonsense")},
      {404, -32600, "POST", "/mcp", no_session + "Mcp-Session-Id: gone\r\n", kPing},
      {404, -32600, "POST", "/other", with_session, kPing},
      {400, -32600, "GET", "/mcp", "Accept: text/event-stream\r\n", ""},
      {404, -32600, "GET", "/mcp", "Accept: text/event-stream\r\nMcp-Session-Id: gone\r\n", ""},
      {406, -32600, "GET", "/mcp", "Accept: application/json\r\n", ""},
      {400, -32600, "GET", "/mcp", with_session + "Last-Event-ID: 1-1\r\n", ""},
      {400, -32600, "GET", "/mcp", with_session + "Last-Event-ID: nonsense\r\n", ""},
      {405, -32600, "PUT", "/mcp", with_session, ""},
      {406, -32600, "POST", "/mcp", no_session + "Accept: text/html\r\n", kPing},
      {406, -32600, "POST", "/mcp", no_session + "Accept: application/json;q=0\r\n", kPing},
      {413, 0, "POST", "/mcp", with_session, std::string(1001, ' ')},
      {415, -32600, "POST", "/mcp", "Content-Type: text/plain\r\n", kPing},
      {426, -32600, "GET", "/ws", "", ""},
      {403, -32600, "POST", "/mcp", with_session + "Origin: https://evil.example\r\n", kPing},
      {200, 0, "POST", "/mcp", with_session + "Origin: http://localhost:5173\r\n", kPing},
      {400, -32600, "DELETE", "/mcp", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.method, row.path, row.headers, row.body);
    const Answer answer =
        Connection(endpoint.port()).request(row.method, row.path, row.headers, row.body);
    CHECK(answer.status == row.status);
    CHECK(code_of(answer.body) == row.code);
    if (row.method == "PUT") CHECK(answer.headers.at("allow") == "GET, POST, DELETE");
  }
}

TEST_CASE("HTTP: a client that takes only event streams gets them") {
  TestEndpoint endpoint;
  Connection client(endpoint.port());
  const std::string only = kJson + "Accept: text/event-stream\r\n";
  const Answer opened = client.request("POST", "/mcp", only, kInitialize);
  CHECK(opened.headers.at("content-type") == "text/event-stream");
  CHECK_THAT(opened.body, Catch::StartsWith("event: message\ndata: {"));
  const std::string id = opened.headers.at("mcp-session-id");
  const Answer called =
      client.request("POST", "/mcp", only + "Mcp-Session-Id: " + id + "\r\n", call_of(1, "echo"));
  CHECK(called.body == kPriming + event("1-2", text_result(1, "hi")));
}

TEST_CASE("HTTP: a batch of the version that has them is answered by one array") {
  TestEndpoint endpoint;
  Connection client(endpoint.port());
  const Answer opened =
      client.request("POST", "/mcp", kJson, replace_all(kInitialize, "2025-11-25", "2025-03-26"));
  const std::string headers =
      kJson + "Mcp-Session-Id: " + opened.headers.at("mcp-session-id") + "\r\n";
  const Answer answer = client.request("POST", "/mcp", headers,
                                       "[" + call_of(1, "echo") + "," + call_of(2, "echo") + "]");
  CHECK(answer.body == "[" + text_result(1, "hi") + "," + text_result(2, "hi") + "]");
}

TEST_CASE("HTTP: a cancelled call stops its tool and is not answered") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  Connection client = session.start(call_of(1, "gate"), "application/json, text/event-stream");
  Connection plain = session.start(call_of(2, "gate"), "application/json");
  REQUIRE(wait_until([] { return watched.running == 2; }));
  CHECK(session.post(cancel_of(1)).status == 202);
  const Answer answer = client.answer();
  CHECK(answer.status == 200);
  CHECK(answer.headers.at("content-type") == "text/event-stream");
  CHECK(answer.body.empty());
  CHECK(session.post(cancel_of(2)).status == 202);
  CHECK(plain.answer().status == 202);
  CHECK(watched.stopped == 2);
  CHECK(endpoint.seen("tools/call gate cancelled") == 2);
}

TEST_CASE("HTTP: a client that goes away cancels nothing") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  {
    const Connection plain = session.start(call_of(1, "gate"), "application/json");
    const Connection streamed =
        session.start(call_of(2, "gate", "", R"(,"_meta":{"progressToken":1})"));
    REQUIRE(wait_until([] { return watched.running == 2; }));
  }
  CHECK(session.post(kPing).status == 200);
  CHECK(watched.running == 2);
  watched.gate_open = true;
  CHECK(wait_until([] { return watched.running == 0; }));
  CHECK(watched.stopped == 0);
  CHECK(wait_until([&] { return endpoint.seen("tools/call gate ok") == 2; }));
}

TEST_CASE("HTTP: ending a session stops its calls") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  Connection client = session.start(call_of(1, "gate"));
  REQUIRE(wait_until([] { return watched.running == 1; }));
  CHECK(Connection(endpoint.port()).request("DELETE", "/mcp", session.headers()).status == 204);
  CHECK(client.answer().body.empty());
  CHECK(watched.stopped == 1);
}

TEST_CASE("HTTP: a session that nobody uses ends; the fullest table makes room") {
  net::McpOptions options;
  options.session_idle = 100ms;
  options.max_sessions = 2;
  TestEndpoint endpoint(std::move(options));
  HttpSession first(endpoint.port());
  const HttpSession second(endpoint.port());
  const HttpSession third(endpoint.port());
  CHECK(first.post(kPing).status == 404);
  CHECK(wait_until([&] { return endpoint.count(&Counts::http_sessions) == 0; }));
}

TEST_CASE("HTTP: 150 calls at once all run at once") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  std::vector<Connection> clients;
  for (int i = 0; i < 150; ++i)
    clients.push_back(session.start(call_of(i, "gate", std::to_string(i)), "application/json"));
  CHECK(wait_until([] { return watched.running == 150; }));
  CHECK(endpoint.count(&Counts::calls_in_flight) == 150);
  watched.gate_open = true;
  for (int i = 0; i < 150; ++i)
    CHECK(clients[static_cast<std::size_t>(i)].answer().body == text_result(i, std::to_string(i)));
  CHECK(endpoint.seen("tools/call gate ok") == 150);
}

TEST_CASE("WebSocket: a session per connection, and calls that run at once") {
  TestEndpoint endpoint;
  auto socket = open_socket(endpoint.port());
  CHECK(endpoint.count(&Counts::websocket_sessions) == 1);
  for (int i = 0; i < 150; ++i) socket.text(call_of(i, "gate", std::to_string(i)));
  CHECK(wait_until([] { return watched.running == 150; }));
  socket.text(call_of(1000, "echo"));  // overtakes them all
  CHECK(socket.message() == text_result(1000, "hi"));
  watched.gate_open = true;
  std::set<std::string> answers;
  for (int i = 0; i < 150; ++i) answers.insert(socket.message());
  for (int i = 0; i < 150; ++i) CHECK(answers.contains(text_result(i, std::to_string(i))));
}

TEST_CASE("WebSocket: progress, then the result; a cancelled call gets neither") {
  TestEndpoint endpoint;
  auto socket = open_socket(endpoint.port());
  socket.text(call_of(1, "gate", "hi", R"(,"_meta":{"progressToken":"t"})"));
  for (int step = 1; step <= 3; ++step)
    CHECK_THAT(socket.message(), Catch::Contains("notifications/progress"));
  socket.text(cancel_of(1));
  REQUIRE(wait_until([] { return watched.stopped == 1; }));
  watched.gate_open = true;
  socket.text(call_of(2, "gate"));
  CHECK(socket.message() == text_result(2, "hi"));
}

TEST_CASE("WebSocket: a disconnect stops the session's calls") {
  TestEndpoint endpoint;
  {
    auto socket = open_socket(endpoint.port());
    socket.text(call_of(1, "gate"));
    REQUIRE(wait_until([] { return watched.running == 1; }));
  }
  CHECK(wait_until([] { return watched.stopped == 1; }));
  CHECK(wait_until([&] { return endpoint.count(&Counts::websocket_sessions) == 0; }));
  CHECK(endpoint.count(&Counts::calls_in_flight) == 0);
}

TEST_CASE("WebSocket: only with the subprotocol, on its paths, and from allowed pages") {
  TestEndpoint endpoint;
  const auto upgrade = [&](std::string_view path, const std::string& headers) {
    return Connection(endpoint.port()).request("GET", path, headers);
  };
  const Answer other = upgrade("/ws", upgrade_headers("chat"));
  CHECK(other.status == 400);
  CHECK_THAT(other.body, Catch::Contains("Sec-WebSocket-Protocol: mcp"));
  CHECK(upgrade("/elsewhere", upgrade_headers("mcp")).status == 404);
  const std::string evil = "Origin: https://evil.example\r\n";
  CHECK(upgrade("/ws", upgrade_headers("mcp") + evil).status == 403);
  CHECK_NOTHROW(WebSocketClient(endpoint.port(), "chat, mcp", "/"));
}

TEST_CASE("a token guards both transports") {
  net::McpOptions options;
  options.gate.token = Secret("0123456789abcdef");
  TestEndpoint endpoint(std::move(options));
  const std::string token = "Authorization: Bearer 0123456789abcdef\r\n";
  Connection client(endpoint.port());
  CHECK(client.request("POST", "/mcp", kJson, kInitialize).status == 401);
  CHECK(client.request("POST", "/mcp", kJson + token, kInitialize).status == 200);
  CHECK(client.request("GET", "/ws", upgrade_headers("mcp")).status == 401);
  client = Connection(endpoint.port());
  client.send(http("GET", "/ws", upgrade_headers("mcp") + token));
  CHECK(client.head().status == 101);
}

TEST_CASE("a tool that fails says so in its result; one that throws is our error") {
  TestEndpoint endpoint;
  auto socket = open_socket(endpoint.port());
  socket.text(call_of(1, "fail", "no"));
  CHECK(socket.message() == replace_all(text_result(1, "no"), "}]}", R"(}],"isError":true})"));
  socket.text(call_of(2, "throw"));
  CHECK(code_of(socket.message()) == -32603);
  socket.text(call_of(3, "nonsense"));
  CHECK(code_of(socket.message()) == -32602);
  CHECK(endpoint.seen("tools/call fail tool_error") == 1);
  CHECK(endpoint.seen("tools/call throw error") == 1);
  CHECK(endpoint.seen("tools/call unknown error") == 1);
  CHECK(endpoint.seen("initialize  ok") == 1);
}

TEST_CASE("a tool that takes longer than its limit is stopped, and says which option to raise") {
  net::McpOptions options;
  options.tool_limit = 50ms;
  TestEndpoint endpoint(std::move(options));
  auto socket = open_socket(endpoint.port());
  const std::string words =
      "gate: stopped after 50ms. What to do: ask for less at once, or raise "
      "WORKFLOW_TOOL_TIMEOUT_SECS";
  socket.text(call_of(1, "gate"));
  CHECK(socket.message() == replace_all(text_result(1, words), "}]}", R"(}],"isError":true})"));
  CHECK(watched.stopped == 1);
  CHECK(endpoint.seen("tools/call gate tool_error") == 1);
  CHECK(endpoint.permits_held() == 0);
}

TEST_CASE("draining lets running calls finish, refuses new ones and new sessions") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  Connection running = session.start(call_of(1, "gate"), "application/json");
  Connection later(endpoint.port());
  auto socket = open_socket(endpoint.port());
  socket.text(call_of(1, "gate"));
  REQUIRE(wait_until([] { return watched.running == 2; }));

  endpoint.server().begin_drain(5s);
  socket.text(call_of(2, "echo"));
  CHECK(code_of(socket.message()) == -31001);
  CHECK(code_of(session.post(call_of(3, "echo")).body) == -31001);
  const Answer refused = later.request("POST", "/mcp", kJson, kInitialize);
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "5");
  CHECK(later.request("GET", "/ws", upgrade_headers("mcp")).status == 503);

  watched.gate_open = true;
  CHECK(running.answer().body == text_result(1, "hi"));
  CHECK(socket.message() == text_result(1, "hi"));
  CHECK(socket.next().close_code() == 1001);
  CHECK(watched.stopped == 0);
}

TEST_CASE("draining stops the calls that the limit leaves, and says so to their clients") {
  TestEndpoint endpoint;
  endpoint.drain_limit = 50ms;
  HttpSession session(endpoint.port());
  Connection client = session.start(call_of(1, "gate"), "application/json");
  REQUIRE(wait_until([] { return watched.running == 1; }));
  endpoint.server().begin_drain(5s);
  CHECK(code_of(client.answer().body) == -31001);
  CHECK(watched.stopped == 1);
}
