#include "daemon/endpoints.hpp"

#include <algorithm>
#include <array>

namespace exai {
namespace {

constexpr std::array<std::string_view, 5> kHealthPaths = {"/health", "/healthz", "/health/live",
                                                          "/health/ready", "/health/startup"};

net::Response json_response(int status, const json::object& body) {
  net::Response response;
  response.status = status;
  response.headers["content-type"] = "application/json";
  response.headers["cache-control"] = "no-store";
  response.body = to_pretty_text(body);
  return response;
}

// Empty when the method is right.
std::optional<net::Response> refuse_method(const net::Request& request) {
  if (request.method == "GET") return std::nullopt;
  net::Response response = json_response(405, {{"error", "only GET is served here"}});
  response.headers["allow"] = "GET";
  return response;
}

double seconds_since(Time begin, Clock& clock) {
  return std::chrono::duration<double>(clock.now() - begin).count();
}

}  // namespace

Task<std::optional<net::Response>> HealthEndpoint::handle(net::Request request, net::BodyWriter&) {
  const Time begin = clock_.now();
  std::optional<net::Response> response = refuse_method(request);
  if (!response) response = answer(request.path);
  const bool known = std::ranges::count(kHealthPaths, std::string_view(request.path)) != 0;
  instruments_.served(known ? std::string_view(request.path) : "other", response->status,
                      seconds_since(begin, clock_));
  co_return response;
}

net::Response HealthEndpoint::answer(std::string_view path) {
  using health::Status;
  health::Report report;  // passes, and names no component
  if (path == "/health" || path == "/healthz") {
    report = monitor_.everything();
  } else if (path == "/health/ready") {
    report = monitor_.ready();
  } else if (path == "/health/startup") {
    if (!monitor_.started()) {
      report.status = Status::fail;
      report.reason = "the first round of proofs is not over";
    }
  } else if (path != "/health/live") {
    json::array paths;
    for (const std::string_view known : kHealthPaths) paths.push_back(json::value(known));
    return json_response(404, {{"error", "not found"}, {"paths", std::move(paths)}});
  }
  const bool refused = report.status == Status::fail ||
                       (report.status == Status::warn && degraded_ == Degraded::is_503);
  return json_response(refused ? 503 : 200, monitor_.to_json(report));
}

Task<std::optional<net::Response>> MetricsEndpoint::handle(net::Request request, net::BodyWriter&) {
  const Time begin = clock_.now();
  std::optional<net::Response> response = refuse_method(request);
  if (!response && request.path != "/metrics")
    response = json_response(404, {{"error", "not found"}, {"paths", json::array{"/metrics"}}});
  if (!response) {
    response.emplace();
    response->headers["content-type"] = "text/plain; version=0.0.4; charset=utf-8";
    response->body = metrics_.prometheus_text();
  }
  instruments_.served(request.path == "/metrics" ? "/metrics" : "other", response->status,
                      seconds_since(begin, clock_));
  co_return response;
}

}  // namespace exai
