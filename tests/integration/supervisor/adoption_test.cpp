// The death of the supervisor: its services go on, and the next one takes them over as they are.
#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/json.hpp"
#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

TEST_CASE("services outlive their supervisor, and the next one takes them over as they are") {
  Stack stack(service("a", "ready = { process = true, every = \"20ms\" }") +
              service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done\n");
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  ::kill(stack.in_state("a", State::ready).pid, SIGKILL);  // so that there is a past to keep
  stack.until("a", [](const auto& s) { return s.restarts == 1 && s.state == State::ready; });
  const ServiceStatus a = stack.status("a");
  const ServiceStatus b = stack.in_state("b", State::ready);
  const auto events = stack.client().events(0, 0ms)->last;

  stack.kill_supervisor();
  CHECK(process_info(a.pid));
  stack.start();
  const ServiceStatus taken = stack.in_state("a", State::ready);
  CHECK(taken.pid == a.pid);
  CHECK(taken.adopted);
  CHECK(taken.restarts == 1);
  CHECK(taken.last_restart_cause == "signal 9 (KILL)");
  CHECK(taken.started == a.started);
  CHECK(taken.ready->standing == "passing");
  CHECK(stack.in_state("b", State::ready).pid == b.pid);
  CHECK(stack.remaining().size() >= 2);
  CHECK(stack.client().events(events, 0ms)->events.size() >= 2);
  stack.up();
  CHECK(stack.status("a").pid == a.pid);

  ::kill(a.pid, SIGKILL);
  const ServiceStatus again = stack.until("a", [](const auto& s) {
    return s.restarts == 2 && s.state == State::ready;
  });
  CHECK(again.last_exit == "ended, how is unknown");
  CHECK_FALSE(again.adopted);
  stack.down();
  CHECK(stack.remaining().empty());

  // Not a line was lost between the two: each run counts without a gap.
  int last = 0;
  for (const std::string& line : split(stack.read("state/logs/a.log"), '\n')) {
    const auto at = line.find("line ");
    if (at == std::string::npos) continue;
    const int number = static_cast<int>(parse_integer(line.substr(at + 5)).value_or(-1));
    CHECK((number == last + 1 || number == 1));
    last = number;
  }
}

TEST_CASE("what ended while nobody watched is restarted once, by its policy") {
  Stack stack(service("a"));
  stack.script("a.sh", "echo run >> runs; (trap '' TERM; exec sleep 1000) & exec sleep 1000\n");
  stack.start();
  stack.up();
  const ServiceStatus before = stack.in_state("a", State::ready);
  REQUIRE(wait_until([&] { return stack.remaining().size() == 2; }));
  stack.kill_supervisor();
  ::kill(before.pid, SIGKILL);
  REQUIRE(wait_until([&] { return stack.remaining().size() == 1; }));
  stack.start();
  const ServiceStatus after = stack.in_state("a", State::ready);
  CHECK(after.last_restart_cause == "ended while no supervisor watched");
  CHECK(after.restarts == 1);
  CHECK(wait_until([&] { return stack.read("runs") == "run\nrun\n"; }));
  CHECK(wait_until([&] { return stack.remaining().size() == 2; }));  // its old child is gone
  stack.down();
}

TEST_CASE("a start that was announced and never reported is found, not repeated") {
  Stack stack(service("a"));
  stack.script("a.sh", "echo run >> runs; exec sleep 1000\n");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  stack.kill_supervisor();
  const auto lose = GENERATE(as<std::string>(), "the pid", "the file", "its sense");
  CAPTURE(lose);
  if (lose == "the file") std::filesystem::remove(stack.state("snapshot.json"));
  else if (lose == "its sense") stack.script("state/snapshot.json", "{ half a snapsh");
  else {
    const auto lines = split(trim(stack.read("state/snapshot.json")), '\n');
    auto snapshot = *parse_json_object(lines.front());
    auto& record = snapshot["services"].as_array()[0].as_object();
    record = (*parse_json_object(lines.back()))["services"].as_array()[0].as_object();
    record.erase("process");
    record["spawning"] = true;
    record["state"] = "starting";
    stack.script("state/snapshot.json", to_text(snapshot));
  }
  stack.start();
  CHECK(stack.in_state("a", State::ready).pid == pid);
  stack.up();
  CHECK(stack.status("a").pid == pid);
  CHECK(stack.read("runs") == "run\n");
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a snapshot of another boot, or of a recycled pid, names nobody's process") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  test::Command stranger;
  stranger.arguments = {"sleep", "1000"};
  test::Process bystander(std::move(stranger));
  const auto [boot, ticks] = GENERATE(table<std::string, std::uint64_t>({
      {"another-boot", 0},
      {boot_id(), 1},
  }));
  std::filesystem::create_directories(stack.state("run"));
  std::filesystem::permissions(stack.state(""), std::filesystem::perms::owner_all);
  std::filesystem::permissions(stack.state("run"), std::filesystem::perms::owner_all);
  const auto info = process_info(bystander.pid());
  stack.script("state/snapshot.json",
               fmt::format(R"({{"version":1,"boot_id":"{}","services":[{{"name":"a",)"
                           R"("state":"ready","wanted":true,)"
                           R"("process":{{"pid":{},"start_ticks":{}}}}}]}})",
                           boot, bystander.pid(), info->start_ticks + ticks));
  stack.start();
  stack.up();
  CHECK(stack.in_state("a", State::ready).pid != bystander.pid());
  stack.down();
  CHECK(bystander.running());
}

TEST_CASE("after the supervisor was killed, --adopt-only stops everything without the stack file") {
  Stack stack(service("a") + service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", kForever);
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("b", State::ready);
  stack.kill_supervisor();
  stack.rewrite("this is no stack");
  const auto refused = test::run(stack.command());
  CHECK(refused.exit == 2);
  CHECK_THAT(refused.err, Catch::Contains("exai.toml:"));
  CHECK(wait_until([&] { return stack.remaining().size() == 2; }));

  if (GENERATE(false, true)) std::filesystem::remove(stack.path("exai.toml"));
  stack.start({"--adopt-only"});
  CHECK(stack.in_state("a", State::ready).adopted);
  CHECK(stack.client().status()->stack == "test");
  stack.down();
  CHECK(stack.remaining().empty());
  const std::string log = stack.read("state/logs/supervisor.log");
  CHECK(log.rfind("ended service=b") < log.rfind("ended service=a"));
}

TEST_CASE("a service that the stack file lost is stopped by the next up") {
  Stack stack(service("a") + service("b"));
  stack.script("a.sh", kForever);
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("b", State::ready);
  stack.kill_supervisor();
  stack.rewrite(service("a"));
  stack.start();
  CHECK(stack.in_state("b", State::ready).adopted);
  stack.up();
  CHECK(stack.in_state("b", State::stopped).cause == "stopped: ended, how is unknown");
  CHECK(stack.status("a").state == State::ready);
  stack.down();
}
