// The daemon's side of the relay.
#include <utility>

#include "cli/mcp/relay.hpp"
#include "core/base/text.hpp"

namespace exai::bridge {

namespace {

constexpr std::string_view kTools = "tools";  // ids of our own requests, behind the prefix
constexpr std::string_view kSession = "session";
constexpr std::string_view kSetting = "setting";  // whose answer does not matter
constexpr std::size_t kPages = 200;
constexpr std::string_view kMeta = "io.modelcontextprotocol/";
constexpr std::string_view kModern = "2026-07-28";

std::string notification(std::string method, json::object params) {
  return rpc::to_text(rpc::Request{std::nullopt, std::move(method), std::move(params)});
}

bool is_true(const json::object* object, std::string_view key) {
  return object != nullptr && find_bool(*object, key).value_or(false);
}

}  // namespace

void Relay::ask_daemon(std::string_view what, std::string method, json::object params) {
  const rpc::Request request{rpc::Id(prefix_ + std::string(what)), std::move(method),
                             std::move(params)};
  actions_.emplace_back(ToDaemon{rpc::to_text(request)});
}

Actions Relay::connected() {
  state_ = State::learning;
  harmless_tools_.clear();
  pages_ = 0;
  ask_for_tools({});
  return taken();
}

// As the stateless era asks: there may be no session, and the client's would not be ours.
void Relay::ask_for_tools(const std::string& cursor) {
  json::object meta{{std::string(kMeta) + "protocolVersion", kModern},
                    {std::string(kMeta) + "clientCapabilities", json::object()}};
  json::object params{{"_meta", std::move(meta)}};
  if (!cursor.empty()) params["cursor"] = cursor;
  ask_daemon(kTools, "tools/list", std::move(params));
}

// A daemon that does not answer this has no tool of which we know that it is harmless.
void Relay::learn_tools(const rpc::Response& response) {
  const json::object* result = response.error ? nullptr : response.result.if_object();
  const json::array* tools = result ? find_array(*result, "tools") : nullptr;
  for (std::size_t i = 0; tools && i < tools->size(); ++i) {
    const json::object* tool = (*tools)[i].if_object();
    const json::object* hints = tool ? find_object(*tool, "annotations") : nullptr;
    if (!is_true(hints, "readOnlyHint") && !is_true(hints, "idempotentHint")) continue;
    if (auto name = find_string(*tool, "name")) harmless_tools_.insert(*std::move(name));
  }
  const auto cursor = result ? find_string(*result, "nextCursor") : std::nullopt;
  if (cursor && ++pages_ < kPages) return ask_for_tools(*cursor);
  if (session_) return restore();
  state_ = State::open;
  send_waiting();
}

void Relay::restore() {
  state_ = State::restoring;
  ask_daemon(kSession, "initialize", session_->params);
}

void Relay::restored(const rpc::Response& response) {
  const json::object* result = response.error ? nullptr : response.result.if_object();
  if (!result) {
    actions_.emplace_back(Drop{fmt::format(
        "it refuses to continue the session: {}",
        response.error ? printable(response.error->message) : std::string("no result"))});
    return;
  }
  const auto version = find_string(*result, "protocolVersion");
  const auto agreed = find_string(session_->params, "protocolVersion");
  if (version != agreed) {
    actions_.emplace_back(
        End{fmt::format("exaid at {} does not speak MCP {} any more, only {}; start this client's "
                        "server again",
                        name_, agreed.value_or("?"), printable(version.value_or("?")))});
    return;
  }
  if (session_->initialized)
    actions_.emplace_back(ToDaemon{notification("notifications/initialized", {})});
  if (!session_->level.empty())
    ask_daemon(kSetting, "logging/setLevel", {{"level", session_->level}});
  for (const std::string& uri : session_->subscribed)
    ask_daemon(kSetting, "resources/subscribe", {{"uri", uri}});
  state_ = State::open;
  for (const char* kind : {"tools", "prompts", "resources"})
    if (is_true(find_object(session_->capabilities, kind), "listChanged") && session_->initialized)
      tell_client(notification(fmt::format("notifications/{}/list_changed", kind), {}));
  for (const std::string& uri : session_->subscribed)
    tell_client(notification("notifications/resources/updated", {{"uri", uri}}));
  send_waiting();
}

Actions Relay::from_daemon(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) {
    actions_.emplace_back(Drop{"what it sent is " + value.error().message()});
    return taken();
  }
  if (const auto* batch = value->if_array()) {
    take_batch_response(*batch, text);
    return taken();
  }
  const auto message = rpc::from_json(*value);
  if (!message) return taken();  // of no use to anyone
  if (const auto* response = std::get_if<rpc::Response>(&*message)) {
    take_response(*response, text);
  } else if (const auto& request = std::get<rpc::Request>(*message); request.id) {
    take_question(request, text);
  } else {
    take_news(request, text);
  }
  return taken();
}

// Any answer in it names the batch: they come in any order.
void Relay::take_batch_response(const json::array& responses, std::string_view text) {
  for (const json::value& response : responses) {
    const json::object* one = response.if_object();
    const auto id = one ? rpc::id_from(find(*one, "id")) : std::nullopt;
    const auto found = id ? requests_.find(*id) : requests_.end();
    if (found == requests_.end() || found->second.batch.empty()) continue;
    forget(found);
    return tell_client(std::string(text));
  }
}

void Relay::take_response(const rpc::Response& response, std::string_view text) {
  if (!response.id) return;  // to what we did not send
  const auto* own = std::get_if<std::string>(&*response.id);
  if (own && own->starts_with(prefix_))
    return take_own(std::string_view(*own).substr(prefix_.size()), response);
  const auto found = requests_.find(*response.id);
  if (found == requests_.end() || !found->second.sent) return;  // cancelled, or answered
  remember(found->second, response);
  forget(found);
  tell_client(std::string(text));
}

void Relay::take_own(std::string_view what, const rpc::Response& response) {
  if (what == kTools && state_ == State::learning) return learn_tools(response);
  if (what == kSession && state_ == State::restoring) restored(response);
}

// What another daemon must be told, should this one go.
void Relay::remember(const Request& request, const rpc::Response& response) {
  constexpr std::size_t kSubscriptions = 10'000;
  if (response.error) return;
  if (request.method == "initialize" && !session_) {
    const json::object* result = response.result.if_object();
    const auto version = result ? find_string(*result, "protocolVersion") : std::nullopt;
    if (!version) return;
    session_ = Session{};
    session_->params = request.params;
    session_->params["protocolVersion"] = *version;
    if (const auto* capabilities = find_object(*result, "capabilities"))
      session_->capabilities = *capabilities;
  }
  if (!session_) return;
  if (request.method == "logging/setLevel") session_->level = request.object;
  if (request.method == "resources/unsubscribe") session_->subscribed.erase(request.object);
  if (request.method == "resources/subscribe" && session_->subscribed.size() < kSubscriptions)
    session_->subscribed.insert(request.object);
}

void Relay::take_question(const rpc::Request& question, std::string_view text) {
  auto message = parse_json_object(text);
  if (state_ != State::open || !message) return;
  std::string id = fmt::format("{}{}", prefix_, ++asked_);
  (*message)["id"] = id;
  questions_.emplace(std::move(id), *question.id);
  tell_client(to_text(*message));
}

void Relay::take_news(const rpc::Request& news, std::string_view text) {
  if (state_ != State::open) return;
  if (news.method == "notifications/progress" && is_repeated_progress(news.params)) return;
  if (news.method == "notifications/subscriptions/acknowledged" && was_acknowledged(news.params))
    return;
  if (news.method == "notifications/cancelled") {
    const auto id = rpc::id_from(find(news.params, "requestId"));
    for (const auto& [ours, question] : questions_) {
      if (id != question) continue;
      json::object params = news.params;
      params["requestId"] = ours;
      tell_client(notification(news.method, std::move(params)));
      questions_.erase(ours);
      return;
    }
  }
  tell_client(std::string(text));
}

// Progress grows; what runs a second time begins below what the client has been told.
bool Relay::is_repeated_progress(const json::object& params) {
  const json::value* token = find(params, "progressToken");
  const auto value = find_number(params, "progress");
  if (!token || !value) return false;
  for (auto& [id, request] : requests_) {
    if (request.token.is_null() || request.token != *token) continue;
    if (*value <= request.progress) return true;
    request.progress = *value;
  }
  return false;
}

// Whether the client has heard that before; then it is told to fetch again what it listens to.
bool Relay::was_acknowledged(const json::object& params) {
  const std::string tag = std::string(kMeta) + "subscriptionId";
  const json::object* meta = find_object(params, "_meta");
  const auto id = meta ? rpc::id_from(find(*meta, tag)) : std::nullopt;
  const auto found = id ? requests_.find(*id) : requests_.end();
  if (found == requests_.end() || !std::exchange(found->second.acknowledged, true)) return false;
  const json::object* honoured = find_object(params, "notifications");
  if (!honoured) return true;
  const json::object with_tag{{"_meta", json::object{{tag, rpc::to_json(*id)}}}};
  for (const char* kind : {"tools", "prompts", "resources"})
    if (is_true(honoured, fmt::format("{}ListChanged", kind)))
      tell_client(notification(fmt::format("notifications/{}/list_changed", kind), with_tag));
  const json::array* uris = find_array(*honoured, "resourceSubscriptions");
  for (std::size_t i = 0; uris && i < uris->size(); ++i) {
    json::object updated = with_tag;
    updated["uri"] = (*uris)[i];
    tell_client(notification("notifications/resources/updated", std::move(updated)));
  }
  return true;
}

}  // namespace exai::bridge
