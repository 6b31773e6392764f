// The HTTP client against a server that behaves as badly as the test likes.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "core/base/http.hpp"
#include "tests/integration/fake_server.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using test::FakeConnection;
using test::FakeServer;

namespace {

// For failed comparisons, too: "timeout: no answer within 1s".
std::string text_of(const std::optional<Error>& error) {
  return error ? fmt::format("{}: {}", name(error->code()), error->message()) : "no error";
}

template <class T>
std::string text_of(const Result<T>& result) {
  return result ? "no error" : text_of(std::optional(result.error()));
}

struct World {
  Loop loop;
  SystemClock clock;
  HttpClient http{loop};

  Result<HttpResponse> send(HttpRequest request) {
    return loop.run_until_done(http.send(std::move(request)));
  }
};

HttpRequest get(std::string url, Duration timeout = 10s) {
  HttpRequest request;
  request.url = std::move(url);
  request.timeout = timeout;
  return request;
}

// Serves one text to every request of a connection.
FakeServer::Serve always(std::string answer) {
  return [answer = std::move(answer)](FakeConnection& peer) {
    while (peer.read_request()) peer.write(answer);
  };
}

// Serves one text to the first request and then says nothing until the client goes.
FakeServer::Serve then_silence(std::string answer) {
  return [answer = std::move(answer)](FakeConnection& peer) {
    peer.read_request();
    peer.write(answer);
    peer.wait_closed();
  };
}

std::string whole(std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

const std::string kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// What a stream said from its head to its end.
struct Heard {
  int status = 0;
  std::string body;
  std::optional<Error> error;
};

Task<Heard> hear(HttpClient& http, HttpRequest request) {
  Heard heard;
  auto stream = co_await http.open(std::move(request));
  if (!stream) {
    heard.error = stream.error();
    co_return heard;
  }
  heard.status = stream->status();
  for (;;) {
    auto piece = co_await stream->next();
    if (!piece) heard.error = piece.error();
    if (!piece || !*piece) co_return heard;
    heard.body += **piece;
  }
}

}  // namespace

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
  const std::uint16_t port = test::free_port();
  World world;
  const auto response = world.send(get(fmt::format("http://127.0.0.1:{}/", port)));
  CHECK(text_of(response) == fmt::format("unavailable: connection refused by 127.0.0.1:{}", port));
}

TEST_CASE("a unix socket carries HTTP, and names itself when nobody listens") {
  const test::TempDir folder;
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

// --- streams ---

TEST_CASE("a stream gives its head before its body is there, and each piece as it comes") {
  std::atomic<bool> head_read = false;
  const FakeServer server([&](FakeConnection& peer) {
    peer.read_request();
    peer.write(kChunkedHead);
    test::wait_until([&] { return head_read.load(); });
    peer.write("3\r\nabc\r\n0\r\n\r\n");
    peer.wait_closed();
  });
  struct Script {
    static Task<> run(HttpClient& http, HttpRequest request, std::atomic<bool>& head_read) {
      auto stream = co_await http.open(std::move(request));
      REQUIRE(stream);
      CHECK(stream->status() == 200);
      CHECK(stream->headers().at("transfer-encoding") == "chunked");
      head_read = true;
      auto piece = co_await stream->next();
      CHECK(piece == Result<std::optional<std::string>>("abc"));
      auto end = co_await stream->next();
      CHECK(end == Result<std::optional<std::string>>(std::nullopt));
      auto again = co_await stream->next();
      CHECK(again == Result<std::optional<std::string>>(std::nullopt));
    }
  };
  World world;
  world.loop.run_until_done(Script::run(world.http, get(server.url()), head_read));
}

TEST_CASE("the timeout of a stream is of each silence, not of the whole") {
  const FakeServer server([](FakeConnection& peer) {
    peer.read_request();
    peer.write(kChunkedHead);
    for (int i = 0; i < 30 && !peer.wait_closed(50ms); ++i) peer.write("1\r\na\r\n");
    peer.wait_closed();
  });
  World world;
  const Heard heard = world.loop.run_until_done(hear(world.http, get(server.url(), 1s)));
  CHECK(heard.status == 200);
  CHECK(heard.body == std::string(30, 'a'));
  CHECK(text_of(heard.error) ==
        fmt::format("timeout: 127.0.0.1:{} has been silent for 1s", server.port()));
}

TEST_CASE("a stream whose head does not come times out") {
  const FakeServer server(then_silence(""));
  World world;
  const Heard heard = world.loop.run_until_done(hear(world.http, get(server.url(), 300ms)));
  CHECK(text_of(heard.error) ==
        fmt::format("timeout: no answer from 127.0.0.1:{} within 300ms", server.port()));
}

TEST_CASE("a stream that breaks gives what came before, then the error") {
  const FakeServer server([](FakeConnection& peer) {
    peer.read_request();
    peer.write(kChunkedHead + "3\r\nabc\r\n");
  });
  World world;
  const Heard heard = world.loop.run_until_done(hear(world.http, get(server.url())));
  CHECK(heard.body == "abc");
  REQUIRE(heard.error);
  CHECK(heard.error->code() == Errc::unavailable);
}

TEST_CASE("a stream that nobody reads makes the server wait, and then loses nothing") {
  static constexpr std::size_t kTotal = 64U << 20U;
  std::atomic<bool> stalled = false;
  std::atomic<std::size_t> sent = 0;
  const FakeServer server([&](FakeConnection& peer) {
    peer.read_request();
    peer.write(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", kTotal));
    const std::string block(1U << 16U, 'x');
    while (sent < kTotal) {
      if (!stalled && !peer.wait_writable(500ms)) stalled = true;
      if (!peer.wait_writable(10s)) return;
      sent += peer.write_some(std::string_view(block).substr(0, kTotal - sent));
    }
  });
  struct Script {
    static Task<> run(HttpClient& http, HttpRequest request, Clock& clock,
                      std::atomic<bool>& stalled) {
      auto stream = co_await http.open(std::move(request));
      REQUIRE(stream);
      // Longer than the stream's timeout: a silence of the reader's own making is no silence.
      const Time end = clock.now() + 10s;
      while (!stalled && clock.now() < end) co_await clock.sleep_for(5ms);
      CHECK(stalled);
      std::size_t total = 0;
      for (;;) {
        auto piece = co_await stream->next();
        REQUIRE(piece);
        if (!*piece) break;
        total += (**piece).size();
      }
      CHECK(total == kTotal);
    }
  };
  World world;
  const HttpRequest request = get(server.url(), 400ms);
  world.loop.run_until_done(Script::run(world.http, request, world.clock, stalled));
  CHECK(sent == kTotal);
}

// --- giving up ---

namespace {

// A server that notes when a client that it never answers has gone.
struct Abandoned {
  std::atomic<bool> asked = false;
  std::atomic<bool> gone = false;
  std::string head;
  FakeServer server{[this](FakeConnection& peer) {
    peer.read_request();
    peer.write(head);
    asked = true;
    gone = peer.wait_closed();
  }};
};

Task<> open_and_drop(HttpClient& http, HttpRequest request) {
  auto stream = co_await http.open(std::move(request));
  CHECK(stream);
}

Task<> keep_first_error(HttpClient& http, HttpRequest request, std::optional<Error>& error) {
  auto response = co_await http.send(std::move(request));
  if (!response) error = response.error();
}

Task<> close_client(std::unique_ptr<HttpClient>& http, Clock& clock, std::atomic<bool>& asked) {
  while (!asked) co_await clock.sleep_for(5ms);
  http.reset();
}

Task<> join_all(TaskGroup& group) {
  co_await group.join();
}

}  // namespace

TEST_CASE("cancelling the waiter of a request closes its connection") {
  Abandoned peer;
  World world;
  Task<Result<HttpResponse>> sending = world.http.send(get(peer.server.url()));
  const auto result =
      world.loop.run_until_done(with_timeout(world.clock, std::move(sending), 200ms));
  CHECK(text_of(result) == "timeout: no answer within 200ms");
  CHECK(test::wait_until([&] { return peer.gone.load(); }));
}

TEST_CASE("dropping a stream closes its connection") {
  Abandoned peer;
  peer.head = kChunkedHead + "1\r\na\r\n";
  World world;
  world.loop.run_until_done(open_and_drop(world.http, get(peer.server.url())));
  CHECK(test::wait_until([&] { return peer.gone.load(); }));
}

TEST_CASE("destroying the client ends what waits on it") {
  Abandoned peer;
  Loop loop;
  SystemClock clock;
  auto http = std::make_unique<HttpClient>(loop);
  std::optional<Error> error;
  TaskGroup group(loop, Log());
  group.spawn("waiter", keep_first_error(*http, get(peer.server.url()), error));
  group.spawn("closer", close_client(http, clock, peer.asked));
  loop.run_until_done(join_all(group));
  CHECK(text_of(error) == "cancelled: the HTTP client was closed");
  CHECK(test::wait_until([&] { return peer.gone.load(); }));
}

TEST_CASE("a loop that ends before the answer leaves nothing behind") {
  Abandoned peer;
  std::optional<Error> error;
  {
    World world;
    asio::co_spawn(world.loop.context(),
                   keep_first_error(world.http, get(peer.server.url()), error),
                   [](const std::exception_ptr&) {});
    test::wait_until([&] {
      world.loop.context().poll();
      return peer.asked.load();
    });
  }
  CHECK(test::wait_until([&] { return peer.gone.load(); }));
  CHECK_FALSE(error);
}

namespace {

Task<> count_good(HttpClient& http, HttpRequest request, int& good) {
  auto response = co_await http.send(std::move(request));
  if (response && response->body == "ok") ++good;
}

}  // namespace

TEST_CASE("a hundred requests are under way at the same time") {
  constexpr int kMany = 100;
  std::atomic<int> waiting = 0;
  const FakeServer server([&](FakeConnection& peer) {
    peer.read_request();
    ++waiting;
    // None is answered before all are here.
    if (test::wait_until([&] { return waiting == kMany; }, 20s)) peer.answer(200, "ok");
  });
  World world;
  int good = 0;
  TaskGroup group(world.loop, Log());
  for (int i = 0; i < kMany; ++i)
    group.spawn("request", count_good(world.http, get(server.url(), 30s), good));
  world.loop.run_until_done(join_all(group));
  CHECK(good == kMany);
}
