// The client's side of the relay, and what becomes of its requests. The daemon's side is in
// relay_daemon.cpp.
#include "cli/mcp/relay.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"

namespace exai::bridge {

namespace {

constexpr std::array<std::string_view, 17> kHarmless = {"initialize",
                                                        "ping",
                                                        "server/discover",
                                                        "tools/list",
                                                        "resources/list",
                                                        "resources/templates/list",
                                                        "resources/read",
                                                        "resources/subscribe",
                                                        "resources/unsubscribe",
                                                        "prompts/list",
                                                        "prompts/get",
                                                        "completion/complete",
                                                        "logging/setLevel",
                                                        "subscriptions/listen",
                                                        "tasks/get",
                                                        "tasks/list",
                                                        "tasks/result"};

// "tools/call chat", "resources/read"
std::string describe(const std::string& method, const std::string& object) {
  return method == "tools/call" ? method + " " + printable(object) : method;
}

// The tool, URI or level that a request is about.
std::string object_of(const rpc::Request& request) {
  for (const char* key : {"name", "uri", "level"})
    if (auto found = find_string(request.params, key)) return *std::move(found);
  return {};
}

json::value token_of(const rpc::Request& request) {
  const json::object* meta = find_object(request.params, "_meta");
  const json::value* token = meta ? find(*meta, "progressToken") : nullptr;
  return token ? *token : json::value(nullptr);
}

}  // namespace

Relay::Relay(std::string name, std::string prefix, Limits limits)
    : name_(std::move(name)), prefix_(std::move(prefix)), limits_(limits) {}

Actions Relay::taken() {
  return std::exchange(actions_, {});
}

void Relay::tell_client(std::string line) {
  // Between the tokens of JSON a line's end is blank space, and inside of them there is none.
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  actions_.emplace_back(ToClient{std::move(line)});
}

Actions Relay::from_client(std::string_view line, Time now) {
  const auto value = parse_json(line);
  if (!value) {
    tell_client(
        rpc::to_text(rpc::error_of(std::nullopt, rpc::kParseError, value.error().message())));
  } else if (const auto* batch = value->if_array(); batch && !batch->empty()) {
    take_batch(*batch, now);
  } else {
    take(*value, std::string(line), now);
  }
  return taken();
}

void Relay::take(const json::value& message, std::string text, Time now) {
  const auto parsed = rpc::from_json(message);
  if (!parsed) {
    const rpc::Rejection& rejection = parsed.error();
    return tell_client(
        rpc::to_text(rpc::error_of(rejection.id, rejection.error.code, rejection.error.message)));
  }
  if (const auto* answer = std::get_if<rpc::Response>(&*parsed)) return take_answer(*answer);
  const auto& request = std::get<rpc::Request>(*parsed);
  if (request.id) return take_request(request, std::move(text), now);
  take_notification(request, std::move(text));
}

// Only 2025-03-26 has them. The requests in it are one request to us: they are answered together.
void Relay::take_batch(const json::array& messages, Time now) {
  json::array requests;
  Request batch;
  batch.method = "batch";
  batch.harmless = true;
  for (const json::value& message : messages) {
    const auto parsed = rpc::from_json(message);
    const auto* request = parsed ? std::get_if<rpc::Request>(&*parsed) : nullptr;
    if (!request || !request->id) {
      take(message, to_text(message), now);
      continue;
    }
    requests.push_back(message);
    batch.batch.push_back(*request->id);
    Request one;
    one.method = request->method;
    one.object = object_of(*request);
    batch.harmless = batch.harmless && is_harmless(one);
  }
  if (requests.empty()) return;
  batch.text = to_text(requests);
  const rpc::Id first = batch.batch.front();
  add(first, std::move(batch), now);
}

void Relay::take_request(const rpc::Request& request, std::string text, Time now) {
  Request added;
  added.text = std::move(text);
  added.method = request.method;
  added.object = object_of(request);
  added.token = token_of(request);
  if (request.method == "initialize") added.params = request.params;
  add(*request.id, std::move(added), now);
}

void Relay::add(const rpc::Id& id, Request request, Time now) {
  if (requests_.contains(id))
    return refuse(id, rpc::kInvalidRequest, "the id is in use by a request still in progress");
  if (is_full() || kept_ + request.text.size() > limits_.bytes)
    return refuse(id, kTooMany,
                  fmt::format("{} unanswered, as much as exai mcp keeps; wait for some of them",
                              count_of(requests_.size(), "request")));
  request.number = ++numbers_;
  request.bytes = request.text.size();
  request.deadline = now + limits_.patience;
  kept_ += request.bytes;
  Request& added = requests_.emplace(id, std::move(request)).first->second;
  if (state_ == State::open) send(added);
}

void Relay::refuse(const rpc::Id& id, int code, std::string message) {
  tell_client(rpc::to_text(rpc::error_of(id, code, std::move(message))));
}

// Whether it was harmless is decided now: later, the tools may be others.
void Relay::send(Request& request) {
  if (request.batch.empty()) request.harmless = is_harmless(request);
  request.sent = true;
  request.deadline = Time::max();
  ++request.sendings;
  if (request.harmless) {
    actions_.emplace_back(ToDaemon{request.text});
    return;
  }
  kept_ -= std::exchange(request.bytes, 0);
  actions_.emplace_back(ToDaemon{std::exchange(request.text, {})});
}

bool Relay::is_harmless(const Request& request) const {
  if (request.method == "tools/call") return harmless_tools_.contains(request.object);
  return std::find(kHarmless.begin(), kHarmless.end(), request.method) != kHarmless.end();
}

void Relay::take_notification(const rpc::Request& notification, std::string text) {
  if (notification.method == "notifications/initialized" && session_) session_->initialized = true;
  if (notification.method == "notifications/cancelled") {
    const auto id = rpc::id_from(find(notification.params, "requestId"));
    const auto found = id ? requests_.find(*id) : requests_.end();
    if (found == requests_.end()) return;
    const bool sent = found->second.sent;
    forget(found);
    if (!sent) return;
  }
  // A daemon that is not there yet will ask for what it wants to know.
  if (state_ == State::open) actions_.emplace_back(ToDaemon{std::move(text)});
}

// To a question of the daemon; one that was cancelled meanwhile is not known any more.
void Relay::take_answer(const rpc::Response& answer) {
  const auto* id = answer.id ? std::get_if<std::string>(&*answer.id) : nullptr;
  const auto question = id ? questions_.find(*id) : questions_.end();
  if (question == questions_.end()) return;
  rpc::Response forwarded = answer;
  forwarded.id = question->second;
  questions_.erase(question);
  actions_.emplace_back(ToDaemon{rpc::to_text(forwarded)});
}

void Relay::forget(Requests::iterator request) {
  kept_ -= request->second.bytes;
  requests_.erase(request);
}

std::vector<rpc::Id> Relay::in_order(bool sent) const {
  std::vector<std::pair<std::uint64_t, rpc::Id>> numbered;
  for (const auto& [id, request] : requests_)
    if (request.sent == sent) numbered.emplace_back(request.number, id);
  std::sort(numbered.begin(), numbered.end());
  std::vector<rpc::Id> ids;
  ids.reserve(numbered.size());
  for (auto& [number, id] : numbered) ids.push_back(std::move(id));
  return ids;
}

std::size_t Relay::waiting() const {
  return static_cast<std::size_t>(std::count_if(
      requests_.begin(), requests_.end(), [](const auto& each) { return !each.second.sent; }));
}

void Relay::send_waiting() {
  for (const rpc::Id& id : in_order(false)) send(requests_.at(id));
}

void Relay::answer_with(const rpc::Id& id, const Request& request, int code,
                        const std::string& message, const json::object& data) {
  const json::value more = data.empty() ? json::value(nullptr) : json::value(data);
  const auto error = [&](const rpc::Id& of) {
    return rpc::to_text(rpc::error_of(of, code, message, more));
  };
  if (request.batch.empty()) return tell_client(error(id));
  std::vector<std::string> errors;
  for (const rpc::Id& of : request.batch) errors.push_back(error(of));
  tell_client("[" + join(errors, ",") + "]");
}

void Relay::answer_unknown(Requests::iterator cut, std::string_view why) {
  const Request& request = cut->second;
  const std::string what = describe(request.method, request.object);
  json::object data{{"outcome", "unknown"}, {"method", request.method}};
  if (request.method == "tools/call") data["tool"] = request.object;
  answer_with(cut->first, request, kUnknownOutcome,
              request.sendings > 1
                  ? fmt::format("{}: sent {} times, and each time the connection to exaid was lost "
                                "({}); see exai logs and exai doctor",
                                what, request.sendings, why)
                  : fmt::format("{}: the connection to exaid was lost while it ran ({}), and "
                                "nobody knows whether it has had its effect; find out before you "
                                "call it again",
                                what, why),
              data);
  forget(cut);
}

Actions Relay::lost(const Error& why, Time now) {
  state_ = State::down;
  trouble_ = "the connection was lost: " + why.message();
  for (const auto& [id, question] : questions_) {
    const json::object params{{"requestId", id}, {"reason", "the connection to exaid was lost"}};
    tell_client(rpc::to_text(rpc::Request{std::nullopt, "notifications/cancelled", params}));
  }
  questions_.clear();
  for (const rpc::Id& id : in_order(true)) {
    const auto found = requests_.find(id);
    Request& request = found->second;
    if (request.harmless && request.sendings < limits_.sendings) {
      request.sent = false;
      request.deadline = request.acknowledged ? Time::max() : now + limits_.patience;
      continue;
    }
    answer_unknown(found, why.message());
  }
  return taken();
}

Actions Relay::failed(const Error& why, Time now) {
  trouble_ = why.message();
  if (why.code() != Errc::denied) return expire(now);
  for (auto& [id, request] : requests_)
    if (!request.acknowledged) request.deadline = now;
  return expire(now);
}

void Relay::answer_unreachable(Requests::iterator request) {
  answer_with(request->first, request->second, kUnreachable,
              fmt::format("exaid at {} cannot be reached: {}. Start it: exai up. What is wrong: "
                          "exai doctor",
                          name_, trouble_));
  forget(request);
}

Actions Relay::expire(Time now) {
  for (const rpc::Id& id : in_order(false)) {
    const auto found = requests_.find(id);
    if (found->second.deadline <= now) answer_unreachable(found);
  }
  return taken();
}

Time Relay::deadline() const {
  Time first = Time::max();
  for (const auto& [id, request] : requests_) first = std::min(first, request.deadline);
  return first;
}

Actions Relay::give_up(std::string_view why) {
  for (const rpc::Id& id : in_order(false)) answer_unreachable(requests_.find(id));
  for (const rpc::Id& id : in_order(true)) answer_unknown(requests_.find(id), why);
  return taken();
}

void Relay::client_ended() {
  for (auto each = requests_.begin(); each != requests_.end();) {
    const auto request = each++;
    if (request->second.method == "subscriptions/listen") forget(request);
  }
}

}  // namespace exai::bridge
