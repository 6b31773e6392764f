// TLS below the daemon: the transports of daemon/net inside it, whoever is at the other end.
#include <catch2/catch.hpp>
#include <future>

#include "core/base/http.hpp"
#include "core/base/websocket_client.hpp"
#include "tests/integration/net_client.hpp"
#include "tests/integration/net_fixture.hpp"
#include "tests/integration/net_handler.hpp"
#include "tests/support/certificates.hpp"

using namespace exai;
using test::Connection;
using test::gate_open;
using test::TempDir;
using test::wait_until;

namespace {

// A server with a certificate, and clients that trust it.
class TlsWorld {
 public:
  explicit TlsWorld(net::ListenOptions options = test::limits(4U << 20U))
      : server_(std::move(options), test::test_handler, {}, issued()) {}

  test::RunningServer& server() { return server_; }
  std::uint16_t port() const { return server_.port(); }
  const test::TestCa& ca() const { return ca_; }

  Result<HttpResponse> ask(const std::string& path, std::string body = {}) const {
    HttpRequest request;
    request.method = "POST";
    request.url = fmt::format("https://127.0.0.1:{}{}", port(), path);
    request.ca = ca_.file();
    request.body = std::move(body);
    Loop loop;
    HttpClient http(loop);
    return loop.run_until_done(http.send(std::move(request)));
  }
  std::string body_of(const std::string& path, std::string body = {}) const {
    const auto response = ask(path, std::move(body));
    return response ? response->body : response.error().message();
  }
  WebSocketAddress address() const {
    WebSocketAddress address;
    address.port = port();
    address.tls = true;
    address.ca = ca_.file();
    address.path = "/ws";
    address.subprotocol = "mcp";
    return address;
  }

 private:
  TlsFiles issued() {
    const TlsFiles files{folder_ / "server.pem", folder_ / "server.key"};
    ca_.issue(files.certificate, files.key);
    return files;
  }

  test::TestCa ca_;
  TempDir folder_;
  test::RunningServer server_;
};

Task<Result<std::string>> converse(Loop& loop, WebSocketAddress address, std::string text,
                                   int answers) {
  auto client = co_await WebSocketClient::connect(loop, std::move(address));
  if (!client) co_return fail(client.error());
  auto sent = co_await (*client)->send(std::move(text));
  if (!sent) co_return fail(sent.error());
  std::string all;
  for (int i = 0; i < answers; ++i) {
    auto answer = co_await (*client)->receive();
    if (!answer) co_return fail(answer.error());
    all += *answer;
  }
  (*client)->cut();
  co_return all;
}

Result<std::string> talk(const WebSocketAddress& address, std::string text, int answers = 1) {
  Loop loop;
  return loop.run_until_done(converse(loop, address, std::move(text), answers));
}

}  // namespace

TEST_CASE("tls: bodies of any size go both ways, in pieces too") {
  const TlsWorld world;
  CHECK(world.body_of("/echo", "hello") == "hello");
  const std::string large(3U << 20U, 'y');
  CHECK(world.body_of("/echo", large) == large);
  CHECK(world.body_of("/large") == std::string(8U << 20U, 'x'));
  gate_open = true;
  CHECK(world.body_of("/stream") == "onetwo");
}

TEST_CASE("tls: a WebSocket carries small and large messages, and a flood of them") {
  const TlsWorld world;
  CHECK(talk(world.address(), "hello").value() == "hello");
  const std::string large(3U << 20U, 'y');
  CHECK(talk(world.address(), large).value() == large);
  auto options = test::limits(16U << 20U);
  const TlsWorld roomy(options);
  CHECK(talk(roomy.address(), "flood", 1000).value() == std::string(10'000'000, 'x'));
}

TEST_CASE("tls: who speaks HTTP in clear text is told so, and cut off") {
  TlsWorld world;
  Connection client(world.port());
  const test::Answer answer = client.request("GET", "/echo");
  CHECK(answer.status == 400);
  CHECK(answer.body == "This port speaks TLS: use https:// or wss://.\n");
  CHECK(client.is_closed());
  CHECK(world.body_of("/echo", "others") == "others");
}

TEST_CASE("tls: a handshake that does not get on is cut off, byte by byte or not at all") {
  auto options = test::limits();
  options.receive = 200ms;
  TlsWorld world(options);
  Connection silent(world.port());
  Connection slow(world.port());
  slow.send("\x16\x03\x01\x02");  // the head of a record of 512 bytes
  CHECK(wait_until([&] { return !slow.try_send(std::string(1, '\0')); }));
  CHECK(silent.is_closed());
  CHECK(wait_until([&] { return world.server().connections() == 0; }));
  CHECK(world.body_of("/echo", "others") == "others");
}

TEST_CASE("tls: half handshakes and rubbish leave nothing behind") {
  TlsWorld world;
  for (int round = 0; round < 300; ++round) {
    Connection client(world.port());
    const std::string noise = random_hex(40);
    const bool is_record = round % 3 == 0;  // else it does not even look like TLS
    client.try_send(
        (is_record ? std::string("\x16\x03\x01\x00\x50\x01\x00\x00\x4c\x03\x03", 11) : "") +
        (round % 2 == 0 ? noise : ""));
  }
  CHECK(wait_until([&] { return world.server().connections() == 0; }));
  CHECK(world.body_of("/echo", "others") == "others");
}

TEST_CASE("tls: a drain lets the exchange in progress finish, and closes what is idle") {
  TlsWorld world;
  auto late = std::async(std::launch::async, [&] { return world.body_of("/gate", "late"); });
  REQUIRE(wait_until([] { return test::waiting == 1; }));
  world.server().begin_drain(10s);
  CHECK_FALSE(world.server().is_drained());
  gate_open = true;
  CHECK(late.get() == "late");
  CHECK(wait_until([&] { return world.server().is_drained(); }));
}

TEST_CASE("tls: a client that has gone is noticed") {
  TlsWorld world;
  {
    test::Command command;
    command.arguments = {"curl",
                         "-s",
                         "-X",
                         "POST",
                         "--cacert",
                         world.ca().file(),
                         fmt::format("https://127.0.0.1:{}/gone", world.port())};
    test::Process curl(std::move(command));
    REQUIRE(wait_until([] { return test::waiting == 1; }));
  }
  CHECK(wait_until([] { return test::gone == 1; }));
}

TEST_CASE("tls: who is not to be trusted is not talked to") {
  const TlsWorld world;
  const test::TestCa other;
  Loop loop;
  HttpClient http(loop);
  HttpRequest request;
  request.url = fmt::format("https://127.0.0.1:{}/echo", world.port());
  request.ca = other.file();
  const auto answer = loop.run_until_done(http.send(request));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code() == Errc::denied);
  CHECK_THAT(answer.error().message(),
             Catch::StartsWith(fmt::format("the certificate of 127.0.0.1:{} is not to be trusted: ",
                                           world.port())));

  WebSocketAddress address = world.address();
  address.ca = other.file();
  const auto stranger = talk(address, "hello");
  REQUIRE_FALSE(stranger);
  CHECK(stranger.error().code() == Errc::denied);
  CHECK_THAT(stranger.error().message(),
             Catch::StartsWith("the certificate of 127.0.0.1 is not to be trusted: "));
  address.ca.clear();  // the system knows nothing of it either
  CHECK_FALSE(talk(address, "hello"));
  address.ca = "/no/such/file";
  CHECK(talk(address, "hello").error().code() == Errc::not_found);
}

TEST_CASE("tls: a certificate for another name is refused, one for this name taken") {
  const auto [names, host, problem] = GENERATE(table<std::string, std::string, std::string>({
      {"IP:127.0.0.1", "127.0.0.1", ""},
      {"DNS:localhost", "localhost", ""},
      {"DNS:exai.example", "localhost", "hostname mismatch"},
      {"DNS:localhost", "127.0.0.1", "IP address mismatch"},
  }));
  const test::TestCa ca;
  const TempDir folder;
  const TlsFiles files{folder / "server.pem", folder / "server.key"};
  test::Issue wanted;
  wanted.names = names;
  ca.issue(files.certificate, files.key, wanted);
  const test::RunningServer server(test::limits(), test::test_handler, {}, files);
  WebSocketAddress address;
  address.host = host;
  address.port = server.port();
  address.tls = true;
  address.ca = ca.file();
  address.path = "/ws";
  address.subprotocol = "mcp";
  const auto said = talk(address, "hello");
  if (problem.empty())
    CHECK(said.value() == "hello");
  else
    CHECK(said.error().message() ==
          fmt::format("the certificate of {} is not to be trusted: {}", host, problem));
}
