#pragma once
// This server as a protected resource of OAuth 2.1, as MCP's authorization chapter asks. Pure; off
// unless `resource` is set.
//
//   GET /.well-known/oauth-protected-resource/mcp   which authorization servers give tokens for it
//       (and without /mcp)                           (RFC 9728)
//   401   WWW-Authenticate: Bearer realm="exai", resource_metadata="https://…"[, error=…]
//   403   … error="insufficient_scope", scope="exai:change"
//
// Tokens are JWTs of one of those servers with this resource as their audience: gate.hpp.

#include <optional>
#include <string>
#include <vector>

#include "daemon/net/gate.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

struct OAuthOptions {
  std::string resource;              // its URL as clients know it, "https://exai.example/mcp"
  std::vector<std::string> servers;  // URLs of authorization servers
};

// The document, or nothing when that is not asked for.
std::optional<Response> answer_metadata(const Request& request, const OAuthOptions& options);

// Where the document of that resource is, by RFC 9728 §3.1.
std::string metadata_url(std::string_view resource);

Response unauthorized(const Gate::Denial& denial, const OAuthOptions& options);
Response insufficient_scope(std::string_view scope, const OAuthOptions& options);

}  // namespace exai::net
