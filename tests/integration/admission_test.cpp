// Admission over real sockets: who waits, who is refused with which words, and that every permit
// comes back.
#include <catch2/catch.hpp>

#include "tests/integration/exai_client.hpp"
#include "tests/integration/mcp_fixture.hpp"

using namespace exai;
using namespace exai::test;

namespace {

net::McpOptions limited(std::size_t global, std::size_t session, Duration wait) {
  net::McpOptions options;
  options.admission.permits.global = global;
  options.admission.permits.session = session;
  options.admission.permits.conversation = 1;
  options.admission.permits.providers = {{"kimi", 1}};
  options.admission.wait = wait;
  options.admission.exempt = {"fail"};
  return options;
}

}  // namespace

TEST_CASE("a call waits for its turn, is told so, and acknowledged once when it has come") {
  TestEndpoint endpoint(limited(1, 0, 30s));
  ExaiClient first(endpoint.port());
  first.call("1", "gate");
  CHECK(wait_until([] { return watched.running == 1; }));
  ExaiClient second(endpoint.port());
  second.call("2", "gate");
  CHECK(text_of(second.next(), "note") ==
        "waiting for its turn: this server runs 1 call at a time");
  CHECK(endpoint.calls_waiting() == 1);
  CHECK(watched.running == 1);
  watched.gate_open = true;
  CHECK(text_of(second.next(), "op") == "call_tool_ack");
  CHECK(error_of(second.result()) == "");
  CHECK(watched.most_at_once == 1);
  CHECK(endpoint.permits_held() == 0);
}

TEST_CASE("defect: over capacity could not happen; it names the limit and says when to retry") {
  TestEndpoint endpoint(limited(3, 2, 0ms));
  ExaiClient client(endpoint.port());
  client.call("1", "gate", {{"provider", "kimi"}});
  CHECK(wait_until([] { return watched.running == 1; }));
  const auto refused = [&](ExaiClient& from, const json::object& arguments) {
    from.call("x", "gate", arguments);
    const json::object result = from.result();
    CHECK(error_of(result) == "OVER_CAPACITY");
    const json::object& error = *find_object(result, "error");
    CHECK(find_number(error, "retry_after") == 1.0);
    return text_of(error, "limit") + ": " + text_of(error, "message");
  };
  ExaiClient other(endpoint.port());
  CHECK(refused(other, {{"provider", "kimi"}}) ==
        "provider: over capacity: kimi is asked by 1 call at a time; try again in 1s");
  client.call("2", "gate", {{"conversation", "c"}});
  CHECK(wait_until([] { return watched.running == 2; }));
  CHECK(refused(other, {{"conversation", "c"}}).starts_with("conversation: "));
  CHECK(refused(client, {}).starts_with("session: over capacity: a session runs 2 calls"));
  other.call("3", "gate");
  CHECK(wait_until([] { return watched.running == 3; }));
  CHECK(refused(other, {}).starts_with("global: over capacity: this server runs 3 calls"));
  other.call("4", "fail");  // one of those that always may
  CHECK(error_of(other.result()) == "TOOL_EXECUTION_ERROR");
  watched.gate_open = true;
  CHECK(error_of(client.result()) == "");
  client.call("x", "echo");  // the advised retry, with the same id
  client.result();
  CHECK(error_of(client.result()) == "");
}

TEST_CASE("one whose turn does not come in time is refused") {
  TestEndpoint endpoint(limited(1, 0, 50ms));
  ExaiClient first(endpoint.port());
  first.call("1", "gate");
  ExaiClient second(endpoint.port());
  second.call("2", "echo");
  const json::object result = second.result();
  CHECK(error_of(result) == "OVER_CAPACITY");
  CHECK(text_of(*find_object(result, "error"), "message") ==
        "over capacity: this server runs 1 call at a time, and none ended within 50ms; try again "
        "in 1s");
  CHECK(endpoint.calls_waiting() == 0);
}

TEST_CASE("MCP over capacity is an error of the protocol, with data for programs") {
  TestEndpoint endpoint(limited(1, 0, 0ms));
  const std::string error =
      R"("error":{"code":-31002,"message":"over capacity: this server runs 1 call at a time; try again in 1s","data":{"limit":"global","retryAfter":1E0}}})";
  auto socket = open_socket(endpoint.port());
  socket.text(call_of(1, "gate"));
  CHECK(wait_until([] { return watched.running == 1; }));
  socket.text(call_of(2, "echo"));
  CHECK(socket.message() == R"({"jsonrpc":"2.0","id":2,)" + error);
  HttpSession session(endpoint.port());
  CHECK(session.post(call_of(3, "echo")).body == R"({"jsonrpc":"2.0","id":3,)" + error);
  Connection stateless(endpoint.port());
  CHECK(stateless
            .request("POST", "/mcp", modern_headers("tools/call", "echo"),
                     modern(4, "tools/call", R"("name":"echo","arguments":{})"))
            .body == R"({"jsonrpc":"2.0","id":4,)" + error);
  socket.text(cancel_of(1));
  CHECK(wait_until([] { return watched.stopped == 1; }));
  CHECK(wait_until([&] { return endpoint.permits_held() == 0; }));
  CHECK(endpoint.seen("tools/call echo refused") == 3);
}

TEST_CASE("one that waits may be cancelled, or go; those behind it have their turn") {
  TestEndpoint endpoint(limited(1, 0, 30s));
  ExaiClient first(endpoint.port());
  first.call("1", "gate");
  CHECK(wait_until([] { return watched.running == 1; }));
  auto gone = std::make_unique<ExaiClient>(endpoint.port());
  gone->call("2", "gate");
  ExaiClient patient(endpoint.port());
  patient.call("3", "gate");
  CHECK(wait_until([&] { return endpoint.calls_waiting() == 2; }));
  first.call("4", "gate");
  CHECK(wait_until([&] { return endpoint.calls_waiting() == 3; }));
  gone.reset();
  CHECK(wait_until([&] { return endpoint.calls_waiting() == 2; }));
  first.send(R"({"op":"cancel","request_id":"4"})");
  CHECK(error_of(first.result()) == "CANCELLED");
  CHECK(endpoint.calls_waiting() == 1);
  watched.gate_open = true;
  CHECK(error_of(patient.result()) == "");
  CHECK(endpoint.permits_held() == 0);
}

TEST_CASE("calls that come too often are refused, by address behind a trusted proxy alone") {
  net::McpOptions options;
  options.admission.rates.address = {2, 0.001};
  TestEndpoint endpoint(options);
  HttpSession session(endpoint.port());
  const auto call = [&](int id, const std::string& more) {
    Connection connection(endpoint.port());
    return code_of(
        connection.request("POST", "/mcp", session.headers() + more, call_of(id, "echo")).body);
  };
  for (int id = 1; id < 20; ++id) CHECK(call(id, "") == 0);  // loopback is not one client
  const std::string client = "X-Forwarded-For: 203.0.113.9\r\n";
  CHECK(call(20, client) == 0);
  CHECK(call(21, client) == 0);
  CHECK(call(22, client) == -31002);
  CHECK(call(23, "X-Forwarded-For: 203.0.113.10\r\n") == 0);
}

TEST_CASE("a session that calls too often is refused and stays open") {
  net::McpOptions options;
  options.admission.rates.session = {1, 0.5};
  TestEndpoint endpoint(options);
  ExaiClient client(endpoint.port());
  client.call("1", "echo");
  CHECK(error_of(client.result()) == "");
  client.call("2", "echo");
  const json::object refused = client.result();
  CHECK(error_of(refused) == "OVER_CAPACITY");
  CHECK(text_of(*find_object(refused, "error"), "limit") == "session_rate");
  ExaiClient other(endpoint.port());
  other.call("1", "echo");
  CHECK(error_of(other.result()) == "");
}
