// A stack under random disturbance, 20 times a second, and what it costs: nothing may grow. Five
// seconds in the suite; `make soak` takes SOAK_SECONDS (an hour, when nobody says otherwise).
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

constexpr Duration kPace = 50ms;
constexpr int kServices = 6;

struct Cost {
  std::size_t descriptors = 0;
  std::uint64_t resident = 0;
  std::size_t processes = 0;  // of services
  std::size_t zombies = 0;    // that nobody reaped
};

// Of variant 0 to 3: some services come and go, some change.
std::string stack_of(unsigned variant) {
  std::string text;
  for (int i = 0; i < kServices; ++i) {
    if (i == 5 && variant % 2 == 1) continue;
    const std::string check = i % 2 == 0 ? "ready = { process = true, every = \"20ms\" }\n" : "";
    const std::string change = i % 3 == 0 ? fmt::format("env = {{ V = \"{}\" }}\n", variant) : "";
    const std::string needs = i == 3 ? "needs = { s0 = \"ready\" }\n" : "";
    text += fmt::format(
        "[services.s{0}]\nprocess = [\"sh\", \"s.sh\"]\n"
        "restart = {{ backoff = \"5ms..50ms\", give_up = \"1000000 in 1m\" }}\n"
        "stop = {{ grace = \"200ms\" }}\n{1}{2}{3}\n",
        i, check, change, needs);
  }
  text += service("pool", "replicas = 1");
  return text;
}

Cost cost_of(const Stack& stack, pid_t supervisor) {
  Cost cost;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", supervisor), error)) {
    static_cast<void>(entry);
    ++cost.descriptors;
  }
  if (const auto info = process_info(supervisor)) cost.resident = info->resident_bytes;
  for (const ProcessInfo& info : all_processes())
    if (info.parent == supervisor && info.state == 'Z') ++cost.zombies;
  cost.processes = stack.remaining().size();
  return cost;
}

// When nothing is under way any more: a connection that closes, a log that is opened with its first
// line, a wait that is begun anew, are a descriptor more or less for a moment.
Cost settled(Stack& stack) {
  constexpr int kSameLooks = 40;
  Cost cost;
  int same = 0;
  REQUIRE(wait_until([&] {
    const Cost now = cost_of(stack, stack.supervisor().pid());
    same = now.descriptors == cost.descriptors ? same + 1 : 0;
    cost = now;
    return same == kSameLooks;
  }));
  return cost;
}

// Everything as the stack file says, and at peace.
Cost at_rest(Stack& stack) {
  stack.rewrite(stack_of(0));
  REQUIRE(stack.client().reload(false));
  REQUIRE(stack.client().scale("pool", 1));
  stack.up();
  for (int i = 0; i < kServices; ++i) stack.in_state(fmt::format("s{}", i), State::ready, 20s);
  REQUIRE(wait_until([&] { return stack.remaining().size() == kServices + 1; }));
  REQUIRE(wait_until([&] { return cost_of(stack, stack.supervisor().pid()).zombies == 0; }));
  return settled(stack);
}

void disturb(Stack& stack, control::Client& client, std::mt19937& random) {
  const std::string name = fmt::format("s{}", random() % kServices);
  switch (random() % 7) {
    case 0: {
      const auto status = client.status({name});
      if (status && status->services.at(0).pid > 0) ::kill(status->services.at(0).pid, SIGKILL);
      break;
    }
    case 1:
      static_cast<void>(client.stop({name}).has_value());
      break;
    case 2:
      static_cast<void>(client.up({name}).has_value());
      break;
    case 3:
      static_cast<void>(client.restart({name}).has_value());
      break;
    case 4:
      stack.rewrite(stack_of(random() % 4));
      REQUIRE(client.reload(random() % 4 == 0));
      break;
    case 5:
      static_cast<void>(client.scale("pool", static_cast<int>(random() % 4)).has_value());
      break;
    default:
      static_cast<void>(client.up({}).has_value());
      break;
  }
}

Duration soak_time() {
  const Environment environment = current_environment();
  const auto found = environment.find("SOAK_SECONDS");
  const auto seconds = found == environment.end() ? std::nullopt : parse_integer(found->second);
  return std::chrono::seconds(seconds.value_or(5));
}

int run_for(Stack& stack, Duration time, std::mt19937& random) {
  const Time end = std::chrono::steady_clock::now() + time;
  auto client = stack.client();
  int done = 0;
  for (Time next = std::chrono::steady_clock::now(); next < end; next += kPace, ++done) {
    std::this_thread::sleep_until(next);
    disturb(stack, client, random);
  }
  return done;
}

}  // namespace

TEST_CASE("a soak of random kills, stops, starts, restarts and reloads leaves nothing behind") {
  Stack stack(stack_of(0));
  stack.script("s.sh", "echo up; exec sleep 1000\n");
  stack.script("pool.sh", kForever);
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  stack.start();
  at_rest(stack);
  const Duration time = soak_time();
  run_for(stack, time / 2, random);  // what is allocated once is allocated now; it settles slowly
  const Cost before = at_rest(stack);
  const int done = run_for(stack, time, random);
  const Cost after = at_rest(stack);
  std::printf(
      "soak: %d operations; descriptors %zu -> %zu, resident %lu -> %lu KiB, "
      "processes %zu -> %zu\n",
      done, before.descriptors, after.descriptors, before.resident / 1024, after.resident / 1024,
      before.processes, after.processes);
  CHECK(after.descriptors <= before.descriptors);
  CHECK(after.processes == before.processes);
  CHECK(after.zombies == 0);
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed for a while
  CHECK(after.resident <= before.resident + (1U << 20U));
#endif
  stack.down();
  CHECK(stack.remaining().empty());
}
