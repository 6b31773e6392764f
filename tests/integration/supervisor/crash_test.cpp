// The supervisor is killed where it hurts: no service is lost, none runs twice, none is forgotten.
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

// A script that holds a lock as long as it runs, and writes down each of its starts: "run", or
// "twice" when another one holds the lock.
std::string only_once(const std::string& name, const std::string& rest) {
  return fmt::format(
      "exec 9>>lock.{0}\nflock -n 9 || echo twice >> faults\n"
      "echo $$ >> starts.{0}\n{1}\n",
      name, rest);
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// What an operator, or chance, asks of the stack.
void disturb(Stack& stack, std::mt19937& random) {
  auto client = control::Client::connect(stack.socket());
  if (!client) return;
  switch (random() % 4) {
    case 0:
      static_cast<void>(client->up({}).has_value());
      break;
    case 1:
      static_cast<void>(client->restart({"busy"}).has_value());
      break;
    case 2:
      static_cast<void>(client->stop({"idle"}).has_value());
      break;
    default:
      static_cast<void>(client->up({"idle"}).has_value());
      break;
  }
}

std::vector<process::Identity> leaders(const Stack& stack) {
  std::vector<process::Identity> found;
  for (const process::Identity& each : stack.remaining())
    if (const auto info = process_info(each.pid); info && info->session == info->pid)
      found.push_back(each);
  return found;
}

}  // namespace

TEST_CASE("killed at 200 random instants, the supervisor loses no service and starts none twice") {
  Stack stack(service("keeper") + service("busy", "needs = { keeper = \"started\" }") +
              service("idle") +
              "[services.crashing]\nprocess = [\"sh\", \"crashing.sh\"]\n"
              "restart = { backoff = \"5ms..20ms\", give_up = \"100000 in 1m\" }\n");
  stack.script("keeper.sh", only_once("keeper", "exec sleep 1000"));
  stack.script("busy.sh", only_once("busy", "exec sleep 1000"));
  stack.script("idle.sh", only_once("idle", "trap 'sleep 0.02; exit 0' TERM\nsleep 1000 & wait"));
  stack.script("crashing.sh", only_once("crashing", "sleep 0.01; exit 1"));
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  stack.start();
  stack.up();
  const int keeper = stack.in_state("keeper", State::ready).pid;
  for (int round = 0; round < 200; ++round) {
    const Time end = std::chrono::steady_clock::now() + Duration(random() % 30);
    do {
      disturb(stack, random);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
    } while (std::chrono::steady_clock::now() < end);
    stack.kill_supervisor();
    stack.start();
    REQUIRE(stack.read("faults") == "");
  }
  CHECK(stack.status("keeper").pid == keeper);
  CHECK(wait_until([&] { return stack.read("starts.keeper") == fmt::format("{}\n", keeper); }));
  stack.up();
  for (const char* name : {"keeper", "busy", "idle"}) stack.in_state(name, State::ready);
  stack.until("crashing", [](const auto& s) { return s.restarts > 0; });
  CHECK(leaders(stack).size() <= 4);  // one of each, and the crashing one is now and then none
  CHECK(leaders(stack).size() >= 3);
  stack.down();
  CHECK(stack.remaining().empty());
  CHECK(stack.read("faults") == "");
  CHECK(lines_in(stack.read("starts.crashing")) > 10);
}

TEST_CASE("with a snapshot cut anywhere, services are found and none is started twice") {
  Stack stack(service("a") + service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", only_once("a", "exec sleep 1000"));
  stack.script("b.sh", only_once("b", "exec sleep 1000"));
  stack.start();
  stack.up();
  const int a = stack.in_state("a", State::ready).pid;
  const int b = stack.in_state("b", State::ready).pid;
  stack.kill_supervisor();
  const std::string whole = stack.read("state/snapshot.json");
  std::vector<std::size_t> cuts;
  for (std::size_t i = 0; i < whole.size(); ++i)  // ends of lines, and some of all others
    if (whole[i] == '\n' || whole[i + 1] == '\n' || i % (whole.size() / 12) == 0) cuts.push_back(i);
  CHECK(cuts.size() >= 12);
  for (const std::size_t cut : cuts) {
    CAPTURE(cut, whole.size());
    stack.script("state/snapshot.json", whole.substr(0, cut));
    stack.start();
    stack.up();
    CHECK(stack.in_state("a", State::ready).pid == a);
    CHECK(stack.in_state("b", State::ready).pid == b);
    stack.kill_supervisor();
  }
  CHECK(wait_until([&] { return stack.read("starts.a") == fmt::format("{}\n", a); }));
  CHECK(stack.read("faults") == "");
  stack.start();
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("back-off and giving up go on counting over the death of a supervisor") {
  Stack stack(
      "[services.a]\nprocess = [\"sh\", \"a.sh\"]\n"
      "restart = { backoff = \"1h..1h\", give_up = \"2 in 1d\" }\n");
  stack.script("a.sh", "echo run >> runs; exit 3\n");
  stack.start();
  stack.up();
  const ServiceStatus before = stack.in_state("a", State::backoff);
  stack.kill_supervisor();
  stack.start();
  const ServiceStatus after = stack.status("a");
  CHECK(after.state == State::backoff);
  CHECK(after.cause == before.cause);
  CHECK(stack.read("runs") == "run\n");  // it waits for the rest of its hour
  for (int run = 2; run <= 3; ++run) {
    stack.up();  // skips the wait
    REQUIRE(
        wait_until([&] { return lines_in(stack.read("runs")) == static_cast<std::size_t>(run); }));
    stack.until(
        "a", [](const auto& s) { return s.state == State::backoff || s.state == State::failed; });
    stack.kill_supervisor();
    stack.start();
  }
  const ServiceStatus end = stack.status("a");
  CHECK(end.state == State::failed);
  CHECK(end.cause == "gave up after 2 restarts within 1d; the last: exit code 3");
  stack.down();
}

TEST_CASE("a service that finished is not run again by the next supervisor") {
  Stack stack(
      "[services.once]\nprocess = [\"sh\", \"once.sh\"]\nrestart = { policy = \"on-failure\" }\n" +
      service("a"));
  stack.script("once.sh", "echo run >> runs\n");
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  stack.until("once", [](const auto& s) { return s.last_exit == "exit code 0"; });
  stack.in_state("a", State::ready);
  for (int round = 0; round < 3; ++round) {
    stack.kill_supervisor();
    stack.start();
    CHECK(stack.in_state("a", State::ready).adopted);
  }
  CHECK(stack.read("runs") == "run\n");
  CHECK(stack.status("once").last_exit == "exit code 0");
  stack.down();
}

TEST_CASE("a stale socket and a stale lock are no obstacle; a living supervisor is") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  const auto second = test::run(stack.command());
  CHECK(second.exit == 1);
  CHECK_THAT(second.err, Catch::Contains("already running") &&
                             Catch::Contains(fmt::format("pid {}", stack.supervisor().pid())));
  CHECK(stack.status("a").pid == pid);  // its socket was left alone
  stack.kill_supervisor();
  CHECK(std::filesystem::exists(stack.socket()));
  CHECK(std::filesystem::exists(stack.state("run/supervisor.lock")));
  CHECK_FALSE(control::Client::connect(stack.socket()));
  stack.start();
  CHECK(stack.in_state("a", State::ready).pid == pid);
  stack.down();
}

TEST_CASE("of ten supervisors that start at once, one supervises") {
  Stack stack(service("a"));
  stack.script("a.sh", only_once("a", "exec sleep 1000"));
  std::vector<std::unique_ptr<test::Process>> rivals;
  for (int i = 0; i < 10; ++i) rivals.push_back(std::make_unique<test::Process>(stack.command()));
  REQUIRE(wait_until([&] { return control::Client::connect(stack.socket()).has_value(); }));
  REQUIRE(wait_until([&] {
    return std::count_if(rivals.begin(), rivals.end(),
                         [](const auto& rival) { return rival->running(); }) == 1;
  }));
  stack.up();
  stack.in_state("a", State::ready);
  CHECK(wait_until([&] { return lines_in(stack.read("starts.a")) == 1; }));
  REQUIRE(stack.client().down());
  REQUIRE(wait_until([&] {
    return std::none_of(rivals.begin(), rivals.end(),
                        [](const auto& rival) { return rival->running(); });
  }));
  CHECK(stack.remaining().empty());
}

TEST_CASE("down during a crash loop ends it") {
  Stack stack(
      "[services.a]\nprocess = [\"sh\", \"a.sh\"]\n"
      "restart = { backoff = \"1ms..5ms\", give_up = \"100000 in 1m\" }\n");
  stack.script("a.sh", "echo run >> runs; exit 1\n");
  stack.start();
  stack.up();
  stack.until("a", [](const auto& s) { return s.restarts > 5; });
  stack.down();
  const std::string runs = stack.read("runs");
  CHECK(stack.remaining().empty());
  CHECK(stack.read("runs") == runs);
}

TEST_CASE("stop during a start ends the start, and nothing comes after it") {
  Stack stack(service("a", "ready = { command = [\"false\"], every = \"10ms\" }") +
              service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", "echo run >> runs.a; exec sleep 1000\n");
  stack.script("b.sh", "echo run >> runs.b; exec sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("a", State::starting);
  stack.in_state("b", State::waiting);
  REQUIRE(wait_until([&] { return stack.read("runs.a") == "run\n"; }));
  REQUIRE(stack.client().stop({"a"}));
  stack.in_state("a", State::stopped);
  stack.in_state("b", State::stopped);
  CHECK(stack.remaining().empty());
  CHECK(stack.read("runs.b") == "");
  stack.down();
}
