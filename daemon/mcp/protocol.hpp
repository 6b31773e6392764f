#pragma once
// The words of the Model Context Protocol: versions, error codes and the JSON shapes of what a
// server says. Pure. session.hpp decides when each of them is said.
//
// Two eras share one endpoint. Up to 2025-11-25 a client shakes hands (`initialize`) and has a
// session. From 2026-07-28 on every request carries its version in params._meta and stands alone.
// detect_era() is the seam between them: today the modern era is answered with
// unsupported_version(), and a client that speaks both falls back to the handshake.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/rpc.hpp"
#include "daemon/mcp/mcp.hpp"

namespace exai::mcp {

// Newest first; what a client gets that asks for a version unknown to us is the first.
inline constexpr std::array<std::string_view, 4> kHandshakeVersions = {"2025-11-25", "2025-06-18",
                                                                       "2025-03-26", "2024-11-05"};
inline constexpr std::string_view kBatchVersion = "2025-03-26";  // the only one that has batches
inline constexpr std::string_view kFirstModernVersion = "2026-07-28";

bool is_handshake_version(std::string_view version);

// Beside the codes of JSON-RPC. Our own lie outside of its reserved -32768..-32000.
enum : int {
  kUnsupportedVersion = -32022,  // the specification's
  kUnavailable = -31001,         // the daemon is shutting down, or the tool's backing is away
  kTooManyCalls = -31002,        // the session has as many calls in flight as it may
};

enum class Era { handshake, modern };

// Modern: the request's _meta names a protocol version, or the transport's version header is one
// of that era.
Era detect_era(const rpc::Request& request, std::string_view version_header = {});

// The answer to a modern request: -32022 with data {supported, requested}.
rpc::Response unsupported_version(const rpc::Request& request,
                                  std::string_view version_header = {});

struct ServerInfo {
  std::string name;
  std::string title;
  std::string version;
  std::string instructions;  // how to use the server, for the model; empty: absent
};

json::object initialize_result(const ServerInfo& server, std::string_view version);

// One page of tools/list, 50 tools at most. The cursor is opaque to clients; empty: the beginning.
// Errors: invalid, for a cursor that we never gave.
Result<json::object> tools_page(const std::vector<ToolInfo>& tools, std::string_view cursor);

// Whole messages, written without a detour over a JSON tree: they are the hot path.
std::string call_result_text(const rpc::Id& id, const ToolResult& result);
std::string progress_text(const json::value& token, const Progress& progress);

}  // namespace exai::mcp
