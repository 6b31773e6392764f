#pragma once
// A first, shallow look at a TOML text: which keys it defines and where, without judging the
// values. It finds what toml++ reports badly (quotes that are never closed, keys defined twice) or
// does not survive (keys of a hundred thousand parts).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exai::config {

// Bytes [begin, end) of the text.
struct TomlRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct TomlDuplicate {
  std::string key;  // dotted, from the root
  TomlRange first;
  TomlRange again;
};

struct TomlFlaw {
  std::string message;
  std::string help;
  TomlRange place;
};

struct TomlOutline {
  std::vector<TomlDuplicate> duplicates;
  std::optional<TomlFlaw> flaw;  // the first; nothing behind it was looked at
};

TomlOutline outline_toml(std::string_view text);

}  // namespace exai::config
