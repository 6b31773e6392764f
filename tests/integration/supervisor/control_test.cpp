// The control protocol as other programs see it: its versions, its events that resume, and clients
// that mean no good. docs/control-api.md is the page.
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "core/control/methods.hpp"
#include "tests/integration/supervisor/raw_client.hpp"
#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

std::string error_of(const json::object& answer) {
  const json::object* error = find_object(answer, "error");
  return error
             ? fmt::format("{}: {}", *find_integer(*error, "code"), *find_string(*error, "message"))
             : "";
}

// A service of which each start and stop is an event, and none has a process for long.
std::string many(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format("[services.s{:03}]\nprocess = [\"sleep\", \"1000\"]\n", i);
  return text;
}

// The numbers of the events that a subscriber is told until it has one at least this high, and
// those that it is told are missing.
struct Heard {
  std::vector<std::int64_t> sequences;
  std::vector<std::pair<std::int64_t, std::int64_t>> gaps;
};

Heard listen(RawClient& client, std::uint64_t until) {
  Heard heard;
  std::int64_t last = 0;
  while (last < static_cast<std::int64_t>(until)) {
    const json::object message = client.message();
    const json::object& params = *find_object(message, "params");
    if (find_string(message, "method") == "gap") {
      heard.gaps.emplace_back(*find_integer(params, "from"), *find_integer(params, "to"));
      last = heard.gaps.back().second;
    } else {
      REQUIRE(find_string(message, "method") == "event");
      last = *find_integer(params, "sequence");
      heard.sequences.push_back(last);
    }
  }
  return heard;
}

}  // namespace

TEST_CASE("hello says what both sides speak, and who is too old or too new hears it") {
  Stack stack(service("a"));
  stack.start();
  RawClient client(stack.socket());
  client.ask("hello", R"({"protocol":2,"client":"test 1.0"})");
  const json::object hello = *find_object(client.message(), "result");
  CHECK(find_integer(hello, "protocol") == control::kProtocolVersion);
  CHECK(find_integer(hello, "oldest") == control::kOldestProtocol);
  CHECK(find_string(hello, "stack") == "test");
  CHECK(find_string(hello, "access") == "own");
  client.ask("hello", R"({"protocol":99})");
  const json::object newer = client.message();
  CHECK_THAT(error_of(newer),
             Catch::StartsWith("4: you speak protocol 99") && Catch::Contains("older than you"));
  CHECK(find_integer(*find_object(*find_object(newer, "error"), "data"), "protocol") ==
        control::kProtocolVersion);
  client.ask("hello", R"({"protocol":0})");
  CHECK_THAT(error_of(client.message()), Catch::Contains("you are too old"));
  client.ask("hibernate");
  CHECK(error_of(client.message()) ==
        "-32601: no method hibernate; this is exai-supervisor 0.1.0, which speaks protocol 2");
}

TEST_CASE("the status may be asked of some services only") {
  Stack stack(service("a") + service("b"));
  stack.start();
  RawClient client(stack.socket());
  client.ask("status", R"({"services":["b"]})");
  const json::object status = *find_object(client.message(), "result");
  REQUIRE(find_array(status, "services")->size() == 1);
  CHECK(find_string(find_array(status, "services")->at(0).get_object(), "name") == "b");
  client.ask("status", R"({"services":["c"]})");
  CHECK_THAT(error_of(client.message()), Catch::StartsWith("1: there is no service c"));
}

TEST_CASE("a subscriber is told everything once, over a connection that breaks") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  auto first = std::make_unique<RawClient>(stack.socket());
  first->ask("subscribe");
  CHECK(find_integer(*find_object(first->message(), "result"), "last") == 0);
  stack.up();
  const Heard before = listen(*first, 2);
  first->ask("status");  // other calls go on beside it
  CHECK(find_object(first->message(), "result"));
  first.reset();

  REQUIRE(stack.client().restart({"a"}));
  stack.in_state("a", State::ready);
  const std::uint64_t last = stack.client().status()->last_event;
  RawClient second(stack.socket());
  second.ask("subscribe", fmt::format(R"({{"since":{}}})", before.sequences.back()));
  CHECK(find_integer(*find_object(second.message(), "result"), "since") == before.sequences.back());
  Heard after = listen(second, last);
  CHECK(after.gaps.empty());
  std::vector<std::int64_t> all = before.sequences;
  all.insert(all.end(), after.sequences.begin(), after.sequences.end());
  REQUIRE(all.size() == last);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == static_cast<std::int64_t>(i) + 1);
  second.ask("subscribe");
  CHECK_THAT(error_of(second.message()), Catch::Contains("subscribed already"));
}

TEST_CASE("a subscriber sees the end of the stack") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  RawClient client(stack.socket());
  client.ask("subscribe", fmt::format(R"({{"since":{}}})", stack.client().status()->last_event));
  client.message();
  stack.down();
  std::string last;
  for (std::string line = client.line(); !line.empty(); line = client.line()) last = line;
  CHECK_THAT(last, Catch::Contains("\"to\":\"stopped\""));
}

TEST_CASE("a subscriber who does not read costs nothing, and is told what it has missed") {
  constexpr int kServices = 60;
  Stack stack(many(kServices));
  stack.start();
  stack.up();
  const auto ready = [&] {
    const auto status = stack.client().status();
    return std::all_of(status->services.begin(), status->services.end(),
                       [](const auto& each) { return each.state == State::ready; });
  };
  REQUIRE(wait_until(ready));
  RawClient slow(stack.socket());
  slow.ask("subscribe");
  // What the sockets hold (a few hundred events), what is on its way, and what is remembered.
  constexpr std::uint64_t kEnough = 4000;
  control::Client client = stack.client();
  while (client.status()->last_event < kEnough) {
    REQUIRE(client.restart({}));
    REQUIRE(wait_until(ready));
  }
  const std::uint64_t last = client.status()->last_event;
  slow.message();
  const Heard heard = listen(slow, last);
  REQUIRE(heard.gaps.size() == 1);
  const auto [from, to] = heard.gaps[0];
  CHECK(heard.sequences.size() + static_cast<std::size_t>(to - from + 1) == last);
  std::int64_t expected = 1;
  for (const std::int64_t sequence : heard.sequences) {
    if (expected == from) expected = to + 1;
    CHECK(sequence == expected++);
  }
  stack.down();
}

TEST_CASE("a client that never reads hurts nobody") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  RawClient slow(stack.socket());
  for (int i = 0; i < 5000; ++i) slow.ask("status");
  slow.send("{\"half a line");
  CHECK(stack.client().status());
  stack.up();
  stack.in_state("a", State::ready);
  stack.down();
}

TEST_CASE("when every place is taken the silent make room, and the busy do not") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  std::vector<std::unique_ptr<RawClient>> busy;
  for (int i = 0; i < 64; ++i) {
    busy.push_back(std::make_unique<RawClient>(stack.socket()));
    busy.back()->ask("events", R"({"since":0,"wait_ms":60000})");
  }
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 64; ++i) {
    silent.push_back(std::make_unique<RawClient>(stack.socket()));
    silent.back()->send("{\"half a line");
  }
  CHECK(wait_until([&] { return control::Client::connect(stack.socket())->status().has_value(); }));
  CHECK(silent.front()->closed());
  stack.up();
  for (const auto& each : busy) CHECK(find_object(each->message(), "result"));
  stack.in_state("a", State::ready);

  for (int i = 0; i < 128; ++i) {
    busy.push_back(std::make_unique<RawClient>(stack.socket()));
    busy.back()->ask("subscribe", R"({"since":1000})");
  }
  RawClient last(stack.socket());
  CHECK(wait_until([&] {
    RawClient one_more(stack.socket());
    one_more.ask("status");
    return one_more.line().find("\"code\":3") != std::string::npos;
  }));
  busy.clear();
  stack.down();
}

TEST_CASE("a thousand connections at once, and the stack goes on") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  std::vector<std::thread> crowd;
  std::atomic<int> turned_down = 0;
  for (int t = 0; t < 10; ++t)
    crowd.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        RawClient client(stack.socket());
        if (!client.connected()) ++turned_down;
        client.send(i % 2 == 0 ? "{\"half" : "nonsense\n");
      }
    });
  for (std::thread& thread : crowd) thread.join();
  CHECK(turned_down < 1000);
  CHECK(wait_until([&] {
    const auto client = control::Client::connect(stack.socket());
    return client.has_value();
  }));
  stack.up();
  stack.in_state("a", State::ready);
  stack.down();
}

TEST_CASE("start, stop and signal reach the services that are named, and say who is not there") {
  Stack stack(service("a") + service("b"));
  stack.script("a.sh", "trap 'echo hup >> told' HUP; echo up; while :; do sleep 0.02; done\n");
  stack.script("b.sh", kForever);
  stack.start();
  RawClient client(stack.socket());
  client.ask("start", "{}");
  CHECK(error_of(client.message()) ==
        "-32602: start needs \"services\": names of services, at least one");
  client.ask("start", R"({"services":[]})");
  CHECK_THAT(error_of(client.message()),
             Catch::StartsWith("-32602: \"services\" of start is empty"));
  client.ask("signal", R"({"services":["a"],"signal":"HUP"})");
  CHECK_THAT(error_of(client.message()), Catch::StartsWith("6: there is no process to signal"));
  client.ask("start", R"({"services":["a"]})");
  CHECK(error_of(client.message()).empty());
  stack.in_state("a", State::ready);
  CHECK(stack.status("b").state == State::stopped);
  client.ask("signal", R"({"services":["a"],"signal":"NONE"})");
  CHECK(error_of(client.message()) == "-32602: there is no signal NONE");
  REQUIRE(wait_until([&] {
    client.ask("signal", R"({"services":["a"],"signal":"SIGHUP"})");
    client.message();
    return stack.read("told").find("hup") != std::string::npos;
  }));
  client.ask("stop", R"({"services":["a"]})");
  CHECK(error_of(client.message()).empty());
  CHECK(stack.in_state("a", State::stopped).pid == 0);
  stack.down();
}

TEST_CASE("two who say up at once start one process each") {
  Stack stack(service("a"));
  stack.script("a.sh", "echo started >> starts; exec sleep 1000\n");
  stack.start();
  RawClient first(stack.socket());
  RawClient second(stack.socket());
  first.ask("up");
  second.ask("up");
  CHECK(error_of(first.message()).empty());
  CHECK(error_of(second.message()).empty());
  stack.in_state("a", State::ready);
  REQUIRE(wait_until([&] { return !stack.read("starts").empty(); }));
  stack.down();
  CHECK(stack.read("starts") == "started\n");
}

TEST_CASE("a shared socket lets its group look, and change the stack only when the file says so") {
  TempDir folder;
  const Path path = folder / "control.sock";
  const auto control = [&](const std::string& more) {
    return fmt::format("[control]\nsocket = \"{}\"\nsocket_mode = \"0640\"\n{}\n", path.string(),
                       more);
  };
  Stack stack(control("access = \"read\"") + service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  const auto answers = [&] { return control::Client::connect(path).has_value(); };
  REQUIRE(wait_until(answers));  // the private socket is open before it
  const auto mode = std::filesystem::status(path).permissions();
  CHECK(static_cast<unsigned>(mode) == 0640);
  RawClient reader(path);
  reader.ask("status");
  CHECK(find_object(reader.message(), "result"));
  reader.ask("up");
  CHECK(error_of(reader.message()) == "5: up changes the stack; this connection may only look");
  stack.kill_supervisor();
  REQUIRE(std::filesystem::exists(path));  // stale: the next one takes it

  stack.rewrite(control("") + service("a"));
  stack.start();
  REQUIRE(wait_until(answers));
  RawClient writer(path);
  writer.ask("up");
  CHECK(error_of(writer.message()).empty());
  stack.in_state("a", State::ready);
  writer.ask("upgrade", R"({"program":"/bin/sh"})");  // which would be whatever they like
  CHECK(error_of(writer.message()) == "5: upgrade is for the user of the stack alone");
  stack.down();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("what somebody else has at the path of the shared socket is left alone") {
  TempDir folder;
  const std::string file = folder.write("control.sock", "mine").string();
  const std::string services = service("a");
  const auto [more, message] = GENERATE_COPY(table<std::string, std::string>({
      {"", "is there, and is no socket"},
      {"group = \"no-such-group-here\"\n", "there is no group no-such-group-here"},
  }));
  Stack stack(fmt::format("[control]\nsocket = \"{}\"\n{}\n{}", file, more, services));
  const auto ended = test::run(stack.command());
  CHECK(ended.exit == 1);
  CHECK_THAT(ended.err, Catch::Contains(message));
  CHECK(read_file(file) == "mine");
}

TEST_CASE("a port answers nothing to those without the token, and ends with them") {
  const std::uint16_t port = free_port();
  Stack stack(fmt::format("[secrets.CONTROL_TOKEN]\ngenerate = 32\n\n[control]\nport = {}\n"
                          "token = \"CONTROL_TOKEN\"\n\n",
                          port) +
              service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  std::string token;
  REQUIRE(wait_until([&] {
    token = read_file(stack.state("secrets/CONTROL_TOKEN")).value_or("");
    return token.size() == 32;
  }));
  {
    RawClient stranger(port);
    stranger.ask("status");
    CHECK_THAT(error_of(stranger.message()), Catch::StartsWith("5: the first call here is"));
    CHECK(stranger.closed());
  }
  {
    RawClient guesser(port);
    guesser.ask("authenticate", R"({"token":"guess"})");
    CHECK(error_of(guesser.message()) == "5: this is not the token of the stack");
    CHECK(guesser.closed());
  }
  RawClient client(port);
  client.ask("authenticate", fmt::format(R"({{"token":"{}"}})", token));
  CHECK(error_of(client.message()).empty());
  client.ask("up");
  CHECK(error_of(client.message()).empty());
  stack.in_state("a", State::ready);
  stack.down();
  CHECK(read_file(stack.state("logs/supervisor.log"))->find(token) == std::string::npos);
}

TEST_CASE("up of many answers, and so does status while more and more of them run") {
  constexpr int kServices = 200;
  Stack stack(many(kServices));
  stack.start();
  control::Client client = stack.client();
  const auto running = [](const control::StackStatus& status) {
    return std::count_if(status.services.begin(), status.services.end(),
                         [](const auto& service) { return service.pid > 0; });
  };
  const auto answer = client.up({});
  REQUIRE(answer);
  std::ptrdiff_t before = running(*answer);
  for (std::ptrdiff_t now = before; now < kServices;) {
    const auto status = client.status();
    REQUIRE(status);
    now = running(*status);
    CHECK(now >= before);
    before = now;
  }
  stack.down();
}
