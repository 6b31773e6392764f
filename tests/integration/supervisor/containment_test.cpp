// Nothing that a service started outlives it: with a cgroup of its own, where the machine has that,
// and by session and mark, where it has not. Each case holds both ways.
#include <catch2/catch.hpp>
#include <filesystem>

#include "supervisor/process/cgroup.hpp"
#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

// Where the kernel keeps the process, or nothing without cgroups.
std::string cgroup_of(pid_t pid) {
  const auto text = read_file(fmt::format("/proc/{}/cgroup", pid));
  for (const std::string& line : split(text.value_or(""), '\n'))
    if (line.starts_with("0::") && line.find("/exai-") != std::string::npos) return line.substr(3);
  return {};
}

bool by_cgroup(const Stack& stack) {
  const auto status = stack.client().status();
  REQUIRE(status);
  return status->containment.starts_with("each service in a cgroup of its own, below ");
}

pid_t pid_in(const Stack& stack, const std::string& file) {
  pid_t pid = 0;
  REQUIRE(wait_until([&] {
    const auto number = parse_integer(trim(stack.read(file)));
    pid = number ? static_cast<pid_t>(*number) : 0;
    return pid != 0;
  }));
  return pid;
}

bool gone(pid_t pid) {
  const auto info = process_info(pid);
  return !info || info->state == 'Z';
}

Duration since(Time start) {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
}

const std::string kStubborn = "trap '' TERM; while :; do sleep 0.05; done\n";

}  // namespace

TEST_CASE("how processes are held together is stated, and true") {
  Stack stack(service("a"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", "sleep 1000 & exec sleep 1000\n");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  const std::string statement = stack.client().status()->containment;
  CHECK(stack.read("state/logs/supervisor.log").find(statement) != std::string::npos);
  if (!by_cgroup(stack)) {
    CHECK(statement.starts_with("by session and mark, without cgroups: "));
    CHECK(cgroup_of(pid).empty());
    return stack.down();
  }
  const Path root = std::string(trim(stack.read("state/run/cgroup")));
  INFO(statement << " / " << root);
  CHECK(statement.find("below " + root.string() + "; controllers: ") != std::string::npos);
  CHECK(cgroup_of(pid).ends_with(root.filename().string() + "/a"));
  CHECK(wait_until([&] { return process::processes_in({(root / "a").string()}).size() == 2; }));
  stack.down();
  CHECK_FALSE(std::filesystem::exists(root));
}

TEST_CASE("EXAI_CGROUP=off is a reason that is told") {
  Stack stack(service("a"));
  stack.set("EXAI_CGROUP", "off");
  stack.start();
  CHECK(stack.client().status()->containment ==
        "by session and mark, without cgroups: EXAI_CGROUP=off");
  stack.down();
}

TEST_CASE("a child that ignores TERM does not outlive its leader that obeys it") {
  Stack stack(service("a", "stop = { grace = \"20s\" }"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", "sh child.sh & echo $! > child; exec sleep 1000\n");
  stack.script("child.sh", kStubborn);
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  const pid_t child = pid_in(stack, "child");
  const Time start = std::chrono::steady_clock::now();
  stack.down();
  CHECK(gone(child));
  CHECK(since(start) < 10s);  // the leader's end is the end: its grace is not waited for
}

TEST_CASE("daemons that left their session, forked twice and ignore TERM die with the service") {
  Stack stack(service("a"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh",
               "for i in 1 2 3; do setsid sh -c 'setsid sh daemon.sh & exit' & done\n"
               "wait; echo up > up; exec sleep 1000\n");
  stack.script("daemon.sh", "echo $$ >> daemons; cd /; " + kStubborn);
  stack.start();
  stack.up();
  const auto daemons = [&] { return split(std::string(trim(stack.read("daemons"))), '\n'); };
  REQUIRE(wait_until([&] { return daemons().size() == 3; }));
  SECTION("when it is stopped") {
    stack.down();
  }
  SECTION("when it crashes: the next one does not live beside them") {
    const int before = stack.in_state("a", State::ready).pid;
    const std::vector<std::string> first = daemons();
    ::kill(before, SIGKILL);
    stack.until("a", [&](const auto& s) { return s.restarts == 1 && s.state == State::ready; });
    for (const std::string& pid : first) CHECK(gone(static_cast<pid_t>(*parse_integer(pid))));
    stack.down();
  }
  for (const std::string& pid : daemons()) CHECK(gone(static_cast<pid_t>(*parse_integer(pid))));
  CHECK(stack.remaining().empty());
}

TEST_CASE("a daemon that hides its environment cannot leave its cgroup") {
  Stack stack(service("a"));
  stack.script("a.sh", "env -i setsid -f /bin/sh -c 'echo $$ > " + stack.path("daemon").string() +
                           "; trap \"\" TERM; while :; do sleep 0.05; done'\nexec sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  const pid_t daemon = pid_in(stack, "daemon");
  const bool held = by_cgroup(stack);
  stack.down();
  if (held) CHECK(gone(daemon));
  ::kill(daemon, SIGKILL);  // without cgroups nothing connects it to its service any more
}

TEST_CASE(
    "a service that ignores TERM is killed when its grace is over, and down waits no longer") {
  Stack stack(service("a", "stop = { grace = \"300ms\" }"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", "echo up > up; " + kStubborn);
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return !stack.read("up").empty(); }));
  const Time start = std::chrono::steady_clock::now();
  stack.down();
  CHECK(since(start) >= 300ms);
  CHECK(since(start) < 5s);
  CHECK(stack.remaining().empty());
}

TEST_CASE("a frozen service is stopped as any other") {
  Stack stack(service("a", "stop = { grace = \"200ms\" }"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  ::kill(pid, SIGSTOP);
  stack.down();
  CHECK(gone(pid));
}

TEST_CASE("what forks faster than it can be looked at is ended") {
  Stack stack(service("a", "stop = { grace = \"200ms\" }"));
  const std::string way = any_way();
  stack.set("EXAI_CGROUP", way);
  // Each of them starts its successor and ends: no list of pids is true for long.
  stack.script("a.sh", "for i in 1 2; do sh walk.sh & done; echo up > up\n" + kStubborn);
  stack.script("walk.sh", "trap '' TERM; [ -e over ] || sh walk.sh & exit 0\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return !stack.read("up").empty(); }));
  stack.down();
  // Without cgroups it is a race, which the supervisor gives up in the end.
  if (way == "off") stack.script("over", "");
  CHECK(wait_until([&] { return stack.remaining().empty(); }, way == "off" ? 10s : 0s));
}

TEST_CASE("a crash is seen while a descendant holds the output") {
  Stack stack(service("a"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh",
               "if [ -e once ]; then exec sleep 1000; fi; touch once\n"
               "setsid sleep 1000 & echo $! > holder; exit 3\n");
  stack.start();
  stack.up();
  const ServiceStatus after = stack.until("a", [](const auto& s) { return s.restarts == 1; });
  CHECK(after.last_exit == "exit code 3");
  CHECK(gone(pid_in(stack, "holder")));
  stack.down();
}

TEST_CASE("orphans that end are reaped, thousands of them") {
  Stack stack(service("a"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh",
               "i=0; while [ $i -lt 500 ]; do (:& :& :& :&); i=$((i+1)); done\n"
               "echo done > done; exec sleep 1000\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return !stack.read("done").empty(); }, 30s));
  const auto zombies = [&] {
    const auto all = all_processes();
    return std::count_if(all.begin(), all.end(), [&](const ProcessInfo& info) {
      return info.state == 'Z' && info.parent == stack.supervisor().pid();
    });
  };
  CHECK(wait_until([&] { return zombies() == 0; }));
  CHECK(stack.status("a").state == State::ready);
  stack.down();
}

TEST_CASE("services of one level stop side by side, and after those that need them") {
  std::string file = service("base");
  for (int i = 0; i < 8; ++i)
    file += fmt::format(
        "[services.top{}]\nprocess = [\"sh\", \"slow.sh\"]\nneeds = {{ base = "
        "\"started\" }}\n",
        i);
  Stack stack(file);
  stack.set("EXAI_CGROUP", any_way());
  stack.script("base.sh", kForever);
  stack.script("slow.sh",
               "trap 'sleep 0.5; exit' TERM; touch up.$$; while :; do sleep 0.02; done\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] {
    const std::filesystem::directory_iterator files(stack.path(""));
    return std::count_if(begin(files), end(files), [](const auto& file_) {
             return file_.path().filename().string().starts_with("up.");
           }) == 8;
  }));
  const Time start = std::chrono::steady_clock::now();
  stack.down();
  CHECK(since(start) < 4s);  // one after the other they would take longer
  const std::string log = stack.read("state/logs/supervisor.log");
  for (int i = 0; i < 8; ++i)
    CHECK(log.find(fmt::format("ended service=top{}", i)) < log.find("ended service=base"));
}

TEST_CASE("a process that ends by itself while it is told to stop costs no grace") {
  std::string file;
  for (int i = 0; i < 40; ++i)
    file += fmt::format(
        "[services.s{}]\nprocess = [\"sh\", \"short.sh\"]\n"
        "restart = {{ backoff = \"1ms..2ms\", give_up = \"1000 in 1m\" }}\n",
        i);
  Stack stack(file);
  stack.set("EXAI_CGROUP", any_way());
  stack.script("short.sh", "sleep 0.01\n");
  stack.start();
  stack.up();
  stack.until("s39", [](const auto& s) { return s.restarts > 0; });
  const Time start = std::chrono::steady_clock::now();
  stack.down();
  CHECK(since(start) < 10s);  // the grace is 20 s
  CHECK(stack.remaining().empty());
}

TEST_CASE("a second signal to the supervisor ends the waiting") {
  Stack stack(service("a", "stop = { grace = \"10m\" }"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", "echo up > up; " + kStubborn);
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return !stack.read("up").empty(); }));
  stack.supervisor().signal(SIGINT);
  stack.in_state("a", State::stopping);
  stack.supervisor().signal(SIGINT);
  const auto status = stack.supervisor().wait(10s);
  REQUIRE(status);
  CHECK(status->code == 0);
  CHECK(stack.remaining().empty());
}

TEST_CASE("after a crash of the supervisor the next one ends all that the service has started") {
  Stack stack(service("a"));
  const std::string before = any_way();
  stack.set("EXAI_CGROUP", before);
  stack.script("a.sh",
               "(setsid sh -c 'echo $$ > daemon; trap \"\" TERM; while :; do sleep 0.05; done' &)\n"
               "exec sleep 1000\n");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  const pid_t daemon = pid_in(stack, "daemon");
  const std::string place = cgroup_of(pid);
  const std::string root(trim(stack.read("state/run/cgroup")));
  stack.kill_supervisor();
  SECTION("as it was") {}
  SECTION("decided otherwise") {
    stack.set("EXAI_CGROUP", before.empty() ? "off" : "");
  }
  stack.start();
  CHECK(stack.until("a", [](const auto& s) { return s.adopted; }).pid == pid);
  CHECK(cgroup_of(pid) == place);
  CHECK_FALSE(gone(daemon));
  stack.down();
  CHECK(gone(pid));
  CHECK(gone(daemon));
  CHECK((root.empty() || !std::filesystem::exists(root)));
}

TEST_CASE(
    "what outlived its leader while nobody watched is ended before the service starts again") {
  Stack stack(service("a"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script(
      "a.sh",
      "(setsid sh -c 'echo $$ >> daemons; trap \"\" TERM; while :; do sleep 0.05; done' &)\n"
      "exec sleep 1000\n");
  stack.start();
  stack.up();
  const int pid = stack.in_state("a", State::ready).pid;
  const pid_t daemon = pid_in(stack, "daemons");
  stack.kill_supervisor();
  ::kill(pid, SIGKILL);
  REQUIRE(wait_until([&] { return gone(pid); }));
  CHECK_FALSE(gone(daemon));
  stack.start();
  stack.until("a", [&](const auto& s) { return s.state == State::ready && s.pid != pid; });
  CHECK(wait_until([&] { return gone(daemon); }));
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("a process within exec is told from one without variables and from one without memory") {
  const auto stat = [](std::string_view memory, std::string_view variables) {
    std::string text = "7 (a ) b) S";
    for (int field = 4; field <= 52; ++field)
      text += fmt::format(" {}", field == 23 ? memory : field == 51 ? variables : "1");
    return text + "\n";
  };
  CHECK(process::is_within_exec(stat("4096", "0")));
  CHECK_FALSE(process::is_within_exec(stat("4096", "140720802089619")));
  CHECK_FALSE(process::is_within_exec(stat("0", "0")));
  CHECK_FALSE(process::is_within_exec(""));
  CHECK_FALSE(process::is_within_exec("7 (a) S 1 1"));

  Command bare;
  bare.arguments = {"env", "-i", "sleep", "1000"};
  const Process sleeping(std::move(bare));
  const std::string folder = fmt::format("/proc/{}", sleeping.pid());
  CHECK(wait_until([&] {
    const auto info = process_info(sleeping.pid());
    return info && info->program == "sleep" && info->state == 'S';
  }));
  CHECK(read_file(folder + "/environ").value_or("?").empty());
  CHECK_FALSE(process::is_within_exec(read_file(folder + "/stat").value_or("")));
}

TEST_CASE("what a check has started ends with the service") {
  Stack stack(service("a", "healthy = { command = [\"sh\", \"check.sh\"], every = \"50ms\" }"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", kForever);
  stack.script("check.sh",
               "[ -s started ] && exit; setsid sh -c 'trap \"\" TERM; echo $$ > started; exec "
               "sleep 1000' &\n"
               "while [ ! -s started ]; do sleep 0.01; done\n");
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  const pid_t started = pid_in(stack, "started");
  stack.down();
  CHECK(gone(started));
  CHECK(stack.remaining().empty());
}
