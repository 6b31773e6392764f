#include "tests/support/pty.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "core/base/proc.hpp"

namespace exai::test {

namespace {

void set_size(int fd, int columns, int rows) {
  winsize window{};
  window.ws_col = static_cast<unsigned short>(columns);
  window.ws_row = static_cast<unsigned short>(rows);
  ::ioctl(fd, TIOCSWINSZ, &window);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// A session of its own opens the terminal, which so becomes its controlling one.
pid_t start(const Command& command, const std::string& terminal) {
  std::vector<std::string> words = command.arguments;
  std::vector<std::string> variables;
  for (const auto& [name, value] : command.environment)
    variables.push_back(fmt::format("{}={}", name, value));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (!command.directory.empty())
    ::posix_spawn_file_actions_addchdir_np(&actions, command.directory.c_str());
  ::posix_spawn_file_actions_addopen(&actions, 0, terminal.c_str(), O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&actions, 0, 1);
  ::posix_spawn_file_actions_adddup2(&actions, 0, 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t all;
  sigfillset(&all);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, words[0].c_str(), &actions, &attributes,
                                   pointers(words).data(), pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) throw std::runtime_error("cannot start " + words[0]);
  return pid;
}

}  // namespace

Pty::Pty(Command command, int columns, int rows)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
  std::array<char, 64> name{};
  if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
      ::ptsname_r(master_.get(), name.data(), name.size()) != 0)
    throw std::runtime_error("no terminal to be had");
  set_size(master_.get(), columns, rows);
  pid_ = start(command, name.data());
}

Pty::~Pty() {
  if (ended_) return;
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Pty::type(const std::string& keys) const {
  if (::write(master_.get(), keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error("the terminal takes no keys");
}

void Pty::resize(int columns, int rows) const {
  set_size(master_.get(), columns, rows);
}

void Pty::signal(int number) const {
  ::kill(pid_, number);
}

void Pty::drain() {
  std::array<char, 4096> chunk{};
  for (;;) {
    const ssize_t count = ::read(master_.get(), chunk.data(), chunk.size());
    if (count <= 0) return;
    seen_.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

const std::string& Pty::seen() {
  drain();
  return seen_;
}

bool Pty::shows(const std::string& text, Duration deadline) {
  return wait_until([&] { return seen().find(text) != std::string::npos; }, deadline);
}

bool Pty::is_cooked() const {
  termios state{};
  return ::tcgetattr(master_.get(), &state) == 0 && (state.c_lflag & ICANON) != 0 &&
         (state.c_lflag & ECHO) != 0;
}

bool Pty::stopped() const {
  const auto info = process_info(pid_);
  return info && info->state == 'T';
}

std::optional<ExitStatus> Pty::wait(Duration deadline) {
  const auto over = [&] {
    drain();  // a full terminal would keep it
    int status = 0;
    if (ended_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return ended_.has_value();
    ended_.emplace();
    if (WIFEXITED(status)) ended_->code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) ended_->signal = WTERMSIG(status);
    return true;
  };
  wait_until(over, deadline);
  drain();
  return ended_;
}

}  // namespace exai::test
