#include "daemon/net/access.hpp"

#include <algorithm>

#include "core/base/rpc.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai::net {

namespace {

// "localhost:8079" → "localhost", "[::1]:8079" → "[::1]"
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

std::string_view host_of_origin(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? "" : without_port(origin.substr(scheme + 3));
}

bool may_call(std::string_view origin, const McpOptions& options) {
  if (is_loopback(options.address) && is_loopback(host_of_origin(origin))) return true;
  return std::ranges::find(options.allowed_origins, origin) != options.allowed_origins.end();
}

// What a page may send, and of the requested ones those that carry a tool's arguments
// (Mcp-Param-…).
std::string allowed_headers(std::string_view requested) {
  std::string allowed =
      "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, "
      "mcp-protocol-version, mcp-session-id";
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const std::string& each : split(requested, ',')) {
    const std::string name = to_lower(trim(each));
    if (name.starts_with("mcp-param-") && name.find_first_not_of(kPlain) == std::string::npos)
      allowed.append(", ").append(name);
  }
  return allowed;
}

}  // namespace

std::optional<Response> refuse_place(const Headers& headers, const McpOptions& options) {
  const auto origin = header(headers, "origin");
  if (!origin.empty() && !may_call(origin, options))
    return json_error(403, rpc::kInvalidRequest,
                      fmt::format("web pages of {} may not call this server", printable(origin)));
  const auto host = header(headers, "host");
  if (is_loopback(options.address) && !is_loopback(without_port(host)))
    return json_error(403, rpc::kInvalidRequest,
                      fmt::format("this server listens on loopback and has no host named \"{}\"",
                                  printable(host)));
  return std::nullopt;
}

std::optional<Response> answer_preflight(const Request& request, const McpOptions& options) {
  const Headers& headers = request.headers;
  const bool asks = request.method == "OPTIONS" && headers.contains("origin") &&
                    headers.contains("access-control-request-method");
  if (!asks) return std::nullopt;
  if (auto refusal = refuse_place(headers, options)) return refusal;
  Response answer{204, cors_headers(headers, options), ""};
  answer.headers["access-control-allow-methods"] = "GET, POST, DELETE";
  answer.headers["access-control-allow-headers"] =
      allowed_headers(header(headers, "access-control-request-headers"));
  answer.headers["access-control-max-age"] = "600";
  // Browsers want that said again when a page of the internet calls a server of this machine.
  if (header(headers, "access-control-request-private-network") == "true")
    answer.headers["access-control-allow-private-network"] = "true";
  return answer;
}

Headers cors_headers(const Headers& request, const McpOptions& options) {
  const auto origin = header(request, "origin");
  if (origin.empty() || !may_call(origin, options)) return {};
  return {{"access-control-allow-origin", std::string(origin)},
          {"access-control-expose-headers",
           "mcp-protocol-version, mcp-session-id, retry-after, www-authenticate"},
          {"vary", "origin"}};
}

Response json_error(int status, int code, std::string message) {
  const auto error = rpc::error_of(std::nullopt, code, std::move(message));
  return {status, {{"content-type", "application/json"}}, rpc::to_text(error)};
}

}  // namespace exai::net
