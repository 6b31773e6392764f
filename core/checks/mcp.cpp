// Speaks MCP as a client of the handshake era over Streamable HTTP:
//
//   POST initialize → POST notifications/initialized → POST tools/list (all pages)
//     → POST tools/call → DELETE the session
//
// Each POST may be answered by JSON or by a stream of events.
#include <utility>

#include "core/base/json.hpp"
#include "core/base/rpc.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "core/checks/network.hpp"
#include "core/config/formats.hpp"

namespace exai::checks {

namespace {

constexpr std::string_view kProtocol = "2025-11-25";
constexpr std::size_t kAnswerLimit = 8U << 20U;
constexpr int kPageLimit = 100;
constexpr Duration kFarewell = 500ms;

std::string shortened(std::string_view text) {
  text = trim(text);
  constexpr std::size_t kEnough = 200;
  return text.size() <= kEnough ? printable(text) : printable(text.substr(0, kEnough)) + "…";
}

// The answer to request `id` in a message of the server; nothing when it is another message.
std::optional<Result<json::object>> answer_in(std::string_view text, std::int64_t id) {
  const auto message = rpc::parse(text);
  if (!message)
    return fail(Errc::invalid, "the answer is no JSON-RPC: {}", message.error().error.message);
  const auto* response = std::get_if<rpc::Response>(&*message);
  if (response == nullptr || (response->id && *response->id != rpc::Id(id))) return std::nullopt;
  if (response->error)
    return fail(Errc::invalid, "error {}: {}", response->error->code,
                shortened(response->error->message));
  if (!response->result.is_object()) return fail(Errc::invalid, "the result is no object");
  return response->result.as_object();
}

// The text of a tool's first content item.
std::string text_of(const json::object& result) {
  const json::array* content = find_array(result, "content");
  if (content == nullptr || content->empty() || !content->front().is_object()) return "nothing";
  return shortened(find_string(content->front().as_object(), "text").value_or("nothing"));
}

// One session. Lives in prove_mcp(), whose Attempt it borrows.
class Client {
 public:
  Client(Attempt& attempt, const config::Check& check)
      : attempt_(attempt),
        check_(check),
        url_(config::url_of(check, "/mcp")),
        tool_(config::parse_mcp_call(check.what.front()).value_or("")),
        token_(check.setting("token")) {
    if (const auto token = attempt.secret(token_))
      authorization_ = "Bearer " + std::string(token->reveal());
  }

  Task<Proof> converse();
  // Ends the session, so that the server need not keep one for every check ever run.
  Task<> leave();

 private:
  Task<Result<>> initialize();
  Task<Result<std::size_t>> count_tools();  // Errors: not_found, ours is not among them
  Task<Result<>> call_tool();

  // Errors carry the step's name.
  Task<Result<json::object>> ask(std::string method, json::object params, std::string step);
  Task<Result<>> notify(std::string method);
  Task<Result<HttpStream>> post(rpc::Request message);
  Task<Result<json::object>> read_json(HttpStream& stream, std::int64_t id);
  Task<Result<json::object>> read_events(HttpStream& stream, std::int64_t id);

  HeaderMap headers() const;
  Error refused(int status) const;

  Attempt& attempt_;
  const config::Check& check_;
  const std::string url_;
  const std::string tool_;
  const std::string token_;  // the name of a variable
  std::string authorization_;
  std::string session_;
  std::string version_;  // agreed on by initialize
  std::int64_t last_id_ = 0;
};

Task<Proof> Client::converse() {
  auto welcome = co_await initialize();
  if (!welcome) co_return fail(welcome.error());
  auto tools = co_await count_tools();
  if (!tools) co_return fail(tools.error());
  auto called = co_await call_tool();
  if (!called) co_return fail(called.error());
  co_return fmt::format("tools/call {} answered, {}", tool_, count_of(*tools, "tool"));
}

Task<Result<>> Client::initialize() {
  json::object client = {{"name", "exai-check"}, {"version", kVersion}};
  json::object params = {{"protocolVersion", kProtocol}, {"capabilities", json::object()}};
  params["clientInfo"] = std::move(client);
  auto result = co_await ask("initialize", std::move(params), "initialize");
  if (!result) co_return fail(result.error());
  version_ = find_string(*result, "protocolVersion").value_or("");
  if (version_.empty())
    co_return fail(Errc::invalid, "initialize: the answer names no protocolVersion");
  co_return co_await notify("notifications/initialized");
}

Task<Result<std::size_t>> Client::count_tools() {
  std::size_t count = 0;
  bool found = false;
  json::object params;
  for (int page = 0; page < kPageLimit; ++page) {
    auto result = co_await ask("tools/list", std::move(params), "tools/list");
    if (!result) co_return fail(result.error());
    const json::array* tools = find_array(*result, "tools");
    if (tools == nullptr) co_return fail(Errc::invalid, "tools/list: the answer lists no tools");
    count += tools->size();
    for (const json::value& tool : *tools)
      found = found || (tool.is_object() && find_string(tool.as_object(), "name") == tool_);
    const auto cursor = find_string(*result, "nextCursor");
    if (!cursor) break;
    params = json::object();
    params["cursor"] = *cursor;
  }
  if (found) co_return count;
  co_return fail(Errc::not_found, "tools/list: there is no tool \"{}\" among {}", tool_,
                 count_of(count, "tool"));
}

Task<Result<>> Client::call_tool() {
  json::object params = {{"name", tool_}, {"arguments", json::object()}};
  const std::string step = "tools/call " + tool_;
  auto result = co_await ask("tools/call", std::move(params), step);
  if (!result) co_return fail(result.error());
  if (find_bool(*result, "isError").value_or(false))
    co_return fail(Errc::unavailable, "{}: the tool failed: {}", step, text_of(*result));
  co_return Result<>();
}

Task<> Client::leave() {
  if (session_.empty()) co_return;
  HttpRequest request = request_to(attempt_, check_, url_);
  request.method = "DELETE";
  request.timeout = kFarewell;
  request.headers = headers();
  // 405 says that the server keeps its sessions to itself; no answer is none of our concern either.
  auto ignored = co_await attempt_.http.send(std::move(request));
}

Task<Result<json::object>> Client::ask(std::string method, json::object params, std::string step) {
  attempt_.step = step;
  const std::int64_t id = ++last_id_;
  rpc::Request message{id, std::move(method), std::move(params)};
  auto stream = co_await post(std::move(message));
  if (!stream) co_return fail(stream.error().within(step));
  const HeaderMap& head = stream->headers();
  if (const auto session = head.find("mcp-session-id"); session != head.end())
    session_ = session->second;
  const auto type = head.find("content-type");
  const bool events = type != head.end() && type->second.starts_with("text/event-stream");
  Task<Result<json::object>> reading = events ? read_events(*stream, id) : read_json(*stream, id);
  auto result = co_await std::move(reading);
  if (!result) co_return fail(result.error().within(step));
  co_return result;
}

Task<Result<>> Client::notify(std::string method) {
  attempt_.step = method;
  rpc::Request message{std::nullopt, method, json::object()};
  auto stream = co_await post(std::move(message));
  if (!stream) co_return fail(stream.error().within(method));
  // 202 has no body: wait for its end, and the connection can be used again.
  if (stream->status() == 202) co_await stream->next();
  co_return Result<>();
}

// Errors: those of HTTP, and unavailable or denied for any status but 2xx.
Task<Result<HttpStream>> Client::post(rpc::Request message) {
  HttpRequest request = request_to(attempt_, check_, url_);
  request.method = "POST";
  request.headers = headers();
  request.body = rpc::to_text(message);
  auto stream = co_await attempt_.http.open(std::move(request));
  if (!stream) co_return fail(stream.error());
  const int status = stream->status();
  if (status / 100 != 2) co_return fail(refused(status));
  co_return stream;
}

Task<Result<json::object>> Client::read_json(HttpStream& stream, std::int64_t id) {
  std::string body;
  for (;;) {
    auto piece = co_await stream.next();
    if (!piece) co_return fail(piece.error());
    if (!*piece) break;
    body += **piece;
    if (body.size() > kAnswerLimit)
      co_return fail(Errc::invalid, "the answer is larger than {}", format_size(kAnswerLimit));
  }
  auto answer = answer_in(body, id);
  if (!answer) co_return fail(Errc::invalid, "the answer is to another request");
  co_return *std::move(answer);
}

// The server may go on with the stream after our answer; we do not wait for its end.
Task<Result<json::object>> Client::read_events(HttpStream& stream, std::int64_t id) {
  SseParser parser(kAnswerLimit);
  for (;;) {
    auto piece = co_await stream.next();
    if (!piece) co_return fail(piece.error());
    if (!*piece) co_return fail(Errc::unavailable, "the stream ended without an answer");
    if (Result<> fed = parser.feed(**piece); !fed) co_return fail(fed.error());
    while (const auto event = parser.next()) {
      if (event->data.empty()) continue;  // it primes the stream for a resumption
      if (auto answer = answer_in(event->data, id)) co_return *std::move(answer);
    }
  }
}

HeaderMap Client::headers() const {
  HeaderMap headers = {{"accept", "application/json, text/event-stream"},
                       {"content-type", "application/json"}};
  if (!authorization_.empty()) headers["authorization"] = authorization_;
  if (!session_.empty()) headers["mcp-session-id"] = session_;
  if (!version_.empty()) headers["mcp-protocol-version"] = version_;
  return headers;
}

Error Client::refused(int status) const {
  if (status != 401 && status != 403)
    return {Errc::unavailable, fmt::format("HTTP {} from {}", status, url_)};
  std::string reason = "the token is wrong";
  if (token_.empty())
    reason = "a token is needed, and the check names none";
  else if (authorization_.empty())
    reason = "a token is needed, and " + token_ + " has no value";
  return {Errc::denied, fmt::format("HTTP {} from {}: {}", status, url_, reason)};
}

}  // namespace

Task<Proof> prove_mcp(Attempt& attempt, config::Check check) {
  Client client(attempt, check);
  Proof proof = co_await client.converse();
  // Also when the deadline has passed: then converse() has returned `cancelled`.
  const asio::disable_cancellation not_now;
  co_await asio::this_coro::reset_cancellation_state(not_now);
  co_await client.leave();
  co_return proof;
}

}  // namespace exai::checks
