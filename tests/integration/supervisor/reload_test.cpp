// The stack file changes while the stack runs: what an operator who types `exai reload` sees.
#include <catch2/catch.hpp>

#include "tests/integration/supervisor/reload.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

std::vector<std::string> told(Stack& stack) {
  std::vector<std::string> lines;
  const auto page = stack.client().events(0, 0ms);
  REQUIRE(page);
  for (const control::Event& event : page->events)
    if (event.service.empty()) lines.push_back(event.cause);
  return lines;
}

void write_forever(Stack& stack, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    stack.script(name + ".sh", "echo run >> runs." + name + "; exec sleep 1000\n");
}

}  // namespace

TEST_CASE("reload without a change restarts nothing, even the first time") {
  Stack stack(service("a") + service("b", "needs = { a = \"ready\" }"));
  write_forever(stack, {"a", "b"});
  stack.start();
  stack.up();
  const int a = stack.in_state("a", State::ready).pid;
  const int b = stack.in_state("b", State::ready).pid;
  for (int round = 0; round < 3; ++round) {
    const control::Reloaded answer = reload(stack);
    CHECK(answer.valid);
    CHECK(answer.applied);
    CHECK(text_of(answer) == "");
    CHECK(answer.kept == 2);
  }
  CHECK(stack.status("a").pid == a);
  CHECK(stack.status("b").pid == b);
  CHECK(told(stack).empty());
  stack.down();
}

TEST_CASE("reload touches what changed: one restarts, one starts, one stops, one stays") {
  Stack stack(service("same") + service("changed") +
              service("gone", "needs = { same = \"ready\" }"));
  write_forever(stack, {"same", "changed", "gone", "fresh"});
  stack.start();
  stack.up();
  const int same = stack.in_state("same", State::ready).pid;
  const int changed = stack.in_state("changed", State::ready).pid;
  const int gone = stack.in_state("gone", State::ready).pid;

  stack.rewrite(service("fresh", "needs = { changed = \"ready\" }") + service("same") +
                service("changed", "env = { A = \"1\" }"));
  const std::string plan =
      "fresh: start (it is new); changed: restart (env.A); gone: stop (the stack no longer has it)";
  const control::Reloaded planned = reload(stack, true);
  CHECK(text_of(planned) == plan);
  CHECK_FALSE(planned.applied);
  CHECK(stack.status("changed").pid == changed);
  CHECK(stack.client().status()->services.size() == 3);

  const control::Reloaded answer = reload(stack);
  CHECK(text_of(answer) == plan);
  CHECK(answer.kept == 1);
  const ServiceStatus now = stack.until(
      "changed", [&](const auto& s) { return s.state == State::ready && s.pid != changed; });
  CHECK(now.restarts == 0);
  stack.in_state("fresh", State::ready);
  CHECK(stack.in_state("gone", State::stopped).cause.starts_with("stopped"));
  CHECK_FALSE(process_info(gone));
  CHECK(stack.status("same").pid == same);
  CHECK(wait_until([&] { return stack.read("runs.same") == "run\n"; }));
  CHECK(wait_until([&] { return stack.read("runs.changed") == "run\nrun\n"; }));
  CHECK(stack.client().status()->fingerprint == answer.fingerprint);
  CHECK(wait_until([&] { return stack.client().status()->reload.standing == "applied"; }));
  CHECK(told(stack) == std::vector<std::string>{"reloaded: 3 changes",
                                                "the reload holds: what it has started works"});

  CHECK(text_of(reload(stack)) == "");
  std::vector<std::string> names;
  const auto status = stack.client().status();
  for (const ServiceStatus& each : status->services) names.push_back(each.name);
  CHECK(names == std::vector<std::string>{"fresh", "same", "changed"});
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("what needs no new process is changed in place") {
  Stack stack(
      service("a", "ready = { process = true, every = \"20ms\" }\nstop = { grace = \"30s\" }"));
  stack.script("a.sh", "trap '' TERM; echo up; while :; do sleep 0.05; done\n");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  stack.rewrite(service("a",
                        "ready = { command = [\"false\"], every = \"20ms\", failures = 1 }\n"
                        "stop = { grace = \"50ms\" }"));
  CHECK(text_of(reload(stack)) ==
        "a: change in place (ready.command, ready.failures, ready.process, stop.grace)");
  const ServiceStatus now =
      stack.until("a", [](const auto& s) { return s.cause.starts_with("its proof fails"); });
  CHECK(now.pid == pid);
  CHECK(now.state == State::ready);
  stack.down();  // within the new grace, not the old one
}

TEST_CASE("a stack file with errors changes nothing and says what is wrong") {
  Stack stack(service("a") + service("b"));
  write_forever(stack, {"a", "b"});
  stack.start();
  stack.up();
  const int a = stack.in_state("a", State::ready).pid;
  const auto [bad, said] = GENERATE(table<std::string, std::string>({
      {"this is no stack", "exai.toml:"},
      {"[services.a]\nprocess = [\"sh\", \"a.sh\"]\nneeds = { b = \"ready\" }\n"
       "[services.b]\nprocess = [\"sh\", \"b.sh\"]\nneeds = { a = \"ready\" }\n",
       "DEP"},
      {"[services.a]\nprocess = [\"sh\", \"a.sh\"]\nprocesss = 1\n", "did you mean \"process\"?"},
      {"[services.a]\nprocess = [\"sh\", \"a.sh\"]\nstop = { signal = \"NOPE\" }\n", "stop.signal"},
  }));
  CAPTURE(bad);
  stack.rewrite(bad);
  const control::Reloaded answer = reload(stack);
  CHECK_FALSE(answer.valid);
  CHECK_FALSE(answer.applied);
  CHECK(answer.changes.empty());
  CHECK_FALSE(answer.diagnostics.empty());
  CHECK_THAT(answer.text, Catch::Contains("exai.toml:") && Catch::Contains(said));
  CHECK(stack.status("a").pid == a);
  CHECK(stack.status("b").state == State::ready);
  stack.down();
}

TEST_CASE("reload while a service starts, stops, or keeps crashing leads to one of the new kind") {
  Stack stack(service("a", "ready = { command = [\"test\", \"-e\", \"go\"], every = \"20ms\" }"));
  stack.script("a.sh", "trap 'sleep 0.3; exit 0' TERM\necho run $A >> runs; sleep 1000 & wait\n");
  stack.start();
  stack.up();
  const std::string changed =
      service("a",
              "ready = { command = [\"test\", \"-e\", \"go\"], every = \"20ms\" }\n"
              "env = { A = \"new\" }");
  SECTION("while it starts") {
    stack.in_state("a", State::starting);
    REQUIRE(wait_until([&] { return stack.read("runs") == "run\n"; }));
    stack.rewrite(changed);
    CHECK(text_of(reload(stack)) == "a: restart (env.A)");
    REQUIRE(wait_until([&] { return stack.read("runs") == "run\nrun new\n"; }));
    stack.script("go", "");
    stack.in_state("a", State::ready);
  }
  SECTION("while it stops to be restarted") {
    stack.script("go", "");
    stack.in_state("a", State::ready);
    REQUIRE(wait_until([&] { return stack.read("runs") == "run\n"; }));
    REQUIRE(stack.client().restart({"a"}));
    stack.in_state("a", State::stopping);
    stack.rewrite(changed);
    CHECK(text_of(reload(stack)) == "a: restart (env.A)");
    REQUIRE(wait_until([&] { return stack.read("runs") == "run\nrun new\n"; }));
    stack.in_state("a", State::ready);
  }
  SECTION("while it is restarted by a reload already") {
    stack.script("go", "");
    stack.in_state("a", State::ready);
    REQUIRE(wait_until([&] { return stack.read("runs") == "run\n"; }));
    stack.rewrite(service("a", "env = { A = \"other\" }"));
    reload(stack);
    stack.rewrite(changed);
    reload(stack);
    REQUIRE(wait_until([&] { return stack.read("runs") == "run\nrun new\n"; }));
    stack.in_state("a", State::ready);
  }
  CHECK(wait_until([&] { return stack.read("runs") == "run\nrun new\n"; }));
  CHECK(stack.status("a").restarts == 0);
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("reload ends a crash loop at once, and starts what had given up") {
  const bool gives_up = GENERATE(false, true);
  const std::string policy = gives_up
                                 ? "restart = { backoff = \"1ms..1ms\", give_up = \"1 in 1m\" }\n"
                                 : "restart = { backoff = \"1h..1h\", give_up = \"5 in 1m\" }\n";
  const std::string head = "[services.a]\nprocess = [\"sh\", \"a.sh\"]\n" + policy;
  Stack stack(head);
  stack.script("a.sh", "test \"$A\" && exec sleep 1000; exit 3\n");
  stack.start();
  stack.up();
  stack.in_state("a", gives_up ? State::failed : State::backoff);
  stack.rewrite(head + "env = { A = \"1\" }\n");
  CHECK(text_of(reload(stack)) == "a: start (env.A)");
  stack.in_state("a", State::ready);
  stack.down();
}

TEST_CASE("a stopped service stays stopped over a reload; a selection is kept") {
  Stack stack(service("a") + service("b"));
  write_forever(stack, {"a", "b", "c"});
  stack.start();
  stack.up({"a"});
  stack.in_state("a", State::ready);
  stack.rewrite(service("a") + service("b", "env = { A = \"1\" }") + service("c"));
  CHECK(text_of(reload(stack)) == "b: change in place (env.A); c: start (it is new)");
  CHECK(stack.status("b").state == State::stopped);
  CHECK(stack.status("c").state == State::stopped);  // nobody had asked for the whole stack
  stack.up();
  stack.in_state("b", State::ready);
  stack.in_state("c", State::ready);
  stack.down();
}

TEST_CASE("with on_failed_reload = rollback the last good definition comes back") {
  const std::string head =
      "[stack]\nname = \"test\"\ntimezone = \"UTC\"\n"
      "on_failed_reload = \"rollback\"\n[environments.dev]\nlayers = []\n";
  const auto stack_of = [&](const std::string& a) {
    return head +
           "[services.a]\nprocess = [\"sh\", \"a.sh\"]\nstart_timeout = \"300ms\"\n"
           "restart = { backoff = \"1ms..1ms\", give_up = \"1 in 1m\" }\n" +
           a + "[services.b]\nprocess = [\"sh\", \"b.sh\"]\n";
  };
  Stack stack("");
  stack.script("exai.toml", stack_of(""));
  stack.script("a.sh", "echo run $A >> runs.a; test \"$A\" = crash && exit 3; exec sleep 1000\n");
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  const int b = stack.in_state("b", State::ready).pid;
  const std::string good = stack.client().status()->fingerprint;

  const auto [bad, how] = GENERATE(table<std::string, std::string>({
      {"env = { A = \"crash\" }\n", "a: gave up after 1 restart within 1m; the last: exit code 3"},
      {"env = { A = \"hang\" }\nready = { command = [\"false\"], every = \"20ms\", timeout = \"200ms\" }\n",
       "a: not ready within 300ms"},
  }));
  stack.script("exai.toml", stack_of(bad));
  CHECK(reload(stack).applied);
  REQUIRE(wait_until([&] { return stack.client().status()->reload.standing == "rolled back"; }));
  const auto status = *stack.client().status();
  CHECK_THAT(status.reload.cause, Catch::StartsWith(how));
  stack.in_state("a", State::ready);
  REQUIRE(wait_until([&] { return stack.read("runs.a").ends_with("run\n"); }));
  CHECK(stack.client().status()->fingerprint == good);
  CHECK(stack.status("b").pid == b);
  CHECK_THAT(told(stack).back(), Catch::StartsWith("the reload is rolled back because of " + how));
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a service that comes back while it goes is started again") {
  Stack stack(service("a") + service("b"));
  stack.script("a.sh", kForever);
  stack.script("b.sh", "trap 'sleep 0.3; exit 0' TERM\necho run >> runs; sleep 1000 & wait\n");
  stack.start();
  stack.up();
  const int b = stack.in_state("b", State::ready).pid;
  REQUIRE(wait_until([&] { return stack.read("runs") == "run\n"; }));
  stack.rewrite(service("a"));
  reload(stack);
  stack.in_state("b", State::stopping);
  stack.rewrite(service("a") + service("b"));
  CHECK(text_of(reload(stack)) == "b: start (it is new)");
  stack.until("b", [&](const auto& s) { return s.state == State::ready && s.pid != b; });
  CHECK(wait_until([&] { return stack.read("runs") == "run\nrun\n"; }));
  stack.down();
}

TEST_CASE("what changed while no supervisor ran is found by the next reload") {
  Stack stack(service("a") + service("b"));
  write_forever(stack, {"a", "b"});
  stack.start();
  stack.up();
  const int a = stack.in_state("a", State::ready).pid;
  const int b = stack.in_state("b", State::ready).pid;
  stack.kill_supervisor();
  stack.rewrite(service("a", "env = { A = \"1\" }") + service("b"));
  stack.start();
  CHECK(stack.in_state("a", State::ready).pid == a);
  CHECK(text_of(reload(stack)) ==
        "a: restart (the stack file was changed while no supervisor ran)");
  stack.until("a", [&](const auto& s) { return s.state == State::ready && s.pid != a; });
  CHECK(stack.status("b").pid == b);
  CHECK(text_of(reload(stack)) == "");
  stack.down();
}
