#include "daemon/mcp/exai_frames.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/base/text.hpp"
#include "daemon/mcp/exai_session.hpp"

namespace exai::mcp {

namespace {

constexpr std::size_t kLongestId = 1000;

std::string_view code_of(Errc code) {
  switch (code) {
    case Errc::not_found:
      return "TOOL_NOT_FOUND";
    case Errc::invalid:
      return "VALIDATION_ERROR";
    case Errc::denied:
      return "UNAUTHORIZED";
    case Errc::unavailable:
    case Errc::cancelled:
      return "SERVICE_UNAVAILABLE";
    case Errc::timeout:
      return "TIMEOUT";
    case Errc::conflict:
      return "OVER_CAPACITY";
    case Errc::internal:
      return "EXEC_ERROR";
  }
  return "INTERNAL_ERROR";
}

bool is_session_id(std::string_view id) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  return id.size() >= 3 && id.size() <= 64 && std::ranges::all_of(id, is_word);
}

ExaiGreeting turn_away(int close_code, std::string error, std::string reason) {
  json::object ack{{"op", "hello_ack"}, {"ok", false}, {"error", std::move(error)}};
  return {to_text(ack), "", close_code, std::move(reason)};
}

// A client of MCP that did not ask for its subprotocol. It must not come in by another door.
ExaiGreeting turn_away_mcp(const json::object& frame) {
  constexpr int kServerError = -32000;  // what clients of the old system know
  const json::value* id = find(frame, "id");
  json::object error{{"code", kServerError},
                     {"message",
                      "MCP is spoken here with \"Sec-WebSocket-Protocol: mcp\"; without "
                      "it, say hello first"}};
  json::object reply{
      {"jsonrpc", "2.0"}, {"id", id ? *id : json::value()}, {"error", std::move(error)}};
  return {to_text(reply), "", 4001, "say hello first"};
}

// Of a tool that failed: whose fault it is, and what the tool says of it.
json::object tool_error(const ToolResult& result) {
  const bool of_provider = result.structured.contains("provider");
  json::object error =
      exai_error(of_provider ? "PROVIDER_ERROR" : "TOOL_EXECUTION_ERROR", result.text);
  if (!result.structured.empty()) error["details"] = result.structured;
  return error;
}

}  // namespace

double unix_time(WallTime time) {
  const auto ms = std::chrono::duration_cast<Duration>(time.time_since_epoch());
  return std::chrono::duration<double>(ms).count();
}

json::object exai_frame(std::string_view op, json::value request_id) {
  return {{"op", op}, {"request_id", std::move(request_id)}};
}

json::object exai_frame(std::string_view op, const std::string& request_id) {
  return exai_frame(op, json::value(json::string(request_id)));
}

json::value request_id_of(const json::object& frame) {
  const json::value* id = find(frame, "request_id");
  if (!id || id->is_object() || id->is_array()) return nullptr;
  if (id->is_string() && id->get_string().size() > kLongestId) return nullptr;
  return *id;
}

json::object exai_error(std::string_view code, std::string message) {
  return {{"code", code}, {"message", std::move(message)}};
}

json::object over_capacity_error(const Refusal& refusal) {
  json::object error = exai_error("OVER_CAPACITY", refusal.message);
  error["limit"] = refusal.limit;
  error["retry_after"] = std::chrono::duration<double>(refusal.retry_after).count();
  return error;
}

json::object error_frame(json::value request_id, std::string_view code,
                         const std::string& message) {
  json::object frame = exai_frame("error", std::move(request_id));
  frame["error"] = exai_error(code, message);
  frame["message"] = message;
  return frame;
}

json::object progress_members(const std::string& request, const std::string& tool, WallTime now,
                              json::object more) {
  json::object frame = exai_frame("progress", request);
  frame["name"] = tool;
  frame["t"] = unix_time(now);
  for (auto& member : more) frame.emplace(member.key(), std::move(member.value()));
  return frame;
}

json::object result_members(const Result<Outcome>& outcome, bool with_text) {
  json::object members;
  json::array outputs;
  std::vector<std::string> texts;
  const auto say = [&](std::string text) {
    outputs.push_back(json::object{{"type", "text"}, {"text", text}});
    texts.push_back(std::move(text));
  };
  const auto* tool = outcome ? std::get_if<ToolResult>(&*outcome) : nullptr;
  if (tool) {
    if (!tool->text.empty() || tool->content.empty()) say(tool->text);
    for (const json::value& item : tool->content) {
      const json::object* block = item.if_object();
      if (auto text = block ? find_string(*block, "text") : std::nullopt) say(*std::move(text));
    }
    if (outputs.empty()) say("");
    if (!tool->structured.empty()) outputs.front().as_object()["metadata"] = tool->structured;
  }
  members["outputs"] = std::move(outputs);
  if (with_text) members["text"] = join(texts, "\n\n");
  if (!outcome) {
    members["error"] = exai_error(code_of(outcome.error().code()), outcome.error().message());
  } else if (const auto* refusal = std::get_if<Refusal>(&*outcome)) {
    members["error"] = over_capacity_error(*refusal);
  } else if (tool && tool->is_error) {
    members["error"] = tool_error(*tool);
  }
  return members;
}

std::string members_text(const json::object& members) {
  const std::string text = to_text(members);
  return text.substr(1, text.size() - 2);
}

std::string result_frame(std::string_view request, std::string_view members,
                         std::string_view more) {
  return fmt::format(R"({{"op":"call_tool_res","request_id":{},{}{}{}}})",
                     to_text(json::value(request)), members, more.empty() ? "" : ",", more);
}

std::string clean_tool_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> kSuffixes = {"_EXAI-WS", "-EXAI-WS", "_EXAI_WS",
                                                         "-EXAI_WS"};
  for (const auto suffix : kSuffixes)
    if (name.size() > suffix.size() && name.ends_with(suffix))
      return std::string(name.substr(0, name.size() - suffix.size()));
  return std::string(name);
}

std::string canonical_json(const json::value& value) {
  std::vector<std::string> parts;
  if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) parts.push_back(canonical_json(item));
    return "[" + join(parts, ",") + "]";
  }
  const json::object* object = value.if_object();
  if (!object) return to_text(value);
  for (const auto& member : *object)
    if (!member.value().is_null())  // the same as absent
      parts.push_back(to_text(json::value(member.key())) + ":" + canonical_json(member.value()));
  std::ranges::sort(parts);
  return "{" + join(parts, ",") + "}";
}

ExaiGreeting greet_exai(std::string_view first_frame, const ExaiGuard& guard,
                        std::string fresh_id) {
  const auto parsed = parse_json(first_frame);
  if (!parsed) return turn_away(4000, "invalid_hello", "the first frame is no JSON");
  const json::object* frame = parsed->if_object();
  if (frame && find_string(*frame, "jsonrpc")) return turn_away_mcp(*frame);
  if (!frame || find_string(*frame, "op") != "hello")
    return turn_away(4001, "missing_hello", "say hello first");
  for (const char* name : {"token", "jwt"}) {
    const json::value* given = find(*frame, name);
    if (given && !given->is_null() && !given->is_string())
      return turn_away(4001, "invalid_hello", fmt::format("the {} must be a string", name));
  }
  const std::string refusal = guard(Secret(find_string(*frame, "token").value_or("")),
                                    Secret(find_string(*frame, "jwt").value_or("")));
  if (refusal == "jwt_required")
    return turn_away(4003, refusal, "a JWT is missing, wrong or has expired");
  if (!refusal.empty()) return turn_away(4003, refusal, "the token is missing or wrong");
  std::string id = find_string(*frame, "session_id").value_or("");
  if (!is_session_id(id)) id = std::move(fresh_id);
  json::object ack{{"op", "hello_ack"}, {"ok", true}, {"session_id", id}};
  return {to_text(ack), std::move(id), 0, ""};
}

}  // namespace exai::mcp
