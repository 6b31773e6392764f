#pragma once
// An MCP endpoint with its server for tests over real sockets: tools that are made to be watched,
// and sessions of clients that block.

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "daemon/net/mcp_endpoint.hpp"
#include "tests/integration/net_client.hpp"
#include "tests/integration/net_fixture.hpp"

namespace exai::test {

struct Watched {
  std::atomic<bool> gate_open = false;
  std::atomic<int> running = 0;
  std::atomic<int> stopped = 0;  // before they were done
  std::atomic<int> most_at_once = 0;
};
inline Watched watched;

struct InGate {
  bool done = false;
  InGate() { watched.most_at_once = std::max(++watched.running, watched.most_at_once.load()); }
  ~InGate() {
    --watched.running;
    if (!done) ++watched.stopped;
  }
};

// echo: the message. job: the same, and always a task. gate: waits until the gate is open, telling
// its progress before. fail: is_error. throw: throws. ask: asks the user and gives the answer.
// close: closes its stream, then as gate. change: says that the tools have changed. gate, ask, fail
// and throw may become tasks.
class TestTools final : public mcp::Source {
 public:
  // A call may name a provider and a conversation.
  mcp::Needs needs(const std::string&, const json::object& arguments) const override {
    return {find_string(arguments, "provider").value_or(""),
            find_string(arguments, "conversation").value_or("")};
  }

  explicit TestTools(Clock& clock) : clock_(clock) {
    catalog_.changes = true;
    for (const auto* name : {"echo", "gate", "fail", "throw", "ask", "close", "change", "job"}) {
      mcp::ToolInfo tool;
      tool.name = name;
      tool.input_schema = {{"type", "object"}};
      const std::string_view which = name;
      if (which == "gate" || which == "ask" || which == "fail" || which == "throw")
        tool.tasks = mcp::TaskUse::may;
      if (which == "job") tool.tasks = mcp::TaskUse::at_once;
      catalog_.tools.push_back(std::move(tool));
    }
  }
  const mcp::Catalog& catalog() const override { return catalog_; }
  void on_change(std::function<void(const mcp::Change&)> listener) override {
    listener_ = std::move(listener);
  }

  Task<Result<mcp::ToolResult>> call(mcp::Call call) override {
    mcp::ToolResult result;
    result.text = find_string(call.arguments, "message").value_or("nothing");
    if (call.name == "gate") {
      co_await pass_gate(std::move(call.progress));
    } else if (call.name == "ask") {
      std::vector<mcp::Question> questions = {{"q", "elicitation/create", {{"message", "?"}}}};
      auto answers = co_await call.client->ask(std::move(questions));
      result.text = answers ? to_text(answers->front()) : answers.error().message();
      result.is_error = !answers;
    } else if (call.name == "close") {
      call.client->close_stream();
      co_await pass_gate(std::move(call.progress));
    } else if (call.name == "change") {
      listener_({mcp::Change::Kind::tools, ""});
    } else if (call.name == "fail") {
      result.is_error = true;
    } else if (call.name == "throw") {
      throw std::runtime_error("a bug");
    } else if (call.name != "echo" && call.name != "job") {
      co_return fail(Errc::not_found, "there is no tool \"{}\"", call.name);
    }
    co_return result;
  }

 private:
  Task<> pass_gate(std::function<void(mcp::Progress)> progress) {
    InGate in_gate;
    for (int step = 1; step <= 3; ++step) progress({double(step), 3.0, "step"});
    while (!watched.gate_open) {
      co_await clock_.sleep_for(2ms);
    }
    in_gate.done = true;
  }

  Clock& clock_;
  mcp::Catalog catalog_;
  std::function<void(const mcp::Change&)> listener_;
};

class TestObserver final : public net::McpObserver {
 public:
  void finished(const Request& request) override {
    ++seen[fmt::format("{} {} {}", request.method, request.tool, request.outcome)];
  }
  std::map<std::string, std::size_t> seen;
};

// The endpoint with its server.
class TestEndpoint {
 public:
  explicit TestEndpoint(net::McpOptions options = {}, std::size_t max_body = 1U << 20U,
                        std::size_t max_connections = 1000) {
    watched.gate_open = false;
    watched.running = watched.stopped = watched.most_at_once = 0;
    options.server = {"test", "", "1", ""};
    net::ListenOptions listen;
    listen.max_body = max_body;
    listen.max_connections = max_connections;
    const auto make = [this, &options](Loop& loop, Clock& clock) {
      tools_ = std::make_unique<TestTools>(clock);
      auto endpoint = std::make_unique<net::McpEndpoint>(loop, clock, Log(), *tools_,
                                                         std::move(options), observer_);
      endpoint_ = endpoint.get();
      return endpoint;
    };
    server_ = std::make_unique<RunningServer>(listen, make,
                                              [this] { return endpoint_->drain(drain_limit); });
  }

  ~TestEndpoint() { watched.gate_open = true; }
  TestEndpoint(const TestEndpoint&) = delete;
  TestEndpoint& operator=(const TestEndpoint&) = delete;

  std::uint16_t port() const { return server_->port(); }
  RunningServer& server() { return *server_; }
  std::size_t seen(const std::string& what) {
    return server_->on_loop([&] { return observer_.seen[what]; });
  }
  std::size_t permits_held() {
    return server_->on_loop([&] { return endpoint_->admission().held(); });
  }
  std::size_t calls_waiting() {
    return server_->on_loop([&] { return endpoint_->admission().waiting(); });
  }
  std::size_t count(std::size_t net::McpEndpoint::Counts::*what) {
    return server_->on_loop([&] { return endpoint_->counts().*what; });
  }

  Duration drain_limit = 5s;

 private:
  TestObserver observer_;
  std::unique_ptr<TestTools> tools_;
  net::McpEndpoint* endpoint_ = nullptr;
  std::unique_ptr<RunningServer> server_;
};

using Counts = net::McpEndpoint::Counts;

inline const std::string kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{"elicitation":{}},"clientInfo":{"name":"test","version":"1"}}})";
inline const std::string kPing = R"({"jsonrpc":"2.0","id":"p","method":"ping"})";
inline const std::string kJson = "Content-Type: application/json\r\n";

inline std::string call_of(int id, std::string_view tool, std::string_view message = "hi",
                           std::string_view more = "") {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"{}",)"
                     R"("arguments":{{"message":"{}"}}{}}}}})",
                     id, tool, message, more);
}

inline std::string cancel_of(int id) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{}}}}})", id);
}

inline std::string text_result(int id, std::string_view text) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":{},"result":{{"content":[{{"type":"text","text":"{}"}}]}}}})", id,
      text);
}

inline std::string event(std::string_view id, std::string_view message) {
  return fmt::format("id: {}\nevent: message\ndata: {}\n\n", id, message);
}
// What the first stream of a session begins with.
inline const std::string kPriming = "id: 1-1\nretry: 1000\ndata: \n\n";

// A session over HTTP; requests may go over any number of connections.
class HttpSession {
 public:
  // `more`: headers of every request.
  explicit HttpSession(std::uint16_t port, std::string more = "")
      : port_(port), more_(std::move(more)), connection_(port) {
    const Answer opened = connection_.request(
        "POST", "/mcp", kJson + "Accept: application/json, text/event-stream\r\n" + more_,
        kInitialize);
    if (opened.status != 200) throw std::runtime_error("no session: " + opened.body);
    id = opened.headers.at("mcp-session-id");
  }

  std::string headers(std::string_view accept = "application/json, text/event-stream") const {
    return fmt::format(
        "{}Accept: {}\r\nMcp-Session-Id: {}\r\nMCP-Protocol-Version: 2025-11-25\r\n{}", kJson,
        accept, id, more_);
  }
  Answer post(std::string_view message) {
    return connection_.request("POST", "/mcp", headers(), message);
  }
  Connection start(std::string_view message, std::string_view accept = "*/*") const {
    Connection connection(port_);
    connection.send(http("POST", "/mcp", headers(accept), message));
    return connection;
  }

  // GET; the answer's head has been read.
  Connection listen(std::string_view last_event = "") const {
    Connection connection(port_);
    std::string all = headers("text/event-stream");
    if (!last_event.empty()) all += fmt::format("Last-Event-ID: {}\r\n", last_event);
    connection.send(http("GET", "/mcp", all));
    if (connection.head().status != 200) throw std::runtime_error("no stream");
    return connection;
  }

  std::string id;

 private:
  std::uint16_t port_;
  std::string more_;
  Connection connection_;
};

// A request of the stateless era, with what belongs into its params, and its headers over HTTP.
inline std::string modern(int id, std::string_view method, std::string_view params = "",
                          std::string_view capabilities = R"({"elicitation":{}})") {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{{{}{}"_meta":)"
                     R"({{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                     R"("io.modelcontextprotocol/clientCapabilities":{}}}}}}})",
                     id, method, params, params.empty() ? "" : ",", capabilities);
}

inline std::string modern_headers(std::string_view method, std::string_view name = "") {
  return fmt::format(
      "{}Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n"
      "Mcp-Method: {}\r\n{}",
      kJson, method, name.empty() ? "" : fmt::format("Mcp-Name: {}\r\n", name));
}

inline WebSocketClient open_socket(std::uint16_t port) {
  WebSocketClient socket(port);
  socket.text(kInitialize);
  socket.message();
  return socket;
}

inline int code_of(std::string_view text) {
  const auto message = parse_json_object(text);
  if (!message) return 0;
  const auto* error = find_object(*message, "error");
  return error ? static_cast<int>(find_integer(*error, "code").value_or(0)) : 0;
}

}  // namespace exai::test
