#pragma once
// Clients that die: each at a random instant of its life, by a reset, by closing, or by closing
// after it has said that it says no more.

#include <cstdint>
#include <random>

#include "tests/load/wire.hpp"

namespace exai::load {

enum class Instant { silent, in_handshake, in_frame, in_call, in_stream };
inline constexpr std::size_t kInstants = 5;
std::string_view name(Instant instant);

// Lives and dies. Throws std::runtime_error when the server does not let it in, or lets it die
// before its time.
void live_until(Instant instant, Kind kind, std::uint16_t port, std::mt19937_64& random);

}  // namespace exai::load
