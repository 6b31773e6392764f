// What the built exai-supervisor takes for proof that a service works, and that it still does.
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

// `notify TEXT` in a service's script: perl is on every Debian.
const std::string kNotify =
    "notify() { perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; "
    "send(S, $ARGV[0], 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die' \"$1\"; }\n";

std::string notified(const std::string& more = {}) {
  return service("web", "ready = { notify = \"ready\" }\n" + more);
}

bool send_as_a_stranger(const Path& socket, const std::string& text) {
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  return ::sendto(fd.get(), text.data(), text.size(), 0,
                  reinterpret_cast<const sockaddr*>(&address), sizeof address) > 0;
}

}  // namespace

TEST_CASE("a service that says READY=1 is ready, not before, and its status is shown") {
  Stack stack(notified());
  stack.script("web.sh", kNotify +
                             "notify STATUS=loading\nuntil [ -e open ]; do sleep 0.02; done\n"
                             "notify 'READY=1\nSTATUS=serving'\nexec sleep 1000\n");
  stack.start();
  stack.up();
  stack.until("web", [](const auto& s) { return s.said == "loading"; });
  CHECK(stack.status("web").state == State::starting);
  stack.script("open", "");
  const ServiceStatus ready = stack.in_state("web", State::ready);
  CHECK(ready.cause == "proven by notify ready: READY=1");
  CHECK(ready.said == "serving");
  CHECK(ready.ready->standing == "passing");
  CHECK(ready.ready->age_ms);
  SECTION("and stays so under the next supervisor") {
    stack.kill_supervisor();
    stack.start();
    const ServiceStatus taken = stack.in_state("web", State::ready);
    CHECK(taken.pid == ready.pid);
    CHECK(taken.cause == "proven by notify ready: to an earlier supervisor");
  }
  stack.down();
}

TEST_CASE("a stranger cannot say that a service is ready; any process of the service can") {
  Stack stack(notified());
  stack.script("web.sh", kNotify +
                             "until [ -e open ]; do sleep 0.02; done\n"
                             "(notify READY=1; sleep 1) &\nexec sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("web", State::starting);
  const Path socket = stack.state("run/web/notify");
  REQUIRE(wait_until([&] { return send_as_a_stranger(socket, "READY=1"); }));
  REQUIRE(wait_until([&] {
    return stack.read("state/logs/supervisor.log").find("not from the service") !=
           std::string::npos;
  }));
  CHECK(stack.status("web").state == State::starting);
  stack.script("open", "");
  stack.in_state("web", State::ready);
  stack.down();
}

TEST_CASE("a service that ends without a word has failed to start") {
  Stack stack(
      "[services.web]\nprocess = [\"sh\", \"-c\", \"exit 0\"]\n"
      "ready = { notify = \"ready\" }\nrestart = { backoff = \"1h..2h\" }\n");
  stack.start();
  stack.up();
  CHECK_THAT(stack.in_state("web", State::backoff).cause,
             Catch::StartsWith("exit code 0 before it was ready; restart 1 of 10 in "));
  stack.down();
}

TEST_CASE("who is ready too late is not ready: the start has failed") {
  Stack stack(
      "[services.web]\nprocess = [\"sh\", \"web.sh\"]\nready = { notify = \"ready\", timeout = "
      "\"50ms\" }\n"
      "start_timeout = \"100ms\"\nstop = { grace = \"20s\" }\n"
      "restart = { backoff = \"1s..2s\" }\n");
  stack.script("web.sh", kNotify +
                             "trap 'notify READY=1; exit 0' TERM\n"
                             "while :; do sleep 0.02; done\n");
  stack.start();
  stack.up();
  CHECK_THAT(stack.in_state("web", State::backoff).cause,
             Catch::StartsWith("not ready within 100ms; restart 1 of 10 in "));
  CHECK_FALSE(contains(stack.history(), "web: stopping -> ready"));
  CHECK_FALSE(contains(stack.history(), "web: starting -> ready"));
  stack.down();
}

TEST_CASE("a watchdog that falls silent means a restart, and says why") {
  Stack stack(notified("healthy = { notify = \"watchdog\", timeout = \"400ms\" }"));
  stack.script("web.sh", kNotify +
                             "echo $WATCHDOG_USEC > usec; notify READY=1\n"
                             "until [ -e silent ]; do notify WATCHDOG=1; sleep 0.02; done\n"
                             "rm silent; exec sleep 1000\n");
  stack.start();
  stack.up();
  const ServiceStatus before = stack.until(
      "web", [](const auto& s) { return s.healthy && s.healthy->standing == "passing"; });
  CHECK(stack.read("usec") == "400000\n");
  stack.script("silent", "");
  const ServiceStatus after = stack.until(
      "web", [&](const auto& s) { return s.state == State::ready && s.pid != before.pid; });
  CHECK(after.last_restart_cause ==
        "not healthy: notify watchdog failed: no WATCHDOG=1 within 400ms");
  stack.down();
}

TEST_CASE("a service may say itself that it is sick") {
  Stack stack(notified("healthy = { notify = \"watchdog\", timeout = \"1h\" }"));
  stack.script("web.sh", kNotify +
                             "notify READY=1\nuntil [ -e sick ]; do sleep 0.02; done\n"
                             "rm sick; notify WATCHDOG=trigger; exec sleep 1000\n");
  stack.start();
  stack.up();
  const int before = stack.in_state("web", State::ready).pid;
  stack.script("sick", "");
  const ServiceStatus after =
      stack.until("web", [&](const auto& s) { return s.state == State::ready && s.pid != before; });
  CHECK(after.last_restart_cause == "not healthy: its watchdog: it says so itself");
  stack.down();
}

TEST_CASE("a service may name another process as itself, and end the first one") {
  Stack stack(notified());
  stack.script("web.sh", kNotify + "sleep 1000 &\nnotify \"READY=1\nMAINPID=$!\"; exit 0\n");
  stack.start();
  stack.up();
  const ServiceStatus ready = stack.until("web", [](const auto& s) {
    return s.state == State::ready && command_line(s.pid) == "sleep 1000";
  });
  CHECK(ready.restarts == 0);
  // Until its parent has ended it is no child of ours, and how it ends is not ours to know.
  REQUIRE(wait_until([&] {
    const auto info = process_info(ready.pid);
    return info && info->parent == stack.supervisor().pid();
  }));
  ::kill(ready.pid, SIGKILL);
  const ServiceStatus after = stack.until("web", [&](const auto& s) {
    return s.state == State::ready && s.pid != ready.pid && command_line(s.pid) == "sleep 1000";
  });
  CHECK(after.last_exit == "signal 9 (KILL)");
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a line of its output proves a service, however it is cut") {
  Stack stack(service("web", "ready = { log = \"^listening on [0-9]+\" }"));
  SECTION("in two pieces, far apart") {
    stack.script("web.sh",
                 "echo not listening on 80; printf 'listen'\n"
                 "until [ -e open ]; do sleep 0.02; done\n"
                 "printf 'ing on 8080\\n'; exec sleep 1000\n");
  }
  SECTION("without an end") {
    stack.script("web.sh",
                 "until [ -e open ]; do sleep 0.02; done\n"
                 "printf 'listening on 8080'; exec sleep 1000\n");
  }
  stack.start();
  stack.up();
  stack.in_state("web", State::starting);
  stack.script("open", "");
  CHECK(stack.in_state("web", State::ready).cause ==
        "proven by log ^listening on [0-9]+: listening on 8080");
  stack.down();
}

TEST_CASE("health is lost after so many failures in a row, and the cause counts them") {
  Stack stack(service("web",
                      "healthy = { command = [\"sh\", \"check.sh\"], every = \"20ms\", "
                      "failures = 3 }"));
  stack.script("web.sh", kForever);
  // Two failures, a success, two failures: that is not enough. Then for good.
  stack.script("check.sh",
               "echo x >> n; c=$(wc -l < n)\n"
               "[ -e broken ] && { echo 'out of order'; exit 1; }\n"
               "[ $((c % 3)) -eq 0 ]\n");
  stack.start();
  stack.up();
  const int before = stack.in_state("web", State::ready).pid;
  REQUIRE(wait_until([&] { return stack.read("n").size() > 20; }));
  CHECK(stack.status("web").pid == before);
  stack.script("broken", "");
  const ServiceStatus after =
      stack.until("web", [](const auto& s) { return !s.last_restart_cause.empty(); });
  CHECK(after.last_restart_cause ==
        "not healthy: command sh check.sh failed 3 times: exit code 1 (last line: out "
        "of order)");
  std::filesystem::remove(stack.path("broken"));
  stack.down();
}

TEST_CASE("readiness wants so many successes in a row") {
  Stack stack(service("web",
                      "ready = { command = [\"sh\", \"check.sh\"], every = \"10ms\", "
                      "successes = 3 }"));
  stack.script("web.sh", kForever);
  stack.script("check.sh", "echo x >> n; [ $(wc -l < n) -ne 2 ]\n");  // yes no yes yes yes
  stack.start();
  stack.up();
  stack.in_state("web", State::ready);
  const std::string runs = stack.read("n");
  CHECK(std::count(runs.begin(), runs.end(), '\n') >= 5);
  stack.down();
}

TEST_CASE("a check that hangs is ended at its time with all it has started, and holds nobody up") {
  Stack stack(service("hung",
                      "ready = { command = [\"sh\", \"hang.sh\"], timeout = \"100ms\", "
                      "every = \"20ms\" }") +
              service("fine", "ready = { command = [\"true\"], every = \"20ms\" }"));
  stack.script("hung.sh", kForever);
  stack.script("fine.sh", kForever);
  stack.script("hang.sh", "sleep 1000 & sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("fine", State::ready);
  const ServiceStatus hung =
      stack.until("hung", [](const auto& s) { return s.ready && s.ready->failures >= 2; });
  CHECK(hung.state == State::starting);
  CHECK_THAT(hung.ready->detail, Catch::Contains("100ms"));
  // The service, and one run of its check: the shell and two sleeps.
  CHECK(stack.remaining().size() <= 5);
  REQUIRE(stack.client().stop({"hung"}));
  stack.in_state("hung", State::stopped);
  CHECK(wait_until([&] { return stack.remaining().size() == 1; }));
  stack.down();
}

TEST_CASE("a proof that is lost for a while restarts nothing; who comes later waits for it") {
  Stack stack(service("base",
                      "ready = { command = [\"test\", \"-e\", \"open\"], every = \"20ms\", "
                      "failures = 1 }") +
              service("early", "needs = { base = \"ready\" }") +
              service("late", "needs = { base = \"ready\" }"));
  for (const char* name : {"base.sh", "early.sh", "late.sh"}) stack.script(name, kForever);
  stack.script("open", "");
  stack.start();
  stack.up({"early"});
  const int early = stack.in_state("early", State::ready).pid;
  const int base = stack.status("base").pid;
  std::filesystem::remove(stack.path("open"));
  stack.until("base", [](const auto& s) { return s.ready->standing == "failing"; });
  CHECK_THAT(stack.status("base").cause,
             Catch::StartsWith("its proof fails: command test -e open failed: exit code 1"));
  stack.up({"late"});
  CHECK(stack.in_state("late", State::waiting).waiting_for == std::vector<std::string>{"base"});
  CHECK(stack.status("early").pid == early);
  stack.script("open", "");
  stack.in_state("late", State::ready);
  CHECK(stack.status("base").pid == base);
  stack.down();
}
