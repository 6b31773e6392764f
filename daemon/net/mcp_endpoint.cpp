#include "daemon/net/mcp_endpoint.hpp"

#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "daemon/mcp/session.hpp"
#include "daemon/net/access.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/duplex.hpp"
#include "daemon/net/exai_endpoint.hpp"
#include "daemon/net/mcp_http.hpp"
#include "daemon/net/mcp_stateless.hpp"

namespace exai::net {

namespace {

constexpr std::string_view kSubprotocol = "mcp";
constexpr Duration kKeepOrder = 30s;

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

Task<std::optional<Response>> ready(std::optional<Response> response) {
  co_return response;
}

mcp::TaskTable::Limits task_limits(const McpOptions& options) {
  mcp::TaskTable::Limits limits;
  limits.tasks = options.max_tasks;
  limits.per_client = options.max_tasks_per_client;
  limits.ttl = options.call_limit + options.keep_results;
  return limits;
}

// The scope that a message of the body needs and the caller lacks; empty: there is none. A body
// that cannot be read needs none: it will be refused for that.
std::string lacking_scope(const Request& request, const mcp::Source& source) {
  const auto body = parse_json(request.body);
  if (!body) return {};
  const auto of_message = [&](const json::value& message) -> std::string {
    const json::object* call = message.if_object();
    const json::object* params = call ? find_object(*call, "params") : nullptr;
    if (!params) return {};
    const std::string method = find_string(*call, "method").value_or("");
    const char* key = method == "resources/read" ? "uri" : "name";
    std::string scope = source.scope(method, find_string(*params, key).value_or(""));
    return may(request.caller, scope) ? std::string() : scope;
  };
  const json::array* batch = body->if_array();
  if (!batch) return of_message(*body);
  for (const json::value& message : *batch)
    if (std::string scope = of_message(message); !scope.empty()) return scope;
  return {};
}

// Adds headers to what goes out through another writer.
class AddingWriter final : public BodyWriter {
 public:
  AddingWriter(BodyWriter& writer, const Headers& added) : writer_(writer), added_(added) {}
  Task<Result<>> start(Response head) override {
    head.headers.insert(added_.begin(), added_.end());
    return writer_.start(std::move(head));
  }
  Task<Result<>> write(std::string bytes) override { return writer_.write(std::move(bytes)); }
  Task<Result<>> finish() override { return writer_.finish(); }
  Task<> wait_gone() override { return writer_.wait_gone(); }

 private:
  BodyWriter& writer_;
  const Headers& added_;
};

}  // namespace

struct McpEndpoint::State {
  State(Loop& loop, Clock& clock_, Log given_log, mcp::Source& source_, McpOptions given,
        McpObserver& observer_)
      : log(std::move(given_log)),
        observer(observer_),
        source(source_),
        options(std::move(given)),
        clock(clock_),
        gate(clock_, log, options.gate),
        admission(loop, clock_, options.admission),
        tasks(task_limits(options)),
        runner(loop, clock_, log, source_, observer_, admission, tasks,
               {options.call_limit, options.tool_limit, options.patience}),
        http(clock_, log, runner, source_, options),
        stateless(loop, clock_, log, runner, source_, tasks, options),
        exai(loop, clock_, log, runner, source_, gate, options) {
    gate.on_denial([this](std::string_view why) { observer.denied(why); });
    source.on_change([this](const mcp::Change& change) { changed(change); });
    tasks.on_change([this](const mcp::TaskEntry& task) { stateless.changed(task); });
  }
  ~State() { source.on_change({}); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void changed(const mcp::Change& change) {
    http.changed(change);
    stateless.changed(change);
    for (Duplex* socket : sockets) socket->changed(change);
  }

  Log log;
  McpObserver& observer;
  mcp::Source& source;
  McpOptions options;
  Clock& clock;
  Gate gate;
  Admission admission;
  mcp::TaskTable tasks;
  CallRunner runner;
  McpHttp http;
  McpStateless stateless;
  ExaiEndpoint exai;
  std::set<Duplex*> sockets;  // open now, stdio among them
  std::uint64_t sockets_ever = 0;
};

McpEndpoint::McpEndpoint(Loop& loop, Clock& clock, Log log, mcp::Source& source, McpOptions options,
                         McpObserver& observer)
    : state_(std::make_unique<State>(loop, clock, std::move(log), source, std::move(options),
                                     observer)) {}

McpEndpoint::~McpEndpoint() = default;

void McpEndpoint::renew_gate(const GateOptions& before, GateOptions now) {
  state_->gate.renew(before, std::move(now));
}

McpEndpoint::Counts McpEndpoint::counts() {
  state_->tasks.expire(state_->clock.now());
  return {state_->http.sessions(), state_->sockets.size() + state_->exai.sessions(),
          state_->runner.in_flight(), state_->tasks.size(), state_->tasks.tally()};
}

const Admission& McpEndpoint::admission() const {
  return state_->admission;
}

Task<> McpEndpoint::keep_order() {
  for (;;) {
    co_await state_->clock.sleep_for(kKeepOrder);
    state_->runner.check_permits();
    state_->tasks.expire(state_->clock.now());
  }
}

Task<> McpEndpoint::drain(Duration limit) {
  co_await state_->runner.drain(limit);
  state_->http.close_streams();
  co_await state_->stateless.drain();
  co_await state_->exai.drain();
}

Task<std::optional<Response>> McpEndpoint::handle(Request request, BodyWriter& writer) {
  const bool of_page = request.headers.contains("origin");
  return of_page ? answer_page(std::move(request), writer) : answer(std::move(request), writer);
}

// The same for a web page, with what its browser wants to read.
Task<std::optional<Response>> McpEndpoint::answer_page(Request request, BodyWriter& writer) {
  if (auto preflight = answer_preflight(request, state_->options)) co_return preflight;
  const Headers cors = cors_headers(request.headers, state_->options);
  if (cors.empty()) co_return co_await answer(std::move(request), writer);
  AddingWriter adding(writer, cors);
  auto response = co_await answer(std::move(request), adding);
  if (response) response->headers.insert(cors.begin(), cors.end());
  co_return response;
}

Task<std::optional<Response>> McpEndpoint::answer(Request request, BodyWriter& writer) {
  if (auto response = answer_at_once(request)) return ready(std::move(response));
  if (McpStateless::is_modern(request)) return state_->stateless.post(std::move(request), writer);
  if (request.method == "POST") return state_->http.post(std::move(request), writer);
  return state_->http.get(std::move(request), writer);
}

// What needs no call: refusals, documents, the end of a session.
std::optional<Response> McpEndpoint::answer_at_once(Request& request) {
  const bool is_mcp = request.path == "/mcp";
  if (auto document = answer_metadata(request, state_->options.oauth)) {
    if (auto refusal = refuse_from_there(request.headers)) return refusal;
    return document;
  }
  if (!is_mcp && !is_websocket_path(request.path)) return not_found(request.path);
  if (auto refusal = refuse(request)) return refusal;
  if (!is_mcp) return upgrade_required();
  if (request.method == "POST") return std::nullopt;
  if (McpStateless::is_modern(request)) return wrong_method("POST");
  if (request.method == "GET") return std::nullopt;
  if (request.method == "DELETE") return state_->http.end_session(request);
  return wrong_method("GET, POST, DELETE");
}

std::optional<Response> McpEndpoint::refuse_from_there(const Headers& headers) {
  auto refusal = refuse_place(headers, state_->options);
  if (refusal) state_->observer.denied("place");
  return refusal;
}

// Where it comes from, and who it is, which is then known to the request.
std::optional<Response> McpEndpoint::refuse(Request& request) {
  const McpOptions& options = state_->options;
  if (auto refusal = refuse_from_there(request.headers)) return refusal;
  auto caller = state_->gate.admit(shown_by(request));
  if (!caller) return unauthorized(caller.error(), options.oauth);
  request.caller = *std::move(caller);
  if (!request.caller.scopes) return std::nullopt;
  const std::string scope = lacking_scope(request, state_->source);
  if (scope.empty()) return std::nullopt;
  state_->observer.denied("scope");
  return insufficient_scope(scope, options.oauth);
}

tl::expected<std::string, Response> McpEndpoint::accept_websocket(Request& request) {
  if (!is_websocket_path(request.path)) return tl::unexpected(not_found(request.path));
  const bool is_exai = header(request.headers, "sec-websocket-protocol").empty();
  // A client of the EXAI protocol shows its token in its first frame.
  auto refused = is_exai ? refuse_from_there(request.headers) : refuse(request);
  if (refused) return tl::unexpected(*std::move(refused));
  if (!is_exai && !offers_subprotocol(request.headers))
    return tl::unexpected(
        json_error(400, rpc::kInvalidRequest,
                   "this server speaks MCP here: ask for it with \"Sec-WebSocket-Protocol: mcp\", "
                   "or for the EXAI protocol without that header"));
  if (state_->runner.is_draining()) {
    Response refusal = json_error(503, mcp::kUnavailable, "the daemon is shutting down");
    refusal.headers.emplace("retry-after", "5");
    return tl::unexpected(std::move(refusal));
  }
  return is_exai ? std::string() : std::string(kSubprotocol);
}

std::unique_ptr<Duplex> McpEndpoint::connect(std::string id, std::function<void(std::string)> send,
                                             Origin origin) {
  State& s = *state_;
  mcp::Session session(s.options.server, s.source, s.options.max_in_flight);
  return std::make_unique<Duplex>(std::move(id), std::move(send), s.runner, s.stateless,
                                  std::move(session), s.options.max_in_flight, s.sockets,
                                  std::move(origin));
}

Task<> McpEndpoint::serve(WebSocket& socket) {
  State& state = *state_;
  if (socket.subprotocol().empty()) {
    co_await state.exai.serve(socket);
    co_return;
  }
  std::string id = fmt::format("ws-{}", ++state.sockets_ever);
  state.log.info("session opened", {{"session", id}, {"peer", socket.peer()}});
  socket.close_at(socket.caller().until, 1008, "the token has expired");
  Origin origin{id, state.options.trusted.limit_key(socket.peer()), socket.caller()};
  const auto duplex = connect(
      std::move(id), [&socket](std::string text) { socket.send(std::move(text)); },
      std::move(origin));
  for (;;) {
    const auto text = co_await socket.receive();
    if (!text) co_return;
    duplex->receive(*text);
  }
}

}  // namespace exai::net
