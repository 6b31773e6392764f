#pragma once
// What names and comments of environment files say about time. For rules that guess.

#include <optional>
#include <string>
#include <string_view>

#include "core/config/project.hpp"

namespace exai::config {

// REQUEST_TIMEOUT, RETRY_DELAY, CACHE_TTL, POLL_INTERVAL, …; a unit may follow.
bool names_a_time(std::string_view name);

// "ms", "s", "min", "h", "days" by the name's last word: _MS, _SECS, _MINUTES, …
std::optional<std::string> unit_in_name(std::string_view name);

// The comment behind the entry's value, or those on the lines right above it.
std::string comments_of(const EnvFile& file, const DotenvEntry& entry);

// Whether one of them says seconds, ms, minutes, ….
bool comment_names_a_unit(const EnvFile& file, const DotenvEntry& entry);

}  // namespace exai::config
