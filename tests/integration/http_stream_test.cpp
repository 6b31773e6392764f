// Streams of the HTTP client, giving up, and many at once.
#include <catch2/catch.hpp>

#include "tests/integration/http_world.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::test;

namespace {

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

TEST_CASE("a stream gives its head before its body is there, and each piece as it comes") {
  std::atomic<bool> head_read = false;
  const FakeServer server([&](FakeConnection& peer) {
    peer.read_request();
    peer.write(kChunkedHead);
    wait_until([&] { return head_read.load(); });
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
  CHECK(wait_until([&] { return peer.gone.load(); }));
}

TEST_CASE("dropping a stream closes its connection") {
  Abandoned peer;
  peer.head = kChunkedHead + "1\r\na\r\n";
  World world;
  world.loop.run_until_done(open_and_drop(world.http, get(peer.server.url())));
  CHECK(wait_until([&] { return peer.gone.load(); }));
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
  CHECK(wait_until([&] { return peer.gone.load(); }));
}

TEST_CASE("a loop that ends before the answer leaves nothing behind") {
  Abandoned peer;
  std::optional<Error> error;
  {
    World world;
    asio::co_spawn(world.loop.context(),
                   keep_first_error(world.http, get(peer.server.url()), error),
                   [](const std::exception_ptr&) {});
    wait_until([&] {
      world.loop.context().poll();
      return peer.asked.load();
    });
  }
  CHECK(wait_until([&] { return peer.gone.load(); }));
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
    if (wait_until([&] { return waiting == kMany; }, 20s)) peer.answer(200, "ok");
  });
  World world;
  int good = 0;
  TaskGroup group(world.loop, Log());
  for (int i = 0; i < kMany; ++i)
    group.spawn("request", count_good(world.http, get(server.url(), 30s), good));
  world.loop.run_until_done(join_all(group));
  CHECK(good == kMany);
}
