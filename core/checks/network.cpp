#include "core/checks/network.hpp"

#include <boost/asio/connect.hpp>
#include <utility>

#include "core/base/url.hpp"

namespace exai::checks {

namespace {

using asio::ip::tcp;
using Endpoints = std::vector<tcp::endpoint>;

// Blocks. Thread: the island of names.
Result<Endpoints> look_up(const std::string& host, std::uint16_t port) {
  asio::io_context context;
  tcp::resolver resolver(context);
  boost::system::error_code error;
  Endpoints endpoints;
  for (const auto& found : resolver.resolve(host, std::to_string(port), error))
    endpoints.push_back(found.endpoint());
  if (error) return fail(Errc::unavailable, "the host {} is unknown: {}", host, error.message());
  return endpoints;
}

Task<Result<Endpoints>> resolve(Attempt& attempt, std::string host, std::uint16_t port) {
  boost::system::error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  if (!no_address) co_return Endpoints(1, tcp::endpoint(address, port));
  attempt.step = "looking up " + host;
  if (!attempt.names) attempt.names = std::make_unique<Island>(attempt.loop, "exai-names");
  std::function<Result<Endpoints>()> work = [host, port] { return look_up(host, port); };
  co_return co_await attempt.names->run(std::move(work));
}

}  // namespace

Task<Result<Socket>> connect(Attempt& attempt, std::string host, std::uint16_t port) {
  auto endpoints = co_await resolve(attempt, host, port);
  if (!endpoints) co_return fail(endpoints.error());
  const std::string where = fmt::format("{}:{}", host, port);
  attempt.step = "connecting to " + where;
  Socket socket(attempt.loop.executor());
  auto connected = co_await asio::async_connect(socket, *endpoints, kAsTuple);
  const boost::system::error_code error = std::get<0>(connected);
  if (error == asio::error::connection_refused)
    co_return fail(Errc::unavailable, "connection refused by {}", where);
  if (error)
    co_return fail(Errc::unavailable, "connecting to {} failed: {}", where, error.message());
  co_return std::move(socket);
}

HttpRequest request_to(const Attempt& attempt, const config::Check& check, std::string url) {
  HttpRequest request;
  request.ca = check.setting("ca");
  request.url = std::move(url);
  request.connect_timeout = attempt.timeout + 10s;
  request.timeout = attempt.timeout + 10s;
  return request;
}

Task<Proof> prove_tcp(Attempt& attempt, config::Check check) {
  auto socket = co_await connect(attempt, check.host, check.port);
  if (!socket) co_return fail(socket.error());
  co_return fmt::format("{}:{} accepts connections", check.host, check.port);
}

Task<Proof> prove_http(Attempt& attempt, config::Check check) {
  const std::string url = config::url_of(check, check.what.front());
  const std::string path(path_of_url(url));
  attempt.step = "GET " + path;
  HttpRequest request = request_to(attempt, check, url);
  auto response = co_await attempt.http.send(std::move(request));
  if (!response) co_return fail(response.error());
  const int status = response->status;
  const std::string expected = check.setting("status");  // none: any of 200..299
  const bool wanted = expected.empty() ? status / 100 == 2 : std::to_string(status) == expected;
  const std::string said = fmt::format("HTTP {} from {}", status, path);
  if (wanted) co_return said;
  if (expected.empty()) co_return fail(Errc::unavailable, "{}", said);
  co_return fail(Errc::unavailable, "{}, expected {}", said, expected);
}

}  // namespace exai::checks
