#pragma once
// TOML text → Node. Hides toml++, which stops at its first error; ours says it in better words and,
// for a key that is defined twice, where the first one is (all of them, not only the first).
// Never throws. Limits: 256 KiB, values nested 32 deep, keys of 16 parts.

#include <optional>

#include "core/config/diagnostics.hpp"

namespace exai::config {

struct Toml {
  std::optional<Node> root;  // a table; none when there are diagnostics
  Diagnostics diagnostics;   // CFG020, CFG021
};

Toml parse_toml(const SourcePtr& source);

}  // namespace exai::config
