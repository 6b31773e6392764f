// Services that are restarted when their files change.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

TEST_CASE("a changed file restarts the service that watches it, once, and no other") {
  Stack stack(service("a", "watch = [\"src/**\", \"app.conf\"]") + service("b"));
  stack.script("a.sh", kForever);
  stack.script("b.sh", kForever);
  stack.script("src/one.txt", "1");
  stack.start();
  stack.up();
  ServiceStatus a = stack.in_state("a", State::ready);
  const int b = stack.in_state("b", State::ready).pid;
  const auto restarted = [&](const std::string& because) {
    const ServiceStatus now =
        stack.until("a", [&](const auto& s) { return s.state == State::ready && s.pid != a.pid; });
    const auto page = stack.client().events(0, 0ms);
    const bool told = std::any_of(page->events.begin(), page->events.end(), [&](const auto& event) {
      return event.service == "a" && event.cause == because;
    });
    CHECK(told);
    a = now;
  };
  stack.script("src/one.txt", "2");
  restarted("src/one.txt changed");
  stack.script("src/new/deep/two.txt", "1");
  restarted("src/new/deep/two.txt changed");
  stack.script("src/new/deep/two.txt", "2");
  restarted("src/new/deep/two.txt changed");
  stack.script("app.conf", "1");
  restarted("app.conf changed");
  std::filesystem::remove(stack.path("app.conf"));
  restarted("app.conf changed");

  stack.script("src/.hidden", "1");
  stack.script("other.conf", "1");
  for (int i = 0; i < 20; ++i) stack.script(fmt::format("src/f{}.txt", i), "1");
  restarted("src/f0.txt changed");  // all of them together
  CHECK(stack.status("a").restarts == 0);
  CHECK(stack.status("b").pid == b);
  stack.down();
}

TEST_CASE("what a reload begins to watch is watched, what it stops to watch is not") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.script("src/one.txt", "1");
  stack.start();
  stack.up();
  const int first = stack.in_state("a", State::ready).pid;
  stack.rewrite(service("a", "watch = [\"src/*.txt\"]"));
  REQUIRE(stack.client().reload(false));
  CHECK(stack.status("a").pid == first);
  stack.script("src/one.txt", "2");
  const int second =
      stack.until("a", [&](const auto& s) { return s.state == State::ready && s.pid != first; })
          .pid;
  stack.rewrite(service("a", "watch = [\"other/*.txt\"]"));
  std::filesystem::create_directory(stack.path("other"));
  REQUIRE(stack.client().reload(false));
  stack.script("src/one.txt", "3");
  stack.script("other/one.txt", "1");
  const int third =
      stack.until("a", [&](const auto& s) { return s.state == State::ready && s.pid != second; })
          .pid;
  CHECK(third != first);
  stack.down();
}
