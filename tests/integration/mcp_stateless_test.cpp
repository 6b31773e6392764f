// The stateless era over real sockets.
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "tests/integration/mcp_fixture.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

std::string tool(std::string_view name, std::string_view more = "") {
  return fmt::format(R"("name":"{}","arguments":{{"message":"hi"}}{})", name, more);
}

Connection start(const TestEndpoint& endpoint, std::string_view name, std::string_view more = "") {
  Connection connection(endpoint.port());
  connection.send(http("POST", "/mcp", modern_headers("tools/call", name),
                       modern(1, "tools/call", tool(name, more))));
  return connection;
}

Answer call(const TestEndpoint& endpoint, std::string_view name, std::string_view more = "") {
  return start(endpoint, name, more).answer();
}

Connection listen(const TestEndpoint& endpoint, std::string_view filter) {
  Connection connection(endpoint.port());
  connection.send(
      http("POST", "/mcp", modern_headers("subscriptions/listen"),
           modern(9, "subscriptions/listen", fmt::format(R"("notifications":{})", filter))));
  CHECK(connection.head().headers.at("content-type") == "text/event-stream");
  return connection;
}

}  // namespace

TEST_CASE("HTTP, stateless: a request stands alone, beside those of sessions") {
  TestEndpoint endpoint;
  const Answer called = call(endpoint, "echo");
  CHECK(called.status == 200);
  CHECK(called.headers.at("content-type") == "application/json");
  CHECK_FALSE(called.headers.contains("mcp-session-id"));
  CHECK_THAT(called.body, Contains(R"("content":[{"type":"text","text":"hi"}])"));
  HttpSession session(endpoint.port());
  CHECK(session.post(call_of(1, "echo")).body == text_result(1, "hi"));
  CHECK(endpoint.count(&Counts::http_sessions) == 1);
  CHECK(endpoint.seen("tools/call echo ok") == 2);
}

TEST_CASE("HTTP, stateless: errors have their status") {
  TestEndpoint endpoint;
  const auto post = [&](const std::string& headers, const std::string& body) {
    return Connection(endpoint.port()).request("POST", "/mcp", headers, body);
  };
  struct Row {
    int status;
    int code;
    std::string headers, body;
  };
  const std::vector<Row> rows = {
      {404, -32601, modern_headers("ping"), modern(1, "ping")},
      {400, -32020, modern_headers("tools/call", "other"), modern(1, "tools/call", tool("echo"))},
      {400, -32020, modern_headers("tools/call"), modern(1, "tools/call", tool("echo"))},
      {400, -32020, kJson, modern(1, "tools/list")},  // the body alone makes it modern
      {400, -32700, modern_headers("tools/list"), "{"},
      {400, -32602, modern_headers("tools/call", "nonsense"),
       modern(1, "tools/call", tool("nonsense"))},
      {400, -32021, modern_headers("tools/call", "ask"),
       modern(1, "tools/call", tool("ask"), "{}")},
      {202, 0, modern_headers("notifications/cancelled"),
       R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.headers, row.body);
    const Answer answer = post(row.headers, row.body);
    CHECK(answer.status == row.status);
    CHECK(code_of(answer.body) == row.code);
  }
}

TEST_CASE("HTTP, stateless: a client that goes away cancels its request") {
  TestEndpoint endpoint;
  {
    const Connection plain = start(endpoint, "gate");
    const Connection streamed = start(endpoint, "gate", R"(,"x":1)");
    REQUIRE(wait_until([] { return watched.running == 2; }));
  }
  CHECK(wait_until([] { return watched.stopped == 2; }));
  CHECK(wait_until([&] { return endpoint.count(&Counts::calls_in_flight) == 0; }));
  CHECK(endpoint.seen("tools/call gate cancelled") == 2);
}

TEST_CASE("HTTP, stateless: progress comes as events without ids, before the result") {
  TestEndpoint endpoint;
  Connection client(endpoint.port());
  const std::string body = replace_all(modern(1, "tools/call", tool("gate")), R"("_meta":{)",
                                       R"("_meta":{"progressToken":"t",)");
  client.send(http("POST", "/mcp", modern_headers("tools/call", "gate"), body));
  CHECK(client.head().headers.at("content-type") == "text/event-stream");
  CHECK_THAT(client.chunk(), Catch::StartsWith("event: message\ndata: ") &&
                                 Contains(R"("progressToken":"t","progress":)"));
  watched.gate_open = true;
  CHECK_THAT(client.chunk(), Contains(R"("resultType":"complete")"));
  CHECK(client.chunk().empty());
}

TEST_CASE("HTTP, stateless: a question is the result, and its answer comes with the next request") {
  TestEndpoint endpoint;
  const Answer asked = call(endpoint, "ask");
  CHECK(asked.status == 200);
  const auto reply = parse_json_object(asked.body);
  const auto& result = *find_object(*reply, "result");
  CHECK(find_string(result, "resultType") == "input_required");
  CHECK(to_text(result.at("inputRequests")) ==
        R"({"q":{"method":"elicitation/create","params":{"message":"?"}}})");
  const Answer done = call(endpoint, "ask",
                           fmt::format(R"(,"inputResponses":{{"q":{{"action":"accept"}}}},)"
                                       R"("requestState":"{}")",
                                       *find_string(result, "requestState")));
  CHECK_THAT(done.body, Contains(R"("text":"{\"action\":\"accept\"}")") &&
                            Contains(R"("resultType":"complete")"));
}

TEST_CASE("HTTP, stateless: a subscription hears what it asked for until the server ends") {
  TestEndpoint endpoint;
  Connection tools = listen(endpoint, R"({"toolsListChanged":true})");
  CHECK_THAT(tools.chunk(), Contains("notifications/subscriptions/acknowledged") &&
                                Contains(R"("io.modelcontextprotocol/subscriptionId":9)"));
  Connection prompts = listen(endpoint, R"({"promptsListChanged":true})");
  prompts.chunk();
  call(endpoint, "change");
  CHECK_THAT(tools.chunk(), Contains("notifications/tools/list_changed") &&
                                Contains(R"("io.modelcontextprotocol/subscriptionId":9)"));
  endpoint.server().begin_drain(5s);
  CHECK_THAT(tools.chunk(), Contains(R"("id":9,"result":{"resultType":"complete")"));
  CHECK(tools.chunk().empty());
  CHECK_THAT(prompts.chunk(), Contains(R"("id":9,"result":)"));  // and nothing before
}

TEST_CASE("WebSocket: requests of both eras share a connection") {
  TestEndpoint endpoint;
  auto socket = open_socket(endpoint.port());
  socket.text(modern(1, "tools/call", tool("echo")));
  CHECK_THAT(socket.message(), Contains(R"("id":1,"result":{"resultType":"complete")"));
  socket.text(call_of(1, "echo"));
  CHECK(socket.message() == text_result(1, "hi"));
  socket.text(modern(2, "tools/call", tool("ask")));
  CHECK_THAT(socket.message(), Contains(R"("resultType":"input_required")"));
  socket.text(modern(3, "ping"));
  CHECK(code_of(socket.message()) == -32601);

  WebSocketClient fresh(endpoint.port());  // without a handshake
  fresh.text(modern(1, "server/discover"));
  CHECK_THAT(fresh.message(), Contains(R"("supportedVersions":["2026-07-28"])"));
}

TEST_CASE("WebSocket, stateless: requests are cancelled by their ids, and by the end") {
  TestEndpoint endpoint;
  {
    WebSocketClient socket(endpoint.port());
    socket.text(modern(1, "tools/call", tool("gate")));
    socket.text(modern(2, "tools/call", tool("gate")));
    REQUIRE(wait_until([] { return watched.running == 2; }));
    socket.text(modern(1, "tools/list"));
    CHECK(code_of(socket.message()) == -32600);  // the id is in use
    socket.text(cancel_of(1));
    CHECK(wait_until([] { return watched.stopped == 1; }));
    socket.text(modern(1, "tools/list"));
    CHECK_THAT(socket.message(), Contains(R"("id":1,"result":{"tools":[)"));
  }
  CHECK(wait_until([] { return watched.stopped == 2; }));
  CHECK(endpoint.count(&Counts::calls_in_flight) == 0);
}

TEST_CASE("WebSocket, stateless: a subscription is told, cancelled, and ended by the server") {
  TestEndpoint endpoint;
  WebSocketClient socket(endpoint.port());
  const auto listening = [](int id) {
    return modern(id, "subscriptions/listen", R"("notifications":{"toolsListChanged":true})");
  };
  socket.text(listening(1));
  CHECK_THAT(socket.message(), Contains("notifications/subscriptions/acknowledged"));
  call(endpoint, "change");
  CHECK_THAT(socket.message(), Contains("notifications/tools/list_changed"));
  socket.text(cancel_of(1));
  socket.text(modern(2, "server/discover"));
  socket.message();
  call(endpoint, "change");
  socket.text(listening(3));
  CHECK_THAT(socket.message(), Contains("notifications/subscriptions/acknowledged"));
  endpoint.server().begin_drain(5s);
  CHECK_THAT(socket.message(), Contains(R"("id":3,"result":{"resultType":"complete")"));
}
