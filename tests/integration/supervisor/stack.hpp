#pragma once
// A stack of shell scripts under the built exai-supervisor, in a folder of its own. Whatever a test
// leaves behind is killed.

#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/control/client.hpp"
#include "supervisor/process/cgroup.hpp"
#include "supervisor/process/tree.hpp"
#include "tests/support/support.hpp"

namespace exai::test {

using control::ServiceStatus;
using control::State;

// One stack in a folder of its own.
class SupervisedStack {
 public:
  // `services` is what follows the [stack] table in the file.
  explicit SupervisedStack(const std::string& services) { rewrite(services); }

  ~SupervisedStack() {
    supervisor_.reset();
    for (int round = 0; round < 3; ++round)
      for (const auto& process : remaining()) process::send_signal(process, SIGKILL);
    const std::string cgroup(trim(read(state_ + "/run/cgroup")));
    if (cgroup.empty()) return;
    process::kill_all({cgroup});
    wait_until([&] { return process::remove({cgroup}) == process::Removal::gone; }, 2s);
  }

  void rewrite(const std::string& services) {
    folder_.write("exai.toml",
                  "[stack]\nname = \"test\"\ntimezone = \"UTC\"\n\n"
                  "[environments.dev]\nlayers = []\n\n" +
                      services);
  }
  void script(const std::string& name, const std::string& text) { folder_.write(name, text); }
  std::string read(const std::string& name) const {
    return read_file(folder_.path() / name).value_or("");
  }
  Path path(const std::string& name) const { return folder_.path() / name; }
  Path state(const std::string& name) const { return folder_.path() / state_ / name; }
  void use_state(std::string folder) { state_ = std::move(folder); }
  // A variable of the supervisor's own environment, from its next start.
  void set(const std::string& name, const std::string& value) { environment_[name] = value; }

  Command command(std::vector<std::string> more = {}) const {
    Command command;
    command.arguments = {EXAI_SUPERVISOR, "--file", path("exai.toml").string()};
    for (std::string& argument : more) command.arguments.push_back(std::move(argument));
    command.environment["EXAI_STATE_DIR"] = state("").parent_path().string();
    command.environment.erase("EXAI_ENV");
    for (const auto& [name, value] : environment_) command.environment[name] = value;
    return command;
  }

  // `prefix` is a command that runs another one.
  void start(std::vector<std::string> more = {}, const std::vector<std::string>& prefix = {}) {
    Command command_line = command(std::move(more));
    command_line.arguments.insert(command_line.arguments.begin(), prefix.begin(), prefix.end());
    supervisor_ = std::make_unique<Process>(std::move(command_line));
    const bool answers = wait_until([&] { return control::Client::connect(socket()).has_value(); });
    INFO(supervisor_->err());
    REQUIRE(answers);
  }
  void kill_supervisor() {
    supervisor_->signal(SIGKILL);
    const auto status = supervisor_->wait();
    INFO(supervisor_->err());
    REQUIRE(status);
    CHECK(status->signal == SIGKILL);  // and of nothing else, before
    supervisor_.reset();
  }
  Process& supervisor() { return *supervisor_; }
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
    INFO((status ? "" : status.error().message()) << (supervisor_ ? supervisor_->err() : ""));
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
    const bool reached = wait_until([&] {
      seen = status(name);
      return so(seen);
    });
    INFO(name << " is " << control::name(seen.state) << ": " << seen.cause);
    REQUIRE(reached);
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
  TempDir folder_;
  std::string state_ = "state";
  Environment environment_;
  std::unique_ptr<Process> supervisor_;
};

inline std::string service(const std::string& name, const std::string& rest = {}) {
  return fmt::format(
      "[services.{0}]\nprocess = [\"sh\", \"{0}.sh\"]\n"
      "restart = {{ backoff = \"10ms..100ms\", give_up = \"5 in 1m\" }}\n{1}\n",
      name, rest);
}

inline const std::string kForever = "echo up; exec sleep 1000\n";

inline bool contains(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

inline std::size_t position(const std::vector<std::string>& lines, const std::string& line) {
  INFO("looking for " << line << " in " << join(lines, "; "));
  REQUIRE(contains(lines, line));
  return static_cast<std::size_t>(std::find(lines.begin(), lines.end(), line) - lines.begin());
}

// How services are held: "" is what the machine allows, "off" is the other way. Both are tried.
inline std::string any_way() {
  return GENERATE(as<std::string>(), "", "off");
}

}  // namespace exai::test
