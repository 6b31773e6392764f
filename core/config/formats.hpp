#pragma once
// The small notations inside the stack file's texts. The schema checks them, settings read them.

#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace exai::config {

struct DurationRange {  // "200ms..30s", "0s..0s"
  Duration least{};
  Duration most{};
};
std::optional<DurationRange> parse_duration_range(std::string_view text);

struct Rate {  // "10 in 5m"
  int count = 0;
  Duration window{};
};
std::optional<Rate> parse_rate(std::string_view text);

// "64MiB" in bytes; "unlimited" is the highest number there is.
std::optional<std::uint64_t> parse_limit(std::string_view text);

// "022", "0027"
std::optional<int> parse_umask(std::string_view text);

std::optional<std::uint16_t> parse_port(std::string_view text);

// The tool's name in "tools/call NAME".
std::optional<std::string> parse_mcp_call(std::string_view text);

// The schema's `x-exai.format`: its name, what it wants in words, and the test.
struct Format {
  std::string_view name;
  std::string_view expected;  // "a duration such as 500ms"
  bool (*accepts)(std::string_view text);
};
const Format* find_format(std::string_view name);

}  // namespace exai::config
