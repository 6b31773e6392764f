// Somebody sets the clock: what waits, waits as long as it was to; what was proven, stays proven.
#include <catch2/catch.hpp>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

constexpr int kDay = 86400;

// With a wall clock of its own, which set() sets.
void start_with_a_clock(Stack& stack) {
  stack.set("LD_PRELOAD", CLOCK_JUMP);
  stack.set("CLOCK_JUMP_FILE", stack.path("jump").string());
  stack.set("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0");
  stack.start();
}

void jump(Stack& stack, int seconds) {
  stack.script("jump", std::to_string(seconds));
}

std::size_t runs(const Stack& stack) {
  const std::string text = stack.read("runs");
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a clock that is set by a day restarts nothing, ages no proof and lengthens no wait") {
  Stack stack(
      "[services.web]\nprocess = [\"sh\", \"web.sh\"]\n"
      "ready = { command = [\"true\"], every = \"50ms\" }\n"
      "healthy = { command = [\"true\"], every = \"50ms\" }\n"
      "restart = { backoff = \"300ms..300ms\" }\n" +
      service("job", "every = \"1s\""));
  stack.script("web.sh", kForever);
  stack.script("job.sh", "echo run >> runs\n");
  start_with_a_clock(stack);
  stack.up();
  const ServiceStatus before = stack.in_state("web", State::ready);
  const WallTime real = std::chrono::system_clock::now();
  const int by = GENERATE(1, -1) * kDay;
  jump(stack, by);

  // It has seen the new time, or this case proves nothing.
  stack.client().restart({"web"});
  const ServiceStatus after = stack.until(
      "web", [&](const auto& s) { return s.state == State::ready && s.pid != before.pid; });
  const auto seen = std::chrono::duration_cast<std::chrono::seconds>(after.since - real).count();
  CHECK(std::abs(seen - by) < 60);
  REQUIRE(after.ready);
  CHECK(after.ready->age_ms.value_or(-1) >= 0);
  CHECK(after.ready->age_ms.value_or(-1) < 60'000);
  CHECK(after.restarts == 0);

  jump(stack, -by);
  ::kill(after.pid, SIGKILL);
  const ServiceStatus again = stack.until(
      "web", [&](const auto& s) { return s.state == State::ready && s.pid != after.pid; });
  CHECK(again.restarts == 1);
  const std::size_t so_far = runs(stack);
  CHECK(wait_until([&] { return runs(stack) > so_far; }, 5s));
  stack.down();
  CHECK(stack.remaining().empty());
}
