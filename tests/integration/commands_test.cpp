// The commands that change and watch single services, as a person at a shell or a terminal uses
// them: exit codes, what is printed, and in what state the terminal is left.
#include <catch2/catch.hpp>
#include <csignal>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "tests/integration/cli_stack.hpp"
#include "tests/support/pty.hpp"

using namespace exai;
using test::contains;
using test::kTwo;
using test::Outcome;
using Stack = test::CliStack;

namespace {

std::string state_of(const Stack& stack, std::string_view name) {
  const json::object status = stack.status();
  for (const json::value& each : *find_array(status, "services"))
    if (find_string(each.get_object(), "name") == name)
      return find_string(each.get_object(), "state").value_or("");
  return "not there";
}

test::Command at_terminal(const Stack& stack) {
  test::Command command = stack.command({"status", "--watch"});
  command.environment["TERM"] = "xterm";
  command.environment.erase("NO_COLOR");
  return command;
}

// The screen as it was before, characters echoed, lines edited.
void check_restored(test::Pty& terminal) {
  CHECK(terminal.is_cooked());
  const std::size_t left = terminal.seen().rfind("\x1b[?1049l");
  REQUIRE(left != std::string::npos);
  CHECK(terminal.seen().find("\x1b[?1049h", left) == std::string::npos);
  CHECK(contains(terminal.seen().substr(left - 12, 12), "\x1b[?25h"));
}

std::vector<std::string> complete(const Stack& stack, const std::string& shell,
                                  const std::string& line) {
  test::Command command = stack.command({});
  const Path program = command.arguments[0];
  command.environment["PATH"] = program.parent_path().string() + ":" + command.environment["PATH"];
  command.arguments = {shell, "-c",
                       "source <(exai completion " + shell + "); COMP_WORDS=(" + line +
                           " ''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _exai; "
                           "printf '%s\\n' \"${COMPREPLY[@]}\""};
  std::vector<std::string> words = split(test::run(command).out, '\n');
  if (!words.empty() && words.back().empty()) words.pop_back();
  return words;
}

}  // namespace

TEST_CASE("scale changes how many replicas run, and waits for the new ones") {
  const Stack stack(R"(
[services.web]
process = ["sleep", "1000"]
replicas = 1
[services.base]
process = ["sleep", "1000"]
)");
  REQUIRE(stack.exai({"up"}).exit == 0);
  const Outcome more = stack.exai({"scale", "web=3"});
  CHECK(more.exit == 0);
  CHECK(contains(more.out, "web.3: ready"));
  CHECK(state_of(stack, "web.3") == "ready");
  CHECK(stack.exai({"scale", "web=1", "--json"}).exit == 0);
  CHECK(test::wait_until([&] { return state_of(stack, "web.2") == "not there"; }));
  CHECK(state_of(stack, "web.1") == "ready");

  const auto [words, said] = GENERATE(table<std::string, std::string>({
      {"base=2", "base cannot be scaled: it has no replicas"},
      {"wep=2", "did you mean web?"},
      {"web", "not SERVICE=N"},
      {"web=x", "not SERVICE=N"},
      {"web=-1", "not SERVICE=N"},
      {"web=1001", "not SERVICE=N"},
      {"=2", "not SERVICE=N"},
  }));
  const Outcome refused = stack.exai({"scale", words});
  CHECK(refused.exit != 0);
  CHECK_THAT(refused.err, Catch::Contains(said));
}

TEST_CASE("up starts the services of a profile on request") {
  const Stack stack(R"(
[services.web]
process = ["sleep", "1000"]
[services.shell]
process = ["sleep", "1000"]
profiles = ["debug"]
[services.trace]
process = ["sleep", "1000"]
profiles = ["debug", "trace"]
)");
  REQUIRE(stack.exai({"up"}).exit == 0);
  CHECK(state_of(stack, "shell") == "stopped");
  REQUIRE(stack.exai({"up", "--profile", "trace"}).exit == 0);
  CHECK(state_of(stack, "trace") == "ready");
  CHECK(state_of(stack, "shell") == "stopped");
  REQUIRE(stack.exai({"up", "--profile", "trace", "--profile", "debug"}).exit == 0);
  CHECK(state_of(stack, "shell") == "ready");
  const Outcome unknown = stack.exai({"up", "--profile", "debg"});
  CHECK(unknown.exit == 2);
  CHECK_THAT(unknown.err, Catch::Contains("did you mean \"debug\"?"));
}

TEST_CASE("start and stop move single services and wait for what comes of it") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  const Outcome stopped = stack.exai({"stop", "web"});
  CHECK(stopped.exit == 0);
  CHECK(contains(stopped.out, "web: stopping: stop requested\n"));
  CHECK(contains(stopped.out, "web: stopped"));
  CHECK(state_of(stack, "web") == "stopped");
  CHECK(state_of(stack, "base") == "ready");
  CHECK(stack.exai({"stop", "web"}).exit == 0);  // it rests already

  const Outcome started = stack.exai({"start", "web", "--json"});
  CHECK(started.exit == 0);
  CHECK(parse_json_object(started.out));
  CHECK(contains(started.err, "web: ready"));

  CHECK(stack.exai({"stop", "base"}).exit == 0);
  CHECK(state_of(stack, "web") == "stopped");  // what needs it went before it
  CHECK(stack.exai({"start", "web"}).exit == 0);
  CHECK(state_of(stack, "base") == "ready");
}

TEST_CASE("words that make no sense to start, stop and signal are exit 2, and say what would") {
  const Stack stack(kTwo);
  CHECK(stack.exai({"start", "web"}).exit == 3);
  REQUIRE(stack.exai({"up"}).exit == 0);
  const Outcome nameless = stack.exai({"stop"});
  CHECK(nameless.exit == 2);
  CHECK(nameless.err ==
        "exai: name the services to stop; for all: exai down\nsee exai stop --help\n");
  const Outcome unknown = stack.exai({"start", "wep"});
  CHECK(unknown.exit == 2);
  CHECK(contains(unknown.err, "there is no service wep; did you mean web?"));
  const Outcome signal = stack.exai({"signal", "HUPP", "web"});
  CHECK(signal.exit == 1);
  CHECK(contains(signal.err, "there is no signal HUPP"));
  CHECK(stack.exai({"signal", "HUP"}).exit == 2);
  REQUIRE(stack.exai({"stop", "web"}).exit == 0);
  const Outcome gone = stack.exai({"signal", "HUP", "web"});
  CHECK(gone.exit == 1);
  CHECK(contains(gone.err, "there is no process to signal"));
}

TEST_CASE("a service that does not start makes start fail with its cause") {
  const Stack stack(std::string(kTwo) +
                    "[services.bad]\nprocess = [\"bash\", \"-c\", \"echo why; exit 3\"]\n"
                    "restart = { policy = \"never\" }\n"
                    "ready = { command = [\"false\"] }\n");
  stack.exai({"up", "web"});
  const Outcome outcome = stack.exai({"start", "bad"});
  CHECK(outcome.exit == 1);
  CHECK(contains(outcome.err, "exai: bad does not come up: exit code 3"));
  CHECK(contains(outcome.err, "  why\n"));
}

TEST_CASE("up waits no longer than it is told, and says what is late and why") {
  const Stack stack(std::string(kTwo) +
                    "[services.slow]\nprocess = [\"sleep\", \"1000\"]\n"
                    "ready = { command = [\"false\"], every = \"50ms\" }\n");
  const Outcome outcome = stack.exai({"up", "--timeout", "2s"});
  CHECK(outcome.exit == 1);
  CHECK(contains(outcome.err, "exai: not ready in time: slow\n"));
  CHECK(contains(outcome.err, "      slow: command false: "));
  CHECK(state_of(stack, "web") == "ready");
  CHECK(stack.exai({"up", "--timeout", "soon"}).exit == 2);
  CHECK(stack.exai({"up", "-d", "--wait"}).exit == 2);
}

TEST_CASE("signal reaches the process and nothing else") {
  const Stack stack(R"(
[services.web]
process = ["bash", "-c", "trap 'echo told' USR1; while :; do sleep 0.02; done"]
)");
  REQUIRE(stack.exai({"up"}).exit == 0);
  const bool told = test::wait_until([&] {
    stack.exai({"signal", "usr1", "web"});
    return contains(stack.exai({"logs", "web"}).out, "told");
  });
  CHECK(told);
}

TEST_CASE("events are printed from a number on, as text and as lines of JSON") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  const Outcome all = stack.exai({"events"});
  CHECK(all.exit == 0);
  CHECK(contains(all.out, "base  stopped → starting: start requested\n"));
  const Outcome some = stack.exai({"events", "--since", "2", "--json", "web"});
  std::int64_t last = 2;
  for (const std::string& line : split(std::string(trim(some.out)), '\n')) {
    const auto event = parse_json_object(line);
    REQUIRE(event);
    CHECK(find_string(*event, "service") == "web");
    CHECK(*find_integer(*event, "sequence") > last);
    last = *find_integer(*event, "sequence");
  }
  CHECK(last > 2);
  CHECK(stack.exai({"events", "wep"}).exit == 2);
}

TEST_CASE("events -f goes on over a supervisor that is killed, and tells nothing twice") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  test::Process follower(stack.command({"events", "-f", "--json"}));
  REQUIRE(test::wait_until([&] { return contains(follower.out(), "\"to\":\"ready\""); }));
  ::kill(static_cast<pid_t>(stack.supervisor()), SIGKILL);
  REQUIRE(test::wait_until([&] { return contains(follower.err(), "waiting for the next one"); }));
  REQUIRE(stack.exai({"up"}).exit == 0);
  REQUIRE(stack.exai({"restart", "web"}).exit == 0);
  REQUIRE(test::wait_until([&] { return contains(follower.out(), "restart requested"); }));
  std::int64_t last = 0;
  for (const std::string& line : split(std::string(trim(follower.out())), '\n')) {
    const auto event = parse_json_object(line);
    if (!event || find(*event, "gap")) continue;
    CHECK(*find_integer(*event, "sequence") > last);
    last = *find_integer(*event, "sequence");
  }
  follower.signal(SIGINT);
  CHECK(follower.wait()->code == 130);
}

TEST_CASE("the graph is drawn from the file, and with states when the stack runs") {
  const Stack stack(kTwo);
  const Outcome asleep = stack.exai({"graph"});
  CHECK(asleep.exit == 0);
  CHECK(asleep.out == "web\n└─ base\n");
  REQUIRE(stack.exai({"up"}).exit == 0);
  CHECK(stack.exai({"graph"}).out == "web      ready\n└─ base  ready\n");
  CHECK(contains(stack.exai({"graph", "--format", "dot"}).out, "\"web\" -> \"base\""));
  stack.write("broken = [\n");
  CHECK(stack.exai({"graph"}).out == "web      ready\n└─ base  ready\n");  // it runs all the same
}

TEST_CASE("top sorts by what is asked for") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  const Outcome table = stack.exai({"top", "--sort", "name"});
  CHECK(table.exit == 0);
  CHECK(table.out.starts_with("SERVICE  STATE"));
  CHECK(table.out.find("base") < table.out.find("web"));
  CHECK(parse_json_object(stack.exai({"top", "--json", "web"}).out));
  CHECK(stack.exai({"top", "--sort", "colour"}).exit == 2);
}

TEST_CASE("completion has the services of the stack that runs, and of the file when none does") {
  const Stack stack(kTwo);
  CHECK(complete(stack, "bash", "exai restart") == std::vector<std::string>{"base", "web"});
  REQUIRE(stack.exai({"up"}).exit == 0);
  stack.write("broken = [\n");
  CHECK(complete(stack, "bash", "exai stop") == std::vector<std::string>{"base", "web"});
  const auto words = complete(stack, "bash", "exai signal HUP");
  CHECK(std::find(words.begin(), words.end(), "web") != words.end());
}

TEST_CASE("fish and zsh complete services, too") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  test::Command shell = stack.command({});
  const Path program = shell.arguments[0];
  shell.environment["PATH"] = program.parent_path().string() + ":" + shell.environment["PATH"];
  shell.environment["HOME"] = stack.path("").string();
  SECTION("fish") {
    shell.arguments = {"fish", "--no-config", "-c",
                       "exai completion fish | source; complete -C 'exai stop w'"};
    CHECK(test::run(shell).out.starts_with("web"));
  }
  SECTION("zsh") {
    shell.arguments = {find_program("zsh", shell.environment["PATH"])->string(), "-f", "-i"};
    shell.environment["TERM"] = "xterm";
    test::Pty terminal(shell, 80, 24);
    terminal.type(
        "autoload -Uz compinit; compinit -u -D; source <(exai completion zsh)\r"
        "print rea''dy\r");
    REQUIRE(terminal.shows("\nready"));
    terminal.type("exai stop w\t\r");
    CHECK(test::wait_until([&] { return state_of(stack, "web") == "stopped"; }));
  }
}

TEST_CASE("the live view selects, shows a log, restarts and stops, and leaves no trace") {
  const Stack stack(R"(
[services.base]
process = ["sleep", "1000"]
[services.web]
process = ["bash", "-c", "echo hello from web; exec sleep 1000"]
needs = { base = "ready" }
)");
  REQUIRE(stack.exai({"up"}).exit == 0);
  test::Pty terminal(at_terminal(stack), 100, 24);
  REQUIRE(terminal.shows("try (dev): 2 of 2 services ready"));
  CHECK_FALSE(terminal.is_cooked());
  REQUIRE(terminal.shows("> base"));
  terminal.type("\x1b[B\r");
  REQUIRE(terminal.shows("log of web"));
  REQUIRE(terminal.shows("hello from web"));
  terminal.forget();
  terminal.resize(60, 10);
  REQUIRE(terminal.shows("\x1b[2mSERVICE"));
  terminal.type("r");
  REQUIRE(terminal.shows("asked for: restart web"));
  REQUIRE(test::wait_until([&] { return state_of(stack, "web") == "ready"; }));
  terminal.forget();
  REQUIRE(terminal.shows("2 of 2 services ready"));
  terminal.type("s");
  REQUIRE(terminal.shows("asked for: stop web"));
  REQUIRE(test::wait_until([&] { return state_of(stack, "web") == "stopped"; }));
  terminal.type("q");
  CHECK(terminal.wait() == ExitStatus{0, std::nullopt, false});
  check_restored(terminal);
}

TEST_CASE("the terminal is put back whatever ends the live view") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  test::Pty terminal(at_terminal(stack), 80, 24);
  REQUIRE(terminal.shows("services ready"));
  SECTION("TERM") {
    terminal.signal(SIGTERM);
    CHECK(terminal.wait() == ExitStatus{std::nullopt, SIGTERM, false});
  }
  SECTION("Ctrl-C") {
    terminal.type("\x03");
    CHECK(terminal.wait() == ExitStatus{130, std::nullopt, false});
  }
  SECTION("hang-up of its line") {
    terminal.signal(SIGHUP);
    CHECK(terminal.wait() == ExitStatus{std::nullopt, SIGHUP, false});
  }
  SECTION("the supervisor dies, another one comes, and then q") {
    ::kill(static_cast<pid_t>(stack.supervisor()), SIGKILL);
    REQUIRE(terminal.shows("no supervisor; what runs goes on"));
    REQUIRE(stack.exai({"up"}).exit == 0);
    REQUIRE(terminal.shows("the supervisor is back"));
    terminal.type("q");
    CHECK(terminal.wait() == ExitStatus{0, std::nullopt, false});
  }
  check_restored(terminal);
}

TEST_CASE("while the live view is stopped the terminal is the shell's") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  test::Pty terminal(at_terminal(stack), 80, 24);
  REQUIRE(terminal.shows("services ready"));
  terminal.signal(SIGTSTP);
  REQUIRE(test::wait_until([&] { return terminal.stopped(); }));
  check_restored(terminal);
  terminal.forget();
  terminal.signal(SIGCONT);
  REQUIRE(terminal.shows("\x1b[?1049h"));
  REQUIRE(terminal.shows("services ready"));
  CHECK_FALSE(terminal.is_cooked());
  terminal.type("q");
  CHECK(terminal.wait() == ExitStatus{0, std::nullopt, false});
  check_restored(terminal);
}

TEST_CASE("status --watch without a terminal prints plain pages") {
  const Stack stack(kTwo);
  REQUIRE(stack.exai({"up"}).exit == 0);
  test::Process watch(stack.command({"status", "--watch"}));
  REQUIRE(test::wait_until([&] {
    const std::string out = watch.out();
    return out.find("services ready") != out.rfind("services ready");
  }));
  CHECK_FALSE(contains(watch.out(), "\x1b"));
  watch.signal(SIGINT);
  CHECK(watch.wait()->code == 130);
}
