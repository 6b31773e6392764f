// The built exai-supervisor with services that are shell scripts, asked through its socket: what it
// promises about starting, failing, dying and stopping. Whatever a test leaves behind is killed.
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/json.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/control/client.hpp"
#include "supervisor/process/tree.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using control::ServiceStatus;
using control::State;
using test::wait_until;

namespace {

// One stack in a folder of its own.
class Stack {
 public:
  // `services` is what follows the [stack] table in the file.
  explicit Stack(const std::string& services) { rewrite(services); }

  ~Stack() {
    supervisor_.reset();
    for (int round = 0; round < 3; ++round)
      for (const auto& process : remaining()) process::send_signal(process, SIGKILL);
  }

  void rewrite(const std::string& services) {
    folder_.write("exai.toml", "[stack]\nname = \"test\"\ntimezone = \"UTC\"\n\n"
                               "[environments.dev]\nlayers = []\n\n" + services);
  }
  void script(const std::string& name, const std::string& text) { folder_.write(name, text); }
  std::string read(const std::string& name) const {
    return read_file(folder_.path() / name).value_or("");
  }
  Path path(const std::string& name) const { return folder_.path() / name; }
  Path state(const std::string& name) const { return folder_.path() / "state" / name; }

  test::Command command(std::vector<std::string> more = {}) const {
    test::Command command;
    command.arguments = {EXAI_SUPERVISOR, "--file", path("exai.toml").string()};
    for (std::string& argument : more) command.arguments.push_back(std::move(argument));
    command.environment["EXAI_STATE_DIR"] = state("").parent_path().string();
    command.environment.erase("EXAI_ENV");
    return command;
  }

  void start(std::vector<std::string> more = {}) {
    supervisor_ = std::make_unique<test::Process>(command(std::move(more)));
    const bool answers = wait_until([&] { return control::Client::connect(socket()).has_value(); });
    INFO(supervisor_->err());
    REQUIRE(answers);
  }
  void kill_supervisor() {
    supervisor_->signal(SIGKILL);
    REQUIRE(supervisor_->wait());
    supervisor_.reset();
  }
  test::Process& supervisor() { return *supervisor_; }
  Path socket() const { return state("run/control.sock"); }

  control::Client client() const {
    auto client = control::Client::connect(socket());
    REQUIRE(client);
    return std::move(*client);
  }
  void up(const std::vector<std::string>& services = {}) { REQUIRE(client().up(services)); }
  void down() {
    REQUIRE(client().down());
    const auto status = supervisor_->wait(20s);
    REQUIRE(status);
    CHECK(describe(*status) == "exit code 0");
  }

  ServiceStatus status(const std::string& name) const {
    const auto status = client().status();
    REQUIRE(status);
    for (const ServiceStatus& service : status->services)
      if (service.name == name) return service;
    FAIL("no service " << name);
    return {};
  }
  // Waits for a state and gives the status of then.
  ServiceStatus in_state(const std::string& name, State state, Duration deadline = 10s) const {
    ServiceStatus seen;
    const bool reached = wait_until(
        [&] {
          seen = status(name);
          return seen.state == state;
        },
        deadline);
    INFO(name << " is " << control::name(seen.state) << ": " << seen.cause);
    REQUIRE(reached);
    return seen;
  }
  ServiceStatus until(const std::string& name,
                      const std::function<bool(const ServiceStatus&)>& so) const {
    ServiceStatus seen;
    REQUIRE(wait_until([&] {
      seen = status(name);
      return so(seen);
    }));
    return seen;
  }

  // "a: stopped → starting", in order.
  std::vector<std::string> history() const {
    const auto page = client().events(0, 0ms);
    REQUIRE(page);
    std::vector<std::string> lines;
    for (const control::Event& event : page->events)
      lines.push_back(fmt::format("{}: {} -> {}", event.service, control::name(event.from),
                                  control::name(event.to)));
    return lines;
  }

  // Every process that carries the mark of one of our services.
  std::vector<process::Identity> remaining() const {
    std::vector<process::Identity> found;
    for (const ProcessInfo& info : all_processes()) {
      const auto environment = read_file(fmt::format("/proc/{}/environ", info.pid));
      const std::string mark = "EXAI_SERVICE_DIR=" + state("run").string();
      if (info.state != 'Z' && environment && environment->find(mark) != std::string::npos)
        found.push_back({info.pid, info.start_ticks});
    }
    return found;
  }

 private:
  test::TempDir folder_;
  std::unique_ptr<test::Process> supervisor_;
};

std::string service(const std::string& name, const std::string& rest = {}) {
  return fmt::format("[services.{0}]\nprocess = [\"sh\", \"{0}.sh\"]\n"
                     "restart = {{ backoff = \"10ms..100ms\", give_up = \"5 in 1m\" }}\n{1}\n",
                     name, rest);
}

const std::string kForever = "echo up; exec sleep 1000\n";

bool contains(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

std::size_t position(const std::vector<std::string>& lines, const std::string& line) {
  INFO("looking for " << line << " in " << join(lines, "; "));
  REQUIRE(contains(lines, line));
  return static_cast<std::size_t>(std::find(lines.begin(), lines.end(), line) - lines.begin());
}

}  // namespace

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
  CHECK(stack.remaining().size() == 2);
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

TEST_CASE("services outlive their supervisor, and the next one takes them over as they are") {
  Stack stack(service("a", "ready = { process = true, every = \"20ms\" }") +
              service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done\n");
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  ::kill(stack.in_state("a", State::ready).pid, SIGKILL);  // so that there is a past to keep
  stack.until("a", [](const auto& s) { return s.restarts == 1 && s.state == State::ready; });
  const ServiceStatus a = stack.status("a");
  const ServiceStatus b = stack.in_state("b", State::ready);
  const auto events = stack.client().events(0, 0ms)->last;

  stack.kill_supervisor();
  CHECK(process_info(a.pid));
  stack.start();
  const ServiceStatus taken = stack.in_state("a", State::ready);
  CHECK(taken.pid == a.pid);
  CHECK(taken.adopted);
  CHECK(taken.restarts == 1);
  CHECK(taken.last_restart_cause == "signal 9 (KILL)");
  CHECK(taken.started == a.started);
  CHECK(taken.ready->standing == "passing");
  CHECK(stack.in_state("b", State::ready).pid == b.pid);
  CHECK(stack.remaining().size() >= 2);
  CHECK(stack.client().events(events, 0ms)->events.size() >= 2);
  stack.up();
  CHECK(stack.status("a").pid == a.pid);

  ::kill(a.pid, SIGKILL);
  const ServiceStatus again = stack.until("a", [](const auto& s) {
    return s.restarts == 2 && s.state == State::ready;
  });
  CHECK(again.last_exit == "ended, how is unknown");
  CHECK_FALSE(again.adopted);
  stack.down();
  CHECK(stack.remaining().empty());

  // Not a line was lost between the two: each run counts without a gap.
  int last = 0;
  for (const std::string& line : split(stack.read("state/logs/a.log"), '\n')) {
    const auto at = line.find("line ");
    if (at == std::string::npos) continue;
    const int number = static_cast<int>(parse_integer(line.substr(at + 5)).value_or(-1));
    CHECK((number == last + 1 || number == 1));
    last = number;
  }
}

TEST_CASE("what ended while nobody watched is restarted once, by its policy") {
  Stack stack(service("a"));
  stack.script("a.sh", "echo run >> runs; (trap '' TERM; exec sleep 1000) & exec sleep 1000\n");
  stack.start();
  stack.up();
  const ServiceStatus before = stack.in_state("a", State::ready);
  REQUIRE(wait_until([&] { return stack.remaining().size() == 2; }));
  stack.kill_supervisor();
  ::kill(before.pid, SIGKILL);
  REQUIRE(wait_until([&] { return stack.remaining().size() == 1; }));
  stack.start();
  const ServiceStatus after = stack.in_state("a", State::ready);
  CHECK(after.last_restart_cause == "ended while no supervisor watched");
  CHECK(after.restarts == 1);
  CHECK(stack.read("runs") == "run\nrun\n");
  CHECK(wait_until([&] { return stack.remaining().size() == 2; }));  // its old child is gone
  stack.down();
}

TEST_CASE("a start that was announced and never reported is found, not repeated") {
  Stack stack(service("a"));
  stack.script("a.sh", "echo run >> runs; exec sleep 1000\n");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  stack.kill_supervisor();
  const auto lose = GENERATE(as<std::string>(), "the pid", "the file", "its sense");
  CAPTURE(lose);
  if (lose == "the file") std::filesystem::remove(stack.state("snapshot.json"));
  else if (lose == "its sense") stack.script("state/snapshot.json", "{ half a snapsh");
  else {
    auto snapshot = *parse_json_object(stack.read("state/snapshot.json"));
    auto& record = snapshot["services"].as_array()[0].as_object();
    record.erase("process");
    record["spawning"] = true;
    record["state"] = "starting";
    stack.script("state/snapshot.json", to_text(snapshot));
  }
  stack.start();
  CHECK(stack.in_state("a", State::ready).pid == pid);
  stack.up();
  CHECK(stack.status("a").pid == pid);
  CHECK(stack.read("runs") == "run\n");
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a snapshot of another boot, or of a recycled pid, names nobody's process") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  test::Command stranger;
  stranger.arguments = {"sleep", "1000"};
  test::Process bystander(std::move(stranger));
  const auto [boot, ticks] = GENERATE(table<std::string, std::uint64_t>({
      {"another-boot", 0},
      {boot_id(), 1},
  }));
  std::filesystem::create_directories(stack.state("run"));
  std::filesystem::permissions(stack.state(""), std::filesystem::perms::owner_all);
  std::filesystem::permissions(stack.state("run"), std::filesystem::perms::owner_all);
  const auto info = process_info(bystander.pid());
  stack.script("state/snapshot.json",
               fmt::format(R"({{"version":1,"boot_id":"{}","services":[{{"name":"a",)"
                           R"("state":"ready","wanted":true,)"
                           R"("process":{{"pid":{},"start_ticks":{}}}}}]}})",
                           boot, bystander.pid(), info->start_ticks + ticks));
  stack.start();
  stack.up();
  CHECK(stack.in_state("a", State::ready).pid != bystander.pid());
  stack.down();
  CHECK(bystander.running());
}

TEST_CASE("after the supervisor was killed, --adopt-only stops everything without the stack file") {
  Stack stack(service("a") + service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh", kForever);
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("b", State::ready);
  stack.kill_supervisor();
  stack.rewrite("this is no stack");
  const auto refused = test::run(stack.command());
  CHECK(refused.exit == 2);
  CHECK_THAT(refused.err, Catch::Contains("exai.toml:"));
  CHECK(stack.remaining().size() == 2);

  if (GENERATE(false, true)) std::filesystem::remove(stack.path("exai.toml"));
  stack.start({"--adopt-only"});
  CHECK(stack.in_state("a", State::ready).adopted);
  CHECK(stack.client().status()->stack == "test");
  stack.down();
  CHECK(stack.remaining().empty());
  const std::string log = stack.read("state/logs/supervisor.log");
  CHECK(log.rfind("ended service=b") < log.rfind("ended service=a"));
}

TEST_CASE("a service that the stack file lost is stopped by the next up") {
  Stack stack(service("a") + service("b"));
  stack.script("a.sh", kForever);
  stack.script("b.sh", kForever);
  stack.start();
  stack.up();
  stack.in_state("b", State::ready);
  stack.kill_supervisor();
  stack.rewrite(service("a"));
  stack.start();
  CHECK(stack.in_state("b", State::ready).adopted);
  stack.up();
  CHECK(stack.in_state("b", State::stopped).cause == "stopped: ended, how is unknown");
  CHECK(stack.status("a").state == State::ready);
  stack.down();
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
                           "ready = { command = [\"false\"], every = \"50ms\" }"));
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
  for (const char* name : {"secrets/APP_PASSWORD", "run/a/secrets/APP_PASSWORD", "run/a/a.conf"})
    CHECK(std::filesystem::status(stack.state(name)).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  stack.down();
  CHECK(stack.read("state/secrets/APP_PASSWORD") == password);  // kept for the next time
}

TEST_CASE("there is one supervisor a stack; a socket left by a dead one is no obstacle") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  const auto second = test::run(stack.command());
  CHECK(second.exit == 1);
  CHECK_THAT(second.err, Catch::Contains("already running") &&
                             Catch::Contains(std::to_string(stack.supervisor().pid())));
  stack.kill_supervisor();
  REQUIRE(std::filesystem::exists(stack.socket()));
  stack.start();
  stack.down();
}

TEST_CASE("TERM stops everything in order; the second one does not wait") {
  Stack stack(service("a", "stop = { grace = \"1h\" }"));
  stack.script("a.sh", "trap '' TERM; echo up > up; while :; do sleep 0.05; done\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return stack.read("up") == "up\n"; }));
  stack.supervisor().signal(SIGHUP);
  stack.supervisor().signal(SIGTERM);
  stack.in_state("a", State::stopping);
  CHECK(stack.client().up({}).error().code() == Errc::conflict);
  stack.supervisor().signal(SIGTERM);
  CHECK(stack.supervisor().wait()->success());
  CHECK(stack.remaining().empty());
}

TEST_CASE("a follower gets events as they happen") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  control::Client follower = stack.client();
  CHECK(follower.events(0, 10ms)->events.empty());
  stack.up();
  std::uint64_t last = 0;
  std::vector<control::Event> seen;
  while (seen.empty() || seen.back().to != State::ready) {
    const auto page = follower.events(last, 5s);
    REQUIRE(page);
    REQUIRE_FALSE(page->events.empty());
    CHECK_FALSE(page->gap);
    seen.insert(seen.end(), page->events.begin(), page->events.end());
    last = page->last;
  }
  CHECK(seen.front().cause == "start requested");
  stack.down();
}

namespace {

// A client that says what it wants, and perhaps never reads.
class RawClient {
 public:
  explicit RawClient(const Path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  void send(const std::string& text) {
    ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  std::string line() {
    std::string text;
    for (char c = 0; ::recv(fd_.get(), &c, 1, 0) == 1 && c != '\n';) text += c;
    return text;
  }

 private:
  Fd fd_;
};

}  // namespace

TEST_CASE("the control socket answers nonsense with an error and goes on") {
  Stack stack(service("web") + service("worker"));
  stack.start();
  const auto [request, expected] = GENERATE(table<std::string, std::string>({
      {"nonsense", "-32700"},
      {"[1]", "-32600"},
      {R"({"jsonrpc":"2.0","id":1,"method":"explode"})", "-32601"},
      {R"({"jsonrpc":"2.0","id":1,"method":"up","params":{"services":"all"}})", "-32602"},
      {R"({"jsonrpc":"2.0","id":1,"method":"up","params":{"services":[1]}})", "-32602"},
      {R"({"jsonrpc":"2.0","id":1,"method":"up","params":{"services":["wep"]}})",
       "did you mean web?"},
      {std::string(3U << 20U, 'x'), "a line of more than"},
  }));
  RawClient client(stack.socket());
  for (std::size_t at = 0; at < request.size(); at += 60000) {
    client.send(request.substr(at, 60000));
    CHECK(stack.client().status());  // meanwhile others are served
  }
  client.send("\n");
  CHECK_THAT(client.line(), Catch::Contains(expected));
  CHECK(stack.client().status()->services.size() == 2);
}

TEST_CASE("a client that never reads hurts nobody, and too many are turned away") {
  Stack stack(service("a"));
  stack.script("a.sh", kForever);
  stack.start();
  RawClient slow(stack.socket());
  const std::string ask = R"({"jsonrpc":"2.0","id":1,"method":"status"})" "\n";
  for (int i = 0; i < 5000; ++i) slow.send(ask);
  slow.send("{\"half a line");
  CHECK(stack.client().status());

  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 70; ++i) crowd.push_back(std::make_unique<RawClient>(stack.socket()));
  crowd.back()->send(ask);
  CHECK_THAT(crowd.back()->line(), Catch::Contains("too many clients"));
  crowd.clear();
  CHECK(wait_until([&] { return control::Client::connect(stack.socket())->status().has_value(); }));
  stack.up();
  stack.in_state("a", State::ready);
  stack.down();
}
