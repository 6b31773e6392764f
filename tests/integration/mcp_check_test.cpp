// The MCP check against a small server that can be told to go wrong at one step.
#include <catch2/catch.hpp>

#include "core/base/json.hpp"
#include "core/checks/check.hpp"
#include "tests/integration/fake_server.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using checks::Observation;
using checks::Subject;
using test::FakeConnection;

namespace {

enum class Style { json, events };

// Two pages of tools, one session. Remembers what it was asked.
class FakeMcp {
 public:
  explicit FakeMcp(Style style = Style::json) : style_(style) {}

  // This method gets these bytes instead; none: no answer, ever.
  void break_at(std::string method, std::string answer) {
    broken_ = std::move(method);
    answer_ = std::move(answer);
  }

  std::string url() const { return server_.url("/mcp"); }
  std::uint16_t port() const { return server_.port(); }
  std::vector<std::string> seen() {  // "initialize", …, "DELETE s1"
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::string request(std::size_t index) {
    const std::lock_guard lock(mutex_);
    return requests_.at(index);
  }

 private:
  void serve(FakeConnection& peer) {
    while (const auto request = peer.read_request())
      if (!answer(peer, *request)) return;
  }

  void remember(std::string what, std::string request) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::move(what));
    requests_.push_back(std::move(request));
  }

  bool answer(FakeConnection& peer, const std::string& request) {
    if (request.starts_with("DELETE ")) {
      remember("DELETE", request);
      return peer.answer(204, "");
    }
    const auto body = parse_json_object(request.substr(request.find("\r\n\r\n") + 4));
    const std::string method = find_string(*body, "method").value_or("?");
    remember(method, request);
    if (method == broken_) {
      if (!answer_.empty()) return peer.write(answer_);
      peer.wait_closed();
      return false;
    }
    if (!body->contains("id")) return peer.answer(202, "");
    const json::object* params = find_object(*body, "params");
    json::object message = {{"jsonrpc", "2.0"}, {"id", body->at("id")}};
    message["result"] = result_of(method, params == nullptr ? json::object() : *params);
    return reply(peer, to_text(message));
  }

  static json::value result_of(const std::string& method, const json::object& params) {
    if (method == "initialize")
      return *parse_json(R"({"protocolVersion":"2025-06-18","capabilities":{}})");
    if (method == "tools/list" && !params.contains("cursor"))
      return *parse_json(R"({"tools":[{"name":"chat"},{"name":"version"}],"nextCursor":"p2"})");
    if (method == "tools/list") return *parse_json(R"({"tools":[{"name":"status"}]})");
    return *parse_json(R"({"content":[{"type":"text","text":"all well"}]})");
  }

  bool reply(FakeConnection& peer, const std::string& message) const {
    const std::string session = "Mcp-Session-Id: s1\r\n";
    if (style_ == Style::json)
      return peer.answer(200, message, session + "Content-Type: application/json\r\n");
    // Primed, with another message before the answer, and left open after it.
    return peer.write("HTTP/1.1 200 OK\r\n" + session +
                      "Content-Type: text/event-stream; charset=utf-8\r\n\r\n"
                      "id: 1\ndata:\n\n: keep-alive\n\n"
                      "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n"
                      "event: message\ndata: " +
                      message + "\n\n");
  }

  Style style_;
  std::string broken_;
  std::string answer_;
  std::mutex mutex_;
  std::vector<std::string> seen_;
  std::vector<std::string> requests_;
  test::FakeServer server_{[this](FakeConnection& peer) { serve(peer); }};
};

std::string observe(const FakeMcp& server, std::string token = "", Subject subject = {},
                    Duration timeout = 10s) {
  config::Check check;
  check.kind = "mcp";
  check.what = {"tools/call status"};
  check.port = server.port();
  if (!token.empty()) check.settings["token"] = std::move(token);
  check.timeout = timeout;
  Loop loop;
  SystemClock clock;
  HttpClient http(loop);
  checks::Checker checker(loop, clock, http);
  const Observation observation =
      loop.run_until_done(checker.run(std::move(check), std::move(subject)));
  return (observation.ok ? "ok: " : "no: ") + observation.detail;
}

Subject knowing_the_token() {
  Subject subject;
  subject.secret = [](const std::string& variable) {
    return variable == "TOKEN" ? std::optional(Secret("a-long-secret-token")) : std::nullopt;
  };
  return subject;
}

// A whole answer of the server; `result` is the rest of the message after its id.
std::string http(int status, const std::string& body) {
  return fmt::format(
      "HTTP/1.1 {} Said\r\nMcp-Session-Id: s1\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      status, body.size(), body);
}

const std::vector<std::string> kWholePath = {
    "initialize", "notifications/initialized", "tools/list", "tools/list", "tools/call", "DELETE"};

}  // namespace

TEST_CASE("an mcp check calls the tool and ends its session") {
  FakeMcp server(GENERATE(Style::json, Style::events));
  CHECK(observe(server) == "ok: tools/call status answered, 3 tools");
  CHECK(server.seen() == kWholePath);
  CHECK_THAT(server.request(0),
             Catch::StartsWith("POST /mcp HTTP/1.1\r\n") &&
                 Catch::Contains("accept: application/json, text/event-stream\r\n") &&
                 Catch::Contains("content-type: application/json\r\n") &&
                 Catch::Contains(R"("protocolVersion":"2025-11-25")") &&
                 !Catch::Contains("mcp-session-id") && !Catch::Contains("authorization"));
  // From then on: the session, and the version that the server chose.
  for (std::size_t i = 1; i < kWholePath.size(); ++i)
    CHECK_THAT(server.request(i), Catch::Contains("mcp-session-id: s1\r\n") &&
                                      Catch::Contains("mcp-protocol-version: 2025-06-18\r\n"));
  CHECK_THAT(server.request(4), Catch::Contains(R"("name":"status","arguments":{})"));
}

TEST_CASE("an mcp check carries the token when it has a value") {
  FakeMcp server;
  CHECK_THAT(observe(server, "TOKEN", knowing_the_token()), Catch::StartsWith("ok: "));
  for (std::size_t i = 0; i < kWholePath.size(); ++i)
    CHECK_THAT(server.request(i), Catch::Contains("authorization: Bearer a-long-secret-token\r\n"));
}

TEST_CASE("an mcp check names the step that failed, and how") {
  const auto [method, answer, expected] = GENERATE(table<const char*, std::string, const char*>({
      {"initialize", http(503, ""), "initialize: HTTP 503 from {url}"},
      {"initialize", http(200, "it works"), "initialize: the answer is no JSON-RPC: "},
      {"initialize", http(200, R"({"jsonrpc":"2.0","id":1,"result":{}})"),
       "initialize: the answer names no protocolVersion"},
      {"initialize", http(200, R"({"jsonrpc":"2.0","id":9,"result":{}})"),
       "initialize: the answer is to another request"},
      {"notifications/initialized", http(400, ""),
       "notifications/initialized: HTTP 400 from {url}"},
      {"tools/list", http(404, ""), "tools/list: HTTP 404 from {url}"},
      {"tools/list",
       http(200, R"({"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no such method"}})"),
       "tools/list: error -32601: no such method"},
      {"tools/list", http(200, R"({"jsonrpc":"2.0","id":2,"result":{}})"),
       "tools/list: the answer lists no tools"},
      {"tools/list", http(200, R"({"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"chat"}]}})"),
       "tools/list: there is no tool \"status\" among 1 tool"},
      {"tools/call",
       http(200, R"({"jsonrpc":"2.0","id":4,"result":{"isError":true,"content":[)"
                 R"({"type":"text","text":"redis is down"}]}})"),
       "tools/call status: the tool failed: redis is down"},
      {"tools/call",
       "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n",
       "tools/call status: the stream ended without an answer"},
      {"tools/call", "+PONG\r\n\r\n", "does not speak HTTP"},
  }));
  FakeMcp server;
  server.break_at(method, answer);
  const std::string wanted = [&, text = std::string(expected)]() mutable {
    const std::size_t at = text.find("{url}");
    return at == std::string::npos ? text : text.replace(at, 5, server.url());
  }();
  const std::string observed = observe(server);
  CHECK_THAT(observed, Catch::StartsWith("no: ") && Catch::Contains(wanted));
  // Where a session was given, it is ended all the same.
  const bool refused_at_once = observed.find("HTTP 503") != std::string::npos;
  CHECK((server.seen().back() == "DELETE") == !refused_at_once);
}

TEST_CASE("an mcp check explains a refusal by what it knows of the token") {
  const auto [status, token, expected] = GENERATE(table<int, const char*, const char*>({
      {401, "", "a token is needed, and the check names none"},
      {401, "OTHER", "a token is needed, and OTHER has no value"},
      {403, "TOKEN", "the token is wrong"},
  }));
  FakeMcp server;
  server.break_at("initialize", http(status, ""));
  CHECK(observe(server, token, knowing_the_token()) ==
        fmt::format("no: initialize: HTTP {} from {}: {}", status, server.url(), expected));
}

TEST_CASE("an mcp check that hangs names the step and ends its session") {
  FakeMcp server;
  server.break_at("tools/call", "");
  CHECK(observe(server, "", {}, 1s) == "no: tools/call status: no answer within 1s");
  CHECK(server.seen() == kWholePath);
}
