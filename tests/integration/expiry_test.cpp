// Nothing that is open outlasts the JWT that it was opened with.
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "tests/integration/jwt_clients.hpp"
#include "tests/integration/mcp_fixture.hpp"
#include "tests/integration/raw_exaid.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

constexpr const char* kExpired = ": the token has expired\n\n";
const std::string kLasting = bearer(hs256(kSecret, claims("ann")));

net::McpOptions with_keys() {
  net::McpOptions options;
  options.gate.keys = auth::Keys::parse(Secret(std::string(kSecret)), "").value();
  options.gate.jwt.leeway = 0ms;
  return options;
}

// The head of its answer has been read.
Connection open_stream(std::uint16_t port, const std::string& request) {
  Connection connection(port);
  connection.send(request);
  const Answer head = connection.head();
  if (head.status != 200) throw std::runtime_error(std::to_string(head.status));
  CHECK(head.headers.at("content-type") == "text/event-stream");
  return connection;
}

// Until the stream has ended, as it should: by its last chunk.
std::string read_all(Connection& connection) {
  std::string seen;
  for (;;) {
    const std::string chunk = connection.chunk();
    if (chunk.empty()) return seen;
    seen += chunk;
  }
}

}  // namespace

TEST_CASE("a session's streams end with the JWT; its calls go on, and a new JWT has the rest") {
  TestEndpoint endpoint(with_keys());
  const HttpSession session(endpoint.port(), kLasting);
  const std::string headers = replace_all(session.headers("text/event-stream"), kLasting, "");
  Connection own = open_briefly([&](const std::string& jwt) {
    return open_stream(endpoint.port(), http("GET", "/mcp", headers + bearer(jwt)));
  });
  Connection call = open_briefly([&](const std::string& jwt) {
    return open_stream(endpoint.port(),
                       http("POST", "/mcp", headers + bearer(jwt), call_of(1, "gate", "done")));
  });
  CHECK_THAT(read_all(own), Catch::EndsWith(kExpired));
  CHECK(read_all(call) == kPriming + kExpired);
  CHECK(watched.running == 1);
  watched.gate_open = true;
  Connection again = session.listen("1-1");
  CHECK(again.chunk() == event("1-2", text_result(1, "done")));
}

TEST_CASE("without a session the end of the JWT ends requests: calls by an error that says so") {
  TestEndpoint endpoint(with_keys());
  const auto start = [&](const std::string& headers, const std::string& body) {
    return open_briefly([&](const std::string& jwt) {
      return open_stream(endpoint.port(), http("POST", "/mcp", headers + bearer(jwt), body));
    });
  };
  Connection listening =
      start(modern_headers("subscriptions/listen"),
            modern(9, "subscriptions/listen", R"("notifications":{"toolsListChanged":true})"));
  Connection call = start(modern_headers("tools/call", "gate"),
                          replace_all(modern(1, "tools/call", R"("name":"gate","arguments":{})"),
                                      R"("_meta":{)", R"("_meta":{"progressToken":"t",)"));
  CHECK_THAT(read_all(listening), Contains(R"("id":9,"result":{"resultType":"complete")"));
  CHECK_THAT(read_all(call), Contains(R"("id":1,"error")") &&
                                 Contains("the tool was stopped: the token has expired"));
  CHECK(watched.stopped == 1);
}

TEST_CASE("exaid: WebSockets and streams last as long as their JWT, others go on") {
  Exaid exaid({{"JWT_SECRET_KEY", std::string(kSecret)}, {"JWT_LEEWAY_SECS", "0"}});
  WebSocketClient socket = open_briefly([&](const std::string& jwt) {
    return WebSocketClient(exaid.port, "mcp", "/ws", 0, bearer(jwt));
  });
  const auto client = open_briefly([&](const std::string& jwt) {
    auto opened = std::make_unique<ExaiClient>(exaid.port, hello("", jwt));
    if (find_bool(opened->greeting, "ok") != true) throw std::runtime_error("refused");
    return opened;
  });
  WebSocketClient lasting(exaid.port, "mcp", "/ws", 0, kLasting);
  const HttpSession session(exaid.port, kLasting);
  const std::string headers = replace_all(session.headers("text/event-stream"), kLasting, "");
  Connection own = open_briefly([&](const std::string& jwt) {
    return open_stream(exaid.port, http("GET", "/mcp", headers + bearer(jwt)));
  });
  CHECK(socket.next().close_code() == 1008);
  CHECK(client->close_code() == 4003);
  CHECK_THAT(read_all(own), Catch::EndsWith(kExpired));
  lasting.text(kInitialize);
  CHECK_NOTHROW(lasting.message());
}
