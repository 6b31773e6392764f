#pragma once
// The words of the Model Context Protocol: versions, error codes and the JSON shapes of what a
// server says. Pure. The front-ends decide when each of them is said.
//
// Two eras share one endpoint. Up to 2025-11-25 a client shakes hands (`initialize`) and has a
// session. From 2026-07-28 on every request carries its version in params._meta and stands alone.
// detect_era() is the seam between them.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/mcp/front_end.hpp"

namespace exai::mcp {

// Newest first; what a client gets that asks for a version unknown to us is the first.
inline constexpr std::array<std::string_view, 4> kHandshakeVersions = {"2025-11-25", "2025-06-18",
                                                                       "2025-03-26", "2024-11-05"};
inline constexpr std::string_view kBatchVersion = "2025-03-26";  // the only one that has batches
inline constexpr std::string_view kFirstModernVersion = "2026-07-28";

bool is_handshake_version(std::string_view version);

// Beside the codes of JSON-RPC. Our own lie outside of its reserved -32768..-32000.
enum : int {
  kResourceNotFound = -32002,    // the specification's, up to 2025-11-25
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

json::object server_info(const ServerInfo& server);
json::object initialize_result(const ServerInfo& server, std::string_view version,
                               const Catalog& catalog);

// Whether a server with this catalog has the method; true for all that depend on no list.
bool offers(const Catalog& catalog, std::string_view method);
bool is_list(std::string_view method);

// One page of tools/list, resources/list, resources/templates/list or prompts/list: 50 items at
// most. Errors: invalid, for a cursor that we never gave. The cursor is opaque to clients, and
// empty means the beginning.
Result<json::object> list_page(const Catalog& catalog, std::string_view method,
                               const json::object& params);

// Nothing for a word that is no level.
std::optional<Severity> severity_of(std::string_view name);

// Whole messages, written without a detour over a JSON tree: they are the hot path. `more` are
// further members of the result, each with a comma behind it.
std::string call_result_text(const rpc::Id& id, const ToolResult& result,
                             std::string_view more = {});
std::string progress_text(const json::value& token, const Progress& progress);
std::string log_text(const LogMessage& message);
std::string change_text(const Change& change);

}  // namespace exai::mcp
