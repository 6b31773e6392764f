#pragma once
// Text that people write and read: durations, sizes, numbers, times, and the nearest known word.
// Pure. Parsers take the whole string or fail: "12abc" is no number.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace exai {

// "200ms", "1.5s", "2m", "1h30m", "4d". A bare number has no unit and is refused.
Result<Duration> parse_duration(std::string_view text);
// At most two units, the way people say it: "340ms", "1.2s", "2m5s", "3h12m", "4d2h".
std::string format_duration(Duration duration);
// The same of the time since `then`: "3m12s"; "0ms" when clocks disagree.
std::string age(WallTime then, WallTime now);

// "64KiB", "10MB", "512" (bytes): K, M, G, T with B or iB; KB = 1000, KiB and plain K = 1024.
Result<std::uint64_t> parse_size(std::string_view text);
// "512 B", "1.4 MiB".
std::string format_size(std::uint64_t bytes);

std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);
// true/1/yes/on/y/t and false/0/no/off/n/f in any case.
std::optional<bool> parse_bool(std::string_view text);

// "2026-11-21T03:42:19.123Z"
std::string format_utc(WallTime time);
// Milliseconds may be missing; a year that a WallTime cannot have is the nearest that it can.
std::optional<WallTime> parse_utc(std::string_view text);
// In the zone of this process (TZ), with its offset: "2026-11-21 14:42:19 +1100".
std::string format_local(WallTime time);

// Edits between two words: insert, delete, replace, or swap neighbours (each costs one).
std::size_t edit_distance(std::string_view a, std::string_view b);
// The candidate that `word` was probably meant to be: at most 2 edits or a third of its length.
std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates);

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string to_lower(std::string_view text);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
// "1 service", "3 services"
std::string count_of(std::size_t count, std::string_view singular, std::string_view plural = {});

bool is_utf8(std::string_view bytes);
// Code points up to `bytes`; what an editor calls columns, and how wide ASCII tables come out.
std::size_t code_points(std::string_view text);
// Takes one code point off the front of a text that is not empty; a byte that begins none is U+FFFD.
char32_t take_code_point(std::string_view& text);
// Control characters and invalid bytes made visible ("\x1b"), for text that others wrote.
std::string printable(std::string_view bytes);

// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);

}  // namespace exai
