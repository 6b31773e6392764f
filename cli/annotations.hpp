#pragma once
// Findings as workflow commands of GitHub Actions: each becomes a note beside its line. Pure.
//
//   ::error file=configs/exai.toml,line=12,col=9,title=CFG001 unknown-name::unknown key
//   "proces"%0A…

#include <string>
#include <vector>

#include "cli/validation.hpp"

namespace exai::cli {

// Files by their path below `root`, where they are there.
std::string annotations(const std::vector<Validated>& all, const config::Path& root);

// The path as other programs are to find it: below `root` when it is there, else absolute; the
// plain name of what is no file.
std::string path_from(const config::Path& root, const config::Source& source);

}  // namespace exai::cli
