#pragma once
// Files and images of this machine that a call wants to send to a model. Only below the roots that
// EXAI_FILE_ROOTS names, and only regular files: what counts is where a path really leads, looked up
// on the open file, so neither "..", nor a link, nor a change in between gets around it. What is
// outside is refused before it is looked at: nobody learns whether it is there.
//
// Bounds: 256 KiB a file and 1 MiB together; 10 MiB an image and 20 MiB together.
// Errors: denied (outside, or no roots), not_found, invalid (too large, no text, no image); each
// names the path. Blocks as long as the disk takes.

#include <string>
#include <vector>

#include "core/base/error.hpp"

namespace exai::tools {

struct Attachments {
  std::string text;                 // of the files, each between marks with its path
  std::vector<std::string> images;  // as data URLs
  std::vector<std::string> names;   // for people
};

// An image is a path, or a data URL, which needs no root.
Result<Attachments> read_attachments(const std::vector<std::string>& roots,
                                     const std::vector<std::string>& files,
                                     const std::vector<std::string>& images);

}  // namespace exai::tools
