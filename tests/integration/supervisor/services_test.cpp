// What the built exai-supervisor promises about starting, failing and stopping services.
#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

TEST_CASE("services start when what they need is ready, and down leaves nothing") {
  Stack stack(service("base", "ready = { command = [\"test\", \"-e\", \"open\"], every = \"20ms\" }") +
              service("middle", "needs = { base = \"ready\" }") +
              service("top", "needs = { middle = \"started\" }"));
  for (const char* name : {"base.sh", "middle.sh", "top.sh"}) stack.script(name, kForever);
  stack.start();
  stack.up({"top"});

  stack.until("base", [](const auto& s) { return s.ready && s.ready->failures > 0; });
  CHECK(stack.status("base").state == State::starting);
  CHECK(stack.status("middle").waiting_for == std::vector<std::string>{"base"});
  stack.script("open", "");
  stack.in_state("top", State::ready);
  const ServiceStatus base = stack.status("base");
  CHECK(base.ready->standing == "passing");
  CHECK(base.ready->age_ms);
  CHECK(base.resident_bytes > 0);
  const auto history = stack.history();
  CHECK(position(history, "base: starting -> ready") <
        position(history, "middle: waiting -> starting"));
  CHECK(position(history, "middle: waiting -> starting") <
        position(history, "top: waiting -> starting"));

  stack.down();
  CHECK(stack.remaining().empty());
  CHECK(std::filesystem::is_empty(stack.state("run")));
  CHECK_FALSE(std::filesystem::exists(stack.state("snapshot.json")));
  const std::string log = stack.read("state/logs/supervisor.log");
  CHECK(log.find("ended service=top") < log.find("ended service=middle"));
  CHECK(log.find("ended service=middle") < log.find("ended service=base"));
}

TEST_CASE("up again changes nothing") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  const ServiceStatus before = stack.in_state("a", State::ready);
  const auto history = stack.history();
  stack.up();
  stack.up({"a"});
  CHECK(stack.status("a").pid == before.pid);
  CHECK(stack.history() == history);
  stack.down();
}

TEST_CASE("a service that is killed is restarted, and the cause is told") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  const ServiceStatus before = stack.in_state("a", State::ready);
  ::kill(before.pid, SIGKILL);
  const ServiceStatus after = stack.until("a", [&](const auto& s) {
    return s.state == State::ready && s.pid != before.pid;
  });
  CHECK(after.restarts == 1);
  CHECK(after.last_exit == "signal 9 (KILL)");
  CHECK(after.last_restart_cause == "signal 9 (KILL)");
  CHECK(contains(stack.history(), "a: ready -> backoff"));
  stack.down();
}

TEST_CASE("a crash loop gives up, in view, and an explicit up tries again") {
  Stack stack(service("a"));
  stack.script("a.sh", "echo run >> runs; exit 3\n");
  stack.start();
  stack.up();
  const ServiceStatus failed = stack.in_state("a", State::failed);
  CHECK(failed.cause == "gave up after 5 restarts within 1m; the last: exit code 3");
  CHECK(failed.restarts == 5);
  const std::string runs = stack.read("runs");
  CHECK(std::count(runs.begin(), runs.end(), '\n') == 6);
  stack.script("a.sh", kForever);
  stack.up();
  stack.in_state("a", State::ready);
  stack.down();
}

TEST_CASE("down during a back-off ends stopped") {
  Stack stack("[services.a]\nprocess = [\"sh\", \"a.sh\"]\nrestart = { backoff = \"1h..2h\" }\n");
  stack.script("a.sh", "exit 1\n");
  stack.start();
  stack.up();
  stack.in_state("a", State::backoff);
  const Time before = std::chrono::steady_clock::now();
  stack.down();
  CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("restart gives a new process, exactly one, and leaves the others alone") {
  Stack stack(service("a") + service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", kForever);
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  const int a = stack.in_state("a", State::ready).pid;
  const int b = stack.in_state("b", State::ready).pid;
  SECTION("of one") {
    REQUIRE(stack.client().restart({"a"}));
    stack.until("a", [&](const auto& s) { return s.state == State::ready && s.pid != a; });
    CHECK(stack.status("b").pid == b);
  }
  SECTION("of all, the dependent stops first and starts last") {
    REQUIRE(stack.client().restart({}));
    stack.until("b", [&](const auto& s) { return s.state == State::ready && s.pid != b; });
    CHECK(stack.status("a").pid != a);
    const auto history = stack.history();
    CHECK(position(history, "b: stopping -> stopped") < position(history, "a: ready -> stopping"));
  }
  CHECK(stack.status("a").restarts == 0);
  CHECK(wait_until([&] { return stack.remaining().size() == 2; }));
  stack.down();
}

TEST_CASE("what ignores TERM, forks, or leaves its session is gone after down") {
  Stack stack(service("stubborn", "stop = { grace = \"200ms\" }") + service("parent"));
  stack.script("stubborn.sh", "trap '' TERM; while :; do sleep 0.05; done\n");
  stack.script("parent.sh",
               "setsid -f sleep 1000; (setsid sh -c 'trap \"\" TERM; while :; do sleep 0.05; done' &)\n"
               "exec sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("stubborn", State::ready);
  REQUIRE(wait_until([&] { return stack.remaining().size() >= 4; }));
  stack.down();
  CHECK(stack.remaining().empty());
  CHECK_THAT(stack.read("state/logs/supervisor.log"),
             Catch::Contains("killed: TERM did not end it within 200ms"));
}

TEST_CASE("a port that somebody else has is named with its owner, and taken when it is free") {
  const std::uint16_t port = test::free_port();
  Stack stack(service("a", fmt::format("ports = {{ web = {} }}", port)));
  stack.script("a.sh", kForever);
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 1) == 0);
  stack.start();
  stack.up();
  const ServiceStatus blocked =
      stack.until("a", [](const auto& s) { return s.state == State::backoff; });
  CHECK_THAT(blocked.cause, Catch::StartsWith(fmt::format("port {} (web) is taken by pid {} (",
                                                          port, ::getpid())));
  CHECK(stack.remaining().empty());
  socket.reset();
  stack.up();
  stack.in_state("a", State::ready);
  stack.down();
}

TEST_CASE("a command that is not there is a cause, not a crash of anything else") {
  Stack stack("[services.a]\nprocess = [\"./program\"]\n" + service("b"));
  stack.script("program", "#!/bin/sh\nexec sleep 1000\n");
  std::filesystem::permissions(stack.path("program"), std::filesystem::perms::owner_all);
  stack.script("b.sh", kForever);
  stack.start();
  std::filesystem::remove(stack.path("program"));
  stack.up();
  CHECK_THAT(stack.in_state("a", State::backoff).cause,
             Catch::StartsWith("command not found: ./program"));
  stack.in_state("b", State::ready);
  stack.down();
}

TEST_CASE("a service that is not ready in time is ended and tried again") {
  Stack stack(service("a", "start_timeout = \"300ms\"\n"
                           "ready = { command = [\"false\"], every = \"50ms\", timeout = \"200ms\" }"));
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  const ServiceStatus seen =
      stack.until("a", [](const auto& s) { return !s.last_restart_cause.empty(); });
  CHECK_THAT(seen.last_restart_cause, Catch::StartsWith("not ready within 300ms"));
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a service that is not healthy is restarted; one that only lost its proof is not") {
  Stack stack(service("sick", "healthy = { command = [\"test\", \"!\", \"-e\", \"ill\"], "
                              "every = \"20ms\", failures = 2 }") +
              service("blind", "ready = { command = [\"test\", \"!\", \"-e\", \"dark\"], "
                               "every = \"20ms\", failures = 1 }"));
  stack.script("sick.sh", "rm -f ill; exec sleep 1000\n");
  stack.script("blind.sh", kForever);
  stack.start();
  stack.up();
  const int sick = stack.in_state("sick", State::ready).pid;
  const int blind = stack.in_state("blind", State::ready).pid;
  stack.script("ill", "");
  const ServiceStatus well = stack.until("sick", [&](const auto& s) {
    return s.state == State::ready && s.pid != sick;
  });
  CHECK_THAT(well.last_restart_cause, Catch::StartsWith("not healthy: "));
  stack.script("dark", "");
  const ServiceStatus lost =
      stack.until("blind", [](const auto& s) { return s.ready->standing == "failing"; });
  CHECK(lost.state == State::ready);
  CHECK(lost.pid == blind);
  std::filesystem::remove(stack.path("dark"));
  stack.until("blind", [](const auto& s) { return s.ready->standing == "passing"; });
  stack.down();
}

TEST_CASE("a service gets its secrets as files, its templates rendered, and neither in the open") {
  Stack stack("[secrets.APP_PASSWORD]\ngenerate = 24\n\n" +
              service("a", "secrets = [\"APP_PASSWORD\"]\nrender = { \"a.conf\" = \"a.conf.in\" }"));
  stack.script("a.conf.in", "service ${EXAI_SERVICE}\npassword ${APP_PASSWORD}\n");
  stack.script("a.sh", "env > seen; cat \"$APP_PASSWORD_FILE\" > password; "
                       "cp \"$EXAI_SERVICE_DIR/a.conf\" conf; pwd > where; exec sleep 1000\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return !stack.read("where").empty(); }));
  const std::string password = stack.read("password");
  CHECK(password.size() == 24);
  CHECK(password == stack.read("state/secrets/APP_PASSWORD"));
  CHECK(stack.read("conf") == "service a\npassword " + password + "\n");
  CHECK_THAT(stack.read("seen"), !Catch::Contains(password));
  CHECK_THAT(stack.read("state/logs/supervisor.log"), !Catch::Contains(password));
  const auto mode = [&](const char* name) {
    return static_cast<unsigned>(std::filesystem::status(stack.state(name)).permissions());
  };
  CHECK(mode("secrets/APP_PASSWORD") == 0600);
  CHECK(mode("run/a/secrets/APP_PASSWORD") == 0400);
  CHECK(mode("run/a/a.conf") == 0600);
  CHECK_THAT(stack.read("seen"), Catch::Contains("CREDENTIALS_DIRECTORY=" +
                                                 stack.state("run/a/secrets").string() + "\n"));
  stack.down();
  CHECK(stack.read("state/secrets/APP_PASSWORD") == password);  // kept for the next time
}

TEST_CASE("secrets arrive as sealed memory or in the environment when the stack says so") {
  Stack stack("[secrets.APP_PASSWORD]\ngenerate = 24\n[secrets.OTHER]\ngenerate = 16\n\n" +
              service("m", "secrets = [\"APP_PASSWORD\", \"OTHER\"]\ndelivery = \"memfd\"") +
              service("e", "secrets = [\"APP_PASSWORD\"]\ndelivery = \"env\""));
  // Read twice: each opening begins at the start. A child of the service reads it too.
  stack.script("m.sh", "cat $APP_PASSWORD_FILE > first; cat $APP_PASSWORD_FILE $OTHER_FILE > both; "
                       "(echo x >> $APP_PASSWORD_FILE) 2>/dev/null || echo sealed > tried; "
                       "ls /proc/self/fd | wc -l > count; pwd > m-done; exec sleep 1000\n");
  stack.script("e.sh", "printf %s \"$APP_PASSWORD\" > from-env; pwd > e-done; exec sleep 1000\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return !stack.read("m-done").empty() && !stack.read("e-done").empty(); }));
  const std::string password = stack.read("state/secrets/APP_PASSWORD");
  CHECK(stack.read("first") == password);
  CHECK(stack.read("both") == password + stack.read("state/secrets/OTHER"));
  CHECK(stack.read("tried") == "sealed\n");
  CHECK(stack.read("from-env") == password);
  CHECK_FALSE(std::filesystem::exists(stack.state("run/m/secrets")));
  CHECK_FALSE(std::filesystem::exists(stack.state("run/e/secrets")));

  // It is the process's own: a supervisor that is killed takes nothing with it.
  const auto pid = stack.status("m").pid;
  stack.kill_supervisor();
  stack.start();
  CHECK(stack.status("m").pid == pid);
  CHECK(read_file(fmt::format("/proc/{}/fd/3", pid)).value_or("") == password);
  stack.down();
}

TEST_CASE("what services print is written down without the secrets, across pieces and a crash") {
  Stack stack("[secrets.APP_PASSWORD]\ngenerate = 24\n\n" +
              service("a", "secrets = [\"APP_PASSWORD\"]\n"
                           "ready = { command = [\"sh\", \"check.sh\"], every = \"20ms\", timeout = \"1s\" }"));
  stack.script("a.sh", "p=$(cat $APP_PASSWORD_FILE); printf 'begin %s\\n' \"$p\"; echo $p > plain; "
                       "printf 'half '; printf %s \"$p\" | cut -c1-10 | tr -d '\\n'; sleep 0.2; "
                       "printf %s \"$p\" | cut -c11-; printf %s \"user:$p\" | base64; "
                       "pwd > done; exec sleep 1000\n");
  stack.script("check.sh", "cat plain\n");
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  REQUIRE(wait_until([&] { return !stack.read("done").empty(); }));
  const auto log = [&] { return stack.read("state/logs/a.log"); };
  REQUIRE(wait_until([&] { return log().find("half [APP_PASSWORD]\n") != std::string::npos; }));
  const std::string password = stack.read("state/secrets/APP_PASSWORD");
  CHECK_THAT(log(), Catch::Contains("begin [APP_PASSWORD]\n"));
  CHECK_THAT(log(), !Catch::Contains(password));
  REQUIRE(wait_until([&] { return log().find("dXNlcj") != std::string::npos; }));
  CHECK_THAT(log(), Catch::Contains("[APP_PASSWORD]"));
  CHECK(stack.status("a").ready->detail == "exit code 0 (last line: [APP_PASSWORD])");
  CHECK_THAT(stack.read("state/snapshot.json"), !Catch::Contains(password));
  stack.down();
}
