// What a service may use, what it does use, and what is said where the kernel does not count.
#include <catch2/catch.hpp>
#include <filesystem>

#include "supervisor/process/limits.hpp"
#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

// The controllers that services have here: what the statement ends with.
bool has_controller(const Stack& stack, const std::string& name) {
  const std::string statement = stack.client().status()->containment;
  const std::size_t at = statement.find("; controllers: ");
  return at != std::string::npos && statement.find(name, at) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "limits of each process are those of the stack file, and else what exai was started with") {
  Stack stack(service("a",
                      "limits = { open_files = 77, core = \"0B\", file_size = \"1MiB\", "
                      "oom_score_adj = 321, processors = [0] }") +
              service("b"));
  stack.set("EXAI_CGROUP", any_way());
  for (const char* name : {"a", "b"})
    stack.script(std::string(name) + ".sh",
                 fmt::format("ulimit -n > {0}.files; ulimit -c > {0}.core; ulimit -f > {0}.size\n"
                             "cat /proc/self/oom_score_adj > {0}.oom\n"
                             "grep Cpus_allowed_list /proc/self/status > {0}.cpus\n"
                             "echo > {0}.done; exec sleep 1000\n",
                             name));
  stack.start({}, {"sh", "-c", "ulimit -S -n 333; exec \"$@\"", "sh"});
  stack.up();
  REQUIRE(
      wait_until([&] { return !stack.read("a.done").empty() && !stack.read("b.done").empty(); }));
  CHECK(stack.read("a.files") == "77\n");
  CHECK(stack.read("a.core") == "0\n");
  CHECK(stack.read("a.size") == "2048\n");  // blocks of 512 bytes
  CHECK(stack.read("a.oom") == "321\n");
  CHECK(stack.read("a.cpus") == "Cpus_allowed_list:\t0\n");
  CHECK(stack.read("b.files") == "333\n");  // the supervisor's own limit is higher
  stack.down();
}

TEST_CASE("a limit that cannot be set fails the start, and says which") {
  Stack stack(
      "[services.a]\nprocess = [\"sleep\", \"1\"]\nrestart = { policy = \"never\" }\n"
      "limits = { open_files = 1073741816 }\n");
  stack.set("EXAI_CGROUP", any_way());
  stack.start();
  stack.up();
  CHECK_THAT(stack.in_state("a", State::failed).cause,
             Catch::Contains("setting its resource limits"));
  stack.down();
}

TEST_CASE("limits of the whole service hold where the kernel counts, and else it is said") {
  Stack stack(service("a", "limits = { memory = \"64MiB\", cpu = 0.5, tasks = 20 }"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", kForever);
  stack.start();
  stack.up();
  const ServiceStatus status = stack.in_state("a", State::ready);
  const bool held = stack.client().status()->containment.starts_with("each service");
  const Path folder = Path(std::string(trim(stack.read("state/run/cgroup")))) / "a";
  std::vector<std::string> expected;
  const auto check = [&](const std::string& what, const std::string& controller, const char* file,
                         const std::string& value) {
    if (held && has_controller(stack, controller))
      CHECK(trim(read_file(folder / file).value_or("")) == value);
    else
      expected.push_back(held ? what + ": its cgroup has no controller " + controller
                              : what + ": the service has no cgroup");
  };
  check("memory", "memory", "memory.max", "67108864");
  check("cpu", "cpu", "cpu.max", "50000 100000");
  check("tasks", "pids", "pids.max", "20");
  CHECK(status.not_limited == expected);
  for (const std::string& what : expected)
    CHECK(stack.read("state/logs/supervisor.log").find(what) != std::string::npos);
  stack.down();
}

TEST_CASE("a fork bomb is ended by down, limited or not") {
  Stack stack(service("a", "limits = { tasks = 50 }\nstop = { grace = \"100ms\" }"));
  stack.set("EXAI_CGROUP", any_way());
  // It doubles until some dozens are there: enough for the case, and no harm to the machine.
  stack.script("a.sh",
               "trap '' TERM; echo up > up; sh bomb.sh & sh bomb.sh & wait; exec sleep 1000\n");
  stack.script("bomb.sh",
               "trap '' TERM; echo x >> count\n"
               "while :; do\n"
               "  [ $(wc -l < count) -lt 40 ] && { sh bomb.sh & sh bomb.sh & }\n"
               "  sleep 0.2\ndone\n");
  stack.start();
  stack.up();
  REQUIRE(wait_until([&] { return stack.read("count").size() > 60; }));
  stack.down();
  CHECK(stack.remaining().empty());
}

TEST_CASE("usage is that of the whole tree, in a cgroup") {
  Stack stack(service("a"));
  stack.set("EXAI_CGROUP", any_way());
  stack.script("a.sh", "setsid sh busy.sh & exec 9> held; sleep 1000 & exec sleep 1000\n");
  stack.script("busy.sh",
               "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; touch did; exec sleep 1000\n");
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  REQUIRE(wait_until([&] { return std::filesystem::exists(stack.path("did")); }));
  const auto usage = [&] {
    const auto status = stack.client().status();
    REQUIRE(status);
    return status->services.front();
  };
  const bool held = stack.client().status()->containment.starts_with("each service");
  const int expected = held ? 3 : 1;
  CHECK(wait_until([&] { return usage().processes == expected; }));
  CHECK(usage().threads == expected);
  CHECK(usage().resident_bytes > 100'000);
  if (held) CHECK(wait_until([&] { return usage().cpu_percent > 0; }));
  CHECK_FALSE(usage().descriptors);  // nobody asked for it
  const auto states = stack.client().states();
  REQUIRE(states);
  CHECK(states->services.front().pid == usage().pid);
  CHECK_FALSE(states->services.front().processes);
  CHECK_FALSE(states->services.front().resident_bytes);
  CHECK(stack.client().status({"a"})->services.front().descriptors);
  CHECK_FALSE(stack.client().states({"a"})->services.front().descriptors);
  stack.down();
}

TEST_CASE("the kernel's count of processes ended for want of memory is read") {
  TempDir folder;
  const process::Cgroup cgroup{folder.path().string()};
  CHECK(process::oom_kills(cgroup) == 0);
  folder.write("memory.events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n");
  CHECK(process::oom_kills(cgroup) == 2);
}

TEST_CASE("limits are written as the kernel wants them") {
  TempDir folder;
  const auto above = open_file(folder.path().parent_path(), O_PATH | O_DIRECTORY);
  REQUIRE(above);
  process::Cgroup cgroup{folder.path().string()};
  if (GENERATE(true, false))  // as a service's is named
    cgroup = {folder.path().filename().string(), above->get()};
  CHECK(process::path_of(cgroup) == folder.path());
  for (const char* file : {"memory.max", "cpu.max", "pids.max"}) folder.write(file, "");
  process::GroupLimits limits;
  limits.memory = 1U << 20U;
  limits.cpu = 1.5;
  limits.tasks = 7;
  CHECK(process::set_limits(cgroup, limits).empty());
  CHECK(read_file(folder / "memory.max") == "1048576");
  CHECK(read_file(folder / "cpu.max") == "150000 100000");
  CHECK(read_file(folder / "pids.max") == "7");
  const auto refused = process::set_cgroup_value(cgroup, "cpu.weight", "1");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message(), Catch::Contains((folder / "cpu.weight").string()));
  CHECK(process::set_limits(std::nullopt, limits) ==
        std::vector<std::string>{"memory: the service has no cgroup",
                                 "cpu: the service has no cgroup",
                                 "tasks: the service has no cgroup"});
}
