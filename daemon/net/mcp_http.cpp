#include "daemon/net/mcp_http.hpp"

#include <utility>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "daemon/net/access.hpp"

namespace exai::net {

namespace {

constexpr std::size_t kSessionIdLength = 32;
constexpr std::uint64_t kOwnStream = 0;  // of a session, beside those of its requests
constexpr std::string_view kSessionHeader = "mcp-session-id";
constexpr std::string_view kVersionHeader = "mcp-protocol-version";

Response try_later(std::string message) {
  Response refusal = json_error(503, mcp::kUnavailable, std::move(message));
  refusal.headers.emplace("retry-after", "5");
  return refusal;
}

}  // namespace

McpHttp::McpHttp(Clock& clock, Log log, CallRunner& runner, const mcp::Source& source,
                 const McpOptions& options)
    : clock_(clock),
      log_(std::move(log)),
      runner_(runner),
      source_(source),
      options_(options),
      table_({options.max_sessions, options.session_idle}) {}

std::size_t McpHttp::sessions() {
  table_.expire(clock_.now());
  return table_.size();
}

std::optional<Response> McpHttp::refuse_version(const Request& request) {
  const auto version = header(request.headers, kVersionHeader);
  if (version.empty() || mcp::is_handshake_version(version)) return std::nullopt;
  return json_error(
      400, rpc::kInvalidRequest,
      fmt::format("MCP-Protocol-Version: there is no version \"{}\"", printable(version)));
}

// The session that the request names.
tl::expected<mcp::SessionTable::Entry*, Response> McpHttp::session_of(const Request& request) {
  const Time now = clock_.now();
  table_.expire(now);
  const auto id = header(request.headers, kSessionHeader);
  if (id.empty())
    return tl::unexpected(
        json_error(400, rpc::kInvalidRequest, "Mcp-Session-Id is missing: send initialize first"));
  // That of somebody else is as unknown as one that never was.
  const auto* known = table_.find(id);
  const bool is_theirs = known && known->owner == request.caller.name;
  auto* entry = is_theirs ? table_.use(id, now) : nullptr;
  if (entry) return entry;
  return tl::unexpected(json_error(
      404, rpc::kInvalidRequest, "the session has ended: send initialize without Mcp-Session-Id"));
}

Task<std::optional<Response>> McpHttp::post(Request request, BodyWriter& writer) {
  const Accepts accepts = Accepts::from(header(request.headers, "accept"));
  if (auto refusal = refuse_form(request, accepts)) co_return refusal;
  if (auto refusal = refuse_version(request)) co_return refusal;
  if (header(request.headers, kSessionHeader).empty()) co_return open_session(request, accepts);
  auto entry = session_of(request);
  if (!entry) co_return std::move(entry).error();
  const auto stream =
      std::make_shared<SessionStream>((*entry)->id, ++(*entry)->streams, accepts, table_, live_);
  stream->set_origin({(*entry)->id, options_.trusted.limit_key(request.peer), request.caller});
  runner_.receive(stream, request.body);
  const Time end = deadline_at(clock_, request.caller.until);
  co_return co_await stream->respond(writer, end);
}

Task<std::optional<Response>> McpHttp::get(Request request, BodyWriter& writer) {
  if (!Accepts::from(header(request.headers, "accept")).stream)
    co_return json_error(406, rpc::kInvalidRequest, "there are only event streams to GET");
  if (auto refusal = refuse_version(request)) co_return refusal;
  auto entry = session_of(request);
  if (!entry) co_return std::move(entry).error();
  if (runner_.is_draining()) co_return try_later("the daemon is shutting down");
  auto stream = open_stream(**entry, header(request.headers, "last-event-id"));
  if (!stream) co_return std::move(stream).error();
  const std::shared_ptr<SessionStream> serving = *std::move(stream);
  const Time end = deadline_at(clock_, request.caller.until);
  co_await serving->serve(writer, end);
  co_return std::nullopt;
}

// The session's own stream, or the rest of the one that the event is of.
tl::expected<std::shared_ptr<SessionStream>, Response> McpHttp::open_stream(
    mcp::SessionTable::Entry& entry, std::string_view last_event) {
  std::uint64_t number = kOwnStream;
  std::vector<mcp::EventLog::Event> missed;
  if (!last_event.empty()) {
    const auto last = mcp::EventLog::parse(last_event);
    auto events = entry.events.after(last.value_or(mcp::EventLog::Id{}));
    if (!events)
      return tl::unexpected(json_error(400, rpc::kInvalidRequest, events.error().message()));
    number = last->stream;
    missed = *std::move(events);
  }
  const auto found = live_.find({entry.id, number});
  auto stream = found == live_.end() ? nullptr : found->second->shared_from_this();
  if (!stream) {
    stream = std::make_shared<SessionStream>(entry.id, number, Accepts{}, table_, live_);
    if (number == kOwnStream) stream->stay();
    if (last_event.empty()) stream->open();
  }
  if (!last_event.empty()) stream->resume(missed);
  return stream;
}

void McpHttp::changed(const mcp::Change& change) {
  table_.for_each([&](mcp::SessionTable::Entry& entry) {
    auto text = entry.session.changed(change);
    if (!text) return;
    const auto own = live_.find({entry.id, kOwnStream});
    if (own != live_.end()) {
      own->second->notify(*std::move(text));
    } else if (entry.events.knows(kOwnStream)) {  // its client may come back for it
      entry.events.append(kOwnStream, *std::move(text));
    }
  });
}

void McpHttp::close_streams() {
  for (const auto& [key, stream] : live_) stream->close_stream();
}

Response McpHttp::open_session(const Request& request, Accepts accepts) {
  if (runner_.is_draining()) return try_later("the daemon is shutting down");
  mcp::Session session(options_.server, source_, options_.max_in_flight);
  const Time now = clock_.now();
  table_.expire(now);
  const auto outputs = session.receive(request.body);
  const auto* reply = outputs.empty() ? nullptr : std::get_if<mcp::Reply>(&outputs.front());
  if (reply) runner_.observe(*reply, now);
  if (!reply || session.state() == mcp::Session::State::fresh) {
    if (reply && reply->code != 0) return json_response(status_for(reply->code), reply->text);
    return json_error(400, rpc::kInvalidRequest,
                      "Mcp-Session-Id is missing: send initialize first");
  }
  Response response =
      accepts.json ? json_response(200, reply->text) : event_stream(event_text({}, reply->text));
  std::string id = random_token(kSessionIdLength);
  log_.info("session opened", {{"session", id.substr(0, 8)},
                               {"client", session.client()},
                               {"version", session.version()},
                               {"peer", request.peer}});
  response.headers.emplace(kSessionHeader, id);
  const auto added = table_.add(std::move(id), std::move(session), now);
  if (!added) return try_later(added.error().message());
  (*added)->owner = request.caller.name;
  return response;
}

Response McpHttp::end_session(const Request& request) {
  const auto entry = session_of(request);
  if (!entry) return entry.error();
  const std::string id = (*entry)->id;
  runner_.cancel_session(id);
  const auto own = live_.find({id, kOwnStream});
  if (own != live_.end()) own->second->close_stream();
  table_.remove(id);
  return {204, {}, ""};
}

}  // namespace exai::net
