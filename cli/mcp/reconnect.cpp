#include "cli/mcp/reconnect.hpp"

#include <algorithm>

namespace exai::bridge {

// SplitMix64.
double Reconnect::fraction() {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31U;
  return static_cast<double>(mixed >> 11U) / static_cast<double>(1ULL << 53U);
}

Duration Reconnect::next_pause() {
  constexpr unsigned kDoublings = 30;  // beyond the longest pause in any case
  const auto grown = plan_.first * (1LL << std::min(failures_, kDoublings));
  const Duration pause = std::min<Duration>(grown, plan_.longest);
  failures_ = std::min(failures_ + 1, kDoublings);
  const double factor = 1 + plan_.jitter * (2 * fraction() - 1);
  return Duration(static_cast<std::int64_t>(static_cast<double>(pause.count()) * factor));
}

void Reconnect::held(Duration time) {
  if (time >= plan_.settled) failures_ = 0;
}

}  // namespace exai::bridge
