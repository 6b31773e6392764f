#pragma once
// An environment file beside its example: which names are missing or extra, and where the layout
// has drifted. Pure; O(n log n).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/env_layout.hpp"

namespace exai::config {

struct EnvComparison {
  // Where the name stands: in the example for what is missing, in the file for the rest.
  struct Item {
    std::string key;
    std::string section;
    std::size_t line = 0;  // counted from 1
    std::string other;     // moved: the section it has in the example
  };
  std::vector<Item> missing;    // set in the example, and neither set nor commented out in the file
  std::vector<Item> extra;      // set in the file, and not even commented out in the example
  std::vector<Item> moved;      // in another section
  std::vector<Item> reordered;  // in the same section, but before or behind others than there
  std::vector<Item> reworded;   // with another block of comments above

  bool empty() const {
    return missing.empty() && extra.empty() && moved.empty() && reordered.empty() &&
           reworded.empty();
  }
};

EnvComparison compare_env(const EnvText& example, const EnvText& file);

}  // namespace exai::config
