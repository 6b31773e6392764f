// HTTP over real sockets, as hostile and as slow as it comes.
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "tests/integration/net_client.hpp"
#include "tests/integration/net_fixture.hpp"
#include "tests/integration/net_handler.hpp"

using namespace exai;
using namespace exai::test;

TEST_CASE("a connection serves requests one after another") {
  RunningServer server(limits(), test_handler);
  Connection client(server.port());
  for (const auto* body : {"first", "second", ""}) {
    const Answer answer = client.request("POST", "/echo", "", body);
    CHECK(answer.status == 200);
    CHECK(answer.body == body);
    CHECK(answer.headers.at("connection") == "keep-alive");
  }
  CHECK(client.request("GET", "/echo", "Connection: close\r\n").headers.at("connection") ==
        "close");
  CHECK(client.is_closed());
}

TEST_CASE("requests sent at once are answered in their order, and split heads are joined") {
  RunningServer server(limits(), test_handler);
  Connection client(server.port());
  client.send(http("POST", "/echo", "", "a") + http("POST", "/echo", "", "b"));
  CHECK(client.answer().body == "a");
  CHECK(client.answer().body == "b");
  for (const char byte : http("POST", "/echo", "", "slow")) client.send(std::string(1, byte));
  CHECK(client.answer().body == "slow");
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(client.answer().body == "abcde");
}

TEST_CASE("uploads that are too large together are refused, and taken when others have ended") {
  net::ListenOptions options = limits(8000);
  options.max_bytes = 10'000;
  RunningServer server(options, test_handler);
  const std::string whole = http("POST", "/echo", "", std::string(8000, 'x'));
  std::optional<Connection> half(server.port());
  half->send(std::string_view(whole).substr(0, 6000));
  const auto upload = [&] {
    return Connection(server.port()).request("POST", "/echo", "", std::string(8000, 'y'));
  };
  REQUIRE(wait_until([&] { return upload().status == 503; }));
  const Answer refused = upload();
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "1");
  CHECK_THAT(refused.body, Catch::Contains("send it again in a moment"));
  WebSocketClient socket(server.port());
  socket.text(std::string(1000, 'z'));
  CHECK(socket.message() == std::string(1000, 'z'));  // small ones have room beside it
  socket.text(std::string(8000, 'z'));
  CHECK(socket.next().close_code() == 1013);
  half->send(std::string_view(whole).substr(6000));
  CHECK(half->answer().body == std::string(8000, 'x'));
  CHECK(wait_until([&] { return upload().status == 200; }));

  half.emplace(server.port());
  half->send(std::string_view(whole).substr(0, 6000));
  REQUIRE(wait_until([&] { return upload().status == 503; }));
  half.reset();  // goes away in the middle
  CHECK(wait_until([&] { return upload().status == 200; }));
}

TEST_CASE("a body over the limit is refused, and the client can read why") {
  RunningServer server(limits(1000), test_handler);
  CHECK(Connection(server.port()).request("POST", "/echo", "", std::string(1000, 'x')).status ==
        200);
  Connection announced(server.port());
  const Answer refused = announced.request("POST", "/echo", "", std::string(1001, 'x'));
  CHECK(refused.status == 413);
  CHECK(refused.body == "The body is larger than this server accepts.\n");
  CHECK(announced.is_closed());
  Connection sent(server.port());  // the server reads on: a reset would hit the client as it sends
  CHECK(sent.try_send(http("POST", "/echo", "", std::string(4U << 20U, 'x'))));
  CHECK(sent.answer().status == 413);
}

TEST_CASE("a head over 16 KiB is refused") {
  RunningServer server(limits(), test_handler);
  Connection client(server.port());
  client.send("GET /echo HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x'));
  CHECK(client.answer().status == 431);
}

TEST_CASE("what is no HTTP is refused and closed") {
  RunningServer server(limits(), test_handler);
  Connection client(server.port());
  client.send("\x16\x03\x01 this is TLS\r\n\r\n");
  CHECK(client.answer().status == 400);
  CHECK(client.is_closed());
}

TEST_CASE("a client that sends a byte now and then is cut off") {
  auto options = limits();
  options.receive = 200ms;
  RunningServer server(options, test_handler);
  const auto trickle = GENERATE(as<std::string>{}, "GET /echo HTTP/1.1\r\nX: ",
                                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
  Connection client(server.port());
  client.send(trickle);
  CHECK(wait_until([&] { return !client.try_send("x"); }, 5s));
}

TEST_CASE("an idle connection is closed; one whose request is being handled is not") {
  auto options = limits();
  options.idle = 100ms;
  RunningServer server(options, test_handler);
  Connection busy(server.port());
  busy.send(http("POST", "/gate", "", "late"));
  Connection idle(server.port());
  CHECK(idle.request("POST", "/echo", "", "hi").body == "hi");
  CHECK(idle.is_closed());
  gate_open = true;
  CHECK(busy.answer().body == "late");
}

TEST_CASE("a client that does not read its answer is cut off") {
  auto options = limits();
  options.idle = 100ms;
  RunningServer server(options, test_handler);
  Connection client(server.port(), 4096);
  client.send(http("GET", "/large"));
  REQUIRE(wait_until([&] { return server.connections() == 1; }));
  CHECK(wait_until([&] { return server.connections() == 0; }));
}

TEST_CASE("a streamed body arrives piece by piece") {
  RunningServer server(limits(), test_handler);
  Connection client(server.port());
  client.send(http("GET", "/stream"));
  const Answer head = client.head();
  CHECK(head.headers.at("transfer-encoding") == "chunked");
  CHECK(client.chunk() == "one");
  gate_open = true;
  CHECK(client.chunk() == "two");
  CHECK(client.chunk().empty());
  CHECK(client.request("POST", "/echo", "", "next").body == "next");
}

TEST_CASE("HTTP/1.0 gets a streamed body without chunks, ended by the connection") {
  RunningServer server(limits(), test_handler);
  gate_open = true;
  Connection client(server.port());
  client.send("GET /stream HTTP/1.0\r\n\r\n");
  CHECK_FALSE(client.head().headers.contains("transfer-encoding"));
  CHECK(client.read_exactly(6) == "onetwo");
  CHECK(client.is_closed());
}

TEST_CASE("HEAD gets the head of GET and no body") {
  RunningServer server(limits(), test_handler);
  gate_open = true;
  Connection client(server.port());
  client.send(http("HEAD", "/large"));
  CHECK(client.head().headers.at("content-length") == "8388608");
  client.send(http("HEAD", "/stream"));
  CHECK(client.head().status == 200);
  CHECK(client.request("POST", "/echo", "", "next").body == "next");
}

TEST_CASE("Expect: 100-continue is answered before the body, unless it is too large") {
  RunningServer server(limits(1000), test_handler);
  Connection client(server.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.head().status == 100);
  client.send("hi");
  CHECK(client.answer().body == "hi");
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n");
  CHECK(client.head().status == 413);
}

TEST_CASE("a handler without an answer makes 500") {
  RunningServer server(limits(), test_handler);
  CHECK(Connection(server.port()).request("GET", "/nothing").status == 500);
}

TEST_CASE("a handler learns that its client has gone") {
  RunningServer server(limits(), test_handler);
  {
    Connection client(server.port());
    client.send(http("GET", "/gone") + http("GET", "/echo"));  // unread input must not hide it
    REQUIRE(wait_until([] { return waiting == 1; }));
    CHECK(gone == 0);
  }
  CHECK(wait_until([] { return gone == 1; }));
}

namespace {

// An address of this machine that is not loopback; 0: it has none.
std::uint32_t own_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return 0;
  std::uint32_t found = 0;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof address);
    if (ntohl(address.sin_addr.s_addr) >> 24U != 127) found = address.sin_addr.s_addr;
  }
  ::freeifaddrs(all);
  return found;
}

}  // namespace

TEST_CASE("an address has a most of connections, unless it stands for many") {
  const std::uint32_t own = own_address();
  if (own == 0) {
    WARN("this machine has only loopback");
    return;
  }
  auto options = limits();
  options.address = "0.0.0.0";
  options.max_per_address = 2;
  const bool trusted = GENERATE(false, true);
  if (trusted) options.trusted = net::Networks::parse({"0.0.0.0/0"}).value();
  RunningServer server(options, test_handler);
  const auto status = [](Connection& connection) {
    return connection.request("GET", "/echo").status;
  };
  Connection first(server.port(), 0, own);
  auto second = std::make_unique<Connection>(server.port(), 0, own);
  CHECK(status(first) == 200);
  CHECK(status(*second) == 200);
  Connection third(server.port(), 0, own);
  const Answer refused = third.request("GET", "/echo");
  CHECK(refused.status == (trusted ? 200 : 503));
  if (!trusted)
    CHECK(refused.body == "per-IP limit: your address has 2 connections open, the most it may\n");
  for (int i = 0; i < 3; ++i) {
    Connection local(server.port());  // loopback is many clients
    CHECK(status(local) == 200);
  }
  second.reset();
  CHECK(wait_until([&] {
    Connection next(server.port(), 0, own);
    return status(next) == 200;
  }));
}

TEST_CASE("a full server says so") {
  auto options = limits();
  options.max_connections = 1;
  RunningServer server(options, test_handler);
  Connection first(server.port());
  CHECK(first.request("GET", "/echo").status == 200);
  Connection second(server.port());
  const Answer refused = second.request("GET", "/echo");
  CHECK(refused.status == 503);
  CHECK(refused.headers.at("retry-after") == "5");
}

TEST_CASE("an address that cannot be listened on is an error that says which") {
  RunningServer server(limits(), test_handler);
  Loop loop;
  SystemClock clock;
  TestHandler handler(clock);
  auto options = limits();
  options.port = server.port();
  const auto taken = net::Server::listen(loop, clock, Log(), options, handler);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code() == Errc::conflict);
  CHECK_THAT(taken.error().message(), Catch::Contains(fmt::format("127.0.0.1:{}", server.port())));
  options.address = "nowhere.example";
  const auto nowhere = net::Server::listen(loop, clock, Log(), options, handler);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code() == Errc::invalid);
}

TEST_CASE("no socket of the server survives an exec") {
  RunningServer server(limits(), test_handler);
  Connection client(server.port());
  client.request("GET", "/echo");
  std::size_t sockets = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) continue;
    int type = 0;
    socklen_t size = sizeof type;
    if (fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &type, &size) != 0 || type != AF_INET)
      continue;
    ++sockets;
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(sockets == 3);  // listening, accepted, the client's
}

TEST_CASE("draining closes the idle, lets the busy finish, and takes nobody new") {
  RunningServer server(limits(), test_handler);
  Connection idle(server.port());
  idle.request("GET", "/echo");
  Connection busy(server.port());
  busy.send(http("POST", "/gate", "", "finished"));
  std::optional<WebSocketClient> socket(std::in_place, server.port());
  REQUIRE(wait_until([] { return waiting == 1; }));

  server.begin_drain(10s);
  CHECK(idle.is_closed());
  const Frame close = socket->next();
  CHECK(close.opcode == 8);
  CHECK(close.close_code() == 1001);
  socket->frame(0x88, close.payload);
  socket.reset();
  CHECK_THROWS(Connection(server.port()));
  CHECK_FALSE(server.is_drained());
  gate_open = true;
  const Answer answer = busy.answer();
  CHECK(answer.body == "finished");
  CHECK(answer.headers.at("connection") == "close");
  CHECK(busy.is_closed());
  CHECK(wait_until([&] { return server.is_drained(); }));
}

TEST_CASE("draining cuts what is not done at the limit") {
  RunningServer server(limits(), test_handler);
  Connection busy(server.port());
  busy.send(http("POST", "/gate", "", "never"));
  REQUIRE(wait_until([] { return waiting == 1; }));
  server.begin_drain(50ms);
  CHECK(busy.is_closed());
  CHECK(wait_until([&] { return server.is_drained(); }));
}
