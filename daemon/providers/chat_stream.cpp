#include "daemon/providers/chat_stream.hpp"

#include <algorithm>
#include <cctype>

#include "core/base/text.hpp"

namespace exai::providers {
namespace {

// Error codes in bodies: words (OpenAI, Kimi) and Z.AI's numbers, as ranges of text of equal
// length.
struct Code {
  std::string_view first;
  std::string_view last;
  Failure failure;
};
constexpr Code kCodes[] = {
    {"engine_overloaded_error", "", Failure::overloaded},
    {"rate_limit_reached_error", "", Failure::rate_limited},
    {"rate_limit_exceeded", "", Failure::rate_limited},
    {"exceeded_current_quota_error", "", Failure::exhausted},
    {"insufficient_quota", "", Failure::exhausted},
    {"invalid_authentication_error", "", Failure::auth},
    {"incorrect_api_key_error", "", Failure::auth},
    {"invalid_api_key", "", Failure::auth},
    {"content_filter", "", Failure::invalid},
    {"invalid_request_error", "", Failure::invalid},
    {"server_error", "", Failure::server},
    {"unexpected_output", "", Failure::server},
    {"1113", "", Failure::exhausted},  // no balance, and it arrives as 429
    {"1000", "1004", Failure::auth},
    {"1110", "1121", Failure::auth},
    {"1210", "1215", Failure::invalid},
    {"1220", "1222", Failure::auth},
    {"1231", "", Failure::invalid},
    {"1230", "1234", Failure::server},
    {"1300", "1301", Failure::invalid},
    {"1302", "1303", Failure::rate_limited},
    {"1305", "", Failure::overloaded},
    {"1304", "", Failure::exhausted},      // calls of the day
    {"1308", "1310", Failure::exhausted},  // window, plan, week or month
    {"1313", "", Failure::exhausted},      // fair use
};

std::optional<Failure> failure_of_code(std::string_view code) {
  for (const Code& row : kCodes) {
    const std::string_view last = row.last.empty() ? row.first : row.last;
    if (code.size() == row.first.size() && code >= row.first && code <= last) return row.failure;
  }
  return std::nullopt;
}

Failure failure_of_status(int status) {
  if (status == 401 || status == 403) return Failure::auth;
  if (status == 402) return Failure::exhausted;
  if (status == 429) return Failure::rate_limited;
  if (status == 503 || status == 529) return Failure::overloaded;
  if (status >= 400 && status < 500) return Failure::invalid;
  return Failure::server;
}

// A member that is text or a number, as text: codes come as either.
std::string text_member(const json::object& object, std::string_view key) {
  if (auto text = find_string(object, key)) return *text;
  if (auto number = find_integer(object, key)) return std::to_string(*number);
  return {};
}

// "… after 3 seconds" → 3 s; only Kimi says it this way, and nowhere else.
std::optional<Duration> seconds_after(std::string_view message) {
  const std::size_t at = message.find("after ");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = message.substr(at + 6);
  const std::size_t end = rest.find_first_not_of("0123456789");
  if (end == std::string_view::npos || !rest.substr(end).starts_with(" second"))
    return std::nullopt;
  if (const auto seconds = parse_integer(rest.substr(0, end)); seconds && *seconds <= 86'400)
    return std::chrono::seconds(*seconds);
  return std::nullopt;
}

std::optional<Duration> retry_after(const HeaderMap& headers, std::string_view message) {
  if (const auto header = headers.find("retry-after"); header != headers.end())
    if (const auto seconds = parse_integer(trim(header->second)))
      if (*seconds >= 0 && *seconds <= 86'400) return std::chrono::seconds(*seconds);
  return seconds_after(message);
}

// What {"error": …} says; a string, or an object with message, code and type.
ProviderError from_error_value(int status, const HeaderMap& headers, const json::value& value) {
  ProviderError error{failure_of_status(status), {}, std::nullopt};
  if (value.is_string()) error.message = std::string(value.get_string());
  if (const json::object* object = value.if_object()) {
    error.message = find_string(*object, "message").value_or("");
    for (const char* key : {"code", "type"})
      if (const auto failure = failure_of_code(text_member(*object, key))) {
        error.failure = *failure;
        break;
      }
    // A number that is no known code may be the status that a 200 stream could not carry.
    const auto inner = find_integer(*object, "code");
    if (status == 200 && inner && *inner >= 400 && *inner < 600)
      error.failure = failure_of_status(static_cast<int>(*inner));
  }
  if (error.message.empty()) error.message = "no reason given";
  if (error.failure == Failure::rate_limited || error.failure == Failure::overloaded)
    error.retry_after = retry_after(headers, error.message);
  return error;
}

const json::object* first_choice(const json::object& chunk) {
  const json::array* choices = find_array(chunk, "choices");
  return choices != nullptr && !choices->empty() ? choices->front().if_object() : nullptr;
}

std::optional<Usage> usage_of(const json::object& holder) {
  const json::object* object = find_object(holder, "usage");
  if (object == nullptr) return std::nullopt;
  Usage usage;
  usage.input = find_integer(*object, "prompt_tokens").value_or(0);
  usage.output = find_integer(*object, "completion_tokens").value_or(0);
  usage.cached = find_integer(*object, "cached_tokens").value_or(0);
  if (const json::object* details = find_object(*object, "prompt_tokens_details"))
    usage.cached = find_integer(*details, "cached_tokens").value_or(usage.cached);
  return usage;
}

}  // namespace

std::string_view name(Failure failure) {
  switch (failure) {
    case Failure::rate_limited:
      return "rate_limited";
    case Failure::exhausted:
      return "exhausted";
    case Failure::auth:
      return "auth";
    case Failure::invalid:
      return "invalid";
    case Failure::overloaded:
      return "overloaded";
    case Failure::server:
      return "server";
    case Failure::network:
      return "network";
    case Failure::truncated:
      return "truncated";
  }
  return "server";
}

namespace {

// Text alone as it is; with images, a list of parts.
json::value content_of(const ChatMessage& message) {
  if (message.images.empty()) return json::value(message.content);
  json::array parts{json::object{{"type", "text"}, {"text", message.content}}};
  for (const std::string& url : message.images)
    parts.push_back(json::object{{"type", "image_url"}, {"image_url", {{"url", url}}}});
  return parts;
}

}  // namespace

std::string chat_body(const ChatRequest& request) {
  json::array messages;
  for (const ChatMessage& message : request.messages) {
    json::object one{{"role", message.role}, {"content", content_of(message)}};
    for (const auto& member : message.extra) one[member.key()] = member.value();
    messages.push_back(std::move(one));
  }
  json::object body;
  body["model"] = request.model;
  body["messages"] = std::move(messages);
  if (request.temperature) body["temperature"] = *request.temperature;
  body["stream"] = true;
  body["stream_options"] = json::object{{"include_usage", true}};
  if (!request.tools.empty()) {  // a choice without tools is refused
    body["tools"] = request.tools;
    if (!request.tool_choice.is_null()) body["tool_choice"] = request.tool_choice;
  }
  for (const auto& member : request.extra) body[member.key()] = member.value();
  return to_text(body);
}

ProviderError classify(int status, const HeaderMap& headers, std::string_view body) {
  if (const auto object = parse_json_object(body)) {
    if (const json::value* error = find(*object, "error"))
      return from_error_value(status, headers, *error);
    return from_error_value(status, headers, *object);  // {"code":…,"message":…}, seen at gateways
  }
  std::string text(trim(body.substr(0, 200)));
  return from_error_value(status, headers, json::value(printable(text)));
}

std::vector<Delta> ChatStream::feed(std::string_view bytes) {
  std::vector<Delta> deltas;
  if (framing_ == Framing::whole_body) {
    whole_.append(bytes);
  } else {
    events_.feed(bytes);
    drain(deltas);
  }
  return deltas;
}

void ChatStream::drain(std::vector<Delta>& deltas) {
  while (!done_) {
    const auto event = events_.next();
    if (!event) return;
    take_event(event->data, deltas);
  }
}

void ChatStream::take_event(std::string_view data, std::vector<Delta>& deltas) {
  if (trim(data).empty()) return;
  if (trim(data) == "[DONE]") {
    done_ = true;
    return;
  }
  const auto chunk = parse_json_object(data);
  if (chunk) return take_chunk(*chunk, deltas);
  if (ended_) return;  // cut in the middle of a chunk: finish() says truncated
  error_ = ProviderError{Failure::server, "a chunk of the stream is not JSON", std::nullopt};
  done_ = true;
}

void ChatStream::take_chunk(const json::object& chunk, std::vector<Delta>& deltas) {
  const json::value* error = find(chunk, "error");
  if (error != nullptr && !error->is_null()) {
    error_ = from_error_value(200, {}, *error);
    done_ = true;
    return;
  }
  if (auto model = find_string(chunk, "model"); model && !model->empty()) reply_.model = *model;
  if (auto usage = usage_of(chunk)) reply_.usage = usage;
  if (const json::array* found = find_array(chunk, "web_search")) reply_.web_results = *found;
  if (const json::object* choice = first_choice(chunk)) take_choice(*choice, deltas);
}

void ChatStream::take_choice(const json::object& choice, std::vector<Delta>& deltas) {
  if (auto usage = usage_of(choice)) reply_.usage = usage;
  const json::object* piece = find_object(choice, "delta");
  if (piece == nullptr) piece = find_object(choice, "message");
  if (piece != nullptr) {
    Delta delta;
    delta.text = find_string(*piece, "content").value_or("");
    delta.reasoning = find_string(*piece, "reasoning_content").value_or("");
    if (delta.reasoning.empty()) delta.reasoning = find_string(*piece, "reasoning").value_or("");
    reply_.text += delta.text;
    reply_.reasoning += delta.reasoning;
    if (!delta.text.empty() || !delta.reasoning.empty()) deltas.push_back(std::move(delta));
    if (const json::array* calls = find_array(*piece, "tool_calls")) take_tool_calls(*calls);
  }
  const auto reason = find_string(choice, "finish_reason");
  if (!reason || reason->empty()) return;
  reply_.finish_reason = *reason;
  if (*reason != "network_error") return;  // GLM: its own stream broke
  error_ = ProviderError{Failure::network, "the provider lost its own stream", std::nullopt};
  done_ = true;
}

// A call comes in pieces: first who is called, then its arguments, bit by bit. Some servers leave
// the index out; then each piece is a call of its own.
void ChatStream::take_tool_calls(const json::array& pieces) {
  for (const json::value& one : pieces) {
    const json::object* piece = one.if_object();
    if (piece == nullptr) continue;
    const auto next = static_cast<std::int64_t>(reply_.tool_calls.size());
    const std::int64_t index = find_integer(*piece, "index").value_or(next);
    if (index < 0 || index > next || index >= kMostToolCalls) continue;
    if (index == next)
      reply_.tool_calls.push_back(json::object{
          {"id", ""}, {"type", "function"}, {"function", {{"name", ""}, {"arguments", ""}}}});
    json::object& call = reply_.tool_calls[static_cast<std::size_t>(index)].as_object();
    for (const char* key : {"id", "type"})
      if (auto text = find_string(*piece, key); text && !text->empty()) call[key] = *text;
    const json::object* said = find_object(*piece, "function");
    if (said == nullptr) continue;
    json::object& function = call["function"].as_object();
    if (auto name = find_string(*said, "name"); name && !name->empty()) function["name"] = *name;
    if (const auto more = find_string(*said, "arguments"))
      function["arguments"].as_string().append(*more);
  }
}

tl::expected<ChatReply, ProviderError> ChatStream::finish() {
  ended_ = true;
  std::vector<Delta> rest;  // counted in the reply; too late to be streamed
  if (framing_ == Framing::whole_body) {
    take_event(whole_, rest);
  } else if (!done_) {
    events_.feed("\n\n");
    drain(rest);
  }
  if (error_) return tl::unexpected(*error_);
  if (done_ || !reply_.finish_reason.empty()) return reply_;
  const std::string message = reply_.text.empty() && reply_.reasoning.empty()
                                  ? "the answer ended before its first word"
                                  : "the answer ended in the middle";
  return tl::unexpected(ProviderError{Failure::truncated, message, std::nullopt});
}

}  // namespace exai::providers
