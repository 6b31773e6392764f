#pragma once
// The live view of `exai status --watch`, without the terminal: what is shown, what a key does to
// it, and what the screen looks like then. Pure.
//
//   exai (dev): 2 of 3 services ready; in trouble: web
//
//     SERVICE  STATE    SINCE  PROOF  RESTARTS   PID   CPU   MEMORY  WHY
//   > web      backoff     2s      -         3     -     -        -  exit code 3; restart 4 of 10 …
//     redis    ready      12m     1s         0  4711  0.1%  9.1 MiB
//
//   web: exit code 3; restart 4 of 10 in 1.6s                        the selected one in full
//   ───────────────────────────────────────────────────────────────
//   14:42:19 cannot read web.conf                                    the end of its log
//
//   ↑↓ select  enter log  r restart  s start/stop  q quit

#include <string>
#include <vector>

#include "cli/resources.hpp"
#include "cli/tail.hpp"
#include "cli/terminal.hpp"

namespace exai::cli {

struct Board {
  control::StackStatus status;
  WallTime now{};
  std::string selected;      // a service's name; follows it when the order changes
  bool tailing = false;      // its log is shown
  std::vector<LogLine> log;  // the end of it
  std::string message;       // what came of the last key, or why nothing comes
  Tone tone = Tone::plain;   // of the message
};

// The services in the order in which they are shown: the worst first.
std::vector<control::ServiceStatus> shown(const Board& board);

// Puts the selection on a service that is there.
void settle(Board& board);

enum class Ask { nothing, quit, restart, start, stop };

// What a key changes on the board, and what is to be asked of the supervisor for the selected one.
Ask act(Board& board, Press press, Size size);

// How many lines of a log fit.
std::size_t log_rows(const Board& board, Size size);

// Exactly size.rows lines, none wider than size.columns.
std::string frame(const Board& board, Size size, Colours colours);

}  // namespace exai::cli
