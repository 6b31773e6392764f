#pragma once
// From where one may talk to the MCP endpoint; who may is gate.hpp. Pure. First match decides:
//
//   Origin present, and neither allowed nor (on loopback) itself loopback   403   web pages
//   on loopback: Host is no loopback name                                   403   DNS rebinding
//
// A browser asks first (a preflight, which never carries the token) and gives a page only what the
// answer's CORS headers allow. They name the page's own origin, never "*", and are there for every
// page that may call: those of EXAI_ALLOWED_ORIGINS, and on loopback those of loopback.

#include <optional>
#include <string>

#include "daemon/net/mcp_endpoint.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

// The refusal, or nothing when the request may pass.
std::optional<Response> refuse_place(const Headers& headers, const McpOptions& options);

// The answer to a browser that asks whether its page may call; nothing when this is no such
// question.
std::optional<Response> answer_preflight(const Request& request, const McpOptions& options);

// What every answer to that request must carry so that its page may read it. Empty: there is no
// page, or it may not.
Headers cors_headers(const Headers& request, const McpOptions& options);

// A refusal in the shape that MCP clients read: a JSON-RPC error without id.
Response json_error(int status, int code, std::string message);

}  // namespace exai::net
