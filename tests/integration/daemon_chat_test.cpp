// The chat tool of the real exaid against a provider that answers as the test wants it.
#include <catch2/catch.hpp>

#include "tests/integration/daemon_bench.hpp"
#include "tests/integration/fake_server.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

constexpr const char* kKey = "sk-very-secret-0123456789";

std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return fmt::format(
      "data: {{\"model\":\"m\",\"choices\":[{{\"delta\":{},\"finish_reason\":{}}}]}}\n\n", delta,
      finish);
}

const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

// The model that is asked for decides what happens.
void provider(FakeConnection& peer) {
  const std::string request = peer.read_request().value_or("");
  const auto wants = [&](const char* model) {
    return request.find(fmt::format("\"model\":\"{}\"", model)) != std::string::npos;
  };
  if (wants("streams")) {
    peer.write(kStreamHead + chunk(R"({"reasoning_content":"hm"})") +
               chunk(R"({"content":"Hel"})"));
    peer.write(chunk(R"({"content":"lo"})") + chunk("{}", "\"stop\""));
    peer.write(
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n"
        "data: [DONE]\n\n");
  } else if (wants("denies")) {
    peer.answer(401, fmt::format(R"({{"error":{{"message":"Incorrect API key: {}"}}}})", kKey));
  } else if (wants("limits")) {
    peer.answer(429, R"({"error":{"type":"rate_limit_reached_error","message":"slow down"}})",
                "Retry-After: 7\r\n");
  } else if (wants("cuts")) {
    peer.write(kStreamHead + chunk(R"({"content":"half an ans"})"));
  } else if (wants("resets")) {
    peer.write(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    peer.reset();
  } else if (wants("hangs")) {
    peer.wait_closed();
  } else if (wants("remembers")) {
    const bool knows = request.find("my name is Ada") != std::string::npos;
    peer.write(kStreamHead +
               chunk(knows ? R"({"content":"Ada"})" : R"({"content":"who?"})", "\"stop\""));
  }
}

Environment with(const FakeServer& server) {
  return {{"CUSTOM_API_URL", server.url("/v1")},
          {"CUSTOM_API_KEY", kKey},
          {"CUSTOM_MODELS", "streams,denies,limits,cuts,resets,hangs,remembers"},
          {"CUSTOM_TIMEOUT_SECS", "1"},
          {"LOG_LEVEL", "debug"}};
}

}  // namespace

TEST_CASE("an answer streams as progress, and its tokens are counted") {
  const FakeServer server(provider);
  Exaid exaid(with(server));
  McpClient client = exaid.client();
  const Answer answer = client.call("chat", {{"prompt", "hi"}});
  CHECK(answer.text == "Hello");
  CHECK_FALSE(answer.is_error);
  CHECK(answer.progress == std::vector<std::string>{"(thinking)", "Hel", "lo"});
  CHECK(find_string(answer.structured, "model") == "streams");
  CHECK(find_string(answer.structured, "reasoning") == "hm");
  CHECK(to_text(*find(answer.structured, "usage")) ==
        R"({"input_tokens":5,"output_tokens":2,"cached_tokens":0})");

  const std::string metrics = exaid.metrics().body;
  CHECK_THAT(
      metrics,
      Contains("mcp_api_calls_total{provider=\"custom\",model=\"streams\",status=\"ok\"} 1\n"));
  CHECK_THAT(
      metrics,
      Contains("mcp_tokens_total{provider=\"custom\",model=\"streams\",type=\"input\"} 5\n"));
}

TEST_CASE("each way a provider fails is told apart, and no key is shown") {
  const FakeServer server(provider);
  Exaid exaid(with(server));
  McpClient client = exaid.client();
  struct Row {
    const char* model;
    const char* error;
    const char* text;
  };
  const Row rows[] = {
      {"denies", "auth", "HTTP 401: Incorrect API key: [key]. What to do: check the API key"},
      {"limits", "rate_limited", "HTTP 429: slow down. What to do: call again later (after 7s)"},
      {"cuts", "truncated", "the answer ended in the middle"},
      {"resets", "truncated", "the answer ended before its first word"},
      {"hangs", "network", "within 1s"},
  };
  for (const Row& row : rows) {
    const Answer answer = client.call("chat", {{"prompt", "hi"}, {"model", row.model}});
    CAPTURE(row.model);
    CHECK(answer.is_error);
    CHECK(find_string(answer.structured, "error") == row.error);
    CHECK_THAT(answer.text, Contains(row.text));
    CHECK_THAT(answer.text, !Contains(kKey));
  }
  CHECK_THAT(exaid.process().err(), !Contains(kKey));
  CHECK_THAT(client.call("status").text, !Contains(kKey));
  CHECK_THAT(exaid.health().body, !Contains(kKey));
  CHECK_THAT(exaid.metrics().body, Contains("model=\"limits\",status=\"rate_limited\"} 1\n"));
}

TEST_CASE("a provider that is not there is a network failure") {
  Exaid exaid(Environment{{"CUSTOM_API_URL", fmt::format("http://127.0.0.1:{}/v1", free_port())},
                          {"CUSTOM_MODELS", "m"}});
  const Answer answer = exaid.client().call("chat", {{"prompt", "hi"}});
  CHECK(answer.is_error);
  CHECK(find_string(answer.structured, "error") == "network");
}

TEST_CASE("a conversation in redis goes on after a restart of exaid") {
  const FakeServer server(provider);
  RealRedis redis;
  Environment options = with(server);
  options["EXAI_STORE"] = "redis";
  options["REDIS_PORT"] = std::to_string(redis.port());
  options["REDIS_PASSWORD"] = redis.password();
  const auto ask = [&](json::object arguments) {
    Exaid exaid(options);
    REQUIRE(wait_until([&] { return exaid.health("ready").status == 200; }));
    arguments["model"] = "remembers";
    return exaid.client().call("chat", std::move(arguments));
  };
  const Answer first = ask({{"prompt", "my name is Ada"}});
  const std::string id = find_string(first.structured, "continuation_id").value();
  CHECK(ask({{"prompt", "who am I?"}, {"continuation_id", id}}).text == "Ada");
  CHECK(ask({{"prompt", "who am I?"}}).text == "who?");
}
