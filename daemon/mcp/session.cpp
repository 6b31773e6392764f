#include "daemon/mcp/session.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace exai::mcp {

namespace {

Reply reply_with(const rpc::Response& response, std::string method) {
  return {rpc::to_text(response), std::move(method), response.error ? response.error->code : 0};
}

Reply refuse(const rpc::Request& request, int code, std::string message) {
  return reply_with(rpc::error_of(request.id, code, std::move(message)), request.method);
}

Reply reject(rpc::Rejection rejection) {
  rpc::Response response{std::move(rejection.id), nullptr, std::move(rejection.error)};
  return reply_with(response, {});
}

Reply refuse_batch(std::string message) {
  return reply_with(rpc::error_of(std::nullopt, rpc::kInvalidRequest, std::move(message)), "batch");
}

bool looks_like_batch(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '[';
}

std::string client_name(const rpc::Request& request) {
  const auto* info = find_object(request.params, "clientInfo");
  if (!info) return "unknown";
  const auto name = find_string(*info, "name").value_or("unknown");
  const auto version = find_string(*info, "version").value_or("");
  return printable(std::string(trim(name + " " + version)).substr(0, 100));
}

// An id as notifications/cancelled names it.
std::optional<rpc::Id> named_id(const json::object& params) {
  if (auto text = find_string(params, "requestId")) return rpc::Id(*std::move(text));
  if (const auto number = find_integer(params, "requestId")) return rpc::Id(*number);
  return std::nullopt;
}

rpc::ErrorObject call_error(const Error& error) {
  switch (error.code()) {
    case Errc::not_found:
    case Errc::invalid:
      return {rpc::kInvalidParams, error.message(), nullptr};
    case Errc::unavailable:
    case Errc::cancelled:
      return {kUnavailable, error.message(), nullptr};
    case Errc::conflict:
      return {kTooManyCalls, error.message(), nullptr};
    default:
      return {rpc::kInternalError, error.message(), nullptr};
  }
}

}  // namespace

struct Session::Batch {
  std::vector<std::string> replies;
  std::size_t running = 0;

  // The one reply, when there is nothing more to wait for and something to say.
  std::optional<Reply> complete() const {
    if (running > 0 || replies.empty()) return std::nullopt;
    return Reply{"[" + join(replies, ",") + "]", "batch", 0};
  }
};

Session::Session(const ServerInfo& server, const std::vector<ToolInfo>& tools,
                 std::size_t max_in_flight)
    : server_(server), tools_(tools), max_in_flight_(max_in_flight) {}

std::vector<Output> Session::receive(std::string_view text) {
  std::vector<Output> outputs;
  if (looks_like_batch(text)) {
    const auto batch = parse_json(text);
    if (batch) {
      receive_batch(batch->get_array(), outputs);
    } else {
      outputs.emplace_back(
          reject({std::nullopt, {rpc::kParseError, batch.error().message(), nullptr}}));
    }
    return outputs;
  }
  auto message = rpc::parse(text);
  if (!message) {
    outputs.emplace_back(reject(std::move(message).error()));
    return outputs;
  }
  if (auto output = receive_message(*std::move(message))) outputs.push_back(*std::move(output));
  return outputs;
}

void Session::receive_batch(const json::array& messages, std::vector<Output>& outputs) {
  if (state_ == State::fresh || version_ != kBatchVersion) {
    outputs.emplace_back(
        refuse_batch("batches exist only in version 2025-03-26 of the protocol; "
                     "send the messages one by one"));
    return;
  }
  if (messages.empty()) {
    outputs.emplace_back(refuse_batch("the batch is empty"));
    return;
  }
  const auto batch = std::make_shared<Batch>();
  for (const auto& item : messages) {
    auto message = rpc::from_json(item);
    auto output = message ? receive_message(*std::move(message))
                          : std::optional<Output>(reject(std::move(message).error()));
    if (!output) continue;
    if (auto* reply = std::get_if<Reply>(&*output)) {
      batch->replies.push_back(std::move(reply->text));
      continue;
    }
    if (const auto* call = std::get_if<StartCall>(&*output)) {
      calls_.at(call->id).batch = batch;
      ++batch->running;
    }
    outputs.push_back(*std::move(output));
  }
  if (auto reply = batch->complete()) outputs.emplace_back(*std::move(reply));
}

std::optional<Output> Session::receive_message(rpc::Message message) {
  auto* request = std::get_if<rpc::Request>(&message);
  if (!request) return std::nullopt;  // we ask clients nothing, so a response answers nothing
  if (!request->id) return receive_notification(*request);
  return receive_request(std::move(*request));
}

Output Session::receive_request(rpc::Request request) {
  if (detect_era(request) == Era::modern)
    return reply_with(unsupported_version(request), request.method);
  if (calls_.contains(*request.id))
    return refuse(request, rpc::kInvalidRequest, "the id is in use by a request still in progress");
  if (request.method == "ping")
    return reply_with(rpc::result_of(*request.id, json::object{}), request.method);
  if (request.method == "initialize") return initialize(request);
  if (state_ == State::fresh)
    return refuse(request, rpc::kInvalidRequest, "the session is not open: send initialize first");
  state_ = State::open;
  if (request.method == "tools/call") return start_call(std::move(request));
  if (request.method == "tools/list") return list_tools(request);
  return refuse(request, rpc::kMethodNotFound,
                fmt::format("there is no method \"{}\"", printable(request.method)));
}

std::optional<Output> Session::receive_notification(const rpc::Request& notification) {
  if (notification.method == "notifications/initialized" && state_ == State::initializing)
    state_ = State::open;
  if (notification.method != "notifications/cancelled") return std::nullopt;
  const auto id = named_id(notification.params);
  if (!id) return std::nullopt;
  const auto call = calls_.find(*id);
  if (call == calls_.end() || call->second.cancelled) return std::nullopt;
  call->second.cancelled = true;
  return CancelCall{*id};
}

Output Session::initialize(const rpc::Request& request) {
  if (state_ != State::fresh)
    return refuse(request, rpc::kInvalidRequest, "the session is initialized already");
  const auto asked = find_string(request.params, "protocolVersion");
  if (!asked) return refuse(request, rpc::kInvalidParams, "\"protocolVersion\" must be a string");
  version_ = kHandshakeVersions.front();
  for (const auto known : kHandshakeVersions)
    if (known == *asked) version_ = known;
  client_ = client_name(request);
  state_ = State::initializing;
  return reply_with(rpc::result_of(*request.id, initialize_result(server_, version_)),
                    request.method);
}

Output Session::list_tools(const rpc::Request& request) const {
  std::string cursor;
  if (const auto* given = find(request.params, "cursor")) {
    if (!given->is_string())
      return refuse(request, rpc::kInvalidParams, "\"cursor\" must be a string");
    cursor = given->get_string();
  }
  auto page = tools_page(tools_, cursor);
  if (!page) return refuse(request, rpc::kInvalidParams, page.error().message());
  return reply_with(rpc::result_of(*request.id, *std::move(page)), request.method);
}

Output Session::start_call(rpc::Request request) {
  const auto name = find_string(request.params, "name");
  if (!name) return refuse(request, rpc::kInvalidParams, "\"name\" must be a string");
  StartCall start{*request.id, *name, {}, false};
  if (auto* arguments = request.params.if_contains("arguments")) {
    if (!arguments->is_object())
      return refuse(request, rpc::kInvalidParams, "\"arguments\" must be an object");
    start.arguments = std::move(arguments->get_object());
  }
  Call call;
  if (const auto* meta = find_object(request.params, "_meta")) {
    if (const auto* token = find(*meta, "progressToken")) {
      if (!token->is_string() && !token->is_number())
        return refuse(request, rpc::kInvalidParams,
                      "\"progressToken\" must be a string or a number");
      call.token = *token;
      start.wants_progress = true;
    }
  }
  if (calls_.size() >= max_in_flight_)
    return refuse(request, kTooManyCalls,
                  fmt::format("this session has {} in flight, the most it may; wait for one to end",
                              count_of(calls_.size(), "call")));
  calls_.emplace(start.id, std::move(call));
  return start;
}

std::optional<std::string> Session::progress(const rpc::Id& id, const Progress& progress) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  Call& call = found->second;
  if (call.token.is_null() || call.cancelled) return std::nullopt;
  if (call.reported && progress.progress <= call.progress) return std::nullopt;
  call.reported = true;
  call.progress = progress.progress;
  return progress_text(call.token, progress);
}

std::optional<Reply> Session::finish(const rpc::Id& id, const Result<ToolResult>& result) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  const Call call = std::move(found->second);
  calls_.erase(found);
  std::optional<Reply> reply;
  if (!call.cancelled && result) {
    reply = Reply{call_result_text(id, *result), "tools/call", 0};
  } else if (!call.cancelled) {
    rpc::Response response{id, nullptr, call_error(result.error())};
    reply = reply_with(response, "tools/call");
  }
  if (!call.batch) return reply;
  --call.batch->running;
  if (reply) call.batch->replies.push_back(std::move(reply->text));
  return call.batch->complete();
}

}  // namespace exai::mcp
