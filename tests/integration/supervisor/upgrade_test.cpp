// Another program of the supervisor's in place of the running one.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

void executable(Stack& stack, const std::string& name, const std::string& text) {
  stack.script(name, text);
  ::chmod(stack.path(name).c_str(), 0755);
}

// Waits for another start of the same process.
control::StackStatus after_upgrade(Stack& stack, const control::StackStatus& before) {
  control::StackStatus after;
  REQUIRE(wait_until([&] {
    const auto client = control::Client::connect(stack.socket());
    if (!client) return false;
    auto status = stack.client().status();
    if (!status || status->supervisor_started == before.supervisor_started) return false;
    after = *status;
    return true;
  }));
  return after;
}

}  // namespace

TEST_CASE("an upgrade in place restarts nothing, and exit codes stay known") {
  Stack stack(service("a", "ready = { process = true, every = \"20ms\" }") +
              service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", "while :; do test -e end && exit 7; sleep 0.01; done\n");
  stack.script("b.sh", "echo run >> runs; exec sleep 1000\n");
  stack.start();
  stack.up();
  const int a = stack.in_state("a", State::ready).pid;
  const int b = stack.in_state("b", State::ready).pid;
  const auto before = *stack.client().status();
  for (int round = 0; round < 2; ++round) {
    const auto now = *stack.client().status();
    const auto version = stack.client().upgrade(EXAI_SUPERVISOR);
    REQUIRE(version);
    CHECK(*version == before.version);
    const auto after = after_upgrade(stack, now);
    CHECK(after.supervisor_pid == before.supervisor_pid);
  }
  CHECK(stack.supervisor().running());
  CHECK(stack.in_state("a", State::ready).pid == a);
  CHECK(stack.in_state("b", State::ready).pid == b);
  CHECK(stack.status("a").restarts == 0);
  CHECK(wait_until([&] { return stack.read("runs") == "run\n"; }));

  stack.script("end", "");
  const ServiceStatus ended = stack.until("a", [](const auto& s) { return s.restarts > 0; });
  CHECK(ended.last_exit == "exit code 7");
  std::filesystem::remove(stack.path("end"));
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a service that ends while the supervisor is replaced ends with a known exit code") {
  Stack stack(
      "[services.a]\nprocess = [\"sh\", \"a.sh\"]\n"
      "restart = { policy = \"never\" }\n");
  // Ends when the successor is tried, so that its end falls into the change.
  stack.script("a.sh", "while ! test -e go; do sleep 0.002; done; exit 9\n");
  // No shell: one that waits for a command reaps the service, too.
  executable(stack, "successor",
             fmt::format("#!/usr/bin/env python3\nimport os, sys, time\n"
                         "if sys.argv[1] != '--check':\n"
                         "  open('{}', 'w').close()\n  time.sleep(0.3)\n"
                         "os.execv('{}', sys.argv)\n",
                         stack.path("go").string(), EXAI_SUPERVISOR));
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  const auto before = *stack.client().status();
  REQUIRE(stack.client().upgrade(stack.path("successor").string()));
  after_upgrade(stack, before);
  const ServiceStatus ended =
      stack.until("a", [](const auto& s) { return s.state == State::failed; });
  CHECK(ended.last_exit == "exit code 9");
  stack.down();
}

TEST_CASE("a program that cannot supervise is refused, and the old one goes on") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  executable(stack, "broken", "#!/bin/sh\necho I am broken; exit 3\n");
  executable(stack, "other", "#!/bin/sh\necho another program\n");
  executable(stack, "nonsense", "\177ELF no program\n");
  stack.script("no-program", "");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  const auto [name, said] = GENERATE(table<std::string, std::string>({
      {"broken", "does not start: exit code 3: I am broken"},
      {"other", "is no exai-supervisor: it says another program"},
      {"nonsense", "nonsense"},
      {"no-program", "no-program"},
      {"nowhere", "nowhere"},
  }));
  const auto refused = stack.client().upgrade(stack.path(name).string());
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message(), Catch::Contains(said));
  CHECK(stack.status("a").pid == pid);
  stack.rewrite("this is no stack");
  const auto too_early = stack.client().upgrade(EXAI_SUPERVISOR);
  REQUIRE_FALSE(too_early);
  CHECK_THAT(too_early.error().message(), Catch::Contains("exai.toml:"));
  CHECK(stack.status("a").pid == pid);
  stack.down();
}

TEST_CASE("a program that passes its trial and cannot be started leaves the old one in charge") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  executable(stack, "once",
             fmt::format("#!/bin/sh\nrm -f \"$0\"\nexec {} \"$@\"\n", EXAI_SUPERVISOR));
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  const auto before = *stack.client().status();
  REQUIRE(stack.client().upgrade(stack.path("once").string()));
  after_upgrade(stack, before);
  CHECK(stack.in_state("a", State::ready).pid == pid);
  CHECK(stack.supervisor().running());
  stack.down();
}

TEST_CASE("clients who come during an upgrade are answered, not turned away") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  executable(stack, "slow",
             fmt::format("#!/bin/sh\n[ \"$1\" = --check ] || sleep 0.5\nexec {} \"$@\"\n",
                         EXAI_SUPERVISOR));
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  auto early = stack.client();
  REQUIRE(stack.client().upgrade(stack.path("slow").string()));
  REQUIRE(wait_until([&] {
    return read_file(fmt::format("/proc/{}/cmdline", stack.supervisor().pid()))
        .value_or("")
        .starts_with("/bin/sh");
  }));
  auto late = control::Client::connect(stack.socket());
  REQUIRE(late);
  CHECK(late->status()->services.at(0).pid == pid);
  CHECK(early.status()->services.at(0).pid == pid);  // its connection was cut; it came back
  const auto second = test::run(stack.command());
  CHECK(second.exit == 1);  // the lock was never free
  stack.down();
}
