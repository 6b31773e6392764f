#include "daemon/net/mcp_http.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "daemon/net/access.hpp"

namespace exai::net {

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kSessionIdLength = 32;
constexpr Duration kKeepAlive = 15s;  // between comments on a silent event stream
constexpr std::string_view kSessionHeader = "mcp-session-id";
constexpr std::string_view kVersionHeader = "mcp-protocol-version";

// The client sent nonsense (400), or something well-formed that failed (200).
int status_for(int code) {
  switch (code) {
    case rpc::kParseError:
    case rpc::kInvalidRequest:
    case mcp::kUnsupportedVersion:
      return 400;
    default:
      return 200;
  }
}

Response json_response(int status, std::string body) {
  return {status, {{"content-type", "application/json"}}, std::move(body)};
}

Response try_later(std::string message) {
  Response refusal = json_error(503, mcp::kUnavailable, std::move(message));
  refusal.headers.emplace("retry-after", "5");
  return refusal;
}

Response event_stream(std::string events = {}) {
  return {200,
          {{"content-type", "text/event-stream"},
           {"cache-control", "no-store"},
           {"x-accel-buffering", "no"}},
          std::move(events)};
}

std::string event_of(std::string_view message) {
  return fmt::format("event: message\ndata: {}\n\n", message);
}

bool is_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  return to_lower(trim(type)) == "application/json";
}

// A modern client's request, told from its header alone; its body still has the id to answer to.
Response unsupported_version(const Request& request) {
  const auto message = rpc::parse(request.body);
  const auto* parsed = message ? std::get_if<rpc::Request>(&*message) : nullptr;
  const auto answer = mcp::unsupported_version(parsed ? *parsed : rpc::Request{},
                                               header(request.headers, kVersionHeader));
  return json_response(400, rpc::to_text(answer));
}

}  // namespace

// One POST on its way: collects what the session has to say to it.
class McpHttp::Exchange final : public Peer {
 public:
  Exchange(std::string session_id, mcp::SessionTable& table)
      : Peer(std::move(session_id)), table_(table) {}

  mcp::Session* session() override { return table_.find(session_id()); }

  void reply(mcp::Reply reply) override {
    if (abandoned_) return;
    status_ = status_for(reply.code);
    append(std::move(reply.text));
  }
  void notify(std::string message) override {
    if (abandoned_) return;
    append(std::move(message));
  }
  void call_started(const mcp::StartCall& call) override {
    ++running_;
    started_ = true;
    wants_progress_ = wants_progress_ || call.wants_progress;
  }
  void call_ended() override {
    --running_;
    wake();
  }

  bool is_running() const { return running_ > 0; }
  bool is_silent() const { return messages_.empty(); }
  bool wants_progress() const { return wants_progress_; }
  // It was nothing that gets an answer.
  bool is_notification() const { return !started_ && messages_.empty(); }
  int status() const { return status_; }
  std::vector<std::string> take() { return std::exchange(messages_, {}); }
  void abandon() { abandoned_ = true; }  // the client has gone

  // Until something was said or a call has ended; at most for the time of a keep-alive.
  Task<> wait() {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    changed_.emplace(executor, kKeepAlive);
    co_await changed_->async_wait(kAsTuple);
    changed_.reset();
  }

 private:
  void append(std::string message) {
    messages_.push_back(std::move(message));
    wake();
  }
  void wake() {
    if (changed_) changed_->cancel();
  }

  mcp::SessionTable& table_;
  std::vector<std::string> messages_;
  std::optional<asio::steady_timer> changed_;  // there while somebody waits
  std::size_t running_ = 0;
  int status_ = 200;
  bool started_ = false;
  bool wants_progress_ = false;
  bool abandoned_ = false;
};

McpHttp::McpHttp(Clock& clock, Log log, CallRunner& runner, const mcp::ToolSource& tools,
                 const McpOptions& options)
    : clock_(clock),
      log_(std::move(log)),
      runner_(runner),
      tools_(tools),
      options_(options),
      table_({options.max_sessions, options.session_idle}) {}

std::size_t McpHttp::sessions() {
  table_.expire(clock_.now());
  return table_.size();
}

McpHttp::Accepts McpHttp::accepts_of(std::string_view accept) {
  if (accept.empty()) return {true, false};
  Accepts accepts{false, false};
  for (const auto& item : split(accept, ',')) {
    const std::string range = to_lower(trim(item));
    const std::string type(trim(std::string_view(range).substr(0, range.find(';'))));
    if (range.ends_with("q=0")) continue;
    const bool any = type == "*/*";
    if (any || type == "application/json" || type == "application/*") accepts.json = true;
    if (any || type == "text/event-stream" || type == "text/*") accepts.stream = true;
  }
  return accepts;
}

std::optional<Response> McpHttp::refuse_form(const Request& request, Accepts accepts) {
  if (!is_json(header(request.headers, "content-type")))
    return json_error(415, rpc::kInvalidRequest, "send the message as application/json");
  if (!accepts.json && !accepts.stream)
    return json_error(406, rpc::kInvalidRequest,
                      "answers are application/json or text/event-stream: accept both");
  const auto version = header(request.headers, kVersionHeader);
  if (version.empty() || mcp::is_handshake_version(version)) return std::nullopt;
  if (version >= mcp::kFirstModernVersion) return unsupported_version(request);
  return json_error(
      400, rpc::kInvalidRequest,
      fmt::format("MCP-Protocol-Version: there is no version \"{}\"", printable(version)));
}

Task<std::optional<Response>> McpHttp::post(Request request, BodyWriter& writer) {
  const Accepts accepts = accepts_of(header(request.headers, "accept"));
  if (auto refusal = refuse_form(request, accepts)) co_return refusal;
  const Time now = clock_.now();
  table_.expire(now);
  const auto session_id = header(request.headers, kSessionHeader);
  if (session_id.empty()) co_return open_session(request, accepts);
  if (!table_.use(session_id, now))
    co_return json_error(404, rpc::kInvalidRequest,
                         "the session has ended: send initialize without Mcp-Session-Id");

  const auto exchange = std::make_shared<Exchange>(std::string(session_id), table_);
  runner_.receive(exchange, request.body);
  if (exchange->is_notification()) co_return Response{202, {}, ""};
  if (!accepts.json || (exchange->wants_progress() && accepts.stream))
    co_return co_await stream(exchange, writer);

  while (exchange->is_running()) co_await exchange->wait();
  auto messages = exchange->take();
  if (!messages.empty()) co_return json_response(exchange->status(), std::move(messages.back()));
  if (accepts.stream) co_return event_stream();
  co_return Response{202, {}, ""};
}

Response McpHttp::open_session(const Request& request, Accepts accepts) {
  if (runner_.is_draining()) return try_later("the daemon is shutting down");
  mcp::Session session(options_.server, tools_.tools(), options_.max_in_flight);
  const Time now = clock_.now();
  const auto outputs = session.receive(request.body);
  const auto* reply = outputs.empty() ? nullptr : std::get_if<mcp::Reply>(&outputs.front());
  if (reply) runner_.observe(*reply, now);
  if (!reply || session.state() == mcp::Session::State::fresh) {
    if (reply && reply->code != 0) return json_response(status_for(reply->code), reply->text);
    return json_error(400, rpc::kInvalidRequest,
                      "Mcp-Session-Id is missing: send initialize first");
  }
  Response response =
      accepts.json ? json_response(200, reply->text) : event_stream(event_of(reply->text));
  std::string id = random_token(kSessionIdLength);
  log_.info("session opened", {{"session", id.substr(0, 8)},
                               {"client", session.client()},
                               {"version", session.version()},
                               {"peer", request.peer}});
  response.headers.emplace(kSessionHeader, id);
  const auto added = table_.add(std::move(id), std::move(session), now);
  if (!added) return try_later(added.error().message());
  return response;
}

Response McpHttp::end_session(const Request& request) {
  const std::string id(header(request.headers, kSessionHeader));
  if (id.empty()) return json_error(400, rpc::kInvalidRequest, "Mcp-Session-Id is missing");
  if (!table_.use(id, clock_.now()))
    return json_error(404, rpc::kInvalidRequest, "the session has ended already");
  runner_.cancel_session(id);
  table_.remove(id);
  return {204, {}, ""};
}

Task<std::optional<Response>> McpHttp::stream(std::shared_ptr<Exchange> exchange,
                                              BodyWriter& writer) {
  Response head = event_stream();
  auto started = co_await writer.start(std::move(head));
  bool connected = started.has_value();
  while (connected) {
    const bool running = exchange->is_running();
    std::string events;
    for (const auto& message : exchange->take()) events += event_of(message);
    if (!events.empty()) {
      auto written = co_await writer.write(std::move(events));
      connected = written.has_value();
      continue;
    }
    if (!running) break;
    co_await exchange->wait();
    if (exchange->is_running() && exchange->is_silent()) {
      std::string comment = ": still at it\n\n";
      auto written = co_await writer.write(std::move(comment));
      connected = written.has_value();
    }
  }
  if (connected) {
    auto finished = co_await writer.finish();
    connected = finished.has_value();
  }
  if (!connected) exchange->abandon();
  co_return std::nullopt;
}

}  // namespace exai::net
