#pragma once
// Lists of patterns that say which files something leaves alone: .gitignore and .dockerignore. The
// last pattern that matches counts, `!` takes back, and what is in a folder that matches is meant
// too. Matching takes pattern × path steps at most, whatever the pattern.
//
//   *  anything but a slash   ?  one character   [a-z]  one of them   **  folders, any number

#include <string>
#include <string_view>
#include <vector>

#include "core/config/tree.hpp"

namespace exai::config {

enum class IgnoreDialect {
  git,     // a pattern without a slash matches at any depth
  docker,  // every pattern starts at the top
};

struct IgnorePattern {
  std::string text;  // without !, leading and trailing slash
  bool taken_back = false;
  bool folders_only = false;
  bool anchored = false;
  Span span;
};

std::vector<IgnorePattern> parse_ignore_file(const SourcePtr& source, IgnoreDialect dialect);

// The pattern that has the last word about `path`, also one that takes back; nothing when none has.
const IgnorePattern* last_match(const std::vector<IgnorePattern>& patterns, std::string_view path);

// The pattern that `path` is ignored by; nothing when it is not. `path` is a file, relative to the
// folder of the list, with slashes.
const IgnorePattern* ignored_by(const std::vector<IgnorePattern>& patterns, std::string_view path);

// Whole text against one pattern.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace exai::config
