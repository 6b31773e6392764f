#include "daemon/mcp/protocol.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::mcp {

namespace {

constexpr std::string_view kVersionMember = "io.modelcontextprotocol/protocolVersion";
constexpr std::size_t kPageSize = 50;
constexpr std::string_view kCursorPrefix = "after-";

const json::value* modern_version(const rpc::Request& request) {
  const auto* meta = find_object(request.params, "_meta");
  return meta ? find(*meta, kVersionMember) : nullptr;
}

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

json::object tool_description(const ToolInfo& tool) {
  json::object description{{"name", tool.name}};
  if (!tool.title.empty()) description["title"] = tool.title;
  description["description"] = tool.description;
  description["inputSchema"] = tool.input_schema;
  description["annotations"] = {{"readOnlyHint", tool.read_only},
                                {"openWorldHint", tool.open_world}};
  return description;
}

// "after-50" → 50; nothing when we cannot have written it.
std::optional<std::size_t> offset_of(std::string_view cursor, std::size_t count) {
  if (cursor.empty()) return 0;
  if (!cursor.starts_with(kCursorPrefix)) return std::nullopt;
  const auto offset = parse_integer(cursor.substr(kCursorPrefix.size()));
  if (!offset || *offset <= 0 || static_cast<std::size_t>(*offset) >= count) return std::nullopt;
  return static_cast<std::size_t>(*offset);
}

}  // namespace

bool is_handshake_version(std::string_view version) {
  return std::ranges::find(kHandshakeVersions, version) != kHandshakeVersions.end();
}

Era detect_era(const rpc::Request& request, std::string_view version_header) {
  const bool modern = version_header >= kFirstModernVersion || modern_version(request);
  return modern ? Era::modern : Era::handshake;
}

rpc::Response unsupported_version(const rpc::Request& request, std::string_view version_header) {
  const auto* named = modern_version(request);
  json::value requested = named ? *named : json::value(version_header);
  json::array supported;
  for (const auto version : kHandshakeVersions) supported.emplace_back(version);
  return rpc::error_of(request.id, kUnsupportedVersion,
                       "this server speaks the versions with a handshake: send initialize",
                       {{"supported", std::move(supported)}, {"requested", std::move(requested)}});
}

json::object initialize_result(const ServerInfo& server, std::string_view version) {
  json::object info{{"name", server.name}, {"version", server.version}};
  if (!server.title.empty()) info["title"] = server.title;
  json::object result{{"protocolVersion", version},
                      {"capabilities", {{"tools", json::object{}}}},
                      {"serverInfo", std::move(info)}};
  if (!server.instructions.empty()) result["instructions"] = server.instructions;
  return result;
}

Result<json::object> tools_page(const std::vector<ToolInfo>& tools, std::string_view cursor) {
  const auto begin = offset_of(cursor, tools.size());
  if (!begin)
    return fail(Errc::invalid, "this server gave out no cursor \"{}\"", printable(cursor));
  const std::size_t end = std::min(*begin + kPageSize, tools.size());
  json::array page;
  for (std::size_t i = *begin; i < end; ++i) page.emplace_back(tool_description(tools[i]));
  json::object result{{"tools", std::move(page)}};
  if (end < tools.size()) result["nextCursor"] = fmt::format("{}{}", kCursorPrefix, end);
  return result;
}

std::string call_result_text(const rpc::Id& id, const ToolResult& result) {
  std::string out;
  out.reserve(result.text.size() + 128);
  out += R"({"jsonrpc":"2.0","id":)";
  append_id(out, id);
  out += R"(,"result":{"content":[{"type":"text","text":)";
  append_string(out, result.text);
  out += "}]";
  if (!result.structured.empty()) {
    out += R"(,"structuredContent":)";
    out += to_text(result.structured);
  }
  if (result.is_error) out += R"(,"isError":true)";
  out += "}}";
  return out;
}

std::string progress_text(const json::value& token, const Progress& progress) {
  json::object params{{"progressToken", token}, {"progress", progress.progress}};
  if (progress.total) params["total"] = *progress.total;
  if (!progress.message.empty()) params["message"] = progress.message;
  return rpc::to_text(rpc::Request{std::nullopt, "notifications/progress", std::move(params)});
}

}  // namespace exai::mcp
