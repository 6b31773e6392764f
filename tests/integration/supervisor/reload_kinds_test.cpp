// Reload, with services that do not simply run: replicas, schedules, one-shots, profiles; and what a
// running service or the supervisor itself keeps from its start.
#include <catch2/catch.hpp>

#include "tests/integration/supervisor/reload.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

std::vector<std::string> names(const Stack& stack) {
  const auto status = stack.client().status();
  REQUIRE(status);
  std::vector<std::string> all;
  for (const ServiceStatus& each : status->services) all.push_back(each.name);
  return all;
}

}  // namespace

TEST_CASE("reload starts and stops replicas, and leaves the others alone") {
  Stack stack(service("web", "replicas = 2") + service("after"));
  stack.script("web.sh", kForever);
  stack.script("after.sh", kForever);
  stack.start();
  stack.up();
  const int first = stack.in_state("web.1", State::ready).pid;
  stack.rewrite(service("web", "replicas = 3") + service("after"));
  CHECK(text_of(reload(stack)) ==
        "web.1: change in place (replicas); web.2: change in place (replicas); "
        "web.3: start (it is new)");
  stack.in_state("web.3", State::ready);
  CHECK(names(stack) == std::vector<std::string>{"web.1", "web.2", "web.3", "after"});

  stack.rewrite(service("web", "replicas = 1") + service("after"));
  CHECK_THAT(text_of(reload(stack)), Catch::Contains("web.3: stop (the stack no longer has it)"));
  CHECK(wait_until([&] { return names(stack) == std::vector<std::string>{"web.1", "after"}; }));
  CHECK(stack.status("web.1").pid == first);
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("what was scaled by hand stays so until the file says another number") {
  Stack stack(service("web", "replicas = 1"));
  stack.script("web.sh", kForever);
  stack.start();
  stack.up();
  REQUIRE(stack.client().scale("web", 3));
  stack.in_state("web.3", State::ready);
  CHECK(text_of(reload(stack)) == "");
  CHECK(reload(stack).kept == 3);
  stack.rewrite(service("web", "replicas = 2"));
  reload(stack);
  CHECK(wait_until([&] { return names(stack) == std::vector<std::string>{"web.1", "web.2"}; }));
  REQUIRE(stack.client().scale("web", 3));
  stack.in_state("web.3", State::ready);
  stack.down();
}

TEST_CASE("another schedule holds from the reload on") {
  Stack stack(service("job", "every = \"1h\""));
  stack.script("job.sh", "echo run >> runs\n");
  stack.start();
  stack.up();
  stack.in_state("job", State::scheduled);
  stack.rewrite(service("job", "every = \"1s\""));
  CHECK(text_of(reload(stack)) == "job: change in place (every)");
  CHECK(wait_until([&] { return stack.read("runs").starts_with("run\n"); }));
  stack.rewrite(service("job"));
  stack.script("job.sh", kForever);
  CHECK_THAT(text_of(reload(stack)), Catch::Contains("(every)"));
  stack.in_state("job", State::ready);
  stack.down();
}

TEST_CASE("a one-shot that is done runs again when what it is made from has changed") {
  Stack stack(service("prepare", "kind = \"once\""));
  stack.script("prepare.sh", "echo run $A >> runs\n");
  stack.start();
  stack.up();
  stack.in_state("prepare", State::done);
  CHECK(text_of(reload(stack)) == "");
  stack.rewrite(service("prepare", "kind = \"once\"\nenv = { A = \"1\" }"));
  CHECK(text_of(reload(stack)) == "prepare: start (env.A)");
  CHECK(wait_until([&] { return stack.read("runs") == "run\nrun 1\n"; }));
  stack.in_state("prepare", State::done);
  stack.down();
}

TEST_CASE("a service that tells its readiness itself is told anew where") {
  Stack stack(service("a", "ready = { process = true }"));
  stack.script("a.sh", "echo listening; exec sleep 1000\n");
  stack.start();
  stack.up();
  const int before = stack.in_state("a", State::ready).pid;
  stack.rewrite(service("a", "ready = { log = \"listening\" }"));
  CHECK(text_of(reload(stack)) == "a: restart (ready.log, ready.process)");
  const ServiceStatus now = stack.until(
      "a", [&](const auto& s) { return s.state == State::ready && s.pid != before; });
  CHECK(now.cause == "proven by log listening: listening");
  stack.down();
}

TEST_CASE("a new service with a profile waits to be asked for") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.script("tool.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  stack.rewrite(service("a") + service("tool", "profiles = [\"debug\"]"));
  reload(stack);
  CHECK(stack.status("tool").state == State::stopped);
  stack.up({"tool"});
  stack.in_state("tool", State::ready);
  stack.down();
}

TEST_CASE("a log has its new limits at once; what only a start reads is said") {
  Stack stack(service("a"));
  stack.script("a.sh", "while :; do echo 0123456789012345678901234567890123456789; sleep 0.001; done\n");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  stack.rewrite("[logs]\nmax_total = \"50MiB\"\n" +
                service("a", "log = { max_size = \"1KiB\", compress = false }"));
  const control::Reloaded answer = reload(stack);
  CHECK(text_of(answer) == "a: change in place (log.compress, log.max_size)");
  CHECK_THAT(answer.text, Catch::Contains("logs.max_total") &&
                              Catch::Contains("exai upgrade-supervisor"));
  CHECK(wait_until([&] { return std::filesystem::exists(stack.state("logs/a.log.000001")); }));
  CHECK(stack.status("a").pid == pid);
  stack.down();
}
