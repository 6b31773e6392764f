// Event streams over HTTP: what comes on them, how they end and how they are taken up again; and
// questions to the client on both transports.
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "tests/integration/mcp_fixture.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

const std::string kWithProgress = R"(,"_meta":{"progressToken":"t"})";

std::string answer_of(std::string_view id, std::string_view name) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":"{}","result":{{"action":"accept","content":{{"name":"{}"}}}}}})",
      id, name);
}

// Chunks until the text is in them.
std::string read_to(Connection& connection, std::string_view text) {
  std::string seen;
  while (seen.find(text) == std::string::npos) {
    const std::string chunk = connection.chunk();
    if (chunk.empty()) throw std::runtime_error("the stream ended: " + seen);
    seen += chunk;
  }
  return seen;
}

}  // namespace

TEST_CASE("HTTP: progress comes as an event stream, before the result") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  Connection client = session.start(call_of(7, "gate", "done", kWithProgress));
  CHECK(client.head().headers.at("content-type") == "text/event-stream");
  const std::string events = read_to(client, "id: 1-4");
  CHECK_THAT(events, Catch::StartsWith(kPriming + "id: 1-2\nevent: message\ndata: "
                                                  R"({"jsonrpc":"2.0","method":)"
                                                  R"("notifications/progress","params":)"
                                                  R"({"progressToken":"t",)"));
  watched.gate_open = true;
  CHECK(client.chunk() == event("1-5", text_result(7, "done")));
  CHECK(client.chunk().empty());
}

TEST_CASE("HTTP: clients of before 2025-11-25 get no event without data") {
  TestEndpoint endpoint;
  Connection client(endpoint.port());
  const Answer opened =
      client.request("POST", "/mcp", kJson, replace_all(kInitialize, "2025-11-25", "2025-06-18"));
  const std::string headers = fmt::format("{}Accept: text/event-stream\r\nMcp-Session-Id: {}\r\n",
                                          kJson, opened.headers.at("mcp-session-id"));
  CHECK(client.request("POST", "/mcp", headers, call_of(1, "echo")).body ==
        event("1-1", text_result(1, "hi")));
}

TEST_CASE("HTTP: a stream that broke goes on where it was left, also when its call has ended") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  {
    Connection client = session.start(call_of(1, "gate", "done", kWithProgress));
    client.head();
    read_to(client, "id: 1-3");
  }
  Connection again = session.listen("1-2");
  CHECK_THAT(read_to(again, "id: 1-4"), Catch::StartsWith("id: 1-3\n"));
  watched.gate_open = true;
  CHECK(again.chunk() == event("1-5", text_result(1, "done")));
  CHECK(again.chunk().empty());

  Connection late = session.listen("1-4");
  CHECK(late.chunk() == event("1-5", text_result(1, "done")));
  CHECK(late.chunk().empty());
  CHECK(session.listen("1-5").chunk().empty());
}

TEST_CASE("HTTP: the newest connection has the stream; the one before ends") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  Connection first = session.start(call_of(1, "gate", "done", kWithProgress));
  first.head();
  read_to(first, "id: 1-4");
  Connection second = session.listen("1-4");
  CHECK(first.chunk().empty());
  watched.gate_open = true;
  CHECK(second.chunk() == event("1-5", text_result(1, "done")));
}

TEST_CASE("HTTP: a call that closes its stream goes on, and is fetched later") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  CHECK(session.start(call_of(1, "close", "done"), "application/json, text/event-stream")
            .answer()
            .body == kPriming);
  CHECK(watched.running == 1);
  Connection poll = session.listen("1-1");
  watched.gate_open = true;
  CHECK(poll.chunk() == event("1-2", text_result(1, "done")));
  CHECK(poll.chunk().empty());
}

TEST_CASE("HTTP: another session's events cannot be had") {
  TestEndpoint endpoint;
  HttpSession one(endpoint.port());
  const HttpSession other(endpoint.port());
  Connection client = one.start(call_of(1, "gate", "secret", kWithProgress));
  client.head();
  read_to(client, "id: 1-4");
  CHECK_THROWS_WITH(other.listen("1-1"), "no stream");
}

TEST_CASE("HTTP: a session's own stream tells of changes, and those missed when it comes back") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  const std::string change = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
  session.post(call_of(1, "change"));  // nobody listens: nobody is told
  {
    Connection own = session.listen();
    CHECK(own.chunk() == "id: 0-1\nretry: 1000\ndata: \n\n");
    session.post(call_of(2, "change"));
    CHECK(own.chunk() == event("0-2", change));
    Connection newer = session.listen();
    CHECK(own.chunk().empty());
  }
  session.post(call_of(3, "change"));
  Connection back = session.listen("0-2");
  CHECK_THAT(back.chunk(), Contains(change));
  Connection client(endpoint.port());
  CHECK(client.request("DELETE", "/mcp", session.headers()).status == 204);
  CHECK(back.chunk().empty());
}

TEST_CASE("HTTP: a session whose client listens does not expire; draining ends the stream") {
  net::McpOptions options;
  options.session_idle = 50ms;
  TestEndpoint endpoint(std::move(options));
  const HttpSession session(endpoint.port());
  Connection own = session.listen();
  own.chunk();
  HttpSession other(endpoint.port());
  REQUIRE(wait_until([&] {
    return other.post(kPing).status == 200 && endpoint.count(&Counts::http_sessions) == 2;
  }));
  REQUIRE(wait_until([&] { return endpoint.count(&Counts::http_sessions) == 1; }));
  endpoint.server().begin_drain(5s);
  CHECK(own.chunk().empty());
}

TEST_CASE("HTTP: a question to the client comes on the call's stream, its answer by another POST") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  Connection client = session.start(call_of(1, "ask"), "application/json, text/event-stream");
  client.head();
  CHECK_THAT(read_to(client, "id: 1-2"),
             Contains(R"({"jsonrpc":"2.0","id":"ask-1","method":"elicitation/create",)"
                      R"("params":{"message":"?"}})"));
  HttpSession other(endpoint.port());
  CHECK(other.post(answer_of("ask-1", "thief")).status == 202);  // not its question
  CHECK(session.post(answer_of("ask-1", "Ann")).status == 202);
  CHECK_THAT(client.chunk(), Contains(R"("text":"{\"action\":\"accept\",\"content\":)"
                                      R"({\"name\":\"Ann\"}}")"));
  CHECK(client.chunk().empty());
}

TEST_CASE("HTTP: a client without event streams is not asked") {
  TestEndpoint endpoint;
  HttpSession session(endpoint.port());
  CHECK_THAT(session.start(call_of(1, "ask"), "application/json").answer().body,
             Contains("this client cannot be asked: it accepts no event streams"));
}

TEST_CASE("WebSocket: a question is asked and answered; with its call it is taken back") {
  TestEndpoint endpoint;
  auto socket = open_socket(endpoint.port());
  socket.text(call_of(1, "ask"));
  CHECK_THAT(socket.message(), Contains(R"("id":"ask-1")"));
  socket.text(answer_of("ask-1", "Bob"));
  CHECK_THAT(socket.message(), Contains("Bob"));
  socket.text(call_of(2, "ask"));
  CHECK_THAT(socket.message(), Contains(R"("id":"ask-2")"));
  socket.text(cancel_of(2));
  CHECK(socket.message() == R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":)"
                            R"({"requestId":"ask-2","reason":"the call has ended"}})");
  socket.text(call_of(3, "change"));
  CHECK_THAT(socket.message(), Contains("notifications/tools/list_changed"));
  CHECK(endpoint.count(&Counts::calls_in_flight) <= 1);
}
