// The EXAI protocol over real WebSockets. Cases that name a defect are of the system that EXAI
// replaces.
#include <catch2/catch.hpp>

#include "tests/integration/exai_client.hpp"
#include "tests/integration/mcp_fixture.hpp"

using namespace exai;
using namespace exai::test;

TEST_CASE("EXAI: hello, a call with its acknowledgement, one result") {
  TestEndpoint endpoint;
  ExaiClient client(endpoint.port(), R"({"op":"hello","session_id":"mine-1"})");
  CHECK(to_text(client.greeting) == R"({"op":"hello_ack","ok":true,"session_id":"mine-1"})");
  client.call("1", "echo", {{"message", "hello"}});
  const json::object ack = client.next();
  CHECK(text_of(ack, "op") == "call_tool_ack");
  CHECK(text_of(ack, "request_id") == "1");
  CHECK(
      to_text(client.next()) ==
      R"({"op":"call_tool_res","request_id":"1","outputs":[{"type":"text","text":"hello"}],"text":"hello"})");
  client.send(R"({"op":"ping","request_id":"p"})");
  CHECK(text_of(client.next(), "op") == "pong");  // nothing came twice
  CHECK(endpoint.count(&Counts::websocket_sessions) == 1);
  CHECK(endpoint.permits_held() == 0);
}

TEST_CASE("EXAI: the close codes of a connection that does not say hello") {
  net::McpOptions options;
  options.gate.token = Secret("0123456789abcdef");
  options.exai.hello_timeout = 200ms;
  TestEndpoint endpoint(options);
  const auto [frame, code] = GENERATE(table<std::string, int>({
      {"garbage", 4000},
      {R"({"op":"list_tools"})", 4001},
      {kInitialize, 4001},
      {R"({"op":"hello","token":"wrong"})", 4003},
      {"", 4002},
  }));
  CAPTURE(frame);
  {
    ExaiClient client(endpoint.port(), "");
    if (!frame.empty()) client.send(frame);
    CHECK(client.close_code() == code);
  }
  CHECK(wait_until([&] { return endpoint.server().connections() == 0; }));
}

TEST_CASE("EXAI: with hello in time, the time for it does not end the connection") {
  net::McpOptions options;
  options.exai.hello_timeout = 50ms;
  options.exai.heartbeat = 60ms;
  TestEndpoint endpoint(options);
  ExaiClient client(endpoint.port());
  client.call("1", "gate");
  for (int i = 0; i < 9; ++i) client.next("progress");  // the last three take longer than that time
  watched.gate_open = true;
  CHECK(error_of(client.result()) == "");
}

TEST_CASE("EXAI: while a call runs, it says so again and again; a tool's message is two frames") {
  net::McpOptions options;
  options.exai.heartbeat = 20ms;
  TestEndpoint endpoint(options);
  ExaiClient client(endpoint.port());
  client.call("1", "gate");
  CHECK(text_of(client.next(), "op") == "call_tool_ack");
  for (int i = 0; i < 3; ++i) {  // the tool tells three steps
    CHECK(text_of(client.next(), "message") == "step");
    CHECK_FALSE(client.next().contains("message"));
  }
  for (int i = 0; i < 3; ++i) {
    const json::object beat = client.next();
    CHECK(text_of(beat, "op") == "progress");
    CHECK(text_of(beat, "request_id") == "1");
    CHECK_FALSE(beat.contains("message"));
  }
  watched.gate_open = true;
  CHECK(text_of(client.result(), "request_id") == "1");
}

TEST_CASE("EXAI defect: frames of a connection waited behind a long call") {
  TestEndpoint endpoint;
  ExaiClient client(endpoint.port());
  for (const auto* id : {"1", "2", "3"}) client.call(id, "gate");
  CHECK(wait_until([] { return watched.running == 3; }));
  client.send(R"({"op":"ping","request_id":"p"})");
  CHECK(text_of(client.next("pong"), "request_id") == "p");
  client.call("4", "echo");
  CHECK(text_of(client.result(), "request_id") == "4");
  watched.gate_open = true;
  for (int i = 0; i < 3; ++i) CHECK(error_of(client.result()) == "");
}

TEST_CASE("EXAI defect: cancel did not stop the tool") {
  TestEndpoint endpoint;
  ExaiClient client(endpoint.port());
  client.call("1", "gate");
  CHECK(wait_until([] { return watched.running == 1; }));
  client.send(R"({"op":"cancel","request_id":"1"})");
  CHECK(text_of(client.next("cancelled"), "request_id") == "1");
  CHECK(error_of(client.result()) == "CANCELLED");
  CHECK(watched.stopped == 1);
  CHECK(endpoint.permits_held() == 0);
}

TEST_CASE("EXAI: the end of a connection stops its calls and gives their permits back") {
  TestEndpoint endpoint;
  {
    ExaiClient client(endpoint.port());
    for (const auto* id : {"1", "2"}) client.call(id, "gate");
    CHECK(wait_until([] { return watched.running == 2; }));
    CHECK(endpoint.permits_held() == 2);
  }
  CHECK(wait_until([] { return watched.stopped == 2; }));
  CHECK(wait_until([&] { return endpoint.permits_held() == 0; }));
}

TEST_CASE("EXAI: a result that a client missed is replayed on its next connection") {
  TestEndpoint endpoint;
  const std::string hello = R"({"op":"hello","session_id":"mine-1"})";
  std::string first;
  {
    ExaiClient client(endpoint.port(), hello);
    client.call("1", "echo", {{"message", "once"}});
    first = to_text(client.result());
  }
  ExaiClient again(endpoint.port(), hello);
  again.call("1", "echo", {{"message", "another time"}});
  CHECK(to_text(again.next()) == first);
}

TEST_CASE("EXAI: a call that throws, one that takes too long, one of no such tool") {
  net::McpOptions options;
  options.call_limit = 100ms;
  TestEndpoint endpoint(options);
  ExaiClient client(endpoint.port());
  client.call("1", "throw");
  CHECK(error_of(client.result()) == "EXEC_ERROR");
  client.call("2", "gate");
  CHECK(error_of(client.result()) == "TIMEOUT");
  client.call("3", "ecco");
  CHECK(error_of(client.result()) == "TOOL_NOT_FOUND");
  client.call("4", "fail");
  CHECK(error_of(client.result()) == "TOOL_EXECUTION_ERROR");
  CHECK(endpoint.permits_held() == 0);
}

TEST_CASE("EXAI: the token is rotated for every transport") {
  net::McpOptions options;
  options.gate.token = Secret("0123456789abcdef");
  TestEndpoint endpoint(options);
  const auto closes_with = [&](const std::string& token) {
    ExaiClient client(endpoint.port(), "");
    client.send(fmt::format(R"({{"op":"hello","token":"{}"}})", token));
    const bool in = find_bool(client.next(), "ok").value_or(false);
    return in ? 0 : client.close_code();
  };
  ExaiClient client(endpoint.port(), R"({"op":"hello","token":"0123456789abcdef"})");
  client.send(R"({"op":"rotate_token","old":"0123456789abcdef","new":"short"})");
  CHECK(text_of(client.next(), "error") == "missing_params");
  client.send(R"({"op":"rotate_token","old":"wrong","new":"fedcba9876543210"})");
  CHECK(text_of(client.next(), "error") == "unauthorized");
  CHECK(closes_with("0123456789abcdef") == 0);
  client.send(R"({"op":"rotate_token","old":"0123456789abcdef","new":"fedcba9876543210"})");
  CHECK(find_bool(client.next(), "ok") == true);
  CHECK(closes_with("0123456789abcdef") == 4003);
  CHECK(closes_with("fedcba9876543210") == 0);
  Connection http(endpoint.port());
  const std::string headers = kJson + "Accept: application/json\r\nAuthorization: Bearer ";
  CHECK(http.request("POST", "/mcp", headers + "0123456789abcdef\r\n", kInitialize).status == 401);
  CHECK(http.request("POST", "/mcp", headers + "fedcba9876543210\r\n", kInitialize).status == 200);
}

TEST_CASE("EXAI: one connection too many is closed with 1008, and told which limit") {
  TestEndpoint endpoint({}, 1U << 20U, 1);
  ExaiClient first(endpoint.port());
  ExaiClient second(endpoint.port(), "");
  const Frame close = second.socket().next();
  CHECK(close.close_code() == 1008);
  CHECK_THAT(close.payload.substr(2), Catch::StartsWith("global limit: this server has 1"));
}

TEST_CASE("EXAI: pages of strangers are not let in, whatever they say in their hello") {
  TestEndpoint endpoint;
  Connection connection(endpoint.port());
  CHECK(connection.request("GET", "/ws", upgrade_headers("") + "Origin: https://evil.example\r\n")
            .status == 403);
}

TEST_CASE("EXAI: frames that are too large or no text close the connection, others go on") {
  TestEndpoint endpoint({}, 10'000);
  ExaiClient other(endpoint.port());
  ExaiClient client(endpoint.port());
  client.send(std::string(20'000, 'x'));
  CHECK(client.close_code() == 1009);
  ExaiClient binary(endpoint.port());
  binary.socket().frame(0x82, "x");
  CHECK(binary.close_code() == 1003);
  other.call("1", "echo");
  CHECK(error_of(other.result()) == "");
}
