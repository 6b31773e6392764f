#include "daemon/mcp/protocol.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::mcp {

namespace {

constexpr std::string_view kVersionMember = "io.modelcontextprotocol/protocolVersion";
constexpr std::array<std::string_view, 8> kSeverities = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

void append_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // start of what needs no escape and is not copied yet
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (byte == '\n') {
      out += "\\n";
    } else if (byte >= 0x20) {
      out += '\\';
      out += text[i];
    } else {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  out.append(text, plain);
  out += '"';
}

void append_id(std::string& out, const rpc::Id& id) {
  if (const auto* number = std::get_if<std::int64_t>(&id)) {
    out += std::to_string(*number);
  } else {
    append_string(out, std::get<std::string>(id));
  }
}

}  // namespace

bool is_handshake_version(std::string_view version) {
  return std::ranges::find(kHandshakeVersions, version) != kHandshakeVersions.end();
}

const json::value* modern_version(const rpc::Request& request) {
  const auto* meta = find_object(request.params, "_meta");
  return meta ? find(*meta, kVersionMember) : nullptr;
}

std::optional<rpc::Request> modern_request(std::string_view text) {
  if (text.find(kVersionMember) == std::string_view::npos) return std::nullopt;
  auto message = rpc::parse(text);
  auto* request = message ? std::get_if<rpc::Request>(&*message) : nullptr;
  if (!request || !modern_version(*request)) return std::nullopt;
  return std::move(*request);
}

rpc::ErrorObject over_capacity(const Refusal& refusal) {
  json::object data{{"limit", refusal.limit},
                    {"retryAfter", std::chrono::duration<double>(refusal.retry_after).count()}};
  return {kOverCapacity, refusal.message, std::move(data)};
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
      return {kOverCapacity, error.message(), nullptr};
    default:
      return {rpc::kInternalError, error.message(), nullptr};
  }
}

std::optional<Severity> severity_of(std::string_view name) {
  const auto found = std::ranges::find(kSeverities, name);
  if (found == kSeverities.end()) return std::nullopt;
  return static_cast<Severity>(found - kSeverities.begin());
}

namespace {

void append_members(std::string& out, const ToolResult& result) {
  out += R"("content":[)";
  if (!result.text.empty() || result.content.empty()) {
    out += R"({"type":"text","text":)";
    append_string(out, result.text);
    out += '}';
  }
  for (const json::value& item : result.content) {
    if (out.back() != '[') out += ',';
    out += to_text(item);
  }
  out += ']';
  if (!result.structured.empty()) {
    out += R"(,"structuredContent":)";
    out += to_text(result.structured);
  }
  if (result.is_error) out += R"(,"isError":true)";
}

}  // namespace

std::string call_result_text(const rpc::Id& id, const ToolResult& result, std::string_view more) {
  std::string out;
  out.reserve(result.text.size() + 128);
  out += R"({"jsonrpc":"2.0","id":)";
  append_id(out, id);
  out += R"(,"result":{)";
  out += more;
  append_members(out, result);
  out += "}}";
  return out;
}

std::string result_members(const ToolResult& result) {
  std::string out;
  append_members(out, result);
  return out;
}

std::string progress_text(const json::value& token, const Progress& progress) {
  json::object params{{"progressToken", token}, {"progress", progress.progress}};
  if (progress.total) params["total"] = *progress.total;
  if (!progress.message.empty()) params["message"] = progress.message;
  return rpc::to_text(rpc::Request{std::nullopt, "notifications/progress", std::move(params)});
}

std::string log_text(const LogMessage& message) {
  json::object params{{"level", kSeverities.at(static_cast<std::size_t>(message.severity))}};
  if (!message.logger.empty()) params["logger"] = message.logger;
  params["data"] = message.data;
  return rpc::to_text(rpc::Request{std::nullopt, "notifications/message", std::move(params)});
}

std::string change_text(const Change& change, json::object meta) {
  constexpr std::array<const char*, 4> kMethods = {
      "notifications/tools/list_changed", "notifications/prompts/list_changed",
      "notifications/resources/list_changed", "notifications/resources/updated"};
  json::object params;
  if (change.kind == Change::Kind::resource_updated) params["uri"] = change.uri;
  if (!meta.empty()) params["_meta"] = std::move(meta);
  return rpc::to_text(rpc::Request{std::nullopt, kMethods.at(static_cast<std::size_t>(change.kind)),
                                   std::move(params)});
}

}  // namespace exai::mcp
