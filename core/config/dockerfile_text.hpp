#pragma once
// The text of a Dockerfile cut into instructions, as BuildKit cuts it: continued lines joined with
// the comments between them left out, here-documents taken off. Every byte of an instruction knows
// where it comes from.

#include <string>
#include <string_view>
#include <vector>

#include "core/config/places.hpp"

namespace exai::config {

struct DockerLine {
  std::string text;                   // the instruction with its arguments, on one line
  std::vector<std::size_t> origins;   // of each byte of it, and of its end
  std::vector<std::size_t> heredocs;  // where the words <<NAME begin in `text`
};

struct DockerText {
  char escape = '\\';
  std::vector<DockerLine> lines;
};

DockerText cut_dockerfile(std::string_view text);

}  // namespace exai::config
