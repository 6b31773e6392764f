// What the built exai-supervisor promises about services that need each other.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

std::string failing(const std::string& name) {
  return fmt::format(
      "[services.{}]\nprocess = [\"sh\", \"{}.sh\"]\n"
      "restart = {{ policy = \"never\" }}\n",
      name, name);
}

std::string gate(const std::string& file) {
  return fmt::format("ready = {{ command = [\"test\", \"-e\", \"{}\"], every = \"20ms\" }}\n",
                     file);
}

}  // namespace

TEST_CASE("what needs a service that has failed says so, and starts when that is put right") {
  Stack stack(failing("base") + gate("right") + service("middle", "needs = { base = \"ready\" }") +
              service("top", "needs = { middle = \"ready\" }"));
  stack.script("base.sh", "[ -e right ] || exit 3; exec sleep 1000\n");
  stack.script("middle.sh", kForever);
  stack.script("top.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("base", State::failed);
  const ServiceStatus middle =
      stack.until("middle", [](const auto& s) { return s.cause.find("cannot") == 0; });
  CHECK(middle.state == State::waiting);
  CHECK(middle.cause ==
        "cannot start: it needs base, which has failed: exit code 3 before it was ready; its "
        "policy is not to restart");
  CHECK(stack.until("top", [](const auto& s) { return s.cause.find("cannot") == 0; }).cause ==
        "cannot start: it needs middle, which cannot start");
  stack.script("right", "");
  REQUIRE(stack.client().start({"base"}));
  stack.in_state("top", State::ready);
  stack.down();
}

TEST_CASE("what is wanted is waited for while it may come, and not missed when it cannot") {
  Stack stack(failing("cache") + gate("never") + service("web", "wants = { cache = \"ready\" }") +
              service("gated", gate("open")) + service("later", "wants = { gated = \"ready\" }"));
  stack.script("cache.sh", "exit 1\n");
  for (const char* name : {"web.sh", "gated.sh", "later.sh"}) stack.script(name, kForever);
  stack.start();
  stack.up();
  stack.in_state("web", State::ready);
  CHECK(stack.status("cache").state == State::failed);
  CHECK(stack.in_state("later", State::waiting).waiting_for == std::vector<std::string>{"gated"});
  stack.script("open", "");
  stack.in_state("later", State::ready);
  stack.down();
}

TEST_CASE("who waits goes on waiting while what it needs restarts") {
  Stack stack(service("base", gate("open")) + service("web", "needs = { base = \"ready\" }"));
  stack.script("base.sh",
               "echo run >> runs; [ $(wc -l < runs) -gt 2 ] && touch open\n"
               "[ -e open ] && exec sleep 1000; sleep 0.05; exit 1\n");
  stack.script("web.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("web", State::ready);
  CHECK(stack.status("base").restarts == 2);
  const auto history = stack.history();
  CHECK(position(history, "base: starting -> backoff") <
        position(history, "web: waiting -> starting"));
  CHECK_FALSE(contains(history, "web: waiting -> waiting"));
  stack.down();
}

TEST_CASE("healthy is waited for beyond ready") {
  Stack stack(service("base",
                      "healthy = { command = [\"test\", \"-e\", \"open\"], every = \"20ms\", "
                      "failures = 1000 }") +
              service("web", "needs = { base = \"healthy\" }"));
  stack.script("base.sh", kForever);
  stack.script("web.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("base", State::ready);
  stack.until("base", [](const auto& s) { return s.healthy && s.healthy->failures > 0; });
  CHECK(stack.status("web").state == State::waiting);
  stack.script("open", "");
  stack.in_state("web", State::ready);
  stack.down();
}

TEST_CASE("done is enough for some, done-ok for others") {
  Stack stack(failing("job") + "kind = \"once\"\n" + service("any", "needs = { job = \"done\" }") +
              service("well", "needs = { job = \"done-ok\" }"));
  stack.script("job.sh", "exit 1\n");
  stack.script("any.sh", kForever);
  stack.script("well.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("any", State::ready);
  CHECK_THAT(stack.in_state("well", State::waiting).cause,
             Catch::StartsWith("cannot start: it needs job, which has failed: exit code 1"));
  stack.down();
}

TEST_CASE("a chain of 32 starts from its end, and stops from its beginning") {
  std::string services;
  for (int i = 0; i < 32; ++i)
    services += fmt::format("[services.s{}]\nprocess = [\"sleep\", \"1000\"]\n{}", i,
                            i == 0 ? "" : fmt::format("needs = {{ s{} = \"ready\" }}\n", i - 1));
  Stack stack(services);
  stack.start();
  stack.up({"s31"});
  stack.in_state("s31", State::ready);
  REQUIRE(stack.client().stop({"s0"}));
  stack.in_state("s0", State::stopped);
  const auto history = stack.history();
  for (int i = 1; i < 32; ++i) {
    CHECK(position(history, fmt::format("s{}: starting -> ready", i - 1)) <
          position(history, fmt::format("s{}: starting -> ready", i)));
    CHECK(position(history, fmt::format("s{}: stopping -> stopped", i)) <
          position(history, fmt::format("s{}: ready -> stopping", i - 1)));
  }
  CHECK(stack.remaining().empty());
  stack.down();
}

TEST_CASE("both sides of a diamond start beside each other, its end after both") {
  Stack stack(service("base") + service("left", "needs = { base = \"ready\" }\n" + gate("both")) +
              service("right", "needs = { base = \"ready\" }\n" + gate("both")) +
              service("end", "needs = { left = \"ready\", right = \"ready\" }"));
  for (const char* name : {"base.sh", "end.sh"}) stack.script(name, kForever);
  // Neither is ready before the other one runs.
  stack.script("left.sh",
               "touch left; until [ -e right ]; do sleep 0.02; done; touch both\n"
               "exec sleep 1000\n");
  stack.script("right.sh",
               "touch right; until [ -e left ]; do sleep 0.02; done; touch both\n"
               "exec sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("end", State::ready);
  stack.down();
}

TEST_CASE("a hundred that need one start when it is ready") {
  std::string services = service("base", gate("open"));
  for (int i = 0; i < 100; ++i)
    services += fmt::format(
        "[services.s{}]\nprocess = [\"sleep\", \"1000\"]\n"
        "needs = {{ base = \"ready\" }}\n",
        i);
  Stack stack(services);
  stack.script("base.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("s99", State::waiting);
  stack.script("open", "");
  for (int i = 0; i < 100; i += 33) stack.in_state(fmt::format("s{}", i), State::ready);
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("services that wait for each other are refused, with the way round") {
  const auto [services, complaint] = GENERATE(table<std::string, std::string>({
      {service("a", "needs = { b = \"ready\" }") + service("b", "needs = { c = \"ready\" }") +
           service("c", "needs = { a = \"ready\" }"),
       "services wait for each other in a circle: a → b → c → a"},
      {service("a", "wants = { b = \"ready\" }") + service("b", "needs = { a = \"ready\" }"),
       "services wait for each other in a circle: a → b → a"},
      {service("a", "needs = { bb = \"ready\" }") + service("b"),
       "a needs \"bb\", which is no service"},
      {service("a", "wants = { bb = \"ready\" }") + service("b"),
       "a needs \"bb\", which is no service"},
  }));
  Stack stack(services);
  Process process(stack.command());
  const auto status = process.wait(10s);
  REQUIRE(status);
  CHECK(describe(*status) == "exit code 2");
  CHECK_THAT(process.err(), Catch::Contains(complaint));
}
