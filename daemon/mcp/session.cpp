#include "daemon/mcp/session.hpp"

#include <array>
#include <utility>

#include "core/base/text.hpp"

namespace exai::mcp {

namespace {

constexpr std::size_t kMostSubscriptions = 1000;

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

rpc::ErrorObject error_of(const Error& error, std::string_view method) {
  rpc::ErrorObject object = call_error(error);
  if (error.code() == Errc::not_found && method == "resources/read")
    object.code = kResourceNotFound;
  return object;
}

Result<json::object> answer_in(const rpc::Response& response) {
  if (response.error)
    return fail(Errc::unavailable, "the client refused: {}", printable(response.error->message));
  if (!response.result.is_object())
    return fail(Errc::unavailable, "the client's answer is no object");
  return response.result.get_object();
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

Session::Session(const ServerInfo& server, const Source& source, std::size_t max_in_flight)
    : server_(server), source_(source), max_in_flight_(max_in_flight) {}

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
  if (!request) return receive_response(std::get<rpc::Response>(std::move(message)));
  if (!request->id) return receive_notification(*request);
  return receive_request(*request);
}

std::optional<Output> Session::receive_response(rpc::Response response) {
  if (!response.id || asked_.erase(*response.id) == 0) return std::nullopt;
  return Answered{*response.id, answer_in(response)};
}

Output Session::receive_request(rpc::Request& request) {
  if (calls_.contains(*request.id))
    return refuse(request, rpc::kInvalidRequest, "the id is in use by a request still in progress");
  if (request.method == "ping")
    return reply_with(rpc::result_of(*request.id, json::object{}), request.method);
  if (request.method == "initialize") return initialize(request);
  if (state_ == State::fresh)
    return refuse(request, rpc::kInvalidRequest, "the session is not open: send initialize first");
  state_ = State::open;
  if (offers(source_.catalog(), request.method))
    return is_call(request.method) ? start_call(request) : answer(request);
  return refuse(request, rpc::kMethodNotFound,
                fmt::format("this server offers nothing for \"{}\"", printable(request.method)));
}

std::optional<Output> Session::receive_notification(const rpc::Request& notification) {
  if (notification.method == "notifications/initialized" && state_ == State::initializing)
    state_ = State::open;
  if (notification.method != "notifications/cancelled") return std::nullopt;
  const auto id = cancelled_id(notification.params);
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
  if (const auto* declared = find_object(request.params, "capabilities")) capabilities_ = *declared;
  state_ = State::initializing;
  return reply_with(
      rpc::result_of(*request.id, initialize_result(server_, version_, source_.catalog())),
      request.method);
}

// The requests that are answered at once.
Output Session::answer(const rpc::Request& request) {
  Result<json::object> result = fail(Errc::not_found, "");
  if (is_list(request.method)) {
    result = list_page(source_.catalog(), request.method, request.params);
  } else if (request.method == "completion/complete") {
    result = completion_result(source_, request.params);
  } else if (request.method == "logging/setLevel") {
    result = set_level(request.params);
  } else if (request.method == "resources/subscribe") {
    result = subscribe(request.params);
  } else if (request.method == "resources/unsubscribe") {
    result = unsubscribe(request.params);
  } else {
    return refuse(request, rpc::kMethodNotFound,
                  fmt::format("there is no method \"{}\"", printable(request.method)));
  }
  if (!result) return refuse(request, rpc::kInvalidParams, result.error().message());
  return reply_with(rpc::result_of(*request.id, *std::move(result)), request.method);
}

Result<json::object> Session::set_level(const json::object& params) {
  const auto level = severity_of(find_string(params, "level").value_or(""));
  if (!level) return fail(Errc::invalid, "\"level\" must be one of debug, info, … emergency");
  level_ = level;
  return json::object{};
}

Result<json::object> Session::subscribe(const json::object& params) {
  const auto uri = find_string(params, "uri");
  if (!uri) return fail(Errc::invalid, "\"uri\" must be a string");
  if (subscribed_.size() >= kMostSubscriptions && !subscribed_.contains(*uri))
    return fail(Errc::invalid, "this session has {} subscriptions, the most it may",
                subscribed_.size());
  subscribed_.insert(*uri);
  return json::object{};
}

Result<json::object> Session::unsubscribe(const json::object& params) {
  const auto uri = find_string(params, "uri");
  if (!uri) return fail(Errc::invalid, "\"uri\" must be a string");
  subscribed_.erase(*uri);
  return json::object{};
}

Output Session::start_call(rpc::Request& request) {
  auto read = read_call(request);
  if (!read) return refuse(request, rpc::kInvalidParams, read.error().message());
  if (calls_.size() >= max_in_flight_)
    return refuse(request, kOverCapacity,
                  fmt::format("this session has {} in flight, the most it may; wait for one to end",
                              count_of(calls_.size(), "call")),
                  json::object{{"limit", "calls"}, {"retryAfter", 1}});
  Call call;
  call.method = request.method;
  call.token = std::move(read->token);
  calls_.emplace(read->start.id, std::move(call));
  return std::move(read->start);
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

std::optional<std::string> Session::log(const rpc::Id& id, const LogMessage& message) const {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.cancelled) return std::nullopt;
  if (!level_ || message.severity < *level_) return std::nullopt;
  return log_text(message);
}

Result<Asked> Session::ask(const rpc::Id& id, const Question& question) {
  if (!calls_.contains(id)) return fail(Errc::cancelled, "the call is over");
  if (!missing_capability(capabilities_, question).empty()) return refuse_to_ask(question);
  const rpc::Id asking = "ask-" + std::to_string(++questions_);
  asked_.insert(asking);
  return SentQuestion{asking, rpc::to_text(rpc::Request{asking, question.method, question.params})};
}

std::optional<std::string> Session::give_up(const rpc::Id& question) {
  if (asked_.erase(question) == 0) return std::nullopt;
  json::object params{{"requestId", rpc::to_json(question)}, {"reason", "the call has ended"}};
  return rpc::to_text(rpc::Request{std::nullopt, "notifications/cancelled", std::move(params)});
}

std::optional<std::string> Session::changed(const Change& change) const {
  if (state_ != State::open) return std::nullopt;
  if (change.kind == Change::Kind::resource_updated && !subscribed_.contains(change.uri))
    return std::nullopt;
  return change_text(change);
}

std::optional<Reply> Session::finish(const rpc::Id& id, const Result<Outcome>& outcome) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  const Call call = std::move(found->second);
  calls_.erase(found);
  std::optional<Reply> reply;
  if (!call.cancelled && !outcome) {
    rpc::Response response{id, nullptr, error_of(outcome.error(), call.method)};
    reply = reply_with(response, call.method);
  } else if (const auto* refusal = outcome ? std::get_if<Refusal>(&*outcome) : nullptr;
             refusal && !call.cancelled) {
    reply = reply_with({id, nullptr, over_capacity(*refusal)}, call.method);
  } else if (!call.cancelled) {
    const auto* tool = std::get_if<ToolResult>(&*outcome);
    reply = tool ? Reply{call_result_text(id, *tool), call.method, 0}
                 : reply_with(rpc::result_of(id, std::get<json::object>(*outcome)), call.method);
  }
  if (!call.batch) return reply;
  --call.batch->running;
  if (reply) call.batch->replies.push_back(std::move(reply->text));
  return call.batch->complete();
}

}  // namespace exai::mcp
