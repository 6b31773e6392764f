#pragma once
// A program at a terminal of its own: what it draws is kept, keys can be typed, the window resized,
// and the state in which it left the terminal can be looked at. Its session is killed at the end.

#include <sys/types.h>

#include <string>

#include "tests/support/support.hpp"

namespace exai::test {

class Pty {
 public:
  Pty(Command command, int columns, int rows);
  ~Pty();
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  void type(const std::string& keys) const;
  void resize(int columns, int rows) const;
  void signal(int number) const;
  // All that came since the start, or since forget().
  const std::string& seen();
  void forget() { seen_.clear(); }
  // False when it did not come in time.
  bool shows(const std::string& text, Duration deadline = 10s);
  // Characters appear as they are typed, and lines are edited: as a shell likes it.
  bool is_cooked() const;
  bool stopped() const;  // by a signal, as by Ctrl-Z
  std::optional<ExitStatus> wait(Duration deadline = 10s);

 private:
  void drain();

  Fd master_;
  pid_t pid_ = -1;
  std::string seen_;
  std::optional<ExitStatus> ended_;
};

}  // namespace exai::test
