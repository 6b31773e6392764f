#pragma once
// Quotes, escapes and variables in a word of a Dockerfile, as BuildKit reads them.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace exai::config {

using DockerLookup = std::function<std::optional<std::string>(std::string_view name)>;

// Quotes away, escapes and variables in: $NAME, ${NAME}, ${NAME:-other}, ${NAME:+other}, and
// without the colon. What gets longer than 64 KiB ends there.
std::string expand_docker_word(std::string_view word, char escape, const DockerLookup& lookup);

}  // namespace exai::config
