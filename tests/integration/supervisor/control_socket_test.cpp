// The door of the supervisor: its lock, its signals, its socket, and clients that mean no good.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/raw_client.hpp"
#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

TEST_CASE("there is one supervisor a stack; a socket left by a dead one is no obstacle") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  const auto second = test::run(stack.command());
  CHECK(second.exit == 1);
  CHECK_THAT(second.err, Catch::Contains("already running") &&
                             Catch::Contains(std::to_string(stack.supervisor().pid())));
  stack.kill_supervisor();
  REQUIRE(std::filesystem::exists(stack.socket()));
  stack.start();
  stack.down();
}

TEST_CASE("TERM stops everything in order; the second one does not wait") {
  Stack stack(service("a", "stop = { grace = \"1h\" }"));
  stack.script("a.sh", "trap '' TERM; echo up > up; while :; do sleep 0.05; done\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return stack.read("up") == "up\n"; }));
  stack.supervisor().signal(SIGHUP);
  stack.supervisor().signal(SIGTERM);
  stack.in_state("a", State::stopping);
  CHECK(stack.client().up({}).error().code() == Errc::conflict);
  stack.supervisor().signal(SIGTERM);
  CHECK(stack.supervisor().wait()->success());
  CHECK(stack.remaining().empty());
}

TEST_CASE("a follower gets events as they happen") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  control::Client follower = stack.client();
  CHECK(follower.events(0, 10ms)->events.empty());
  stack.up();
  std::uint64_t last = 0;
  std::vector<control::Event> seen;
  while (seen.empty() || seen.back().to != State::ready) {
    const auto page = follower.events(last, 5s);
    REQUIRE(page);
    REQUIRE_FALSE(page->events.empty());
    CHECK_FALSE(page->gap);
    seen.insert(seen.end(), page->events.begin(), page->events.end());
    last = page->last;
  }
  CHECK(seen.front().cause == "start requested");
  stack.down();
}

TEST_CASE("a follower who asks late still sees the end") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  const pid_t pid = stack.status("a").pid;
  control::Client follower = stack.client();
  const auto before = follower.events(0, 5s);
  REQUIRE(before);
  REQUIRE(stack.client().down());
  // What was to be told has happened; the follower has not asked for it yet.
  REQUIRE(wait_until([&] { return !process_info(pid); }));
  std::vector<control::Event> seen;
  for (std::uint64_t last = before->last; seen.empty() || seen.back().to != State::stopped;) {
    const auto page = follower.events(last, 5s);
    REQUIRE(page);
    seen.insert(seen.end(), page->events.begin(), page->events.end());
    last = page->last;
  }
  CHECK(stack.supervisor().wait(20s)->success());
}

TEST_CASE("of many services each has its own use in status, and down names what it ends") {
  constexpr int kServices = 40;  // more than are asked about one by one
  std::string file;
  for (int i = 0; i < kServices; ++i)
    file += fmt::format("[services.s{}]\nprocess = [\"sleep\", \"1000\"]\n", i);
  Stack stack(std::move(file));
  stack.start();
  stack.up();
  for (int i = 0; i < kServices; ++i) stack.in_state(fmt::format("s{}", i), State::ready);
  const auto status = stack.client().status();
  REQUIRE(status);
  std::map<std::string, pid_t> pids{{"", status->supervisor_pid}};
  for (const ServiceStatus& service : status->services) {
    INFO(service.name);
    CHECK(service.processes == 1);
    CHECK(service.threads == 1);
    CHECK(service.resident_bytes > 100'000);
    pids[service.name] = service.pid;
  }
  const auto stopping = stack.client().down();
  REQUIRE(stopping);
  CHECK(stopping->last_event == status->last_event);
  std::map<std::string, pid_t> named;
  for (const auto& process : stopping->processes) {
    named[process.service] = process.pid;
    CHECK(process.start_ticks > 0);
  }
  CHECK(named == pids);
  CHECK(stack.supervisor().wait(20s)->success());
  for (const auto& [service, pid] : pids) CHECK_FALSE(process_info(pid));
}

TEST_CASE("the control socket answers nonsense with an error and goes on") {
  Stack stack(service("web") + service("worker"));
  stack.start();
  const auto [request, expected] = GENERATE(table<std::string, std::string>({
      {"nonsense", "-32700"},
      {"[1]", "-32600"},
      {R"({"jsonrpc":"2.0","id":1,"method":"explode"})", "-32601"},
      {R"({"jsonrpc":"2.0","id":1,"method":"up","params":{"services":"all"}})", "-32602"},
      {R"({"jsonrpc":"2.0","id":1,"method":"up","params":{"services":[1]}})", "-32602"},
      {R"({"jsonrpc":"2.0","id":1,"method":"up","params":{"services":["wep"]}})",
       "did you mean web?"},
      {std::string(3U << 20U, 'x'), "a line of more than"},
  }));
  RawClient client(stack.socket());
  for (std::size_t at = 0; at < request.size(); at += 60000) {
    CHECK(client.send(request.substr(at, 60000)));
    CHECK(stack.client().status());  // meanwhile others are served
  }
  client.send("\n");
  CHECK_THAT(client.line(), Catch::Contains(expected));
  CHECK(stack.client().status()->services.size() == 2);
}

TEST_CASE("a state folder may be as deep as the file system allows") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.use_state(std::string(60, 'd') + "/" + std::string(100, 'e'));
  REQUIRE(stack.socket().string().size() > sizeof(sockaddr_un::sun_path));
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  stack.down();
}

TEST_CASE("a client says why it cannot reach a supervisor") {
  TempDir folder;
  const auto never = control::Client::connect(folder / "run" / "control.sock");
  CHECK(never.error().code() == Errc::unavailable);
  CHECK_THAT(never.error().message(), Catch::Contains("no supervisor has run here"));
  Stack stack(service("a"));
  stack.start();
  control::Client client = stack.client();
  stack.kill_supervisor();
  CHECK(client.status().error().code() == Errc::unavailable);
  const auto dead = control::Client::connect(stack.socket());
  CHECK(dead.error().code() == Errc::unavailable);
  CHECK_THAT(dead.error().message(), Catch::Contains("no supervisor listens there"));
}

TEST_CASE("a supervisor that hangs is a timeout, not a wait for ever") {
  Stack stack(service("a"));
  stack.start();
  control::Client client = stack.client();
  client.set_timeout(100ms);
  stack.supervisor().signal(SIGSTOP);
  CHECK(client.status().error().code() == Errc::timeout);
  stack.supervisor().signal(SIGCONT);
  CHECK(wait_until([&] { return client.status().has_value(); }));  // skips the late answer
  stack.down();
}
