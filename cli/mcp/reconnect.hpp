#pragma once
// When to try again: 0.25 s, 0.5 s, 1 s … 30 s, each a little more or less, so that many bridges do
// not come back in step. Never gives up. A connection that held for a while begins anew. Pure: the
// same seed gives the same pauses.

#include <cstdint>

#include "core/base/time.hpp"

namespace exai::bridge {

struct ReconnectPlan {
  Duration first = 250ms;
  Duration longest = 30s;
  double jitter = 0.1;     // of the pause, to both sides
  Duration settled = 10s;  // a connection that held for so long was a good one
};

class Reconnect {
 public:
  explicit Reconnect(std::uint64_t seed, ReconnectPlan plan = {}) : plan_(plan), state_(seed) {}

  Duration next_pause();     // after a failure, or after a connection was lost
  void held(Duration time);  // a connection has ended that held for so long

 private:
  double fraction();  // of [0, 1)

  ReconnectPlan plan_;
  std::uint64_t state_;
  unsigned failures_ = 0;  // in a row
};

}  // namespace exai::bridge
