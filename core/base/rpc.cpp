#include "core/base/rpc.hpp"

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <utility>

namespace exai::rpc {

namespace {
constexpr std::size_t kSmallMessage = 1024;  // bytes; rpc::parse
}  // namespace

std::optional<Id> id_from(const json::value* value) {
  if (!value) return std::nullopt;
  if (value->is_string()) return Id(std::string(value->get_string()));
  if (value->is_int64()) return Id(value->get_int64());
  if (value->is_uint64() && value->get_uint64() <= INT64_MAX)
    return Id(static_cast<std::int64_t>(value->get_uint64()));
  return std::nullopt;
}

namespace {

tl::unexpected<Rejection> reject(std::optional<Id> id, int code, std::string message) {
  return tl::unexpected(Rejection{std::move(id), ErrorObject{code, std::move(message), nullptr}});
}

tl::expected<Message, Rejection> request_from(json::object&& object, std::optional<Id> id) {
  const auto method = find_string(object, "method");
  if (!method) return reject(std::move(id), kInvalidRequest, "\"method\" must be a string");
  if (object.contains("id") && !id)
    return reject(std::nullopt, kInvalidRequest, "\"id\" must be a string or an integer");
  Request request{std::move(id), *method, {}};
  if (auto* params = object.if_contains("params")) {
    if (!params->is_object())
      return reject(request.id, kInvalidRequest, "\"params\" must be an object");
    request.params = std::move(params->get_object());
  }
  return Message(std::move(request));
}

tl::expected<Message, Rejection> response_from(json::object&& object, std::optional<Id> id) {
  Response response;
  response.id = std::move(id);
  if (const auto* error = find_object(object, "error")) {
    ErrorObject body;
    body.code = static_cast<int>(find_integer(*error, "code").value_or(kInternalError));
    body.message = find_string(*error, "message").value_or("");
    if (const auto* data = find(*error, "data")) body.data = *data;
    response.error = std::move(body);
  } else {
    response.result = std::move(object.at("result"));
  }
  return Message(std::move(response));
}

// Written member by member: what they hold may be large, and an object of them would copy it.
constexpr std::string_view kVersionMember = R"({"jsonrpc":"2.0")";

}  // namespace

tl::expected<Message, Rejection> from_json(json::value value) {
  auto* object = value.if_object();
  if (!object) return reject(std::nullopt, kInvalidRequest, "a JSON-RPC message is an object");
  auto id = id_from(find(*object, "id"));
  const auto* version = find(*object, "jsonrpc");
  if (!version || !version->is_string() || version->get_string() != "2.0")
    return reject(std::move(id), kInvalidRequest, "\"jsonrpc\" must be \"2.0\"");
  const bool answers = object->contains("result") || find_object(*object, "error") != nullptr;
  if (!object->contains("method") && answers)
    return response_from(std::move(*object), std::move(id));
  return request_from(std::move(*object), std::move(id));
}

// A small message is taken apart within one piece of memory, and what is kept of it, a few members,
// is copied out. Of a large one everything would be twice there for a moment: it is moved.
tl::expected<Message, Rejection> parse(std::string_view text) {
  std::array<unsigned char, 4096> room;  // NOLINT: filled by the parser
  json::monotonic_resource memory(room.data(), room.size());
  const bool is_small = text.size() <= kSmallMessage;
  auto value = parse_json(text, {}, is_small ? json::storage_ptr(&memory) : json::storage_ptr());
  if (!value) return reject(std::nullopt, kParseError, value.error().message());
  return from_json(*std::move(value));
}

json::value to_json(const Id& id) {
  return std::visit([](const auto& alternative) { return json::value(alternative); }, id);
}

std::string to_text(const Request& request) {
  std::string text(kVersionMember);
  if (request.id) text += R"(,"id":)" + exai::to_text(to_json(*request.id));
  text += R"(,"method":)" + exai::to_text(json::value(request.method));
  if (!request.params.empty()) text += R"(,"params":)" + exai::to_text(request.params);
  return text + '}';
}

std::string to_text(const Response& response) {
  std::string text(kVersionMember);
  text += R"(,"id":)" + (response.id ? exai::to_text(to_json(*response.id)) : "null");
  if (!response.error) return text + R"(,"result":)" + exai::to_text(response.result) + '}';
  json::object error{{"code", response.error->code}, {"message", response.error->message}};
  if (!response.error->data.is_null()) error["data"] = response.error->data;
  return text + R"(,"error":)" + exai::to_text(error) + '}';
}

Response result_of(const Id& id, json::value result) {
  return Response{id, std::move(result), std::nullopt};
}

Response error_of(std::optional<Id> id, int code, std::string message, json::value data) {
  return Response{std::move(id), nullptr, ErrorObject{code, std::move(message), std::move(data)}};
}

std::optional<Result<std::string>> LineFramer::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
      if (buffer_.size() <= limit_) return std::nullopt;
      buffer_.clear();
      if (std::exchange(skipping_, true)) return std::nullopt;
      return fail(Errc::invalid, "a line of more than {} bytes", limit_);
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (std::exchange(skipping_, false)) continue;
    if (line.size() > limit_) return fail(Errc::invalid, "a line of more than {} bytes", limit_);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) return line;
  }
}

}  // namespace exai::rpc
