#pragma once
// When the bytes of a service's log came, and from where. The log itself is what the service
// printed, byte for byte, so that tail and grep can be used on it; what more is known stands beside
// it, in an index of records of 32 bytes, little-endian:
//
//    0  u64  offset     where in the log the bytes begin that it speaks of (before compression)
//    8  i64  time       when they came: microseconds since 1970, UTC
//   16  u64  sequence   one more for each record that one supervisor writes for the service
//   24  u8   stream     0 stdout and stderr together, 1 stdout, 2 stderr, 3 ours
//   25  u8×3 0
//   28  u32  check      FNV-1a of the 28 bytes before it
//
// A record holds up to the offset of the next one. There is one for each read from the service, but
// none within a line and none within the millisecond of the one before: a line came when its first
// byte came.
//
// A record is written before the bytes it speaks of, so bytes without one are those of a crash at
// worst: they are taken for the record before. What is torn, wrong or beyond the end of the log is
// left out; without an index the text is all there is, without times. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace exai::logs {

enum class Stream : std::uint8_t { together, out, err, ours };
std::string_view name(Stream stream);  // "", "stdout", "stderr", "exai"

struct Mark {
  std::uint64_t offset = 0;
  WallTime time;
  std::uint64_t sequence = 0;
  Stream stream = Stream::together;

  friend bool operator==(const Mark&, const Mark&) = default;
};

inline constexpr std::size_t kMarkBytes = 32;

std::string encode(const Mark& mark);
std::optional<Mark> decode(std::string_view record);  // none: no whole and right record

// The marks of a log of `size` bytes, offsets rising: where they fall, the later one counts.
std::vector<Mark> parse_index(std::string_view bytes, std::uint64_t size);

// The mark that holds at `offset`; none before the first.
const Mark* mark_at(const std::vector<Mark>& marks, std::uint64_t offset);
// Where bytes that came at `since` or later begin, even where a clock was set back; `size` when
// there are none.
std::uint64_t offset_since(const std::vector<Mark>& marks, WallTime since, std::uint64_t size);

}  // namespace exai::logs
