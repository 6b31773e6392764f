// The real exaid with a certificate: how it starts, serves, changes it and ends.
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

#include "core/base/text.hpp"
#include "core/base/websocket_client.hpp"
#include "tests/integration/daemon_bench.hpp"
#include "tests/support/certificates.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

// A CA, and a certificate and key where EXAI_TLS_… says.
struct Certified {
  explicit Certified(const Issue& wanted = {}) { ca.issue(certificate, key, wanted); }

  Environment options() const {
    return {{"EXAI_TLS_CERTIFICATE_PATH", certificate.string()},
            {"EXAI_TLS_KEY_PATH", key.string()}};
  }

  TestCa ca;
  TempDir folder;
  Path certificate = folder / "server.pem";
  Path key = folder / "server.key";
};

Outcome sdk_client(const Exaid& exaid, const Certified& certified,
                   std::vector<std::string> arguments) {
  Command command;
  command.arguments = {EXAI_NODE, EXAI_CLIENTS "/mcp_client.mjs"};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.environment["EXAI_MCP_URL"] = fmt::format("https://127.0.0.1:{}/mcp", exaid.mcp_port());
  command.environment["NODE_EXTRA_CA_CERTS"] = certified.ca.file();
  return run(std::move(command));
}

HttpResponse get(const std::string& url, const std::string& ca) {
  HttpRequest request;
  request.url = url;
  request.ca = ca;
  return fetch(std::move(request));
}

// What is heard on a WebSocket that stays open while `meanwhile` happens: the answer to `first`,
// then that to `second`, or what comes without a question.
Task<std::pair<std::string, std::string>> conversation(Loop& loop, WebSocketAddress address,
                                                       std::string first,
                                                       std::function<void()> meanwhile,
                                                       std::string second) {
  const auto text = [](const Result<std::string>& heard) {
    return heard ? *heard : heard.error().message();
  };
  auto connected = co_await WebSocketClient::connect(loop, std::move(address));
  WebSocketClient& client = *connected.value();
  co_await client.send(std::move(first));
  const auto before = co_await client.receive();
  meanwhile();
  if (!second.empty()) {
    co_await client.send(std::move(second));
  }
  const auto after = co_await client.receive();
  client.cut();
  co_return std::pair(text(before), text(after));
}

std::pair<std::string, std::string> converse(const Exaid& exaid, const Certified& certified,
                                             std::string first,
                                             const std::function<void()>& meanwhile,
                                             std::string second) {
  WebSocketAddress address;
  address.port = exaid.mcp_port();
  address.tls = true;
  address.ca = certified.ca.file();
  address.path = "/ws";
  address.subprotocol = "mcp";
  Loop loop;
  return loop.run_until_done(
      conversation(loop, std::move(address), std::move(first), meanwhile, std::move(second)));
}

const std::string kHello =
    R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})";
const std::string kPing = R"({"jsonrpc":"2.0","id":2,"method":"ping"})";

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("exaid: MCP over https and wss for the official client, health in clear text") {
  const Certified certified;
  Exaid exaid(certified.options());
  CHECK(sdk_client(exaid, certified, {"http", "call", "test_echo", R"({"message":"https"})"}).out ==
        "https\n");
  CHECK(sdk_client(exaid, certified, {"ws", "call", "test_echo", R"({"message":"wss"})"}).out ==
        "wss\n");
  CHECK(exaid.health("live").status == 200);
  CHECK_THAT(exaid.process().err(), Contains("part=tls subject=\"/CN=exai.test\""));
  const Outcome old =
      run({"curl", "-sS", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", "--cacert",
           certified.ca.file(), fmt::format("https://127.0.0.1:{}/mcp", exaid.mcp_port())});
  CHECK(old.exit == 35);
}

TEST_CASE("exaid: health and metrics speak TLS when all ports do") {
  const Certified certified;
  const std::uint16_t health = free_port();
  const std::uint16_t metrics = free_port();
  Command command;
  command.arguments = {EXAID};
  command.environment = certified.options();
  command.environment["EXAI_TLS_PORTS"] = "all";
  command.environment["EXAI_WS_PORT"] = std::to_string(free_port());
  command.environment["HEALTH_CHECK_PORT"] = std::to_string(health);
  command.environment["METRICS_PORT"] = std::to_string(metrics);
  Process exaid(std::move(command));
  const std::string ca = certified.ca.file();
  CHECK(wait_until([&] {
    return get(fmt::format("https://127.0.0.1:{}/health/live", health), ca).status == 200;
  }));
  CHECK_THAT(get(fmt::format("https://127.0.0.1:{}/metrics", metrics), ca).body,
             Contains("exai_build_info"));
  CHECK(get(fmt::format("http://127.0.0.1:{}/health/live", health), "").status == 400);
}

TEST_CASE("exaid: a client in clear text is refused with one line in the log; many, with few") {
  const Certified certified;
  Exaid exaid(certified.options());
  const std::string url = fmt::format("http://127.0.0.1:{}/mcp", exaid.mcp_port());
  for (int i = 0; i < 50; ++i) CHECK(fetch(url).status == 400);
  const std::string log = exaid.process().err();
  CHECK_THAT(log, Contains("a client was refused"));
  CHECK_THAT(log, Contains("why=\"the peer does not speak TLS\""));
  CHECK(count(log, "a client was refused") < 50);
  CHECK(serial_at(exaid.mcp_port()) == "01");
}

TEST_CASE("exaid: a new certificate is for new connections; open ones live on") {
  const Certified certified({.serial = "0A"});
  Exaid exaid(certified.options());
  CHECK(serial_at(exaid.mcp_port()) == "0A");
  const auto change = [&] {
    certified.ca.issue(certified.certificate, certified.key, {.serial = "0B"});
    CHECK(wait_until([&] { return serial_at(exaid.mcp_port()) == "0B"; }));
  };
  const auto [before, after] = converse(exaid, certified, kHello, change, kPing);
  CHECK_THAT(before, Contains("\"result\""));
  CHECK_THAT(after, Contains("\"id\":2"));
  CHECK_THAT(exaid.process().err(), Contains("new certificate"));
}

TEST_CASE("exaid: files reached through a link that is turned are noticed, as in Kubernetes") {
  const Certified first({.serial = "0A"});
  const Certified second({.serial = "0B"});
  const TempDir mounted;
  std::filesystem::create_directory_symlink(first.folder.path(), mounted / "..data");
  std::filesystem::create_symlink("..data/server.pem", mounted / "tls.crt");
  std::filesystem::create_symlink("..data/server.key", mounted / "tls.key");
  Exaid exaid({{"EXAI_TLS_CERTIFICATE_PATH", (mounted / "tls.crt").string()},
               {"EXAI_TLS_KEY_PATH", (mounted / "tls.key").string()}});
  CHECK(serial_at(exaid.mcp_port()) == "0A");
  std::filesystem::create_directory_symlink(second.folder.path(), mounted / "next");
  std::filesystem::rename(mounted / "next", mounted / "..data");
  CHECK(wait_until([&] { return serial_at(exaid.mcp_port()) == "0B"; }));
}

TEST_CASE("exaid: a pair that does not fit, or half a file, leaves the old one and is told once") {
  const Certified certified({.serial = "0A"});
  const Certified other({.serial = "0B"});
  Exaid exaid(certified.options());
  const auto log = [&] { return exaid.process().err(); };
  const std::string whole = read_file(other.certificate).value();

  REQUIRE(write_file_atomic(certified.certificate, whole));
  REQUIRE(wait_until([&] { return count(log(), "the certificate stays the old one") == 1; }));
  CHECK_THAT(log(),
             Contains("is not that of the certificate in " + certified.certificate.string()));
  CHECK(serial_at(exaid.mcp_port()) == "0A");

  REQUIRE(write_file_atomic(certified.certificate, whole.substr(0, whole.size() / 2)));
  REQUIRE(wait_until([&] { return count(log(), "the certificate stays the old one") == 2; }));
  CHECK_THAT(log(), Contains("there is no certificate (PEM) in " + certified.certificate.string()));
  CHECK(serial_at(exaid.mcp_port()) == "0A");

  certified.ca.issue(certified.certificate, certified.key, {.serial = "0C"});
  CHECK(wait_until([&] { return serial_at(exaid.mcp_port()) == "0C"; }));
}

TEST_CASE("exaid: SIGTERM closes a wss connection with a word, and ends well") {
  const Certified certified;
  Exaid exaid(certified.options());
  const auto stop = [&] { exaid.process().signal(SIGTERM); };
  CHECK_THAT(converse(exaid, certified, kHello, stop, "").second, Contains("closed with 1001 "));
  const auto ended = exaid.process().wait();
  REQUIRE(ended.has_value());
  CHECK(describe(*ended) == "exit code 0");
}

TEST_CASE("exaid: what is wrong with the files is said before it starts, with exit 2") {
  const Certified good;
  const Certified other;
  const Certified old({.from = "20200101000000Z", .until = "20200201000000Z"});
  const Certified early({.from = "20980101000000Z"});
  const Path locked = good.folder / "locked.key";
  run({"openssl", "pkey", "-in", good.key.string(), "-aes128", "-passout", "pass:word", "-out",
       locked.string()});
  const Path open_key = good.folder / "open.key";
  std::filesystem::copy_file(good.key, open_key);
  std::filesystem::permissions(open_key, std::filesystem::perms{0644});
  const Path empty = good.folder.write("empty.pem", "");
  std::filesystem::permissions(empty, std::filesystem::perms{0600});
  struct Case {
    std::string certificate;
    std::string key;
    std::string said;
  };
  const std::string certificate = good.certificate.string();
  const std::string key = good.key.string();
  const Case cases[] = {
      {certificate, key, ""},
      {certificate, "", "EXAI_TLS_KEY_PATH"},
      {"", key, "EXAI_TLS_CERTIFICATE_PATH"},
      {"/no/such.pem", key, "/no/such.pem: No such file or directory"},
      {certificate, "/no/such.key", "/no/such.key: No such file or directory"},
      {certificate, other.key.string(),
       "the private key in " + other.key.string() + " is not that of the certificate in " +
           certificate},
      {old.certificate.string(), old.key.string(),
       "the certificate in " + old.certificate.string() +
           " has expired: it was valid until 2020-02-01T00:00:00"},
      {early.certificate.string(), early.key.string(), "is not valid yet, but from 2098-01-01"},
      {certificate, locked.string(), "the private key in " + locked.string() + " is encrypted"},
      {certificate, empty.string(), "there is no private key (PEM) in " + empty.string()},
      {empty.string(), key, "there is no certificate (PEM) in " + empty.string()},
      {certificate, open_key.string(),
       open_key.string() + " has mode 0644: others may read the private key; chmod 06"},
  };
  for (const Case& each : cases) {
    Command command;
    command.arguments = {EXAID, "--check"};
    command.environment = {};
    if (!each.certificate.empty())
      command.environment["EXAI_TLS_CERTIFICATE_PATH"] = each.certificate;
    if (!each.key.empty()) command.environment["EXAI_TLS_KEY_PATH"] = each.key;
    const Outcome outcome = run(std::move(command));
    CAPTURE(each.said, outcome.err);
    CHECK(outcome.exit == (each.said.empty() ? 0 : 2));
    CHECK_THAT(outcome.err, Contains(each.said));
  }
}
