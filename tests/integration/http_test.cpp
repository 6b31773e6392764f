// The HTTP client against a server that behaves as badly as the test likes: whole answers.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/integration/http_world.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::test;

TEST_CASE("an answer has its status, its headers in lower case and its body") {
  const FakeServer server(
      always("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
             "HTTP/1.1 404 Not Found\r\nX-Two:  a \r\nx-two: b\r\nContent-Length: 4\r\n\r\ngone"));
  World world;
  const auto response = world.send(get(server.url("/x")));
  REQUIRE(response);
  CHECK(response->status == 404);
  CHECK(response->headers == HeaderMap{{"content-length", "4"}, {"x-two", "a, b"}});
  CHECK(response->body == "gone");
}

TEST_CASE("a request arrives as it was made, with nothing that curl would add") {
  const FakeServer server([](FakeConnection& peer) {
    while (const auto request = peer.read_request()) peer.answer(200, *request);
  });
  World world;
  HttpRequest request = get(server.url("/mcp?a=b"));
  request.method = "POST";
  request.headers = {{"accept", "text/event-stream"}, {"x-empty", ""}};
  request.body = "{}";
  const auto response = world.send(request);
  REQUIRE(response);
  CHECK(response->body ==
        fmt::format("POST /mcp?a=b HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"
                    "User-Agent: exai\r\naccept: text/event-stream\r\nx-empty:\r\n"
                    "Content-Length: 2\r\n\r\n{{}}",
                    server.port()));
}

TEST_CASE("methods with and without bodies") {
  const auto [method, body, first_line] = GENERATE(table<const char*, const char*, const char*>({
      {"GET", "", "GET / HTTP/1.1"},
      {"DELETE", "", "DELETE / HTTP/1.1"},
      {"POST", "", "POST / HTTP/1.1"},
      {"PUT", "x", "PUT / HTTP/1.1"},
      {"PATCH", "x", "PATCH / HTTP/1.1"},
      {"DELETE", "x", "DELETE / HTTP/1.1"},
  }));
  const FakeServer server([](FakeConnection& peer) {
    while (const auto request = peer.read_request()) peer.answer(200, *request);
  });
  World world;
  HttpRequest request = get(server.url());
  request.method = method;
  request.body = body;
  const auto response = world.send(request);
  REQUIRE(response);
  CHECK_THAT(response->body, Catch::StartsWith(first_line));
  CHECK_THAT(response->body, Catch::EndsWith(std::string("\r\n\r\n") + body));
}

TEST_CASE("a HEAD answer has no body to wait for") {
  const FakeServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
  World world;
  HttpRequest request = get(server.url());
  request.method = "HEAD";
  const auto response = world.send(request);
  REQUIRE(response);
  CHECK(response->headers.at("content-length") == "1000");
  CHECK(response->body.empty());
}

TEST_CASE("chunks are put together") {
  const FakeServer server(
      always(kChunkedHead + "3\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n"));
  World world;
  const auto response = world.send(get(server.url()));
  REQUIRE(response);
  CHECK(response->body == "abcde");
  CHECK_FALSE(response->headers.contains("x-trailer"));
}

TEST_CASE("a redirect is an answer") {
  const FakeServer server(
      always("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"));
  World world;
  const auto response = world.send(get(server.url()));
  REQUIRE(response);
  CHECK(response->status == 302);
  CHECK(server.connections() == 1);
}

TEST_CASE("failures say what happened, and where") {
  using Row = std::tuple<const char*, FakeServer::Serve, std::string>;
  const auto [title, serve, message] = GENERATE(values<Row>({
      {"no head", then_silence(""), "timeout: no answer from {} within 300ms"},
      {"a head and no body", then_silence("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"),
       "timeout: no answer from {} within 300ms"},
      {"a body that trickles",
       [](FakeConnection& peer) {
         peer.read_request();
         peer.write(kChunkedHead);
         while (!peer.wait_closed(20ms)) peer.write("1\r\na\r\n");
       },
       "timeout: no answer from {} within 300ms"},
      {"closed at once", [](FakeConnection& peer) { peer.read_request(); },
       "unavailable: {} closed the connection without an answer"},
      {"cut in the body",
       [](FakeConnection& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
       },
       "unavailable: the connection to {} broke: Transferred a partial file"},
      {"not HTTP", then_silence("+PONG\r\n"), "unavailable: {} does not speak HTTP"},
      {"a body over the limit", always(whole(std::string(1025, 'x'))),
       "invalid: the answer of {} is larger than 1.0 KiB"},
      {"an endless head",
       [](FakeConnection& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 200 OK\r\n");
         while (peer.write("x: " + std::string(1000, 'x') + "\r\n")) continue;
       },
       "invalid: the head of the answer of {} is larger than 256 KiB"},
  }));
  INFO(title);
  const FakeServer server(serve);
  World world;
  HttpRequest request = get(server.url(), 300ms);
  request.max_body = 1024;
  // The failures that come by themselves must not race with the limit.
  if (!message.starts_with("timeout")) request.timeout = 10s;
  const auto response = world.send(request);
  const std::string where = fmt::format("127.0.0.1:{}", server.port());
  CHECK(text_of(response) == fmt::format(fmt::runtime(message), where));
}

TEST_CASE("a connection reset in the middle of the body is unavailable") {
  const FakeServer server([](FakeConnection& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    peer.reset();
  });
  World world;
  const auto response = world.send(get(server.url()));
  REQUIRE_FALSE(response);
  CHECK(response.error().code() == Errc::unavailable);
  CHECK_THAT(response.error().message(), Catch::Contains("broke"));
}

TEST_CASE("a body of exactly the limit is let through") {
  const FakeServer server(always(whole(std::string(1024, 'x'))));
  World world;
  HttpRequest request = get(server.url());
  request.max_body = 1024;
  const auto response = world.send(request);
  REQUIRE(response);
  CHECK(response->body.size() == 1024);
}

TEST_CASE("requests that cannot be sent are refused") {
  const auto [change, message] = GENERATE(table<std::function<void(HttpRequest&)>, const char*>({
      {[](HttpRequest& r) { r.url = "no url"; },
       "the URL \"no url\" does not start with http:// or https://"},
      {[](HttpRequest& r) { r.url = ""; }, "the URL \"\" does not start with http:// or https://"},
      {[](HttpRequest& r) { r.url = "file:///etc/passwd"; },
       "the URL \"file:///etc/passwd\" does not start with http:// or https://"},
      {[](HttpRequest& r) { r.url = "127.0.0.1:80/x"; },
       "the URL \"127.0.0.1:80/x\" does not start with http:// or https://"},
      {[](HttpRequest& r) { r.url = "http://:80/"; },
       "\"http://:80/\" is no URL: No host part in the URL"},
      {[](HttpRequest& r) { r.method = "GET /x"; }, "\"GET /x\" is no HTTP method"},
      {[](HttpRequest& r) { r.headers["x-a"] = "b\r\nx-c: d"; },
       "the header x-a holds a line break"},
  }));
  World world;
  HttpRequest request = get("http://127.0.0.1:1/");
  change(request);
  const auto response = world.send(request);
  CHECK(text_of(response) == fmt::format("invalid: {}", message));
}

TEST_CASE("a refused connection is unavailable and names the address") {
  const std::uint16_t port = free_port();
  World world;
  const auto response = world.send(get(fmt::format("http://127.0.0.1:{}/", port)));
  CHECK(text_of(response) == fmt::format("unavailable: connection refused by 127.0.0.1:{}", port));
}

TEST_CASE("a unix socket carries HTTP, and names itself when nobody listens") {
  const TempDir folder;
  const Path path = folder / "api.sock";
  HttpRequest request = get("http://engine/info");
  request.unix_socket = path.string();
  {
    const FakeServer server(path, [](FakeConnection& peer) {
      while (const auto text = peer.read_request()) peer.answer(200, *text);
    });
    World world;
    const auto response = world.send(request);
    REQUIRE(response);
    CHECK_THAT(response->body, Catch::StartsWith("GET /info HTTP/1.1\r\nHost: engine\r\n"));
  }
  World world;
  const auto response = world.send(request);
  REQUIRE_FALSE(response);
  CHECK(response.error().code() == Errc::unavailable);
  CHECK_THAT(response.error().message(), Catch::Contains(path.string()));
}

namespace {

Task<> send_three(HttpClient& http, std::string url) {
  for (int i = 0; i < 3; ++i) {
    HttpRequest request = get(url);
    auto response = co_await http.send(std::move(request));
    CHECK(response);
  }
}

}  // namespace

TEST_CASE("a connection is used again") {
  const FakeServer server(always(whole("ok")));
  World world;
  world.loop.run_until_done(send_three(world.http, server.url()));
  CHECK(server.connections() == 1);
}

TEST_CASE("a proxy of the environment serves others, never this machine") {
  const FakeServer proxy([](FakeConnection& peer) {
    while (const auto request = peer.read_request()) peer.answer(200, *request);
  });
  const FakeServer server(always(whole("direct")));
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  {
    World world;
    const auto near = world.send(get(server.url()));
    REQUIRE(near);
    CHECK(near->body == "direct");
  }
  {
    World world;
    const auto far = world.send(get("http://models.example/v1"));
    REQUIRE(far);
    CHECK_THAT(far->body, Catch::StartsWith("GET http://models.example/v1 HTTP/1.1\r\n"));
  }
  ::unsetenv("http_proxy");
}
