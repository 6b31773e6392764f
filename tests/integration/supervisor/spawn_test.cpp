// What a service is at its very start: why it could not, and what it gets from its supervisor and
// what not.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

std::string once(const std::string& name, const std::string& command,
                 const std::string& rest = {}) {
  return fmt::format("[services.{}]\nprocess = {}\nrestart = {{ policy = \"never\" }}\n{}\n", name,
                     command, rest);
}

std::size_t descriptors_of(pid_t pid) {
  std::error_code error;
  const std::filesystem::directory_iterator all(fmt::format("/proc/{}/fd", pid), error);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("each reason why a program cannot start is told, and none is an exit code") {
  const std::string mode = GENERATE(as<std::string>(), "", "off");
  Stack stack(once("absent", "[\"./absent\"]") + once("text", "[\"./text\"]") +
              once("script", "[\"./script\"]") +
              once("place", "[\"sleep\", \"1\"]", "working_directory = \"nowhere\""));
  stack.set("EXAI_CGROUP", mode);
  // All is well when the supervisor reads the file, and no longer when it starts the services.
  stack.script("nowhere/file", "");
  for (const char* name : {"absent", "text", "script"}) {
    stack.script(name, "#!/no/such/interpreter\n");
    std::filesystem::permissions(stack.path(name), std::filesystem::perms::owner_all);
  }
  stack.start();
  std::filesystem::remove(stack.path("absent"));
  std::filesystem::permissions(stack.path("text"), std::filesystem::perms::owner_read);
  std::filesystem::remove_all(stack.path("nowhere"));
  stack.up();
  const auto cause = [&](const std::string& name) {
    const ServiceStatus status = stack.in_state(name, State::failed);
    CHECK(status.last_exit.empty());
    return status.cause;
  };
  CHECK_THAT(cause("absent"), Catch::Contains("command not found: ./absent"));
  CHECK_THAT(cause("text"), Catch::Contains("./text"));
  CHECK_THAT(cause("script"),
             Catch::Contains("the interpreter that its first line names is missing"));
  CHECK_THAT(cause("place"), Catch::Contains("there is no folder"));
  stack.down();
}

TEST_CASE("a service gets three descriptors, and no signal blocked or ignored") {
  const std::string mode = GENERATE(as<std::string>(), "", "off");
  Stack stack(service("first") +
              once("files", "[\"ls\", \"/proc/self/fd\"]", "needs = { first = \"started\" }") +
              once("signals", "[\"grep\", \"Sig\", \"/proc/self/status\"]",
                   "needs = { first = \"started\" }"));
  stack.set("EXAI_CGROUP", mode);
  stack.script("first.sh", kForever);
  stack.start();
  stack.up();
  const auto lines = [&](const std::string& name, std::ptrdiff_t count) {
    std::string text;
    CHECK(wait_until([&] {
      text = stack.read("state/logs/" + name + ".log");
      return std::count(text.begin(), text.end(), '\n') >= count;
    }));
    return text;
  };
  // 3 is the folder that it lists.
  const std::string files = lines("files", 4);
  CHECK(std::count(files.begin(), files.end(), '\n') == 4);
  const std::string signals = lines("signals", 5);
  CHECK_THAT(signals, Catch::Contains("SigBlk:\t0000000000000000"));
  CHECK_THAT(signals, Catch::Contains("SigIgn:\t0000000000000000"));
  stack.down();
}

TEST_CASE("starts that fail and services that end leave no descriptor behind") {
  const std::string mode = GENERATE(as<std::string>(), "", "off");
  Stack stack(service("a") + once("b", "[\"./script\"]"));
  stack.set("EXAI_CGROUP", mode);
  stack.script("a.sh", kForever);
  stack.script("script", "#!/no/such/interpreter\n");
  std::filesystem::permissions(stack.path("script"), std::filesystem::perms::owner_all);
  stack.start();
  stack.up();
  stack.in_state("a", State::ready);
  stack.in_state("b", State::failed);
  const auto settled = [&] { return descriptors_of(stack.supervisor().pid()); };
  const std::size_t before = settled();
  for (int i = 0; i < 20; ++i) {
    const int pid = stack.in_state("a", State::ready).pid;
    REQUIRE(stack.client().restart({"a"}));
    stack.until("a", [&](const auto& s) { return s.state == State::ready && s.pid != pid; });
    stack.up({"b"});
    stack.in_state("b", State::failed);
  }
  CHECK(wait_until([&] { return settled() < before + 10; }));  // one is passing, twenty are lost
  stack.down();
}

// UBSan wants a pipe to look at memory with; without one it takes every object for a wrong one.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("a supervisor without descriptors left keeps what runs, and says what is wrong") {
  const std::string mode = GENERATE(as<std::string>(), "", "off");
  std::string file = service("first");
  for (int i = 0; i < 30; ++i)
    file += fmt::format(
        "[services.s{}]\nprocess = [\"sleep\", \"1000\"]\n"
        "needs = {{ first = \"started\" }}\n"
        "restart = {{ backoff = \"1m..2m\" }}\n",
        i);
  Stack stack(file);
  stack.set("EXAI_CGROUP", mode);
  stack.script("first.sh", kForever);
  stack.start({}, {"sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"});
  stack.up({"first"});
  const int first = stack.in_state("first", State::ready).pid;
  static_cast<void>(stack.client().up({}).has_value());  // an answer may need one, too
  CHECK(wait_until([&] {
    return stack.read("state/logs/supervisor.log").find("Too many open files") != std::string::npos;
  }));
  CHECK(process_info(first));
  stack.supervisor().signal(SIGTERM);
  const auto ended = stack.supervisor().wait(20s);
  REQUIRE(ended);
  INFO(stack.supervisor().err());
  CHECK(describe(*ended) == "exit code 0");
  CHECK(stack.remaining().empty());
}
#endif
