// SIGTERM under load: readiness goes first, what runs is finished, what is new is refused, and the
// process ends well.
#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/mcp_fixture.hpp"
#include "tests/integration/raw_exaid.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

constexpr int kCalls = 12;  // of each transport

std::string slow_call(int id) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{0},"method":"tools/call","params":{{)"
                     R"("name":"test_echo","arguments":{{"message":"call {0}","delay_ms":2500}}}}}})",
                     id);
}

// Its text, when the answer is the one of that id.
std::string text_of_reply(const std::string& body, int id) {
  const auto reply = parse_json_object(body);
  if (!reply || find_integer(*reply, "id") != id) return "not of " + std::to_string(id);
  const json::object* result = find_object(*reply, "result");
  if (!result) return body;
  return find_string(find_array(*result, "content")->front().as_object(), "text").value_or("?");
}

}  // namespace

TEST_CASE("SIGTERM under load over HTTP, WebSocket and EXAI: none is lost, new ones are refused") {
  Exaid exaid({{"EXAI_WS_GLOBAL_MAX_INFLIGHT", "64"},
               {"EXAI_WS_SESSION_MAX_INFLIGHT", "32"},
               {"EXAI_WS_RETRY_AFTER_SECS", "1"}});
  HttpSession session(exaid.port);
  std::vector<Connection> posts;
  for (int id = 0; id < kCalls; ++id)
    posts.push_back(session.start(slow_call(id), "application/json"));
  WebSocketClient socket = open_socket(exaid.port);
  for (int id = 0; id < kCalls; ++id) socket.text(slow_call(id));
  ExaiClient client(exaid.port);
  for (int id = 0; id < kCalls; ++id)
    client.call(std::to_string(id), "test_echo",
                {{"message", fmt::format("call {}", id)}, {"delay_ms", 2500}});
  const double idle = 64;
  REQUIRE(wait_until([&] { return exaid.free_permits() == idle - 3 * kCalls; }));
  REQUIRE(exaid.health("ready") == 200);

  exaid.process->signal(SIGTERM);
  REQUIRE(wait_until([&] { return exaid.health("ready") == 503; }));
  CHECK(exaid.health("live") == 200);
  CHECK(exaid.free_permits() == idle - 3 * kCalls);  // readiness first: all of them still run

  const Answer refused = Connection(exaid.port).request("POST", "/mcp", kJson, kInitialize);
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "5");
  CHECK_THAT(refused.body, Contains("shutting down"));
  CHECK(Connection(exaid.port).request("GET", "/ws", upgrade_headers("mcp")).status == 503);
  CHECK(Connection(exaid.port).request("GET", "/", upgrade_headers("")).status == 503);
  CHECK_THAT(session.post(call_of(99, "version")).body, Contains("shutting down"));
  socket.text(call_of(99, "version"));
  CHECK_THAT(socket.message(), Contains("shutting down"));
  client.call("99", "version");
  const json::object late = client.result();
  CHECK(text_of(late, "request_id") == "99");
  CHECK(error_of(late) == "SERVICE_UNAVAILABLE");

  std::set<std::string> texts;
  for (int id = 0; id < kCalls; ++id)
    CHECK(text_of_reply(posts[static_cast<std::size_t>(id)].answer().body, id) ==
          fmt::format("call {}", id));
  for (int i = 0; i < kCalls; ++i) {
    const std::string reply = socket.message();
    const auto id = find_integer(parse_json_object(reply).value(), "id").value_or(-1);
    texts.insert(text_of_reply(reply, static_cast<int>(id)));
    const json::object result = client.result();
    CHECK(text_of(result, "text") == "call " + text_of(result, "request_id"));
    texts.insert("exai " + text_of(result, "text"));
  }
  CHECK(texts.size() == 2 * kCalls);
  CHECK(socket.next().close_code() == 1001);
  CHECK(client.close_code() == 1001);
  const auto ended = exaid.process->wait();
  REQUIRE(ended.has_value());
  CHECK(describe(*ended) == "exit code 0");
}

TEST_CASE("SIGTERM with calls that take longer than the limit: they are answered as stopped") {
  Exaid exaid(Environment{{"EXAI_SHUTDOWN_TIMEOUT_SECS", "1"}});
  ExaiClient client(exaid.port);
  client.call("1", "test_echo", {{"message", "never"}, {"delay_ms", 60000}});
  client.next("call_tool_ack");
  exaid.process->signal(SIGTERM);
  const json::object result = client.result();
  CHECK(text_of(result, "request_id") == "1");
  CHECK_THAT(to_text(result), Contains("shutting down"));
  CHECK(describe(exaid.process->wait().value()) == "exit code 0");
}
