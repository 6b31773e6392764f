#pragma once
// The words of the Model Context Protocol: versions, error codes and the JSON shapes of what a
// server says. Pure. The front-ends decide when each of them is said.
//
// Two eras share one endpoint. Up to 2025-11-25 a client shakes hands (`initialize`) and has a
// session. From 2026-07-28 on every request carries its version in params._meta and stands alone.
// Whether a message names such a version, or comes with a version header of that era, decides which
// front-end has it: Session or Stateless.

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
  kHeaderMismatch = -32020,      // the specification's, from 2026-07-28 on
  kMissingCapability = -32021,   // of the client; data {requiredCapabilities}
  kUnsupportedVersion = -32022,  // data {supported, requested}
  kUnavailable = -31001,         // the daemon is shutting down, or the tool's backing is away
  kOverCapacity = -31002,        // a limit is reached; data {limit, retryAfter}, in seconds
};

// The version that _meta names; nullptr: none.
const json::value* modern_version(const rpc::Request& request);
// The request or notification that a whole message is, when it names one; quick for those that do
// not.
std::optional<rpc::Request> modern_request(std::string_view text);

struct ServerInfo {
  std::string name;
  std::string title;
  std::string version;
  std::string instructions;  // how to use the server, for the model; empty: absent
};

json::object server_info(const ServerInfo& server);
json::object initialize_result(const ServerInfo& server, std::string_view version,
                               const Catalog& catalog);

json::object discover_result(const ServerInfo& server, const Catalog& catalog);

// Whether calls of some tool may go on as tasks.
bool has_tasks(const Catalog& catalog);
// Whether a server with this catalog has the method; true for all that depend on no list.
bool offers(const Catalog& catalog, std::string_view method);
bool is_list(std::string_view method);
bool is_about_task(std::string_view method);  // those of the extension; what else was once, is not

// One page of tools/list, resources/list, resources/templates/list or prompts/list: 50 items at
// most. Errors: invalid, for a cursor that we never gave. The cursor is opaque to clients, and
// empty means the beginning.
Result<json::object> list_page(const Catalog& catalog, std::string_view method,
                               const json::object& params);

// The error of a call that was refused, and of one that failed: not_found and invalid -32602,
// unavailable and cancelled (by us) -31001, conflict -31002, else -32603.
rpc::ErrorObject over_capacity(const Refusal& refusal);
rpc::ErrorObject call_error(const Error& error);

// Nothing for a word that is no level.
std::optional<Severity> severity_of(std::string_view name);

// Whole messages, written without a detour over a JSON tree: they are the hot path. `more` are
// further members of the result, each with a comma behind it.
std::string call_result_text(const rpc::Id& id, const ToolResult& result,
                             std::string_view more = {});
std::string result_members(const ToolResult& result);  // of the result of tools/call
std::string progress_text(const json::value& token, const Progress& progress);
std::string log_text(const LogMessage& message);
std::string change_text(const Change& change, json::object meta = {});

}  // namespace exai::mcp
