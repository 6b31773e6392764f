// Tasks of the real exaid: chat asks a provider that answers when the test wants it.
#include <catch2/catch.hpp>

#include "tests/integration/daemon_bench.hpp"
#include "tests/integration/fake_server.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

// A provider whose answers wait for the test, each with what it was asked.
struct Provider {
  std::atomic<int> asked = 0;
  std::atomic<int> closed = 0;  // by us, before there was an answer
  std::atomic<bool> may_answer = false;
  FakeServer server{[this](FakeConnection& peer) { serve(peer); }};

  void serve(FakeConnection& peer) {
    const std::string request = peer.read_request().value_or("");
    ++asked;
    while (!may_answer) {
      if (peer.wait_closed(20ms)) {
        ++closed;
        return;
      }
    }
    const std::size_t found = request.find("question ");
    const std::string answer = request.substr(found, request.find('"', found) - found);
    peer.write(fmt::format(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        "data: {{\"model\":\"m\",\"choices\":[{{\"delta\":{{\"content\":\"the answer to {}\"}},"
        "\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n",
        answer));
  }
};

Environment with(const Provider& provider) {
  return {{"CUSTOM_API_URL", provider.server.url("/v1")}, {"CUSTOM_MODELS", "m"}};
}

// One request of the stateless era over a connection of its own; its result.
json::object ask(const Exaid& exaid, const std::string& method, json::object params) {
  const auto* named = find(params, method == "tools/call" ? "name" : "taskId");
  HttpRequest request;
  request.method = "POST";
  request.url = exaid.mcp_url();
  request.headers = {{"content-type", "application/json"},
                     {"accept", "application/json, text/event-stream"},
                     {"mcp-protocol-version", "2026-07-28"},
                     {"mcp-method", method},
                     {"mcp-name", std::string(named->as_string())}};
  const json::object capabilities{
      {"extensions", {{"io.modelcontextprotocol/tasks", json::object()}}}};
  params["_meta"] = json::object{{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                                 {"io.modelcontextprotocol/clientCapabilities", capabilities}};
  request.body = to_text(json::object{
      {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}});
  const json::object reply = parsed(fetch(std::move(request)));
  const auto* result = find_object(reply, "result");
  return result ? *result : reply;
}

std::string text_in(const json::object& object, std::string_view key) {
  return find_string(object, key).value_or("");
}

std::string begin_chat(const Exaid& exaid, const std::string& prompt) {
  const json::object created =
      ask(exaid, "tools/call", {{"name", "chat"}, {"arguments", json::object{{"prompt", prompt}}}});
  CHECK(text_in(created, "resultType") == "task");
  return text_in(created, "taskId");
}

json::object end_of(const Exaid& exaid, const std::string& task) {
  json::object found;
  CHECK(wait_until([&] {
    found = ask(exaid, "tasks/get", {{"taskId", task}});
    return text_in(found, "status") != "working";
  }));
  return found;
}

}  // namespace

TEST_CASE("chat goes on as a task: fifty at once, each with its own answer, by other connections") {
  Provider provider;
  const Exaid exaid(with(provider));
  std::vector<std::string> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(begin_chat(exaid, fmt::format("question {}", i)));
  provider.may_answer = true;
  for (int i = 0; i < 50; ++i) {
    const json::object task = end_of(exaid, tasks[static_cast<std::size_t>(i)]);
    CAPTURE(to_text(task));
    CHECK(text_in(task, "status") == "completed");
    const auto* result = find_object(task, "result");
    REQUIRE(result);
    CHECK_THAT(to_text(*result),
               Contains(fmt::format(R"("text":"the answer to question {}")", i)) &&
                   Contains(R"("structuredContent":{"provider":"custom")"));
  }
  CHECK_THAT(exaid.metrics().body,
             Contains("mcp_api_calls_total{provider=\"custom\",model=\"m\",status=\"ok\"} 50\n") &&
                 Contains("mcp_tasks_ended_total{outcome=\"completed\"} 50\n") &&
                 Contains("mcp_tasks_running{status=\"working\"} 0\n"));
}

TEST_CASE("tasks/cancel reaches the provider: its connection is closed") {
  Provider provider;
  const Exaid exaid(with(provider));
  const std::string task = begin_chat(exaid, "question 1");
  REQUIRE(wait_until([&] { return provider.asked == 1; }));
  CHECK(provider.closed == 0);
  CHECK_THAT(exaid.metrics().body,
             Contains("mcp_tasks_running{status=\"working\"} 1\n") &&
                 Contains("mcp_tasks_ended_total{outcome=\"cancelled\"} 0\n"));
  CHECK(text_in(ask(exaid, "tasks/cancel", {{"taskId", task}}), "resultType") == "complete");
  CHECK(wait_until([&] { return provider.closed == 1; }));
  CHECK(text_in(end_of(exaid, task), "status") == "cancelled");
  CHECK_THAT(exaid.metrics().body, Contains("mcp_tasks_ended_total{outcome=\"cancelled\"} 1\n"));
}
