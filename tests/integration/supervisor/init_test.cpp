// exai-supervisor as the first process of a container, and as a service of systemd.
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "tests/integration/supervisor/stack.hpp"

using namespace exai;
using namespace exai::test;
using Stack = SupervisedStack;

namespace {

// As the first process of a PID namespace of its own.
test::Command as_init(Stack& stack, std::vector<std::string> more) {
  test::Command command = stack.command(std::move(more));
  const std::vector<std::string> unshare{"unshare", "--pid", "--fork", "--kill-child",
                                         "--mount-proc"};
  command.arguments.insert(command.arguments.begin(), unshare.begin(), unshare.end());
  return command;
}

std::vector<ProcessInfo> children_of(pid_t parent) {
  std::vector<ProcessInfo> children;
  for (const ProcessInfo& info : all_processes())
    if (info.parent == parent) children.push_back(info);
  return children;
}

// What systemd would hear.
class NotifySocket {
 public:
  explicit NotifySocket(const Path& path) : path_(path) {
    fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  const Path& path() const { return path_; }
  const std::vector<std::string>& heard() {
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (size < 0) return heard_;
      for (const std::string& line :
           split(std::string(buffer.data(), static_cast<std::size_t>(size)), '\n'))
        heard_.push_back(line);
    }
  }

 private:
  Path path_;
  Fd fd_;
  std::vector<std::string> heard_;
};

}  // namespace

TEST_CASE("as the first process it starts the stack, reaps what others leave, and obeys TERM") {
  Stack stack(service("a") + service("b", "needs = { a = \"ready\" }"));
  stack.script("a.sh",
               "for i in $(seq 50); do (sh -c '(sleep 0.05 &)' &); done\n"
               "echo done >> made; exec sleep 1000\n");
  stack.script("b.sh", kForever);
  test::Process namespace_of(as_init(stack, {"--up"}));
  REQUIRE(wait_until([&] { return stack.read("made") == "done\n"; }));
  REQUIRE(wait_until([&] { return children_of(namespace_of.pid()).size() == 1; }));
  const pid_t init = children_of(namespace_of.pid()).at(0).pid;
  REQUIRE(wait_until([&] {
    const auto status = stack.client().status();
    return status && status->supervisor_pid == 1 && status->services.at(1).state == State::ready;
  }));
  REQUIRE(wait_until([&] { return children_of(init).size() == 2; }));  // no zombie is left
  ::kill(init, SIGTERM);
  const auto ended = namespace_of.wait(20s);
  REQUIRE(ended);
  CHECK(describe(*ended) == "exit code 0");
  CHECK(stack.remaining().empty());
}

TEST_CASE("with --exit-with the stack ends with its main service, and with its exit code") {
  const auto [ending, policy, code] = GENERATE(table<std::string, std::string, int>({
      {"exit 7", "never", 7},
      {"exit 0", "on-failure", 0},
      {"kill -KILL $$", "never", 137},
      {"exit 5", "on-failure", 5},  // after it has given up
  }));
  CAPTURE(ending, policy);
  Stack stack(service("side") + fmt::format("[services.main]\nprocess = [\"sh\", \"main.sh\"]\n"
                                            "needs = {{ side = \"ready\" }}\n"
                                            "restart = {{ policy = \"{}\", backoff = \"1ms..1ms\", "
                                            "give_up = \"1 in 1m\" }}\n",
                                            policy));
  stack.script("side.sh", kForever);
  stack.script("main.sh", "sleep 0.05; " + ending + "\n");
  test::Process supervisor(stack.command({"--exit-with", "main"}));
  const auto ended = supervisor.wait(20s);
  REQUIRE(ended);
  CHECK(describe(*ended) == fmt::format("exit code {}", code));
  CHECK(stack.remaining().empty());
  CHECK_FALSE(std::filesystem::exists(stack.socket()));
}

TEST_CASE("--exit-with names a service of the stack") {
  Stack stack(service("a"));
  const auto refused = test::run(stack.command({"--exit-with", "b"}));
  CHECK(refused.exit == 2);
  CHECK_THAT(refused.err, Catch::Contains("--exit-with: there is no service b"));
}

TEST_CASE("systemd is told when the stack is ready, that it lives, and when it stops") {
  Stack stack(service("a", "ready = { command = [\"test\", \"-e\", \"go\"], every = \"20ms\" }"));
  stack.script("a.sh", kForever);
  NotifySocket systemd(stack.path("notify"));
  test::Command command = stack.command({"--up"});
  command.environment["NOTIFY_SOCKET"] = systemd.path().string();
  command.environment["WATCHDOG_USEC"] = "100000";
  test::Process supervisor(command);
  REQUIRE(wait_until([&] { return contains(systemd.heard(), "STATUS=0 of 1 service is ready"); }));
  CHECK_FALSE(contains(systemd.heard(), "READY=1"));
  stack.script("go", "");
  REQUIRE(wait_until([&] { return contains(systemd.heard(), "READY=1"); }));
  CHECK(contains(systemd.heard(), "STATUS=1 of 1 service is ready"));
  const auto beats = [&] {
    return std::count(systemd.heard().begin(), systemd.heard().end(), "WATCHDOG=1");
  };
  const auto before = beats();
  REQUIRE(wait_until([&] { return beats() >= before + 3; }));
  const int pid = stack.status("a").pid;
  const auto environment = read_file(fmt::format("/proc/{}/environ", pid));
  CHECK(environment->find("NOTIFY_SOCKET") == std::string::npos);
  supervisor.signal(SIGTERM);
  REQUIRE(supervisor.wait(20s));
  CHECK(contains(systemd.heard(), "STOPPING=1"));
}

TEST_CASE("the unit that is exported is one that systemd accepts") {
  Stack stack(service("a", "stop = { grace = \"3s\" }") +
              service("b", "needs = { a = \"ready\" }"));
  test::Command command = stack.command();
  command.arguments = {EXAI, "export", "systemd", "--file", stack.path("exai.toml").string()};
  const auto unit = test::run(command);
  INFO(unit.err);
  REQUIRE(unit.exit == 0);
  CHECK_THAT(unit.out, Catch::Contains("Type=notify\n") && Catch::Contains(" --up\n") &&
                           Catch::Contains("TimeoutStopSec=44\n"));  // b, then a, and their rests
  stack.script("test-stack.service", unit.out);
  const auto verdict =
      test::run({"systemd-analyze", "verify", stack.path("test-stack.service").string()});
  CHECK(verdict.err == "");
  CHECK(verdict.exit == 0);
}
