// The real exaid under a crowd: whatever its clients do, each permit comes back.
#include <catch2/catch.hpp>
#include <csignal>
#include <random>

#include "tests/integration/raw_exaid.hpp"

using namespace exai;
using namespace exai::test;

TEST_CASE("150 calls at once through 7 permits: each answered with its own text, none refused") {
  Exaid exaid({{"EXAI_WS_GLOBAL_MAX_INFLIGHT", "7"}, {"EXAI_WS_SESSION_MAX_INFLIGHT", "3"}});
  std::vector<std::unique_ptr<ExaiClient>> clients;
  for (int c = 0; c < 15; ++c) clients.push_back(std::make_unique<ExaiClient>(exaid.port));
  for (int call = 0; call < 10; ++call)
    for (int c = 0; c < 15; ++c)
      clients[static_cast<std::size_t>(c)]->call(
          std::to_string(call), "test_echo",
          {{"message", fmt::format("{}/{}", c, call)}, {"delay_ms", 20}});
  int right = 0;
  for (int c = 0; c < 15; ++c)
    for (int call = 0; call < 10; ++call) {
      const json::object result = clients[static_cast<std::size_t>(c)]->result();
      right += text_of(result, "text") == fmt::format("{}/{}", c, text_of(result, "request_id"));
    }
  CHECK(right == 150);
  CHECK(exaid.free_permits() == 7);
  CHECK(exaid.metric(R"(mcp_semaphore_acquisitions_total{provider=""})") == 150);
  CHECK(exaid.metric("mcp_semaphore_queue_depth") == 0);
  CHECK(exaid.metric("mcp_semaphore_leaks_detected_total") == 0);
}

TEST_CASE("clients that are killed at any instant, cancel or wait in vain: every permit is back") {
  Exaid exaid({{"EXAI_WS_GLOBAL_MAX_INFLIGHT", "5"},
               {"EXAI_WS_SESSION_MAX_INFLIGHT", "3"},
               {"EXAI_WS_ADMISSION_WAIT_SECS", "0.2"}});
  std::mt19937 random(5);
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  std::vector<std::unique_ptr<ExaiClient>> clients(30);
  for (int round = 0; round < 1500; ++round) {
    auto& client = clients[pick(30)];
    const unsigned what = pick(10);
    if (!client) client = std::make_unique<ExaiClient>(exaid.port);
    if (what < 6) {
      client->call(std::to_string(round), "test_echo",
                   {{"message", "x"}, {"delay_ms", static_cast<int>(pick(300))}});
    } else if (what < 7) {
      client->send(fmt::format(R"({{"op":"cancel","request_id":"{}"}})",
                               static_cast<unsigned>(round) - pick(20)));
    } else if (what < 8) {
      client->send(R"({"op":"call_tool","request_id":"half)");
    } else {
      client.reset();
    }
  }
  clients.clear();
  CHECK(wait_until([&] { return exaid.free_permits() == 5; }));
  CHECK(exaid.metric("mcp_semaphore_queue_depth") == 0);
  CHECK(exaid.metric("mcp_semaphore_leaks_detected_total") == 0);
  ExaiClient client(exaid.port);
  for (const auto* id : {"1", "2", "3"}) client.call(id, "test_echo", {{"message", "still here"}});
  for (int i = 0; i < 3; ++i) CHECK(text_of(client.result(), "text") == "still here");
}

TEST_CASE("status answers while all permits are in use, and SIGTERM lets EXAI calls finish") {
  Exaid exaid({{"EXAI_WS_GLOBAL_MAX_INFLIGHT", "1"}, {"EXAI_WS_SESSION_MAX_INFLIGHT", "1"}});
  ExaiClient client(exaid.port);
  client.call("1", "test_echo", {{"message", "done"}, {"delay_ms", 1000}});
  CHECK(text_of(client.next("call_tool_ack"), "request_id") == "1");
  client.call("2", "status");
  CHECK(text_of(client.result(), "request_id") == "2");
  exaid.process->signal(SIGTERM);
  const json::object last = client.result();
  CHECK(text_of(last, "text") == "done");
  CHECK(client.close_code() == 1001);
  CHECK(exaid.process->wait().value().code == 0);
}

TEST_CASE(
    "a word that is no network, or limits that contradict each other, is refused at the start") {
  Command command;
  command.arguments = {EXAID, "--check"};
  command.environment = {{"EXAI_TRUSTED_PROXIES", "10.0.0.0/99"}};
  const Outcome outcome = run(std::move(command));
  CHECK(outcome.exit == 2);
  CHECK_THAT(outcome.err, Catch::Contains("EXAI_TRUSTED_PROXIES: \"10.0.0.0/99\" is no network"));
}
