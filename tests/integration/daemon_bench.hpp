#pragma once
// The real exaid on free ports, and a small MCP client over HTTP to talk to it.

#include <atomic>
#include <thread>

#include "core/base/http.hpp"
#include "core/base/json.hpp"
#include "tests/support/support.hpp"

namespace exai::test {

inline HttpResponse fetch(HttpRequest request) {
  Loop loop;
  HttpClient http(loop);
  Result<HttpResponse> response = loop.run_until_done(http.send(std::move(request)));
  if (!response) return HttpResponse{0, {}, response.error().message()};
  return *std::move(response);
}

inline HttpResponse fetch(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return fetch(std::move(request));
}

// What tools/call gave: the result, and the progress that came before it.
struct Answer {
  std::string text;
  bool is_error = false;
  json::object structured;
  std::vector<std::string> progress;
  std::string failure;  // of the protocol or the connection
};

class McpClient {
 public:
  explicit McpClient(std::string url, std::string token = "")
      : url_(std::move(url)), token_(std::move(token)) {
    const HttpResponse hello = post(
        R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
        R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})");
    status_ = hello.status;
    if (const auto id = hello.headers.find("mcp-session-id"); id != hello.headers.end())
      session_ = id->second;
    post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  }

  int status() const { return status_; }

  Answer call(std::string_view tool, json::object arguments = {}) {
    json::object params{{"name", tool}, {"arguments", std::move(arguments)}};
    params["_meta"] = json::object{{"progressToken", "p"}};
    static std::atomic<int> last_id = 0;  // unique in a session, whichever threads share it
    const json::object message{{"jsonrpc", "2.0"},
                               {"id", ++last_id},
                               {"method", "tools/call"},
                               {"params", std::move(params)}};
    const HttpResponse response = post(to_text(message));
    Answer answer;
    if (response.status != 200) {
      answer.failure = fmt::format("{}: {}", response.status, response.body);
      return answer;
    }
    if (!response.headers.at("content-type").starts_with("text/event-stream")) {
      read(response.body, answer);
      return answer;
    }
    SseParser events;
    events.feed(response.body);
    while (const auto event = events.next()) read(event->data, answer);
    return answer;
  }

  // The result or error of a request that is answered with JSON.
  std::string ask(std::string_view method, const json::object& params = {}) {
    static std::atomic<int> last_id = 0;
    const json::object message{{"jsonrpc", "2.0"},
                               {"id", fmt::format("ask-{}", ++last_id)},
                               {"method", method},
                               {"params", params}};
    const auto reply = parse_json_object(post(to_text(message)).body);
    if (!reply) return "no JSON";
    const json::value* result = find(*reply, "result");
    return to_text(result ? *result : reply->at("error"));
  }

 private:
  HttpResponse post(std::string body) {
    HttpRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = {{"content-type", "application/json"},
                       {"accept", "application/json, text/event-stream"}};
    if (!session_.empty()) request.headers["mcp-session-id"] = session_;
    if (!token_.empty()) request.headers["authorization"] = "Bearer " + token_;
    request.body = std::move(body);
    return fetch(std::move(request));
  }

  static void read(std::string_view text, Answer& answer) {
    const auto message = parse_json_object(text);
    if (!message) {
      answer.failure = std::string(text);
      return;
    }
    if (const json::object* params = find_object(*message, "params"))
      answer.progress.push_back(find_string(*params, "message").value_or(""));
    if (const json::object* error = find_object(*message, "error"))
      answer.failure = find_string(*error, "message").value_or("?");
    const json::object* result = find_object(*message, "result");
    if (result == nullptr) return;
    answer.is_error = find_bool(*result, "isError").value_or(false);
    if (const json::object* structured = find_object(*result, "structuredContent"))
      answer.structured = *structured;
    for (const json::value& item : *find_array(*result, "content"))
      answer.text += find_string(item.as_object(), "text").value_or("");
  }

  std::string url_;
  std::string token_;
  std::string session_;
  int status_ = 0;
};

class Exaid {
 public:
  // Memory store and no provider unless `options` say otherwise. Serves when this returns.
  explicit Exaid(const Environment& options = {}, std::vector<std::string> arguments = {})
      : mcp_(free_port()), health_(free_port()), metrics_(free_port()) {
    Command command;
    command.arguments = {EXAID};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.environment = {{"EXAI_WS_PORT", std::to_string(mcp_)},
                           {"HEALTH_CHECK_PORT", std::to_string(health_)},
                           {"METRICS_PORT", std::to_string(metrics_)}};
    for (const auto& option : options) command.environment[option.first] = option.second;
    process_.emplace(std::move(command));
    if (!wait_until([this] { return health("startup").status == 200 || !process_->running(); }) ||
        !process_->running())
      throw std::runtime_error("exaid did not start:\n" + process_->err());
  }

  Process& process() { return *process_; }
  std::uint16_t mcp_port() const { return mcp_; }
  std::string mcp_url() const { return fmt::format("http://127.0.0.1:{}/mcp", mcp_); }
  McpClient client(std::string token = "") const { return McpClient(mcp_url(), std::move(token)); }

  // "", "live", "ready", "startup"
  HttpResponse health(std::string_view which = "") const {
    return fetch(
        fmt::format("http://127.0.0.1:{}/health{}{}", health_, which.empty() ? "" : "/", which));
  }
  HttpResponse metrics() const {
    return fetch(fmt::format("http://127.0.0.1:{}/metrics", metrics_));
  }

 private:
  std::uint16_t mcp_;
  std::uint16_t health_;
  std::uint16_t metrics_;
  std::optional<Process> process_;
};

inline json::object parsed(const HttpResponse& response) {
  return parse_json_object(response.body).value_or(json::object());
}

// What a call in another thread gives, once it has.
class Background {
 public:
  Background(McpClient client, std::string tool, json::object arguments)
      : thread_([this, client = std::move(client), tool = std::move(tool),
                 arguments = std::move(arguments)]() mutable {
          answer_ = client.call(tool, std::move(arguments));
        }) {}
  ~Background() {
    if (thread_.joinable()) thread_.join();
  }
  Answer wait() {
    thread_.join();
    return answer_;
  }

 private:
  Answer answer_;
  std::thread thread_;
};

}  // namespace exai::test
