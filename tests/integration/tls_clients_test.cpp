// Our own clients and a real exaid with a certificate: the bridge and the checks.
#include <catch2/catch.hpp>

#include "core/checks/check.hpp"
#include "tests/integration/daemon_bench.hpp"
#include "tests/support/certificates.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

class SecureExaid {
 public:
  const TestCa& ca() const { return ca_; }
  std::uint16_t port() const { return exaid_.mcp_port(); }
  std::string url() const { return fmt::format("wss://127.0.0.1:{}/ws", port()); }

 private:
  Environment options() {
    ca_.issue(folder_ / "server.pem", folder_ / "server.key");
    return {{"EXAI_TLS_CERTIFICATE_PATH", (folder_ / "server.pem").string()},
            {"EXAI_TLS_KEY_PATH", (folder_ / "server.key").string()}};
  }

  TestCa ca_;
  TempDir folder_;
  Exaid exaid_{options()};
};

Outcome bridge(const std::string& options, const Environment& environment = {}) {
  Command command;
  command.arguments = {EXAI_NODE,   EXAI_CLIENTS "/mcp_client.mjs",       "bridge", "call",
                       "test_echo", R"({"message":"through the bridge"})"};
  command.environment["EXAI"] = EXAI;
  command.environment["EXAI_WS_PORT"] = "1";
  command.environment["EXAI_BRIDGE"] = options;
  for (const auto& [name, value] : environment) command.environment[name] = value;
  return run(std::move(command));
}

checks::Observation check(std::string kind, std::string what, std::uint16_t port,
                          std::map<std::string, std::string> settings) {
  config::Check wanted;
  wanted.kind = std::move(kind);
  wanted.what = {std::move(what)};
  wanted.port = port;
  wanted.settings = std::move(settings);
  wanted.timeout = 10s;
  Loop loop;
  SystemClock clock;
  HttpClient http(loop);
  checks::Checker checker(loop, clock, http);
  return loop.run_until_done(checker.run(wanted, {}));
}

}  // namespace

TEST_CASE("exai mcp reaches exaid over wss, with a CA that it is given or that the system has") {
  const SecureExaid exaid;
  CHECK(bridge(fmt::format("--url {} --ca {}", exaid.url(), exaid.ca().file())).out ==
        "through the bridge\n");
  CHECK(bridge("--url " + exaid.url(), {{"SSL_CERT_FILE", exaid.ca().file()}}).out ==
        "through the bridge\n");
}

TEST_CASE("exai mcp says why it does not trust exaid, to its log and to the client") {
  const SecureExaid exaid;
  Command command;
  command.arguments = {EXAI, "mcp", "--wait", "1s", "--url", exaid.url()};
  command.input =
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",)"
      R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})"
      "\n";
  const Outcome outcome = run(std::move(command));
  CHECK(outcome.exit == 0);
  CHECK_THAT(outcome.err, Contains("the certificate of 127.0.0.1 is not to be trusted: "));
  CHECK_THAT(outcome.out, Contains("\"id\":1"));
  CHECK_THAT(outcome.out, Contains("\"error\""));
}

TEST_CASE("exai mcp config writes the URL and the CA that were asked for") {
  const TestCa ca;
  const Outcome printed =
      run({EXAI, "mcp", "config", "--url", "wss://exai.example:8079/ws", "--ca", ca.file()});
  CHECK(printed.exit == 0);
  CHECK_THAT(printed.out, Contains("\"wss://exai.example:8079/ws\""));
  CHECK_THAT(printed.out, Contains("\"--ca\""));
  CHECK_THAT(printed.out, Contains(ca.file()));
}

TEST_CASE("http and mcp checks speak TLS when they are told to, and name what is wrong") {
  const SecureExaid exaid;
  const std::string ca = exaid.ca().file();
  const auto mcp = check("mcp", "tools/call status", exaid.port(), {{"https", "true"}, {"ca", ca}});
  CAPTURE(mcp.detail);
  CHECK(mcp.ok);
  CHECK_THAT(mcp.detail, Contains("tools/call status answered"));
  const auto http =
      check("http", "/mcp", exaid.port(), {{"https", "true"}, {"ca", ca}, {"status", "400"}});
  CAPTURE(http.detail);
  CHECK(http.ok);

  const TestCa other;
  const auto stranger =
      check("http", "/mcp", exaid.port(), {{"https", "true"}, {"ca", other.file()}});
  CHECK_FALSE(stranger.ok);
  CHECK_THAT(stranger.detail, Contains("is not to be trusted: "));
  const auto missing =
      check("http", "/mcp", exaid.port(), {{"https", "true"}, {"ca", "/no/such/ca.pem"}});
  CHECK_FALSE(missing.ok);
  CHECK_THAT(missing.detail, Contains("/no/such/ca.pem"));
}
