#pragma once
// Ctrl-C ends every command with exit code 130. A command that has something to say first holds an
// InterruptWatch and asks interrupted() between its waits; a second Ctrl-C ends it at once.

namespace exai::cli {

// Installs the handler; main() does, once.
void handle_interrupts();

class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  bool interrupted() const;
};

}  // namespace exai::cli
