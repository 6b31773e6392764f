#include "core/logs/index.hpp"

#include <algorithm>
#include <array>

namespace exai::logs {

namespace {

constexpr std::size_t kChecked = kMarkBytes - 4;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
}

std::uint64_t get(std::string_view record, std::size_t at, int bytes) {
  std::uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i)
    value = value << 8U | static_cast<unsigned char>(record[at + static_cast<std::size_t>(i)]);
  return value;
}

std::uint32_t check_of(std::string_view bytes) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return hash;
}

}  // namespace

std::string_view name(Stream stream) {
  constexpr std::array<std::string_view, 4> kNames = {"", "stdout", "stderr", "exai"};
  return kNames[static_cast<std::size_t>(stream)];
}

std::string encode(const Mark& mark) {
  using Micros = std::chrono::microseconds;
  const auto time = std::chrono::duration_cast<Micros>(mark.time.time_since_epoch()).count();
  std::string record;
  record.reserve(kMarkBytes);
  put(record, mark.offset, 8);
  put(record, static_cast<std::uint64_t>(time), 8);
  put(record, mark.sequence, 8);
  put(record, static_cast<std::uint64_t>(mark.stream), 4);
  put(record, check_of(record), 4);
  return record;
}

std::optional<Mark> decode(std::string_view record) {
  if (record.size() != kMarkBytes) return std::nullopt;
  if (get(record, kChecked, 4) != check_of(record.substr(0, kChecked))) return std::nullopt;
  const std::uint64_t stream = get(record, 24, 4);
  if (stream > static_cast<std::uint64_t>(Stream::ours)) return std::nullopt;
  const std::chrono::microseconds time(static_cast<std::int64_t>(get(record, 8, 8)));
  return Mark{get(record, 0, 8), WallTime(std::chrono::duration_cast<WallTime::duration>(time)),
              get(record, 16, 8), static_cast<Stream>(stream)};
}

std::vector<Mark> parse_index(std::string_view bytes, std::uint64_t size) {
  std::vector<Mark> marks;
  marks.reserve(bytes.size() / kMarkBytes);
  for (; bytes.size() >= kMarkBytes; bytes.remove_prefix(kMarkBytes)) {
    const auto mark = decode(bytes.substr(0, kMarkBytes));
    if (!mark || mark->offset >= size) continue;
    while (!marks.empty() && marks.back().offset >= mark->offset) marks.pop_back();
    marks.push_back(*mark);
  }
  return marks;
}

const Mark* mark_at(const std::vector<Mark>& marks, std::uint64_t offset) {
  const auto after =
      std::upper_bound(marks.begin(), marks.end(), offset,
                       [](std::uint64_t wanted, const Mark& mark) { return wanted < mark.offset; });
  return after == marks.begin() ? nullptr : &*(after - 1);
}

std::uint64_t offset_since(const std::vector<Mark>& marks, WallTime since, std::uint64_t size) {
  const auto first = std::find_if(marks.begin(), marks.end(),
                                  [&](const Mark& mark) { return mark.time >= since; });
  if (first != marks.end()) return first->offset;
  return marks.empty() ? 0 : size;
}

}  // namespace exai::logs
