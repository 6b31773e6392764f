#include "core/config/formats.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/cron.hpp"
#include "core/config/regex.hpp"

namespace exai::config {

namespace {

std::optional<Duration> positive_duration(std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration || duration->count() <= 0) return std::nullopt;
  return *duration;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_file_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && text.find('/') == text.npos;
}

bool is_http_target(std::string_view text) {
  return text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://");
}

// In the order of the schema's definitions.
constexpr std::array kFormats = {
    Format{"name", "lower-case letters, digits and \"-\", beginning with a letter", is_name},
    Format{"variable", "letters, digits and \"_\", not beginning with a digit", is_identifier},
    Format{"file-name", "a file name without \"/\"", is_file_name},
    Format{"port", "a port between 1 and 65535",
           [](std::string_view text) { return parse_port(text).has_value(); }},
    Format{"duration", "a duration such as 500ms, 10s or 1m30s",
           [](std::string_view text) { return positive_duration(text).has_value(); }},
    Format{"size", "a size of at least 1KiB, such as 64KiB, 10MiB or 1GiB",
           [](std::string_view text) { return parse_size(text).value_or(0) >= 1024; }},
    Format{"duration-range", "two durations such as 200ms..30s, the shorter one first",
           [](std::string_view text) { return parse_duration_range(text).has_value(); }},
    Format{"cron", "a cron expression such as \"30 2 * * mon-fri\" or @daily",
           [](std::string_view text) { return parse_cron(text).has_value(); }},
    Format{"umask", "three or four octal digits such as 027",
           [](std::string_view text) { return parse_umask(text).has_value(); }},
    Format{"regex", "a regular expression",
           [](std::string_view text) { return Regex::compile(text).has_value(); }},
    Format{"rate", "a number in a duration, such as \"10 in 5m\"",
           [](std::string_view text) { return parse_rate(text).has_value(); }},
    Format{"limit", "a size such as 64MiB, or \"unlimited\"",
           [](std::string_view text) { return parse_limit(text).has_value(); }},
    Format{"http-target", "a path such as /health or a URL", is_http_target},
    Format{"mcp-call", "\"tools/call\" and the name of a tool",
           [](std::string_view text) { return parse_mcp_call(text).has_value(); }},
};

}  // namespace

std::optional<DurationRange> parse_duration_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == text.npos) return std::nullopt;
  const auto least = parse_duration(text.substr(0, dots));
  const auto most = parse_duration(text.substr(dots + 2));
  if (!least || !most || *least < 0ms || *least > *most) return std::nullopt;
  return DurationRange{*least, *most};
}

std::optional<std::uint64_t> parse_limit(std::string_view text) {
  if (text == "unlimited") return UINT64_MAX;
  const auto size = parse_size(text);
  return size ? std::optional(*size) : std::nullopt;
}

std::optional<Rate> parse_rate(std::string_view text) {
  constexpr std::string_view kIn = " in ";
  const std::size_t at = text.find(kIn);
  if (at == text.npos) return std::nullopt;
  const auto count = parse_integer(text.substr(0, at));
  const auto window = positive_duration(text.substr(at + kIn.size()));
  if (!count || *count < 1 || *count > 1'000'000 || !window) return std::nullopt;
  return Rate{static_cast<int>(*count), *window};
}

std::optional<int> parse_umask(std::string_view text) {
  const bool octal = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
  if (!octal || text.size() < 3 || text.size() > 4 || (text.size() == 4 && text[0] != '0'))
    return std::nullopt;
  int mask = 0;
  for (const char c : text) mask = mask * 8 + (c - '0');
  return mask;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto number = parse_integer(text);
  if (!number || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::optional<std::string> parse_mcp_call(std::string_view text) {
  constexpr std::string_view kCall = "tools/call ";
  if (!text.starts_with(kCall)) return std::nullopt;
  const std::string_view tool = trim(text.substr(kCall.size()));
  if (tool.empty() || tool.find(' ') != tool.npos) return std::nullopt;
  return std::string(tool);
}

const Format* find_format(std::string_view name) {
  const auto* found = std::find_if(kFormats.begin(), kFormats.end(),
                                   [&](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace exai::config
