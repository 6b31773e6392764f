#pragma once
// The small languages inside a Compose file: ports, mounts, durations, sizes and command lines, as
// texts of their own. Pure; each returns nothing when Compose would refuse the text.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/compose_model.hpp"

namespace exai::config {

// "80", "8080:80/udp", "127.0.0.1:5000-5010:5000-5010", "[::1]:80:80". Spans are parts of `whole`.
std::optional<ComposePort> parse_compose_port(std::string_view text, const Span& whole);

// "data:/data:ro", "./a:/b", "/anonymous", "C:\\x:/y". host_path is left empty.
std::optional<ComposeMount> parse_compose_mount(std::string_view text, const Span& whole);
// Whether a mount's source is a path of the host, and no volume's name.
bool is_host_path(std::string_view source);

// Go's: "1m30s", "1.5h", "500ms", "2d"; a number alone has no unit and is refused, but for 0.
std::optional<Duration> parse_compose_duration(std::string_view text);

// Docker's: "512m", "1.5g", "64KiB", "1024"; all units are powers of 1024.
std::optional<std::uint64_t> parse_compose_size(std::string_view text);

std::optional<PortRange> parse_port_range(std::string_view text);

// The words of a command line, quotes and backslashes taken away as a shell does. None: a quote
// that is never closed.
std::optional<std::vector<std::string>> split_command(std::string_view text);

// The place of bytes [begin, end) of a scalar's value, when it is written as it reads, with or
// without quotes around it; else the whole place.
Span part_of(const Span& whole, std::string_view value, std::size_t begin, std::size_t end);

}  // namespace exai::config
