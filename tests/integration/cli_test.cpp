// The built `exai` against the built supervisor, with small services of this test's own: what a
// person gets to see when things go wrong, and which exit code. (The shipped stack has
// transcripts.)
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "core/base/json.hpp"
#include "core/base/proc.hpp"
#include "tests/integration/cli_stack.hpp"

using namespace exai;
using test::contains;
using test::kTwo;
using test::Outcome;
using Stack = test::CliStack;

namespace {

bool alive(std::int64_t pid) {
  const auto info = process_info(static_cast<pid_t>(pid));
  return info && info->state != 'Z';
}

}  // namespace

TEST_CASE("up tells one line per change, then what runs; a second up changes nothing") {
  const Stack stack(kTwo);
  const Outcome first = stack.exai({"up"});
  CHECK(first.exit == 0);
  CHECK(first.out.starts_with("base: starting: start requested\n"));
  CHECK(contains(first.out, "web: ready"));
  CHECK(contains(first.out, "SERVICE  STATE  PORTS"));
  CHECK_FALSE(contains(first.out, "\x1b"));
  const auto supervisor = stack.supervisor();

  const Outcome second = stack.exai({"up"});
  CHECK(second.exit == 0);
  CHECK(second.out.starts_with("everything runs already\n"));
  CHECK(stack.supervisor() == supervisor);
}

TEST_CASE("up --json leaves one document on stdout and progress beside it") {
  const Stack stack(kTwo);
  const Outcome outcome = stack.exai({"up", "--json"});
  const auto status = parse_json_object(outcome.out);
  REQUIRE(status);
  CHECK(find_array(*status, "services")->size() == 2);
  CHECK(contains(outcome.err, "base: starting"));
}

TEST_CASE("a service that keeps dying ends up with its cause and what it wrote this time") {
  const Stack stack(R"(
[services.web]
process = ["bash", "-c", "echo the reason; exit 3"]
ready = { command = ["false"], every = "1s", timeout = "1s" }
restart = { policy = "always", backoff = "10ms..20ms", give_up = "100 in 5m" }
)");
  std::filesystem::create_directories(stack.path("state/logs"));
  std::filesystem::permissions(stack.path("state"), std::filesystem::perms::owner_all);
  std::filesystem::permissions(stack.path("state/logs"), std::filesystem::perms::owner_all);
  REQUIRE(write_file_atomic(stack.path("state/logs/web.log"),
                            "2020-01-01T00:00:00.000Z an old story\n"));
  const Outcome outcome = stack.exai({"up"});
  CHECK(outcome.exit == 1);
  CHECK(contains(outcome.err, "exai: web does not come up: exit code 3"));
  CHECK(contains(outcome.err, "the end of its log:\n  the reason\n"));
  CHECK_FALSE(contains(outcome.err, "an old story"));
  CHECK(stack.exai({"status"}).exit == 1);
  CHECK(contains(stack.exai({"doctor"}).out, "first cause: web: "));
}

TEST_CASE("the service that is to blame is named, not those that wait for it") {
  const Stack stack(R"(
[services.web]
process = ["sleep", "1000"]
needs = { base = "ready" }
[services.base]
process = ["bash", "-c", "exit 4"]
ready = { command = ["false"], every = "1s", timeout = "1s" }
restart = { policy = "never" }
)");
  const Outcome outcome = stack.exai({"up"});
  CHECK(outcome.exit == 1);
  CHECK(contains(outcome.err, "exai: base does not come up"));
  CHECK(contains(outcome.err, "because of it, or as well: web"));
  CHECK(contains(outcome.err, "it wrote nothing"));
  CHECK(contains(stack.exai({"up", "web"}).err, "exai: base does not come up"));
}

TEST_CASE("Ctrl-C ends the watching of up with 130, and the stack goes on") {
  const Stack stack(R"(
[services.slow]
process = ["sleep", "1000"]
ready = { command = ["test", "-e", "${EXAI_STACK_DIR}/go"], every = "20ms", timeout = "1s" }
)");
  test::Process up(stack.command({"up"}));
  REQUIRE(test::wait_until([&] { return contains(up.out(), "slow: starting"); }));
  up.signal(SIGINT);
  const auto ended = up.wait();
  REQUIRE(ended);
  CHECK(ended->code == 130);
  CHECK(contains(up.err(), "the stack goes on without you"));
  REQUIRE(write_file_atomic(stack.path("go"), ""));
  CHECK(stack.exai({"up"}).exit == 0);
}

TEST_CASE("a broken file touches nothing that runs, and down works all the same") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  const auto supervisor = stack.supervisor();
  stack.write("[services.web]\nproces = [\"x\"]\n");
  const Outcome up = stack.exai({"up"});
  CHECK(up.exit == 2);
  CHECK(contains(up.err, "exai.toml:8:1: error[CFG001]"));
  CHECK(stack.supervisor() == supervisor);
  CHECK(stack.exai({"validate"}).exit == 2);

  REQUIRE(::kill(static_cast<pid_t>(supervisor), SIGKILL) == 0);
  REQUIRE(test::wait_until([&] { return !alive(supervisor); }));
  const Outcome down = stack.exai({"down"});
  CHECK(down.exit == 0);
  CHECK(contains(down.out, "the supervisor is dead; a new one takes over base"));
  CHECK(contains(down.out, "nothing is left"));
  CHECK_FALSE(std::filesystem::exists(stack.path("state/run/control.sock")));
}

TEST_CASE("a configuration that has changed is told, with what to type") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  stack.write(std::string(kTwo) + "[services.third]\nprocess = [\"sleep\", \"1000\"]\n");
  const Outcome outcome = stack.exai({"up"});
  CHECK(contains(outcome.out,
                 "note: the configuration has changed since this stack was started; "
                 "to apply it: exai reload\n"));
}

TEST_CASE("without a supervisor status is unreachable, with what to type") {
  const Stack stack(kTwo);
  const Outcome before = stack.exai({"status"});
  CHECK(before.exit == 3);
  CHECK(before.err == "exai: the stack is not running\nstart it: exai up\n");
  CHECK(stack.exai({"restart"}).exit == 3);

  REQUIRE(stack.exai({"up"}).exit == 0);
  const auto supervisor = stack.supervisor();
  REQUIRE(::kill(static_cast<pid_t>(supervisor), SIGKILL) == 0);
  REQUIRE(test::wait_until([&] { return !alive(supervisor); }));
  const Outcome after = stack.exai({"status"});
  CHECK(after.exit == 3);
  CHECK(contains(after.err, "the supervisor is dead, but 2 services still run: base (pid "));
  CHECK(contains(stack.exai({"doctor"}).out, "first cause: the supervisor is dead"));

  CHECK(stack.exai({"up"}).out.starts_with("taking over what runs without a supervisor: base"));
}

TEST_CASE("down tells the end of every service, however fast the supervisor is gone") {
  const Stack stack(kTwo);
  for (int round = 0; round < 5; ++round) {
    REQUIRE(stack.exai({"up"}).exit == 0);
    const Outcome outcome = stack.exai({"down"});
    CHECK(outcome.exit == 0);
    CHECK(contains(outcome.out, "web: stopped"));
    CHECK(contains(outcome.out, "base: stopped"));
    CHECK(contains(outcome.out, "down: 3 processes ended, nothing is left\n"));
  }
}

TEST_CASE("two at once end with one supervisor, and both see the stack ready") {
  const Stack stack(kTwo);
  test::Process one(stack.command({"up"}));
  test::Process two(stack.command({"up"}));
  const auto first = one.wait();
  const auto second = two.wait();
  REQUIRE((first && second));
  INFO(one.err() << two.err());
  CHECK(first->code == 0);
  CHECK(second->code == 0);
}

TEST_CASE("logs -f prints what is written while it looks, until Ctrl-C") {
  const Stack stack(R"(
[services.web]
process = ["bash", "-c", "while true; do if [[ -e go ]]; then echo it goes; rm go; fi; sleep 0.01; done"]
)");
  REQUIRE(stack.exai({"up"}).exit == 0);
  test::Process logs(stack.command({"logs", "-f", "web"}));
  REQUIRE(write_file_atomic(stack.path("go"), ""));
  CHECK(test::wait_until([&] { return contains(logs.out(), "web | it goes\n"); }));
  logs.signal(SIGINT);
  const auto ended = logs.wait();
  REQUIRE(ended);
  CHECK(ended->code == 130);
}

TEST_CASE("names of logs and services that do not exist get the nearest") {
  const Stack stack(kTwo);
  CHECK(stack.exai({"up", "bas"}).err == "exai: unknown service \"bas\"; did you mean \"base\"?\n");
  REQUIRE(stack.exai({"up", "base"}).exit == 0);
  CHECK(stack.exai({"logs", "bsae"}).err == "exai: unknown log \"bsae\"; did you mean \"base\"?\n");
  const Outcome restart = stack.exai({"restart", "bas"});
  CHECK(restart.exit == 2);
  CHECK(contains(restart.err, "base"));
}
