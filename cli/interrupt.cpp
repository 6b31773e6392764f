#include "cli/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include "cli/context.hpp"

namespace exai::cli {

namespace {

// Written by the handler; all else that a handler may safely do is to end the process.
volatile sig_atomic_t watched = 0;
volatile sig_atomic_t seen = 0;

extern "C" void on_interrupt(int) {
  if (watched == 0 || seen != 0) ::_exit(static_cast<int>(Exit::interrupted));
  seen = 1;
}

}  // namespace

void handle_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
}

InterruptWatch::InterruptWatch() {
  watched = 1;
}
InterruptWatch::~InterruptWatch() {
  watched = 0;
}
bool InterruptWatch::interrupted() const {
  return seen != 0;
}

}  // namespace exai::cli
