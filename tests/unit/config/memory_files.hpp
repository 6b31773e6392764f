#pragma once
// Files that exist in memory alone.

#include <map>
#include <string>

#include "core/config/config.hpp"

namespace exai::config::test {

// Reads these, which are below `root`; they are looked at when a file is asked for.
inline decltype(Facilities::read) reads_from(const std::map<std::string, std::string>& files,
                                             const Path& root) {
  return [&files, root](const Path& path) -> Result<std::string> {
    const auto found = files.find(path.lexically_relative(root).string());
    if (found == files.end()) return fail(Errc::not_found, "{}: not there", path.string());
    return found->second;
  };
}

}  // namespace exai::config::test
