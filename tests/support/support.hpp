#pragma once
// What tests of real things share: folders that go away, ports, programs that are ended for sure,
// waiting for a level with a deadline, and a real Redis. A failure to set up throws
// std::runtime_error: the test then fails with its text.
//
// Never a sleep: wait_until() asks again until it is true or too late.
// Every program started here runs in a session of its own and its group is killed at the end.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/os.hpp"
#include "core/base/spawn.hpp"

namespace exai::test {

// A fresh folder of ours alone (0700), removed with all that is in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const Path& path() const { return path_; }
  Path operator/(std::string_view name) const { return path_ / name; }
  // Writes a file in it (and the folders above) and gives its path.
  Path write(std::string_view name, std::string_view text) const;

 private:
  Path path_;
};

// A TCP port on 127.0.0.1 that is free now and that this process has not been given before. Below
// the range that the kernel hands out by itself, so an outgoing connection cannot take it. Where
// a server accepts port 0, use that.
std::uint16_t free_port();

// Asks every few milliseconds. False when `deadline` has passed and it still is not so.
bool wait_until(const std::function<bool()>& predicate, Duration deadline = 10s);

struct Command {
  std::vector<std::string> arguments;  // [0] is looked up in PATH
  Environment environment = current_environment();
  Path directory;     // empty: ours
  std::string input;  // of stdin
};

// A program that runs while the test goes on. Output goes to files, so that nobody blocks on it and
// a grandchild that keeps it open delays nobody.
class Process {
 public:
  explicit Process(Command command);
  ~Process();  // kills its group, reaps it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return spawned_.pid; }
  bool running();
  void signal(int number);  // to the process alone; it may have ended
  // Nothing when it still runs at the deadline.
  std::optional<ExitStatus> wait(Duration deadline = 10s);
  std::string out() const;  // so far
  std::string err() const;

 private:
  TempDir files_;
  Spawned spawned_;
  std::optional<ExitStatus> ended_;
};

// How a program that was run to its end went.
struct Outcome {
  int exit = -1;  // 128 + signal when a signal ended it; -1 when the deadline did
  std::string out;
  std::string err;
};

// Runs to the end or to the deadline; then its group is killed.
Outcome run(Command command, Duration deadline = 30s);
Outcome run(std::vector<std::string> arguments, Duration deadline = 30s);

// A redis-server of this test's own: a free port, a password, nothing on disk after it.
class RealRedis {
 public:
  RealRedis();  // answers when this returns
  ~RealRedis();

  std::uint16_t port() const { return port_; }
  const std::string& password() const { return password_; }
  pid_t pid() const;

  void start();   // again, on the same port with the same password, after stop() or kill()
  void stop();    // TERM, and waits
  void kill();    // KILL, and waits
  void freeze();  // SIGSTOP: accepts connections, answers nothing
  void thaw();

 private:
  bool answers() const;

  TempDir folder_;
  std::uint16_t port_;
  std::string password_;
  std::unique_ptr<Process> process_;
};

}  // namespace exai::test
