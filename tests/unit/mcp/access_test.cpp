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
  const auto refusal = refuse_place(headers, options);
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

TEST_CASE("a browser that asks first is told what its page may do, without a token") {
  McpOptions options = on_all_addresses();
  options.gate.token = Secret("0123456789abcdef");
  Request question;
  question.method = "OPTIONS";
  question.path = "/mcp";
  question.headers = {{"host", "mcp.example"},
                      {"origin", "https://app.example"},
                      {"access-control-request-method", "POST"},
                      {"access-control-request-headers",
                       "content-type, Mcp-Param-Region, x-evil, "
                       "mcp-param-a\r\nb"}};
  const auto answer = answer_preflight(question, options);
  REQUIRE(answer.has_value());
  CHECK(answer->status == 204);
  CHECK(answer->headers ==
        Headers{{"access-control-allow-origin", "https://app.example"},
                {"access-control-allow-methods", "GET, POST, DELETE"},
                {"access-control-allow-headers",
                 "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, "
                 "mcp-protocol-version, mcp-session-id, mcp-param-region"},
                {"access-control-expose-headers",
                 "mcp-protocol-version, mcp-session-id, retry-after, www-authenticate"},
                {"access-control-max-age", "600"},
                {"vary", "origin"}});
  question.headers["access-control-request-private-network"] = "true";
  CHECK(answer_preflight(question, options)->headers.at("access-control-allow-private-network") ==
        "true");
}

TEST_CASE("a page that may not call is told nothing but that") {
  Request question;
  question.method = "OPTIONS";
  question.headers = {{"host", "localhost"},
                      {"origin", "https://evil.example"},
                      {"access-control-request-method", "POST"}};
  const auto refusal = answer_preflight(question, on_loopback());
  REQUIRE(refusal.has_value());
  CHECK(refusal->status == 403);
  CHECK(!refusal->headers.contains("access-control-allow-origin"));
  CHECK(cors_headers(question.headers, on_loopback()).empty());
  question.headers["origin"] = "https://app.example";
  question.headers["host"] = "evil.example";  // rebound
  CHECK(answer_preflight(question, on_loopback())->status == 403);
}

TEST_CASE("what is no preflight is not answered as one, and what is no page needs no CORS") {
  Request request;
  request.method = "OPTIONS";
  request.headers = {{"host", "localhost"}, {"origin", "http://localhost:3000"}};
  CHECK(!answer_preflight(request, on_loopback()));
  request.headers["access-control-request-method"] = "POST";
  CHECK(answer_preflight(request, on_loopback()));
  request.method = "POST";
  CHECK(!answer_preflight(request, on_loopback()));
  CHECK(cors_headers({{"host", "localhost"}}, on_loopback()).empty());
  CHECK(cors_headers(request.headers, on_loopback()).at("access-control-allow-origin") ==
        "http://localhost:3000");
}
