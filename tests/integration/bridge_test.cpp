// exai mcp between a client and the real exaid, which comes, goes and is killed.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <set>
#include <thread>

#include "core/base/text.hpp"
#include "tests/integration/daemon_bench.hpp"
#include "tests/integration/fake_server.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

const std::string kHello =
    R"({"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18",)"
    R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})";
const std::string kReady = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";

// exai mcp with its stdin in our hands, and all that it says.
class Bridge {
 public:
  explicit Bridge(std::uint16_t port, std::vector<std::string> more = {},
                  const Environment& environment = {}) {
    const Path fifo = folder_ / "stdin";
    make_fifo(fifo);
    stdin_.reset(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    Command command;
    command.arguments = {"bash", "-c",    "exec \"$@\" <" + fifo.string(),          "bash", EXAI,
                         "mcp",  "--url", fmt::format("ws://127.0.0.1:{}/ws", port)};
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
    for (const auto& [name, value] : environment) command.environment[name] = value;
    process_.emplace(std::move(command));
  }

  void say(std::string line) {
    line += '\n';
    REQUIRE(::write(stdin_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  }
  void shake_hands() {
    say(kHello);
    REQUIRE(answer("hello").contains("result"));
    say(kReady);
  }
  void call(std::string_view id, std::string_view tool, json::object arguments) {
    const json::object params{{"name", tool}, {"arguments", std::move(arguments)}};
    say(to_text(json::object{
        {"jsonrpc", "2.0"}, {"id", id}, {"method", "tools/call"}, {"params", params}}));
  }
  void close_stdin() { stdin_.reset(); }
  Process& process() { return *process_; }

  // All messages with that id; every line must be a message.
  std::vector<json::object> answers(std::string_view id) const {
    std::vector<json::object> found;
    const std::string out = process_->out();
    const std::string whole = out.substr(0, out.rfind('\n') + 1);
    for (const std::string& line : split(whole, '\n')) {
      if (line.empty()) continue;
      const auto message = parse_json_object(line);
      if (!message) throw std::runtime_error("no JSON on stdout: " + line);
      if (find_string(*message, "id") == id) found.push_back(*message);
    }
    return found;
  }
  json::object answer(std::string_view id, Duration limit = 20s) const {
    wait_until([&] { return !answers(id).empty(); }, limit);
    const auto all = answers(id);
    if (all.size() != 1)
      throw std::runtime_error(fmt::format("{} answers to {}: {}\n{}", all.size(), id,
                                           process_->out(), process_->err()));
    return all.front();
  }
  std::string text(std::string_view id) const { return text_of(answer(id)); }
  static std::string text_of(const json::object& answer) {
    if (const json::object* error = find_object(answer, "error"))
      return fmt::format("error {}: {}", find_integer(*error, "code").value_or(0),
                         find_string(*error, "message").value_or(""));
    const json::array& content = *find_array(*find_object(answer, "result"), "content");
    return find_string(content.front().as_object(), "text").value_or("");
  }
  int end() {
    close_stdin();
    const auto ended = process_->wait();
    return ended ? ended->code.value_or(-2) : -1;
  }

 private:
  TempDir folder_;
  Fd stdin_;
  std::optional<Process> process_;
};

// An exaid that comes back on the same port.
class Daemon {
 public:
  explicit Daemon(Environment options = {}) : options_(std::move(options)), port_(free_port()) {
    options_["EXAI_WS_PORT"] = std::to_string(port_);
  }
  std::uint16_t port() const { return port_; }
  void start() { exaid_.emplace(options_); }
  void kill() {
    exaid_->process().signal(SIGKILL);
    exaid_->process().wait();
    exaid_.reset();
  }
  Process& process() { return exaid_->process(); }
  std::size_t calls_in_flight() const {
    McpClient client(fmt::format("http://127.0.0.1:{}/mcp", port_));
    const Answer status = client.call("status");
    const json::object* calls = find_object(status.structured, "calls");
    const auto count = calls ? find_integer(*calls, "in_flight").value_or(1) : 1;
    return static_cast<std::size_t>(count) - 1;  // without this one
  }

 private:
  Environment options_;
  std::uint16_t port_;
  std::optional<Exaid> exaid_;
};

json::object echo(std::string_view message, int delay_ms = 0) {
  return {{"message", message}, {"delay_ms", delay_ms}};
}

}  // namespace

TEST_CASE("bridge: both eras pass through, garbage is answered, and stdin ends it") {
  Daemon daemon;
  daemon.start();
  Bridge bridge(daemon.port());
  bridge.shake_hands();
  bridge.say("garbage");
  bridge.say(std::string("\xff\xfe\0{", 4));
  bridge.call("old", "test_echo", echo("one"));
  bridge.say(R"({"jsonrpc":"2.0","id":"new","method":"tools/call","params":{"name":"version",)"
             R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
             R"("io.modelcontextprotocol/clientCapabilities":{}}}})");
  bridge.call("slow", "test_echo", echo("slow", 300));
  bridge.say(R"({"jsonrpc":"2.0","id":"large","method":"ping","params":{"a":")" +
             std::string(3000, 'y') + "\"}}");
  CHECK(bridge.text("old") == "one");
  CHECK_THAT(to_text(bridge.answer("new")), Contains("\"resultType\":\"complete\""));
  CHECK(bridge.answer("large").contains("result"));
  CHECK(bridge.end() == 0);  // after the answer that was under way
  CHECK(bridge.text("slow") == "slow");
  CHECK_THAT(bridge.process().out(), Contains(R"("id":null,"error":{"code":-32700)"));
}

TEST_CASE("bridge: the daemon is killed while calls run: none lost, none mixed, none doubled") {
  const FakeServer provider([](FakeConnection& peer) {
    peer.read_request();
    peer.wait_closed(60s);
  });
  Daemon daemon(Environment{{"CUSTOM_API_URL", provider.url("/v1")}, {"CUSTOM_MODELS", "hangs"}});
  daemon.start();
  Bridge bridge(daemon.port());
  bridge.shake_hands();
  constexpr int kCalls = 20;
  for (int i = 0; i < kCalls; ++i)
    bridge.call(fmt::format("echo-{}", i), "test_echo", echo(fmt::format("message {}", i), 2000));
  bridge.call("chat", "chat", {{"prompt", "hi"}, {"model", "hangs"}});
  REQUIRE(wait_until([&] { return daemon.calls_in_flight() == kCalls + 1; }));
  REQUIRE(wait_until([&] { return provider.connections() == 1; }));

  daemon.kill();
  // What may have had its effect is not tried again; the client knows at once.
  CHECK_THAT(bridge.text("chat"), Contains("error -31003: tools/call chat: the connection"));
  bridge.call("meanwhile", "test_echo", echo("while it was away"));
  daemon.start();
  for (int i = 0; i < kCalls; ++i)
    CHECK(bridge.text(fmt::format("echo-{}", i)) == fmt::format("message {}", i));
  CHECK(bridge.text("meanwhile") == "while it was away");
  CHECK(provider.connections() == 1);
  // The session goes on: a client of the handshake era needs no new one.
  bridge.call("after", "test_echo", echo("after"));
  CHECK(bridge.text("after") == "after");
  CHECK(bridge.end() == 0);
}

TEST_CASE("bridge: killed three times in a row, every request has exactly one right answer") {
  Daemon daemon;
  daemon.start();
  Bridge bridge(daemon.port());
  bridge.shake_hands();
  int sent = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 25; ++i, ++sent)
      bridge.call(std::to_string(sent), "test_echo",
                  echo(fmt::format("m{}", sent), sent % 5 == 0 ? 400 : 0));
    bridge.text(std::to_string(sent - 1));  // some are done, some are not
    daemon.kill();
    daemon.start();
  }
  for (int i = 0; i < sent; ++i) {
    const std::string text = bridge.text(std::to_string(i));
    CHECK(text == fmt::format("m{}", i));
  }
  CHECK(bridge.end() == 0);
}

TEST_CASE(
    "bridge: without a daemon it waits for one, and says what is wrong when that takes too long") {
  Daemon daemon;
  Bridge patient(daemon.port());
  patient.say(kHello);
  Bridge hasty(daemon.port(), {"--wait", "200ms"});
  hasty.say(kHello);
  const std::string expected = fmt::format(
      "error -31001: exaid at ws://127.0.0.1:{}/ws cannot be reached: connection refused. Start "
      "it: exai up. What is wrong: exai doctor",
      daemon.port());
  CHECK(Bridge::text_of(hasty.answer("hello")) == expected);
  daemon.start();
  CHECK(patient.answer("hello").contains("result"));
  // Nor is it too late for the other one, as soon as its own pause is over.
  int asked = 0;
  CHECK(wait_until([&] {
    const std::string id = fmt::format("again{}", ++asked);
    hasty.say(replace_all(kHello, "\"hello\"", fmt::format("\"{}\"", id)));
    return hasty.answer(id).contains("result");
  }));
  CHECK(patient.end() == 0);
  CHECK(hasty.end() == 0);
}

TEST_CASE("bridge: a daemon that hangs up during the session is asked again when it is back") {
  Daemon daemon;
  daemon.start();
  Bridge bridge(daemon.port());
  bridge.shake_hands();
  daemon.process().signal(SIGTERM);  // it closes with 1001
  daemon.process().wait();
  bridge.call("queued", "test_echo", echo("queued"));
  daemon.start();
  CHECK(bridge.text("queued") == "queued");
  bridge.process().signal(SIGTERM);
  const auto ended = bridge.process().wait();
  REQUIRE(ended.has_value());
  CHECK(describe(*ended) == "exit code 0");
}

TEST_CASE("bridge: the token comes from the environment, and a wrong one is said at once") {
  Daemon daemon(Environment{{"EXAI_WS_TOKEN", "right-token-0123456789"}});
  daemon.start();
  Bridge right(daemon.port(), {}, {{"EXAI_WS_TOKEN", "right-token-0123456789"}});
  right.shake_hands();
  Bridge wrong(daemon.port(), {}, {{"EXAI_WS_TOKEN", "wrong-token-0123456789"}});
  wrong.say(kHello);
  CHECK_THAT(Bridge::text_of(wrong.answer("hello")),
             Contains("HTTP 401") && Contains("bearer token is missing or wrong"));
  CHECK_THAT(wrong.process().err(), !Contains("wrong-token"));
  CHECK(wrong.end() == 0);
  CHECK(right.end() == 0);
}

TEST_CASE("bridge: ten at once, and the daemon killed under all of them") {
  Daemon daemon;
  daemon.start();
  std::vector<std::unique_ptr<Bridge>> bridges;
  for (int i = 0; i < 10; ++i) bridges.push_back(std::make_unique<Bridge>(daemon.port()));
  for (auto& bridge : bridges) bridge->shake_hands();
  for (std::size_t b = 0; b < bridges.size(); ++b)
    for (int i = 0; i < 10; ++i)  // the same ids everywhere: none may be mixed up
      bridges[b]->call(std::to_string(i), "test_echo", echo(fmt::format("{} of {}", i, b), 1000));
  REQUIRE(wait_until([&] { return daemon.calls_in_flight() == 100; }));
  daemon.kill();
  daemon.start();
  for (std::size_t b = 0; b < bridges.size(); ++b) {
    for (int i = 0; i < 10; ++i)
      CHECK(bridges[b]->text(std::to_string(i)) == fmt::format("{} of {}", i, b));
    CHECK(bridges[b]->end() == 0);
  }
}

TEST_CASE("bridge: a burst is slowed down, not refused") {
  Daemon daemon;
  daemon.start();
  Bridge bridge(daemon.port());
  bridge.shake_hands();
  constexpr int kPings = 20'000;
  for (int i = 0; i < kPings; ++i)
    bridge.say(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"ping"}})", i));
  CHECK(bridge.end() == 0);
  const auto lines = split(bridge.process().out(), '\n');
  CHECK(lines.size() == kPings + 1 + 1);  // hello, and nothing behind the last line's end
  CHECK_THAT(bridge.process().out(), !Contains("\"error\""));
}

TEST_CASE("bridge: a burst waits for a daemon that has no time for it, but not for ever") {
  Daemon daemon;
  daemon.start();
  Bridge bridge(daemon.port());
  bridge.shake_hands();
  constexpr int kPings = 4500;  // more than may be unanswered, and the rest fits into the fifo
  const auto burst = [&](std::string_view name) {
    daemon.process().signal(SIGSTOP);
    for (int i = 1; i <= kPings; ++i)
      bridge.say(fmt::format(R"({{"jsonrpc":"2.0","id":"{}{}","method":"ping"}})", name, i));
  };
  burst("short");
  std::this_thread::sleep_for(300ms);
  daemon.process().signal(SIGCONT);
  CHECK(bridge.answer(fmt::format("short{}", kPings)).contains("result"));
  CHECK_THAT(bridge.process().out(), !Contains("\"error\""));
  burst("long");
  CHECK_THAT(Bridge::text_of(bridge.answer(fmt::format("long{}", kPings))),
             Contains("4000 requests unanswered"));
  daemon.process().signal(SIGCONT);
  CHECK(bridge.end() == 0);
}

TEST_CASE("bridge: stdin that ends with a call under way does not wait for ever") {
  Daemon daemon;
  daemon.start();
  Bridge bridge(daemon.port());
  bridge.shake_hands();
  bridge.call("long", "test_echo", echo("late", 60'000));
  REQUIRE(wait_until([&] { return daemon.calls_in_flight() == 1; }));
  CHECK(bridge.end() == 0);
  CHECK_THAT(bridge.text("long"), Contains("error -31003"));
  CHECK(wait_until([&] { return daemon.calls_in_flight() == 0; }));  // and it is cancelled
}

TEST_CASE("bridge: the official SDK's client launches it") {
  Daemon daemon;
  daemon.start();
  Command command;
  command.arguments = {EXAI_NODE, EXAI_CLIENTS "/mcp_client.mjs", "bridge", "list"};
  command.environment["EXAI_WS_PORT"] = std::to_string(daemon.port());
  command.environment["EXAI_BRIDGE"] = fmt::format("--url http://127.0.0.1:{}/mcp", daemon.port());
  command.environment["EXAI"] = EXAI;
  const Outcome list = run(command);
  CHECK(list.exit == 0);
  CHECK_THAT(list.out, Contains("test_echo\n"));
  command.arguments = {EXAI_NODE,   EXAI_CLIENTS "/mcp_client.mjs",       "bridge", "call",
                       "test_echo", R"({"message":"through the bridge"})"};
  CHECK(run(command).out == "through the bridge\n");
}

TEST_CASE("bridge: what it cannot work with is refused before anything starts") {
  const auto refused = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {EXAI, "mcp"});
    const Outcome outcome = run(std::move(arguments));
    CHECK(outcome.exit == 2);
    CHECK(outcome.out.empty());
    return outcome.err;
  };
  CHECK_THAT(refused({"--url", "ws://host/ws", "--ca", "/ca.pem"}),
             Contains("--ca is for wss:// and https://; ws://host:80/ws is without TLS"));
  CHECK_THAT(refused({"--url", "wss://host/ws", "--ca", "/no/such/ca.pem"}),
             Contains("/no/such/ca.pem: No such file"));
  CHECK_THAT(refused({"--url", "ws://host/ws", "--up"}), Contains("--up starts a service"));
  CHECK_THAT(refused({"--wait", "soon"}), Contains("--wait: "));
  CHECK_THAT(refused({"--file", "/no/such/exai.toml"}), Contains("/no/such/exai.toml"));
  CHECK_THAT(refused({"confg"}), Contains("confg"));
}
