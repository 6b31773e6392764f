#pragma once
// The files of a source tree: everything that people write, in a fixed order. Folders that tools
// make (build, node_modules, .git) and ignored files are left out.

#include <filesystem>
#include <vector>

#include "tests/lint/lint.hpp"

namespace exai::lint {

std::vector<File> read_tree(const std::filesystem::path& top);

}  // namespace exai::lint
