#include "daemon/net/mcp_endpoint.hpp"

#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "daemon/mcp/session.hpp"
#include "daemon/net/access.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/mcp_http.hpp"
#include "daemon/net/mcp_stateless.hpp"

namespace exai::net {

namespace {

constexpr std::string_view kSubprotocol = "mcp";

// A WebSocket connection's session.
class SocketPeer final : public Peer {
 public:
  SocketPeer(std::string session_id, WebSocket& socket, mcp::Session session)
      : Peer(std::move(session_id)), socket_(&socket), session_(std::move(session)) {}

  mcp::FrontEnd* front_end() override { return socket_ ? &session_ : nullptr; }
  const mcp::Session& session() const { return session_; }
  void reply(mcp::Reply reply) override { notify(std::move(reply.text)); }
  void notify(std::string message) override {
    if (socket_) socket_->send(std::move(message));
  }
  void disconnect() { socket_ = nullptr; }

 private:
  WebSocket* socket_;
  mcp::Session session_;
};

bool is_websocket_path(std::string_view path) {
  return path == "/" || path == "/ws";
}

bool offers_subprotocol(const Headers& headers) {
  for (const auto& name : split(header(headers, "sec-websocket-protocol"), ','))
    if (trim(name) == kSubprotocol) return true;
  return false;
}

Response not_found(std::string_view path) {
  return json_error(404, rpc::kInvalidRequest,
                    fmt::format("there is nothing at {}; MCP is at /mcp (HTTP) and /ws (WebSocket)",
                                printable(path)));
}

Response wrong_method(std::string allowed) {
  Response refusal = json_error(405, rpc::kInvalidRequest, "allowed here: " + allowed);
  refusal.headers.emplace("allow", std::move(allowed));
  return refusal;
}

Response upgrade_required() {
  Response refusal = json_error(426, rpc::kInvalidRequest, "this path is for WebSockets");
  refusal.headers.emplace("upgrade", "websocket");
  return refusal;
}

}  // namespace

struct McpEndpoint::State {
  State(Loop& loop, Clock& clock, Log given_log, mcp::Source& source_, McpOptions given,
        McpObserver& observer)
      : log(std::move(given_log)),
        source(source_),
        options(std::move(given)),
        runner(loop, clock, log, source_, observer, options.call_limit),
        http(clock, log, runner, source_, options),
        stateless(loop, clock, log, runner, source_, options) {
    source.on_change([this](const mcp::Change& change) { changed(change); });
  }
  ~State() { source.on_change({}); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void changed(const mcp::Change& change) {
    http.changed(change);
    stateless.changed(change);
    for (SocketPeer* socket : sockets)
      if (auto text = socket->session().changed(change)) socket->notify(*std::move(text));
  }

  Log log;
  mcp::Source& source;
  McpOptions options;
  CallRunner runner;
  McpHttp http;
  McpStateless stateless;
  std::set<SocketPeer*> sockets;  // open now
  std::uint64_t sockets_ever = 0;
};

McpEndpoint::McpEndpoint(Loop& loop, Clock& clock, Log log, mcp::Source& source, McpOptions options,
                         McpObserver& observer)
    : state_(std::make_unique<State>(loop, clock, std::move(log), source, std::move(options),
                                     observer)) {}

McpEndpoint::~McpEndpoint() = default;

McpEndpoint::Counts McpEndpoint::counts() {
  return {state_->http.sessions(), state_->sockets.size(), state_->runner.in_flight()};
}

Task<> McpEndpoint::drain(Duration limit) {
  co_await state_->runner.drain(limit);
  state_->http.close_streams();
  co_await state_->stateless.drain();
}

Task<std::optional<Response>> McpEndpoint::handle(Request request, BodyWriter& writer) {
  const bool is_mcp = request.path == "/mcp";
  if (!is_mcp && !is_websocket_path(request.path)) co_return not_found(request.path);
  if (auto refusal = refuse_access(request.headers, state_->options)) co_return refusal;
  if (!is_mcp) co_return upgrade_required();
  const bool is_modern = McpStateless::is_modern(request);
  if (is_modern && request.method != "POST") co_return wrong_method("POST");
  if (is_modern) co_return co_await state_->stateless.post(std::move(request), writer);
  if (request.method == "POST") co_return co_await state_->http.post(std::move(request), writer);
  if (request.method == "GET") co_return co_await state_->http.get(std::move(request), writer);
  if (request.method == "DELETE") co_return state_->http.end_session(request);
  co_return wrong_method("GET, POST, DELETE");
}

tl::expected<std::string, Response> McpEndpoint::accept_websocket(const Request& request) {
  if (!is_websocket_path(request.path)) return tl::unexpected(not_found(request.path));
  if (auto refusal = refuse_access(request.headers, state_->options))
    return tl::unexpected(*std::move(refusal));
  if (!offers_subprotocol(request.headers))
    return tl::unexpected(
        json_error(400, rpc::kInvalidRequest,
                   "this server speaks MCP here: ask for it with \"Sec-WebSocket-Protocol: mcp\""));
  if (state_->runner.is_draining()) {
    Response refusal = json_error(503, mcp::kUnavailable, "the daemon is shutting down");
    refusal.headers.emplace("retry-after", "5");
    return tl::unexpected(std::move(refusal));
  }
  return std::string(kSubprotocol);
}

Task<> McpEndpoint::serve(WebSocket& socket) {
  struct Connected {  // also when the server cuts us off
    State& state;
    SocketPeer& peer;
    ~Connected() {
      peer.disconnect();
      state.runner.cancel_session(peer.session_id());
      state.sockets.erase(&peer);
    }
  };
  State& state = *state_;
  mcp::Session session(state.options.server, state.source, state.options.max_in_flight);
  std::string id = fmt::format("ws-{}", ++state.sockets_ever);
  state.log.info("session opened", {{"session", id}, {"peer", socket.peer()}});
  const auto peer = std::make_shared<SocketPeer>(std::move(id), socket, std::move(session));
  state.sockets.insert(peer.get());
  const Connected connected{state, *peer};
  for (;;) {
    const auto text = co_await socket.receive();
    if (!text) co_return;
    state.runner.receive(peer, *text);
  }
}

}  // namespace exai::net
