// Defects of the system that EXAI replaces, each of which the real exaid must not have. Those of its
// protocol alone are in tests/unit/mcp/exai_*_test.cpp, exai_test.cpp and admission_test.cpp.
#include <catch2/catch.hpp>

#include "tests/integration/fake_server.hpp"
#include "tests/integration/raw_exaid.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

TEST_CASE("defect: results came twice, from the executor and from the router") {
  Exaid exaid;
  ExaiClient client(exaid.port);
  for (int i = 0; i < 5; ++i)
    client.call(std::to_string(i), "test_echo", {{"message", "once"}, {"delay_ms", 20 * i}});
  std::map<std::string, int> results;
  for (int i = 0; i < 5; ++i) ++results[text_of(client.result(), "request_id")];
  client.send(R"({"op":"ping"})");
  CHECK(text_of(client.next(), "op") == "pong");
  CHECK(results == std::map<std::string, int>{{"0", 1}, {"1", 1}, {"2", 1}, {"3", 1}, {"4", 1}});
}

TEST_CASE("defect: calls in flight were found by request_id alone, so two clients' collided") {
  Exaid exaid;
  ExaiClient ann(exaid.port, R"({"op":"hello","session_id":"ann-1"})");
  ExaiClient bob(exaid.port, R"({"op":"hello","session_id":"bob-1"})");
  ann.call("1", "test_echo", {{"message", "ann"}, {"delay_ms", 300}});
  bob.call("1", "test_echo", {{"message", "bob"}, {"delay_ms", 300}});
  CHECK(text_of(ann.result(), "text") == "ann");
  CHECK(text_of(bob.result(), "text") == "bob");
}

TEST_CASE("defect: settings never reached what they were for") {
  Exaid exaid({{"EXAI_WS_PROGRESS_INTERVAL_SECS", "0.1"},
               {"EXAI_WS_RETRY_AFTER_SECS", "7"},
               {"EXAI_WS_ADMISSION_WAIT_SECS", "0"},
               {"EXAI_WS_SESSION_MAX_INFLIGHT", "1"},
               {"WORKFLOW_TOOL_TIMEOUT_SECS", "100"},
               {"DAEMON_TIMEOUT_SECS", "151"}});
  ExaiClient client(exaid.port);
  client.call("1", "test_echo", {{"message", "x"}, {"delay_ms", 1000}});
  CHECK(find_number(client.next("call_tool_ack"), "timeout") == 151.0);
  client.call("2", "test_echo", {{"message", "x"}});
  const json::object refused = client.result();
  CHECK(text_of(refused, "request_id") == "2");
  CHECK(find_number(*find_object(refused, "error"), "retry_after") == 7.0);
  CHECK_NOTHROW(client.next("progress"));
  CHECK_NOTHROW(client.next("progress"));
  CHECK(text_of(client.result(), "request_id") == "1");
}

TEST_CASE("defect: the limit of a session was ignored") {
  Exaid exaid({{"EXAI_WS_SESSION_MAX_INFLIGHT", "1"}, {"EXAI_WS_ADMISSION_WAIT_SECS", "0"}});
  ExaiClient client(exaid.port);
  ExaiClient other(exaid.port);
  client.call("1", "test_echo", {{"message", "x"}, {"delay_ms", 500}});
  client.next("call_tool_ack");
  client.call("2", "test_echo", {{"message", "x"}});
  CHECK(text_of(*find_object(client.result(), "error"), "limit") == "session");
  other.call("1", "test_echo", {{"message", "another session"}});
  CHECK(text_of(other.result(), "text") == "another session");
}

TEST_CASE("defect: providers were limited by the tool's name, so that chat had no limit") {
  const FakeServer provider([](FakeConnection& peer) {
    peer.read_request();
    peer.wait_closed();
  });
  Exaid exaid({{"KIMI_API_URL", provider.url("/v1")},
               {"KIMI_API_KEY", "sk-nothing-0123456789"},
               {"EXAI_WS_KIMI_MAX_INFLIGHT", "1"},
               {"EXAI_WS_ADMISSION_WAIT_SECS", "0"}});
  ExaiClient client(exaid.port);
  client.call("1", "chat", {{"prompt", "one"}});
  client.next("call_tool_ack");
  client.call("2", "chat", {{"prompt", "two"}});
  const json::object refused = client.result();
  CHECK(text_of(refused, "request_id") == "2");
  CHECK_THAT(to_text(refused), Contains("kimi is asked by 1 call at a time"));
  const json::object report = exaid.report();
  const json::object& permits = *find_object(*find_object(report, "components"), "permits");
  CHECK(text_of(permits, "status") == "warn");
  CHECK_THAT(text_of(permits, "detail"), Contains("kimi 1 of 1"));
}

TEST_CASE("defect: the gauge of open connections only rose") {
  Exaid exaid;
  const auto open = [&] { return exaid.metric("mcp_active_connections"); };
  {
    std::vector<std::unique_ptr<ExaiClient>> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<ExaiClient>(exaid.port));
    CHECK(open() == 20);
  }
  CHECK(wait_until([&] { return open() == 0; }));
}

TEST_CASE("defect: critical errors of the environment were mere warnings") {
  const auto [name, value] = GENERATE(table<std::string, std::string>({
      {"EXAI_WS_PORT", "none"},
      {"EXAI_WS_TOKEN", "short"},
      {"LOG_LEVEL", "loud"},
      {"REDIS_PORT", "70000"},
      {"EXAI_WS_GLOBAL_MAX_INFLIGHT", "-1"},
  }));
  Command command;
  command.arguments = {EXAID};
  command.environment = {{name, value}};
  const Outcome outcome = run(std::move(command));
  CHECK(outcome.exit == 2);
  CHECK_THAT(outcome.err, Contains(name) && Contains("not started: 1 error in the options"));
}

TEST_CASE("defect: a result was not stored before its caller heard of it") {
  Exaid exaid;
  for (int i = 0; i < 20; ++i) {
    ExaiClient client(exaid.port, R"({"op":"hello","session_id":"keeps"})");
    const std::string id = std::to_string(i);
    client.call(id, "test_echo", {{"message", "first " + id}});
    CHECK(text_of(client.result(), "text") == "first " + id);
    client.call(id, "test_echo", {{"message", "second"}});  // at once: replayed, not run
    CHECK(text_of(client.result(), "text") == "first " + id);
  }
}

TEST_CASE("many large uploads at once do not exhaust the memory, and the others are served") {
  constexpr std::size_t kBound = 32U << 20U;
  Exaid exaid(Environment{{"EXAI_WS_MAX_BYTES_IN_FLIGHT", std::to_string(kBound)}});
  const double before = exaid.metric("process_resident_memory_bytes");
  const std::string part(8U << 20U, 'x');
  std::vector<Connection> uploads;
  int refused = 0;
  for (int i = 0; i < 60; ++i) {  // 480 MiB, none of which is ever whole
    Connection& upload = uploads.emplace_back(exaid.port);
    upload.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33000000\r\n\r\n");
    if (!upload.try_send(part)) ++refused;
  }
  const double after = exaid.metric("process_resident_memory_bytes");
  CAPTURE(before, after, refused);
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed for a while
  CHECK(after - before < 3.0 * kBound);
#endif
  ExaiClient client(exaid.port);
  client.call("1", "test_echo", {{"message", "served"}});
  CHECK(text_of(client.result(), "text") == "served");
}
