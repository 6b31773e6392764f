#include "daemon/net/http_stream.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "daemon/net/access.hpp"

namespace exai::net {

namespace {

constexpr Duration kKeepAlive = 15s;
constexpr const char* kStillHere = ": still at it\n\n";
constexpr const char* kExpired = ": the token has expired\n\n";
constexpr int kRetryMs = 1000;  // how long a client waits before it comes back
// Older clients take an event without data for a broken message.
constexpr std::string_view kFirstWithPriming = "2025-11-25";

bool has_come(Time end) {
  return end <= std::chrono::steady_clock::now();
}

bool is_json(std::string_view content_type) {
  if (content_type == "application/json") return true;
  const auto type = content_type.substr(0, content_type.find(';'));
  return to_lower(trim(type)) == "application/json";
}

}  // namespace

Accepts Accepts::from(std::string_view header) {
  if (header.empty()) return {true, false};
  if (header == "application/json, text/event-stream") return {true, true};  // nearly all say so
  Accepts accepts{false, false};
  for (const auto& item : split(header, ',')) {
    const std::string range = to_lower(trim(item));
    const std::string type(trim(std::string_view(range).substr(0, range.find(';'))));
    if (range.ends_with("q=0")) continue;
    const bool any = type == "*/*";
    if (any || type == "application/json" || type == "application/*") accepts.json = true;
    if (any || type == "text/event-stream" || type == "text/*") accepts.stream = true;
  }
  return accepts;
}

Response json_response(int status, std::string body) {
  return {status, {{"content-type", "application/json"}}, std::move(body)};
}

Response event_stream(std::string events) {
  return {200,
          {{"content-type", "text/event-stream"},
           {"cache-control", "no-store"},
           {"x-accel-buffering", "no"}},
          std::move(events)};
}

std::string event_text(std::string_view id, std::string_view message) {
  const std::string id_line = id.empty() ? std::string() : fmt::format("id: {}\n", id);
  if (message.empty()) return fmt::format("{}retry: {}\ndata: \n\n", id_line, kRetryMs);
  return fmt::format("{}event: message\ndata: {}\n\n", id_line, message);
}

std::optional<Response> refuse_form(const Request& request, Accepts accepts) {
  if (!is_json(header(request.headers, "content-type")))
    return json_error(415, rpc::kInvalidRequest, "send the message as application/json");
  const std::string encoding = to_lower(header(request.headers, "content-encoding"));
  if (!encoding.empty() && encoding != "identity") {
    Response refusal = json_error(415, rpc::kInvalidRequest, "send the message not compressed");
    refusal.headers.emplace("accept-encoding", "identity");
    return refusal;
  }
  if (!accepts.json && !accepts.stream)
    return json_error(406, rpc::kInvalidRequest,
                      "answers are application/json or text/event-stream: accept both");
  return std::nullopt;
}

HttpStream::HttpStream(std::string session_id, Accepts accepts)
    : Peer(std::move(session_id)), accepts_(accepts) {}

void HttpStream::reply(mcp::Reply reply) {
  status_ = status_of(reply.code);
  if (!accepts_.json) begin_stream();
  if (streaming_) return notify(std::move(reply.text));
  said_.push_back(std::move(reply.text));
  wake();
}

void HttpStream::notify(std::string message) {
  if (!accepts_.stream) return;
  begin_stream();
  std::string event = encode(std::move(message));
  if (!abandoned_) events_ += event;
  wake();
}

void HttpStream::call_started(const mcp::StartCall& call) {
  ++running_;
  started_ = true;
  if (accepts_.stream && (call.wants_progress || !accepts_.json)) begin_stream();
}

void HttpStream::call_ended() {
  if (--running_ == 0) ended();
  wake();
}

void HttpStream::hold_open() {
  ++running_;
  started_ = true;
}

void HttpStream::release() {
  --running_;
  wake();
}

void HttpStream::close_stream() {
  if (!accepts_.stream) return;
  begin_stream();
  closed_ = true;
  wake();
}

void HttpStream::begin_stream() {
  if (std::exchange(streaming_, true)) return;
  events_ = begin();
  for (auto& message : std::exchange(said_, {})) events_ += encode(std::move(message));
}

void HttpStream::go_on(std::string events) {
  streaming_ = true;
  closed_ = false;
  events_ = std::move(events);
}

Task<std::optional<Response>> HttpStream::respond(BodyWriter& writer, Time end) {
  if (!started_ && said_.empty() && !streaming_) co_return Response{202, {}, ""};
  while (running_ > 0 && !streaming_) {
    const bool silent = co_await wait();
    if (silent && accepts_.stream) begin_stream();
  }
  if (streaming_) {
    co_await serve(writer, end);
    co_return std::nullopt;
  }
  if (!said_.empty()) co_return json_response(status_, std::move(said_.back()));
  if (accepts_.stream) co_return event_stream();  // a cancelled request: nothing is to be said
  co_return Response{202, {}, ""};
}

Task<> HttpStream::serve(BodyWriter& writer, Time end) {
  const std::uint64_t mine = ++attached_;
  abandoned_ = false;
  wake();  // the connection that this one takes over from
  Response head = event_stream();
  auto started = co_await writer.start(std::move(head));
  bool connected = started.has_value();
  while (connected && attached_ == mine) {
    const bool over = closed_ || running_ == 0;
    const bool expired = !over && has_come(end);
    std::string events = std::exchange(events_, {});
    if (events.empty() && over) break;
    if (events.empty() && !expired) {
      const bool silent = co_await wait(end);
      if (!silent || has_come(end)) continue;
      events = kStillHere;
    }
    if (expired) events += kExpired;
    auto written = co_await writer.write(std::move(events));
    connected = written.has_value();
    if (expired) break;
  }
  if (attached_ == mine) {
    abandoned_ = true;
    events_.clear();
  }
  if (connected) {
    co_await writer.finish();
  }
}

// Until something happened; true when nothing did for the time of a keep-alive, or until the end.
Task<bool> HttpStream::wait(Time end) {
  const Executor executor = co_await asio::this_coro::executor;
  const Time latest = std::min(std::chrono::steady_clock::now() + kKeepAlive, end);
  const auto timer = std::make_shared<Timer>(executor, latest);
  changed_ = timer;
  auto done = co_await timer->async_wait(kAsTuple);
  if (changed_ == timer) changed_.reset();
  co_return !std::get<0>(done);
}

void HttpStream::wake() {
  if (changed_) changed_->cancel();
}

SessionStream::SessionStream(std::string session_id, std::uint64_t number, Accepts accepts,
                             mcp::SessionTable& table, LiveStreams& live)
    : HttpStream(std::move(session_id), accepts), number_(number), table_(table), live_(live) {}

SessionStream::~SessionStream() {
  const auto self = is_live_ ? live_.find({session_id(), number_}) : live_.end();
  if (self != live_.end() && self->second == this) live_.erase(self);
  auto* found = stays_ ? entry() : nullptr;
  if (found) --found->held_open;
}

mcp::FrontEnd* SessionStream::front_end() {
  auto* found = entry();
  return found ? &found->session : nullptr;
}

void SessionStream::go_live() {
  live_[{session_id(), number_}] = this;
  is_live_ = true;
}

void SessionStream::ended() {
  if (auto* found = entry()) found->events.end(number_);
}

void SessionStream::stay() {
  hold_open();
  if (auto* found = entry()) ++found->held_open;
  stays_ = true;
}

void SessionStream::open() {
  begin_stream();
}

void SessionStream::resume(const std::vector<mcp::EventLog::Event>& missed) {
  go_live();
  std::string events;
  for (const auto& event : missed)
    events += event_text(mcp::EventLog::to_text(event.id), event.message);
  go_on(std::move(events));
}

int status_for(int code) {
  switch (code) {  // the client sent nonsense (400), or something well-formed that failed (200)
    case rpc::kParseError:
    case rpc::kInvalidRequest:
    case mcp::kUnsupportedVersion:
      return 400;
    default:
      return 200;
  }
}

std::string SessionStream::begin() {
  go_live();
  const auto* found = entry();
  return found && found->session.version() >= kFirstWithPriming ? encode({}) : std::string();
}

std::string SessionStream::encode(std::string message) {
  auto* found = entry();
  if (!found) return event_text({}, message);
  const auto event = found->events.append(number_, std::move(message));
  return event_text(mcp::EventLog::to_text(event.id), event.message);
}

}  // namespace exai::net
