// What the built exai-supervisor promises about kinds of service, hooks, stops and restarts.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

std::size_t lines_in(const Stack& stack, const std::string& file) {
  const std::string text = stack.read(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

const std::string kSlow = "restart = { backoff = \"1h..2h\" }\n";

}  // namespace

TEST_CASE("what is to run once runs once, whoever says up and whichever supervisor there is") {
  Stack stack(service("migrate", "kind = \"once\"") +
              service("web", "needs = { migrate = \"done-ok\" }"));
  stack.script("migrate.sh", "echo run >> runs\n");
  stack.script("web.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("web", State::ready);
  CHECK(stack.status("migrate").cause == "finished: exit code 0");
  stack.up();
  stack.up({"migrate"});
  stack.kill_supervisor();
  stack.start();
  CHECK(stack.status("migrate").state == State::done);
  stack.up();
  stack.in_state("web", State::ready);
  CHECK(lines_in(stack, "runs") == 1);
  SECTION("a restart of all leaves it") {
    const int before = stack.status("web").pid;
    REQUIRE(stack.client().restart({}));
    stack.until("web", [&](const auto& s) { return s.state == State::ready && s.pid != before; });
    CHECK(lines_in(stack, "runs") == 1);
  }
  SECTION("a restart of it by name runs it again") {
    REQUIRE(stack.client().restart({"migrate"}));
    CHECK(wait_until([&] { return lines_in(stack, "runs") == 2; }));
    stack.in_state("migrate", State::done);
  }
  SECTION("so does a start of it by name") {
    REQUIRE(stack.client().start({"migrate"}));
    CHECK(wait_until([&] { return lines_in(stack, "runs") == 2; }));
    stack.in_state("migrate", State::done);
  }
  stack.down();
}

TEST_CASE("what is to run once and fails is tried again by its policy") {
  Stack stack(service("job", "kind = \"once\""));
  stack.script("job.sh", "echo run >> runs; [ $(wc -l < runs) -ge 3 ]\n");
  stack.start();
  stack.up();
  stack.in_state("job", State::done);
  CHECK(stack.status("job").restarts == 2);
  CHECK(lines_in(stack, "runs") == 3);
  stack.down();
}

TEST_CASE("which exit codes are a success is configured, for signals too") {
  const std::string never =
      "kind = \"once\"\nrestart = { policy = \"never\", success = [3, 143] }\n";
  Stack stack("[services.three]\nprocess = [\"sh\", \"-c\", \"exit 3\"]\n" + never +
              "[services.term]\nprocess = [\"sh\", \"term.sh\"]\n" + never +
              "[services.zero]\nprocess = [\"sh\", \"-c\", \"exit 0\"]\n" + never);
  stack.script("term.sh", "kill -TERM $$\n");
  stack.start();
  stack.up();
  CHECK(stack.in_state("three", State::done).cause == "finished: exit code 3");
  CHECK(stack.in_state("term", State::done).cause == "finished: signal 15 (TERM)");
  CHECK(stack.in_state("zero", State::failed).cause == "exit code 0; its policy is not to restart");
  stack.down();
}

TEST_CASE("a stop sends its signals one after the other, and each has its time") {
  Stack stack(service("a",
                      "stop = { steps = [{ signal = \"INT\", grace = \"100ms\" }, "
                      "{ signal = \"TERM\", grace = \"20s\" }] }"));
  stack.script("a.sh",
               "trap 'echo int >> seen' INT; trap 'echo term >> seen; exit 0' TERM\n"
               "echo up > ready; while :; do sleep 0.02; done\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return stack.read("ready") == "up\n"; }));
  REQUIRE(stack.client().stop({"a"}));
  CHECK(stack.in_state("a", State::stopped).cause == "stopped: exit code 0");
  CHECK(stack.read("seen") == "int\nterm\n");
  CHECK_THAT(stack.read("state/logs/supervisor.log"),
             Catch::Contains("INT did not end it within 100ms; TERM sent"));
  stack.down();
}

TEST_CASE("a stop takes no longer than its total, whatever its steps say") {
  Stack stack(service("a",
                      "stop = { steps = [{ signal = \"INT\", grace = \"1h\" }, "
                      "{ signal = \"TERM\", grace = \"1h\" }], total = \"100ms\" }"));
  stack.script("a.sh", "trap '' INT TERM; echo up > ready; while :; do sleep 0.02; done\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return stack.read("ready") == "up\n"; }));
  REQUIRE(stack.client().stop({"a"}));
  CHECK(stack.in_state("a", State::stopped).cause == "stopped: signal 9 (KILL)");
  stack.down();
}

TEST_CASE("what is asked to stop stops, in whatever state it is, and stays stopped") {
  Stack stack(service("starting", "ready = { command = [\"false\"], every = \"20ms\" }") +
              service("waiting", "needs = { starting = \"ready\" }") +
              service("slow", "stop = { grace = \"300ms\" }") +
              "[services.backoff]\nprocess = [\"sh\", \"-c\", \"exit 1\"]\n" + kSlow);
  for (const char* name : {"starting.sh", "waiting.sh"}) stack.script(name, kForever);
  stack.script("slow.sh", "trap '' TERM; echo up > ready; while :; do sleep 0.02; done\n");
  stack.start();
  stack.up();
  stack.in_state("starting", State::starting);
  stack.in_state("waiting", State::waiting);
  stack.in_state("backoff", State::backoff);
  REQUIRE(wait_until([&] { return stack.read("ready") == "up\n"; }));
  REQUIRE(stack.client().stop({"slow"}));
  REQUIRE(stack.client().stop({"starting", "waiting", "slow", "backoff"}));
  for (const char* name : {"starting", "waiting", "slow", "backoff"})
    stack.in_state(name, State::stopped);
  CHECK(stack.remaining().empty());
  stack.down();
}

TEST_CASE("a stop takes what needs the service down first, and start brings what it needs") {
  Stack stack(service("base") + service("middle", "needs = { base = \"ready\" }") +
              service("top", "needs = { middle = \"ready\" }") + service("other"));
  for (const char* name : {"base.sh", "middle.sh", "top.sh", "other.sh"})
    stack.script(name, kForever);
  stack.start();
  stack.up();
  stack.in_state("top", State::ready);
  const int other = stack.in_state("other", State::ready).pid;
  REQUIRE(stack.client().stop({"base"}));
  CHECK(stack.in_state("base", State::stopped).cause == "stopped: signal 15 (TERM)");
  const auto history = stack.history();
  CHECK(position(history, "top: stopping -> stopped") <
        position(history, "middle: ready -> stopping"));
  CHECK(position(history, "middle: stopping -> stopped") <
        position(history, "base: ready -> stopping"));
  CHECK(stack.status("other").pid == other);
  REQUIRE(stack.client().start({"top"}));
  stack.in_state("top", State::ready);
  CHECK(stack.status("base").state == State::ready);
  stack.down();
}

TEST_CASE("a restart of what waits leaves one of it, and no more") {
  Stack stack(
      service("base", "ready = { command = [\"test\", \"-e\", \"open\"], every = \"20ms\" }") +
      service("web", "needs = { base = \"ready\" }"));
  stack.script("base.sh", kForever);
  stack.script("web.sh", "echo run >> runs; exec sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("web", State::waiting);
  for (int i = 0; i < 3; ++i) REQUIRE(stack.client().restart({"web"}));
  stack.script("open", "");
  stack.in_state("web", State::ready);
  CHECK(wait_until([&] { return lines_in(stack, "runs") == 1; }));
  CHECK(wait_until([&] { return stack.remaining().size() == 2; }));
  stack.down();
}

TEST_CASE("a restart does not wait for the stop of something else") {
  Stack stack(service("slow", "stop = { grace = \"1h\" }") + service("web"));
  stack.script("slow.sh", "trap '' TERM; echo up > ready; while :; do sleep 0.02; done\n");
  stack.script("web.sh", kForever);
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return stack.read("ready") == "up\n"; }));
  const int web = stack.in_state("web", State::ready).pid;
  const int slow = stack.in_state("slow", State::ready).pid;
  REQUIRE(stack.client().stop({"slow"}));
  REQUIRE(stack.client().restart({"web"}));
  stack.until("web", [&](const auto& s) { return s.state == State::ready && s.pid != web; });
  CHECK(stack.status("slow").state == State::stopping);
  ::kill(slow, SIGKILL);
  stack.down();
}

TEST_CASE("why a program cannot be started is told at once, and each reason is another one") {
  const std::string never = "restart = { policy = \"never\" }\n";
  Stack stack(
      "[services.nofolder]\nprocess = [\"sleep\", \"1\"]\nworking_directory = \"nowhere\"\n" +
      never + "[services.noprogram]\nprocess = [\"./gone\"]\n" + never +
      "[services.notexecutable]\nprocess = [\"./plain\"]\n" + never +
      "[services.nointerpreter]\nprocess = [\"./script\"]\n" + never);
  for (const char* name : {"gone", "plain", "script"}) {
    stack.script(name, "#!/nowhere/interpreter\n");
    std::filesystem::permissions(stack.path(name), std::filesystem::perms::owner_all);
  }
  stack.start();  // with a file that is not there it would not
  std::filesystem::remove(stack.path("gone"));
  std::filesystem::permissions(stack.path("plain"), std::filesystem::perms::owner_read);
  stack.up();
  const auto cause = [&](const char* name) { return stack.in_state(name, State::failed).cause; };
  CHECK_THAT(cause("nofolder"), Catch::Contains("there is no folder"));
  CHECK_THAT(cause("noprogram"), Catch::Contains("command not found: ./gone"));
  CHECK_THAT(cause("notexecutable"), Catch::Contains("./plain"));
  CHECK_THAT(cause("nointerpreter"), Catch::Contains("starting "));
  for (const char* name : {"nofolder", "noprogram", "notexecutable", "nointerpreter"}) {
    CHECK_THAT(cause(name), Catch::EndsWith("; its policy is not to restart"));
    CHECK(stack.status(name).last_exit.empty());  // never an exit code 127
  }
  stack.down();
}

TEST_CASE("what is to run before the start runs before each, and its failure is the start's") {
  Stack stack(service("web",
                      "before_start = { command = [\"sh\", \"before.sh\"] }\n"
                      "after_stop = { command = [\"sh\", \"after.sh\"] }\n"));
  stack.script("web.sh", "echo run >> order; exec sleep 1000\n");
  stack.script("before.sh", "echo before >> order; [ ! -e broken ] || exit 7\n");
  stack.script("after.sh", "echo after >> order\n");
  stack.start();
  stack.up();
  const int first = stack.in_state("web", State::ready).pid;
  REQUIRE(wait_until([&] { return lines_in(stack, "order") == 2; }));
  ::kill(first, SIGKILL);
  stack.until("web", [&](const auto& s) { return s.state == State::ready && s.pid != first; });
  REQUIRE(wait_until([&] { return lines_in(stack, "order") == 5; }));
  CHECK(stack.read("order") == "before\nrun\nafter\nbefore\nrun\n");
  stack.script("broken", "");
  ::kill(stack.status("web").pid, SIGKILL);
  CHECK(stack.in_state("web", State::failed).cause ==
        "gave up after 5 restarts within 1m; the last: before_start: exit code 7");
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a stop while something runs before the start ends that too") {
  Stack stack(
      service("web", "before_start = { command = [\"sleep\", \"1000\"], timeout = \"1h\" }"));
  stack.script("web.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("web", State::starting);
  REQUIRE(wait_until([&] { return stack.remaining().size() == 1; }));
  REQUIRE(stack.client().stop({"web"}));
  CHECK(stack.in_state("web", State::stopped).cause == "before_start: signal 15 (TERM)");
  CHECK(wait_until([&] { return stack.remaining().empty(); }));
  stack.down();
}

TEST_CASE("what runs before the start has its time") {
  Stack stack(
      "[services.web]\nprocess = [\"sleep\", \"1000\"]\nrestart = { policy = \"never\" }\n"
      "before_start = { command = [\"sh\", \"-c\", \"sleep 1000 & sleep 1000\"], "
      "timeout = \"100ms\" }\n");
  stack.start();
  stack.up();
  CHECK(stack.in_state("web", State::failed).cause ==
        "before_start did not end within 100ms; its policy is not to restart");
  CHECK(stack.remaining().empty());
  stack.down();
}

TEST_CASE("a service is scaled while it runs, and its number outlives the supervisor") {
  Stack stack(service("web", "replicas = 1") + service("user", "needs = { web = \"ready\" }"));
  stack.script("web.sh", kForever);
  stack.script("user.sh", kForever);
  stack.start();
  stack.up();
  const int first = stack.in_state("web.1", State::ready).pid;
  stack.in_state("user", State::ready);
  REQUIRE(stack.client().scale("web", 3));
  stack.in_state("web.3", State::ready);
  stack.kill_supervisor();
  stack.start();
  const int third = stack.in_state("web.3", State::ready).pid;
  REQUIRE(stack.client().scale("web", 2));
  REQUIRE(wait_until([&] { return stack.client().status()->services.size() == 3; }));
  CHECK(wait_until([&] { return !process_info(third); }));
  CHECK(stack.status("web.1").pid == first);
  REQUIRE(stack.client().scale("web", 3));
  CHECK(stack.in_state("web.3", State::ready).pid != third);
  CHECK(stack.client().scale("user", 2).error().message() ==
        "user cannot be scaled: it has no replicas; write replicas = 1 in the stack file");
  CHECK(stack.client().scale("wep", 2).error().message() ==
        "there is no service wep; did you mean web?");
  CHECK_FALSE(stack.client().scale("web", 1001));
  CHECK(wait_until([&] { return stack.remaining().size() == 4; }));
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a job runs at its interval, one run at a time") {
  Stack stack("[services.job]\nprocess = [\"sh\", \"job.sh\"]\nevery = \"50ms\"\n");
  stack.script("job.sh",
               "[ -e running ] && echo twice >> errors\ntouch running\n"
               "echo run >> runs; sleep 0.12; rm running\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return lines_in(stack, "runs") >= 3; }));
  const ServiceStatus status = stack.status("job");
  CHECK(status.next_run);
  CHECK(status.restarts == 0);
  CHECK_THAT(stack.read("state/logs/supervisor.log"),
             Catch::Contains("a run was skipped: the one before has not ended"));
  REQUIRE(stack.client().stop({"job"}));
  stack.in_state("job", State::stopped);
  CHECK_FALSE(std::filesystem::exists(stack.path("errors")));
  CHECK_FALSE(stack.status("job").next_run);
  stack.down();
}

TEST_CASE("a job that fails waits for its next time; asked for by name it runs at once") {
  Stack stack("[services.job]\nprocess = [\"sh\", \"job.sh\"]\nschedule = \"0 0 1 1 *\"\n");
  stack.script("job.sh", "echo run >> runs; exit 4\n");
  stack.start();
  stack.up();
  const ServiceStatus armed = stack.in_state("job", State::scheduled);
  REQUIRE(armed.next_run);
  CHECK(format_utc(*armed.next_run).find("-01-01T00:00:00.000Z") == 4);
  CHECK(lines_in(stack, "runs") == 0);
  REQUIRE(stack.client().start({"job"}));
  const ServiceStatus after =
      stack.until("job", [](const auto& s) { return s.last_exit == "exit code 4"; });
  CHECK(after.state == State::scheduled);
  CHECK(after.cause == "failed: exit code 4");
  stack.kill_supervisor();
  stack.start();
  CHECK(stack.in_state("job", State::scheduled).next_run == armed.next_run);
  CHECK(lines_in(stack, "runs") == 1);
  stack.down();
}

TEST_CASE("each replica has its own number, port and folder") {
  const int port = test::free_port();
  Stack stack(service("web", fmt::format("replicas = 2\nports = {{ main = {} }}", port)));
  stack.script("web.sh",
               "echo $EXAI_REPLICA $EXAI_PORT_MAIN $EXAI_SERVICE > out.$EXAI_REPLICA\n"
               "exec sleep 1000\n");
  stack.start();
  stack.up({"web"});
  stack.in_state("web.1", State::ready);
  stack.in_state("web.2", State::ready);
  REQUIRE(wait_until([&] { return !stack.read("out.1").empty() && !stack.read("out.2").empty(); }));
  CHECK(stack.read("out.1") == fmt::format("1 {} web.1\n", port));
  CHECK(stack.read("out.2") == fmt::format("2 {} web.2\n", port + 1));
  REQUIRE(stack.client().stop({"web.2"}));
  stack.in_state("web.2", State::stopped);
  CHECK(stack.status("web.1").state == State::ready);
  stack.down();
}

TEST_CASE("a service runs with the umask, the niceness and the user of the stack file") {
  const std::string once = "kind = \"once\"\nrestart = { policy = \"never\" }\n";
  Stack stack("[services.mask]\nprocess = [\"sh\", \"-c\", \"umask > mask\"]\numask = \"027\"\n" +
              once + "[services.nice]\nprocess = [\"sh\", \"-c\", \"nice > nice\"]\nnice = 7\n" +
              once + "[services.nouser]\nprocess = [\"true\"]\nuser = \"no-such-user\"\n" + once +
              "[services.nogroup]\nprocess = [\"true\"]\ngroup = \"no-such-group\"\n" + once +
              "[services.nobody]\nprocess = [\"sh\", \"-c\", \"id -un; env\"]\n"
              "user = \"nobody\"\n" +
              once);
  const Path folder = stack.path("exai.toml").parent_path();  // nobody is to enter it
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  stack.start();
  stack.up();
  stack.in_state("mask", State::done);
  CHECK(stack.read("mask") == "0027\n");
  stack.in_state("nice", State::done);
  CHECK(parse_integer(trim(stack.read("nice"))).value_or(0) >= 7);
  CHECK(stack.in_state("nouser", State::failed).cause ==
        "there is no user no-such-user; its policy is not to restart");
  CHECK(stack.in_state("nogroup", State::failed).cause ==
        "there is no group no-such-group; its policy is not to restart");
  if (::geteuid() == 0) {
    stack.in_state("nobody", State::done);
    REQUIRE(wait_until([&] {
      const std::string log = stack.read("state/logs/nobody.log");
      return std::count(log.begin(), log.end(), '\n') > 5;
    }));
    const std::string log = stack.read("state/logs/nobody.log");
    CHECK_THAT(log, Catch::StartsWith("nobody\n") && Catch::Contains("\nUSER=nobody\n"));
  } else {
    CHECK_THAT(stack.in_state("nobody", State::failed).cause, Catch::Contains("becoming user"));
  }
  stack.down();
}

TEST_CASE("what a profile has comes up with it, by name, or because it is needed") {
  Stack stack(service("web") + service("debug", "profiles = [\"dev\"]") +
              service("tool", "profiles = [\"dev\"]\nneeds = { debug = \"ready\" }"));
  for (const char* name : {"web.sh", "debug.sh", "tool.sh"}) stack.script(name, kForever);
  stack.start();
  stack.up();
  stack.in_state("web", State::ready);
  CHECK(stack.status("debug").state == State::stopped);
  stack.up({"tool"});
  stack.in_state("tool", State::ready);
  CHECK(stack.status("debug").state == State::ready);
  REQUIRE(stack.client().restart({}));
  stack.in_state("debug", State::ready);
  stack.down();
}
