// The real exaid and clients that mean harm: each attack gets a clear refusal, its memory is
// bounded, and the call of a good client is answered all the while.
#include <catch2/catch.hpp>
#include <csignal>
#include <random>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "tests/integration/net_client.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

const std::string kJson =
    "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
const std::string kHello =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})";
const std::string kModernEcho =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"test_echo",)"
    R"("arguments":{"message":"good"},"_meta":{"io.modelcontextprotocol/protocolVersion":)"
    R"("2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
constexpr std::size_t kLimit = 1U << 20U;

class Victim {
 public:
  explicit Victim(const Environment& options = {}) : port_(free_port()) {
    Command command;
    command.arguments = {EXAID};
    command.environment = {{"EXAI_WS_PORT", std::to_string(port_)},
                           {"HEALTH_CHECK_PORT", std::to_string(free_port())},
                           {"METRICS_PORT", std::to_string(free_port())},
                           {"EXAI_WS_MAX_BYTES", std::to_string(kLimit)},
                           {"LOG_LEVEL", "debug"}};
    for (const auto& [name, value] : options) command.environment[name] = value;
    process_.emplace(std::move(command));
    const auto accepts = [this] {
      try {
        Connection probe(port_);
        return true;
      } catch (const std::runtime_error&) {
        return false;
      }
    };
    if (!wait_until(accepts)) throw std::runtime_error("exaid did not start:\n" + process_->err());
  }

  std::uint16_t port() const { return port_; }
  Process& process() { return *process_; }

  // MiB resident. Nothing with ASan, which keeps what was freed for a while.
  double memory() const {
#ifdef __SANITIZE_ADDRESS__
    return 0;
#else
    const std::string status =
        read_file(Path("/proc") / std::to_string(process_->pid()) / "status").value_or("");
    const std::size_t at = status.find("VmRSS:");
    return std::stod(status.substr(at + 6)) / 1024;
#endif
  }

  // A good client's call, on a connection of its own.
  bool serves(std::string_view authorization = "") const {
    Connection good(port_);
    const std::string headers =
        kJson + std::string(authorization) +
        "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: test_echo\r\n";
    const Answer answer = good.request("POST", "/mcp", headers, kModernEcho);
    return answer.status == 200 && answer.body.find("\"text\":\"good\"") != std::string::npos;
  }

 private:
  std::uint16_t port_;
  std::optional<Process> process_;
};

Answer post(std::uint16_t port, std::string_view body, std::string_view more = "") {
  Connection connection(port);
  return connection.request("POST", "/mcp", kJson + std::string(more), body);
}

// What a WebSocket is closed with after it has said this; its answers before that do not matter.
int closed_with(WebSocketClient& client) {
  for (;;) {
    const Frame frame = client.next();
    if (frame.opcode == 8) return frame.close_code();
  }
}

}  // namespace

TEST_CASE("hostile: what is no HTTP, or half of it") {
  Victim victim;
  const auto [bytes, status] = GENERATE(table<std::string, int>({
      {std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11) + "\r\n\r\n", 400},  // TLS
      {"GET /mcp\r\n\r\n", 400},
      {"POST /mcp HTTP/9.9\r\nHost: localhost\r\n\r\n", 505},
      {"POST /mcp HTTP/1.1\r\n\r\n", 400},  // no Host
      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", 400},
      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       400},
      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: "
       "chunked\r\n\r\n",
       400},
      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", 413},
      {"POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n",
       413},
      {"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
  }));
  CAPTURE(bytes);
  Connection connection(victim.port());
  connection.send(bytes);
  CHECK(connection.head().status == status);
  CHECK(victim.serves());
}

TEST_CASE("hostile: half messages that nobody finishes hold nobody up, and go away") {
  Victim victim;
  std::vector<Connection> halves;
  for (int i = 0; i < 200; ++i) {
    halves.emplace_back(victim.port());
    halves.back().send(http("POST", "/mcp", kJson, kHello).substr(0, static_cast<std::size_t>(i)));
  }
  CHECK(victim.serves());
  halves.clear();
  CHECK(victim.serves());
}

TEST_CASE("hostile: giant bodies and giant frames are refused before they are there") {
  Victim victim;
  REQUIRE(victim.serves());
  const double before = victim.memory();
  for (int i = 0; i < 20; ++i) {
    Connection announced(victim.port());
    announced.send(
        fmt::format("POST /mcp HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n", kJson,
                    1ULL << 40U));
    CHECK(announced.head().status == 413);

    WebSocketClient frame(victim.port());
    frame.connection().send(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14));
    CHECK(closed_with(frame) == 1009);

    WebSocketClient sum(victim.port());  // each fragment is small enough, all together are not
    sum.frame(0x01, std::string(kLimit / 2, 'x'));
    sum.frame(0x00, std::string(kLimit / 2, 'x'));
    sum.frame(0x80, "one more");
    CHECK(closed_with(sum) == 1009);
  }
  CHECK(victim.memory() < before + 20);
  CHECK(victim.serves());
}

TEST_CASE("hostile: frames that RFC 6455 forbids close the WebSocket, and only that one") {
  Victim victim;
  WebSocketClient good(victim.port());
  const auto [bytes, code] = GENERATE(table<std::string, int>({
      {std::string("\x81\x01x", 3), 1002},                 // not masked
      {std::string("\xc1\x80\0\0\0\0", 6), 1002},          // RSV1: compression was not agreed
      {std::string("\x83\x80\0\0\0\0", 6), 1002},          // reserved opcode
      {std::string("\x80\x80\0\0\0\0", 6), 1002},          // continues nothing
      {std::string("\x09\x80\0\0\0\0", 6), 1002},          // a ping in fragments
      {std::string("\x89\xfe\0\x7e\0\0\0\0", 8), 1002},    // a ping of 126 bytes
      {std::string("\x81\x81\0\0\0\0\xff", 7), 1007},      // no UTF-8
      {std::string("\x82\x81\0\0\0\0x", 7), 1003},         // binary
      {std::string("\x88\x81\0\0\0\0x", 7), 1002},         // a close code of one byte
      {std::string("\x88\x82\0\0\0\0\x03\xee", 8), 1002},  // 1006 must not be sent
  }));
  CAPTURE(bytes);
  WebSocketClient bad(victim.port());
  bad.connection().send(bytes);
  CHECK(closed_with(bad) == code);
  good.text(kHello);
  CHECK_THAT(good.message(), Contains("protocolVersion"));
  CHECK(victim.serves());
}

TEST_CASE("hostile: a byte now and then ends at the deadline, and delays nobody") {
  Victim victim;
  std::vector<Connection> slow;
  for (int i = 0; i < 50; ++i) slow.emplace_back(victim.port());
  WebSocketClient slow_frame(victim.port());
  const std::string request = http("POST", "/mcp", kJson, kHello);
  std::size_t at = 0;
  bool frame_open = true;
  slow_frame.connection().send(std::string("\x81\xfe\xff\xff\0\0\0\0", 8));  // 65535 bytes to come
  const auto all_cut = [&] {
    bool open = false;
    const char byte = request[at++ % 100];
    for (Connection& each : slow) open = each.try_send({&byte, 1}) || open;
    frame_open = frame_open && slow_frame.connection().try_send("x");
    REQUIRE(victim.serves());
    return !open && !frame_open;
  };
  CHECK(wait_until(all_cut, 60s));  // the deadline is 10 s, and 4 s for a frame of that size
}

TEST_CASE("hostile: wrong hosts and pages") {
  Victim victim;
  const auto [headers, status] = GENERATE(table<std::string, int>({
      {"Origin: https://evil.example\r\n", 403},
      {"Origin: null\r\n", 403},
      {"Origin: http://localhost.evil.example\r\n", 403},
      {"Origin: file://\r\n", 403},
      {"Origin: http://localhost:3000\r\n", 200},
  }));
  CAPTURE(headers);
  CHECK(post(victim.port(), kHello, headers).status == status);
  for (const char* host :
       {"evil.example", "127.0.0.1.evil.example", "localhost@evil.example", ""}) {
    CAPTURE(host);
    Connection rebound(victim.port());
    rebound.send(fmt::format("POST /mcp HTTP/1.1\r\nHost: {}\r\n{}Content-Length: {}\r\n\r\n{}",
                             host, kJson, kHello.size(), kHello));
    CHECK(rebound.head().status == 403);
  }
}

TEST_CASE(
    "a page that may call can read its answers, also those that stream and those that refuse") {
  Victim victim(Environment{{"EXAI_ALLOWED_ORIGINS", "https://app.example"}});
  const std::string origin = "Origin: https://app.example\r\n";
  Connection connection(victim.port());
  const Answer asked =
      connection.request("OPTIONS", "/mcp", origin + "Access-Control-Request-Method: POST\r\n");
  CHECK(asked.status == 204);
  CHECK(asked.headers.at("access-control-allow-origin") == "https://app.example");
  const auto may_read = [](const Answer& answer) {
    return answer.headers.at("access-control-allow-origin") == "https://app.example";
  };
  const Answer hello = connection.request("POST", "/mcp", kJson + origin, kHello);
  CHECK(hello.status == 200);
  CHECK(may_read(hello));
  CHECK_THAT(hello.headers.at("access-control-expose-headers"), Contains("mcp-session-id"));
  const std::string session = "Mcp-Session-Id: " + hello.headers.at("mcp-session-id") + "\r\n";
  const Answer streamed = connection.request(
      "POST", "/mcp",
      "Content-Type: application/json\r\nAccept: text/event-stream\r\n" + origin + session,
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"version"}})");
  CHECK(streamed.headers.at("content-type") == "text/event-stream");
  CHECK(may_read(streamed));
  CHECK(may_read(connection.request("POST", "/mcp", kJson + origin, "nonsense")));
  CHECK(!connection.request("POST", "/mcp", kJson, kHello)
             .headers.contains("access-control-allow-origin"));
}

TEST_CASE("hostile: session ids that ended, were never given, or are somebody else's") {
  Victim victim;
  const Answer hello = post(victim.port(), kHello);
  const std::string id = hello.headers.at("mcp-session-id");
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  const auto status = [&](const std::string& session) {
    return post(victim.port(), list, "Mcp-Session-Id: " + session + "\r\n").status;
  };
  CHECK(status(id) == 200);
  CHECK(status(id.substr(0, id.size() - 1)) == 404);
  CHECK(status(id + "x") == 404);
  CHECK(status(std::string(8000, 'A')) == 404);
  CHECK(status(id + ", " + id) == 404);
  Connection connection(victim.port());
  CHECK(connection.request("DELETE", "/mcp", "Mcp-Session-Id: " + id + "\r\n").status == 204);
  for (int i = 0; i < 100; ++i) CHECK(status(id) == 404);
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::string guess(id.size(), 'a');
    for (char& c : guess) c = "ABCDEFGHabcdefgh01234567"[random() % 24];
    REQUIRE(status(guess) == 404);
  }
  CHECK(victim.serves());
}

TEST_CASE("hostile: sessions that nobody ends push out the idle ones, and memory stays") {
  Victim victim(Environment{{"SESSION_MAX_CONCURRENT", "50"}});
  Connection connection(victim.port());
  const auto open = [&] { return connection.request("POST", "/mcp", kJson, kHello).status; };
  for (int i = 0; i < 200; ++i) REQUIRE(open() == 200);
  const double before = victim.memory();
  for (int i = 0; i < 5000; ++i) REQUIRE(open() == 200);
  CHECK(victim.memory() < before + 10);
  CHECK(victim.serves());
}

TEST_CASE("hostile: 10 000 bad tokens are 10 000 refusals") {
  const std::string token = "the-right-token-0123456789";
  Victim victim(Environment{{"EXAI_WS_TOKEN", token}});
  const std::string good = "Authorization: Bearer " + token + "\r\n";
  REQUIRE(victim.serves(good));
  const double before = victim.memory();
  Connection connection(victim.port());
  for (int i = 0; i < 10'000; ++i) {
    const std::string bad = fmt::format("Authorization: Bearer {}{}\r\n",
                                        token.substr(0, static_cast<std::size_t>(i) % 26), i);
    const Answer answer = connection.request("POST", "/mcp", kJson + bad, kHello);
    REQUIRE(answer.status == 401);
    if (i % 1000 == 0) {
      CHECK_THAT(answer.headers.at("www-authenticate"),
                 Catch::StartsWith("Bearer realm=\"exai\", error=\"invalid_token\""));
      CHECK(victim.serves(good));
    }
  }
  CHECK(victim.memory() < before + 10);
  CHECK_THAT(victim.process().err(), !Contains("the-right"));
}

TEST_CASE("hostile: JSON that is deep, torn or in no encoding") {
  Victim victim;
  WebSocketClient socket(victim.port());
  const auto deep = [](std::string_view open, std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    return text;
  };
  const std::string call =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_echo","arguments":)";
  const auto text = GENERATE_COPY(
      deep("[", 500'000), deep("{\"a\":", 100'000), call + deep("[", 1000) + deep("]", 1000) + "}}",
      kHello.substr(0, 40), std::string("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc3\x28\"}"),
      std::string("\xff\xfe{\0}\0", 6), std::string("\0\0\0", 3), std::string("1e999999"),
      "{\"jsonrpc\":\"2.0\",\"id\":" + std::string(100'000, '9') + ",\"method\":\"ping\"}");
  CAPTURE(text.substr(0, 60));
  const Answer answer = post(victim.port(), text);
  CHECK(answer.status == 400);
  CHECK_THAT(answer.body, Contains("\"error\":{\"code\":-32"));
  if (is_utf8(text)) {
    socket.text(text);
    CHECK_THAT(socket.message(), Contains("\"error\":{\"code\":-32"));
    socket.text(kHello);
    CHECK_THAT(socket.message(), Contains("protocolVersion"));
  }
  CHECK(victim.serves());
}

TEST_CASE("hostile: nothing compressed is taken, so nothing can swell") {
  Victim victim;
  const auto encoding = GENERATE("gzip", "deflate", "br", "zstd", "gzip, identity");
  const Answer answer =
      post(victim.port(), kHello, fmt::format("Content-Encoding: {}\r\n", encoding));
  CHECK(answer.status == 415);
  CHECK_THAT(answer.body, Contains("not compressed"));
  CHECK(post(victim.port(), kHello, "Content-Encoding: identity\r\n").status == 200);
  // permessage-deflate is asked for, and not agreed to.
  Connection connection(victim.port());
  const Answer upgrade = connection.request(
      "GET", "/ws", upgrade_headers("mcp") + "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  CHECK(upgrade.status == 101);
  CHECK(!upgrade.headers.contains("sec-websocket-extensions"));
}

TEST_CASE("hostile: a flood of requests in one go, and answers that nobody reads") {
  Victim victim;
  REQUIRE(victim.serves());
  const double before = victim.memory();
  std::vector<WebSocketClient> floods;
  for (int i = 0; i < 5; ++i) {
    floods.emplace_back(victim.port(), "mcp", "/ws", 4096);
    floods.back().text(kHello);
    const std::string echo = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
    int said = 0;
    while (said < 20'000 && floods.back().try_text(echo)) ++said;
  }
  CHECK(victim.memory() < before + 5 * 4 + 20);  // a queue of kLimit each, and some air
  CHECK(victim.serves());
}

// Good messages with bytes changed, by a fixed seed: whatever comes of it, exaid stays.
TEST_CASE("hostile: mutated messages on the real socket") {
  Victim victim;
  REQUIRE(victim.serves());
  const std::vector<std::string> good = {
      http("POST", "/mcp", kJson, kHello),
      http("POST", "/mcp",
           kJson + "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: "
                   "test_echo\r\n",
           kModernEcho),
      http("GET", "/mcp",
           "Accept: text/event-stream\r\nMcp-Session-Id: x\r\nLast-Event-ID: 1-2\r\n"),
      http("DELETE", "/mcp", "Mcp-Session-Id: x\r\n"),
      http("GET", "/ws", upgrade_headers("mcp")),
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + kJson +
          "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"jso\r\n0\r\n\r\n",
  };
  const std::vector<std::string> words = {"\r\n",
                                          "\r\n\r\n",
                                          "\0",
                                          ":",
                                          "chunked",
                                          "{",
                                          "}",
                                          "[",
                                          "\"",
                                          "-1",
                                          "99999999999999999999",
                                          "\xff",
                                          "HTTP/1.1",
                                          "mcp",
                                          "null",
                                          "_meta"};
  std::mt19937 random(20'261'121);
  const auto below = [&](std::size_t count) { return random() % count; };
  const auto mutate = [&](std::string text) {
    for (std::size_t changes = 1 + below(4); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = below(text.size());
      switch (below(5)) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + below(20));
          break;
        case 2:
          text.insert(at, words[below(words.size())]);
          break;
        case 3:
          text.insert(at, text.substr(below(text.size()), below(60)));
          break;
        default:
          text.resize(at + 1);
      }
    }
    return text;
  };
  const double before = victim.memory();
  for (int round = 0; round < 3000; ++round) {
    Connection connection(victim.port());
    connection.try_send(mutate(good[below(good.size())]));
    connection.shut_sending();
    if (round % 100 == 0) REQUIRE(victim.serves());
  }
  WebSocketClient* socket = nullptr;
  std::unique_ptr<WebSocketClient> owned;
  for (int round = 0; round < 3000; ++round) {
    if (!socket) {
      owned = std::make_unique<WebSocketClient>(victim.port());
      socket = owned.get();
      socket->text(kHello);
    }
    std::string message = mutate(below(2) == 0 ? kHello : kModernEcho);
    // Some are text, some are bytes that are no frame at all.
    const bool sent =
        below(10) == 0 ? socket->connection().try_send(message) : socket->try_text(message);
    if (!sent || below(50) == 0) socket = nullptr;
    if (round % 100 == 0) REQUIRE(victim.serves());
  }
  owned.reset();
  CHECK(victim.memory() < before + 20);
  CHECK(victim.serves());
  victim.process().signal(SIGTERM);
  const auto ended = victim.process().wait();
  REQUIRE(ended.has_value());
  CHECK(describe(*ended) == "exit code 0");
}
