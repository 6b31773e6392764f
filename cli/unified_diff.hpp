#pragma once
// What changes between two texts of one file, as `diff -u` shows it. Pure. What the files hide is
// shown as asterisks, so that such a diff is for reading, not for `patch`.

#include <string>

#include "core/config/tree.hpp"

namespace exai::cli {

// Empty when they are the same.
std::string unified_diff(const config::Source& before, const config::Source& after);

}  // namespace exai::cli
