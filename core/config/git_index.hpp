#pragma once
// What git knows about the files of a project, without running git: its index names every tracked
// file. Read through Facilities; no repository, one that is too large or of an unknown kind are the
// same answer: nothing is known.
//
//   .git            a folder, or a file "gitdir: <path>" (worktrees, submodules)
//   .git/index      "DIRC", version 2 to 4: header, entries sorted by path, extensions

#include <optional>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/ignore.hpp"

namespace exai::config {

// Paths in the order of the index, which is by bytes. Nothing when the bytes are no index.
std::optional<std::vector<std::string>> parse_git_index(std::string_view bytes);

struct GitRepository {
  Path root;  // of the work tree
  std::vector<std::string> tracked;

  bool tracks(const Path& file) const;
};

// The repository that `folder` is in.
std::optional<GitRepository> find_repository(const Path& folder, const Facilities& world);

// The pattern of a .gitignore between the root and the file's folder that ignores it.
std::optional<IgnorePattern> git_ignores(const GitRepository& repository, const Path& file,
                                         const Facilities& world);

}  // namespace exai::config
