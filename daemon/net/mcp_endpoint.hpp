#pragma once
// MCP of both eras over the wire, as the handler of one net::Server:
//
//   /mcp        Streamable HTTP: POST carries a message, GET opens a stream, DELETE ends the
//   session. /ws and /   WebSocket with subprotocol "mcp": one JSON-RPC message per text frame, one
//   session
//               per connection.
//
//   /ws and /   WebSocket without a subprotocol: the EXAI protocol (exai_endpoint.hpp)
//
// A request that names a version in its _meta is of the stateless era (mcp_stateless.hpp), all else
// of the one with a handshake. The transports decide nothing about the protocol (mcp::Session and
// mcp::Stateless do) and run everything through one CallRunner. Calls run concurrently. Over HTTP a
// client that goes away cancels its calls in the stateless era and must not with a session; over
// WebSocket its connection was the session, so its calls are cancelled.
//
// Who may come in: gate.hpp (tokens, JWTs) and oauth.hpp. From where: access.hpp; browsers only
// from allowed origins, which are told so (CORS); and while the server listens on loopback, only
// requests whose Host is loopback (DNS rebinding).
//
// Lifetime: everything passed in outlives the endpoint, and the endpoint outlives its server.
// Before it is destroyed: drain() it.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/mcp/exai_session.hpp"
#include "daemon/mcp/mcp.hpp"
#include "daemon/mcp/protocol.hpp"
#include "daemon/mcp/tasks.hpp"
#include "daemon/net/admission.hpp"
#include "daemon/net/gate.hpp"
#include "daemon/net/networks.hpp"
#include "daemon/net/oauth.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

struct McpOptions {
  mcp::ServerInfo server;
  std::string address = "127.0.0.1";  // where the server listens
  GateOptions gate;
  OAuthOptions oauth;
  // Web pages that may call, as "https://app.example:8443". On loopback those of loopback also may.
  std::vector<std::string> allowed_origins;
  std::size_t max_sessions = 1000;  // over HTTP; WebSockets are bounded by connections
  Duration session_idle = 1h;
  std::size_t max_in_flight = 1000;  // calls per session, those that wait among them
  Duration call_limit = 450s;        // then a call is answered with an error
  Duration tool_limit = 300s;        // then a tool is stopped, and its result says so
  Duration patience = 500ms;         // for a call that may become a task
  Duration keep_results = 10min;     // of tasks, after the longest call has ended
  std::size_t max_tasks = 1000;
  std::size_t max_tasks_per_client = 200;
  Networks trusted;
  mcp::ExaiOptions exai;
  AdmissionOptions admission;
};

// Hears of each finished request. Runs on the loop, within the request: be quick.
class McpObserver {
 public:
  struct Request {
    std::string_view method;   // "tools/call", …; "other" for what we do not know
    std::string_view tool;     // of tools/call; "unknown" when there is none of that name
    std::string_view outcome;  // "ok", "tool_error", "error", "refused" or "cancelled"
    double seconds = 0;
  };
  virtual ~McpObserver() = default;
  virtual void finished(const Request& request) = 0;
  // A call's turn has come after that many seconds; `provider` may be empty.
  virtual void admitted(std::string_view /*provider*/, double /*waited*/) {}
  virtual void refused(std::string_view /*limit*/, std::string_view /*provider*/) {}
  virtual void leaked(std::size_t /*permits*/) {}
  // Somebody may not come in: for "nothing", "wrong" or "jwt_required" (gate.hpp), the "place" he
  // comes from (access.hpp), or may not do what asks for a "scope".
  virtual void denied(std::string_view /*why*/) {}
};

class Duplex;

class McpEndpoint final : public Handler {
 public:
  struct Counts {
    std::size_t http_sessions = 0;
    std::size_t websocket_sessions = 0;
    std::size_t calls_in_flight = 0;
    std::size_t tasks = 0;
    mcp::TaskTable::Tally by_status = {};
  };

  McpEndpoint(Loop& loop, Clock& clock, Log log, mcp::Source& source, McpOptions options,
              McpObserver& observer);
  ~McpEndpoint() override;

  // A connection of another transport (stdio), which gives it what comes in. Lifetime: the endpoint
  // outlives it.
  std::unique_ptr<Duplex> connect(std::string id, std::function<void(std::string)> send,
                                  Origin origin = {});

  // Who comes in from now on: gate.hpp.
  void renew_gate(const GateOptions& before, GateOptions now);

  Counts counts();  // expires idle sessions and tasks first
  const Admission& admission() const;
  // Looks for leaked permits and for tasks whose time is over, until cancelled.
  Task<> keep_order();

  // Refuses new sessions and new calls, waits for the calls in flight, and cancels those that the
  // limit leaves. Answers may still be on their way: drain the server after this.
  Task<> drain(Duration limit);

  Task<std::optional<Response>> handle(Request request, BodyWriter& writer) override;
  tl::expected<std::string, Response> accept_websocket(Request& request) override;
  Task<> serve(WebSocket& socket) override;

 private:
  struct State;
  Task<std::optional<Response>> answer(Request request, BodyWriter& writer);
  std::optional<Response> answer_at_once(Request& request);
  Task<std::optional<Response>> answer_page(Request request, BodyWriter& writer);
  std::optional<Response> refuse(Request& request);
  std::optional<Response> refuse_from_there(const Headers& headers);
  std::unique_ptr<State> state_;
};

}  // namespace exai::net
