#include "daemon/net/oauth.hpp"

#include <utility>

#include "core/base/json.hpp"
#include "core/base/rpc.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"
#include "daemon/net/access.hpp"

namespace exai::net {

namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

std::string challenge(const OAuthOptions& options) {
  std::string text = "Bearer realm=\"exai\"";
  if (!options.resource.empty())
    text += fmt::format(", resource_metadata=\"{}\"", metadata_url(options.resource));
  return text;
}

// What may stand between quotes of a header.
std::string quotable(std::string_view text) {
  return replace_all(replace_all(std::string(text), "\"", "'"), "\\", "/");
}

}  // namespace

std::string metadata_url(std::string_view resource) {
  std::string_view path = path_of_url(resource);
  if (path == resource) path = {};
  std::string url(resource.substr(0, resource.size() - path.size()));
  url.append(kWellKnown);
  if (path != "/") url.append(path);
  return url;
}

std::optional<Response> answer_metadata(const Request& request, const OAuthOptions& options) {
  if (options.resource.empty() || !request.path.starts_with(kWellKnown)) return std::nullopt;
  const std::string_view rest = std::string_view(request.path).substr(kWellKnown.size());
  if (!rest.empty() && rest != "/mcp") return std::nullopt;
  if (request.method != "GET") {
    Response refusal = json_error(405, rpc::kInvalidRequest, "allowed here: GET");
    refusal.headers.emplace("allow", "GET");
    return refusal;
  }
  json::array servers;
  for (const std::string& server : options.servers) servers.emplace_back(server);
  const json::object document{
      {"resource", options.resource},
      {"authorization_servers", std::move(servers)},
      {"bearer_methods_supported", json::array{"header"}},
      {"scopes_supported", json::array{scope_name("read"), scope_name("change")}},
      {"resource_name", "EXAI"}};
  return Response{200,
                  {{"content-type", "application/json"}, {"cache-control", "max-age=300"}},
                  to_text(document)};
}

Response unauthorized(const Gate::Denial& denial, const OAuthOptions& options) {
  Response refusal = json_error(401, rpc::kInvalidRequest, denial.message);
  std::string text = challenge(options);
  // RFC 6750 §3.1: a client that showed nothing hears of no error.
  if (denial.showed_something)
    text += fmt::format(", error=\"invalid_token\", error_description=\"{}\"",
                        quotable(denial.message));
  refusal.headers.emplace("www-authenticate", std::move(text));
  return refusal;
}

Response insufficient_scope(std::string_view scope, const OAuthOptions& options) {
  const std::string name = scope_name(scope);
  Response refusal =
      json_error(403, rpc::kInvalidRequest, fmt::format("the token lacks the scope {}", name));
  refusal.headers.emplace(
      "www-authenticate",
      fmt::format("{}, error=\"insufficient_scope\", scope=\"{}\"", challenge(options), name));
  return refusal;
}

}  // namespace exai::net
