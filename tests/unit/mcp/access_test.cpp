#include "daemon/net/access.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::net;

namespace {

McpOptions on_loopback() {
  McpOptions options;
  options.allowed_origins = {"https://app.example"};
  return options;
}

McpOptions on_all_addresses() {
  McpOptions options = on_loopback();
  options.address = "0.0.0.0";
  return options;
}

int status_of(const Headers& headers, const McpOptions& options) {
  const auto refusal = refuse_access(headers, options);
  return refusal ? refusal->status : 200;
}

}  // namespace

TEST_CASE("on loopback only loopback hosts are served: DNS rebinding ends here") {
  const auto [host, status] = GENERATE(table<std::string, int>({
      {"localhost", 200},
      {"LocalHost:8079", 200},
      {"127.0.0.1:8079", 200},
      {"127.1.2.3", 200},
      {"[::1]:8079", 200},
      {"[::1]", 200},
      {"evil.example:8079", 403},
      {"127.evil.example", 403},
      {"localhost.evil.example", 403},
      {"[::2]:8079", 403},
      {"", 403},
  }));
  CAPTURE(host);
  CHECK(status_of({{"host", host}}, on_loopback()) == status);
  CHECK(status_of({{"host", host}}, on_all_addresses()) == 200);
}

TEST_CASE("web pages need an allowed origin") {
  const auto [origin, local, open] = GENERATE(table<std::string, int, int>({
      {"http://localhost:3000", 200, 403},
      {"http://127.0.0.1", 200, 403},
      {"http://[::1]:3000", 200, 403},
      {"https://app.example", 200, 200},
      {"https://app.example:8443", 403, 403},
      {"http://app.example", 403, 403},
      {"https://evil.example", 403, 403},
      {"http://localhost.evil.example", 403, 403},
      {"null", 403, 403},
  }));
  CAPTURE(origin);
  const Headers headers{{"host", "localhost"}, {"origin", origin}};
  CHECK(status_of(headers, on_loopback()) == local);
  CHECK(status_of(headers, on_all_addresses()) == open);
}

TEST_CASE("a token, once set, must be shown") {
  McpOptions options = on_loopback();
  options.token = Secret("0123456789abcdef");
  const auto [authorization, status] = GENERATE(table<std::string, int>({
      {"Bearer 0123456789abcdef", 200},
      {"bearer  0123456789abcdef ", 200},
      {"Bearer 0123456789abcdeF", 401},
      {"Bearer 0123456789abcde", 401},
      {"Bearer", 401},
      {"Basic 0123456789abcdef", 401},
      {"0123456789abcdef", 401},
      {"", 401},
  }));
  CAPTURE(authorization);
  CHECK(status_of({{"host", "localhost"}, {"authorization", authorization}}, options) == status);
}

TEST_CASE("a refusal for want of a token says how to show it") {
  McpOptions options = on_loopback();
  options.token = Secret("0123456789abcdef");
  const auto refusal = refuse_access({{"host", "localhost"}}, options);
  REQUIRE(refusal);
  CHECK(header(refusal->headers, "www-authenticate") == "Bearer realm=\"exai\"");
  CHECK(refusal->body ==
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":)"
        R"("the bearer token is missing or wrong: send \"Authorization: Bearer <token>\""}})");
}
