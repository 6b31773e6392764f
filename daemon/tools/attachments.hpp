#pragma once
// Files and images that a call wants to send to a model: of this machine (allowed_files.hpp), kept
// ones by their ids (files.hpp), or images as data URLs.
//
//   text of at most 256 KiB   stands in the prompt, between marks with its name
//   an image                  goes along as a data URL
//   any other kept file       is sent to the provider, which makes text of it; once: the id that
//                             it has there is remembered
//
// Bounds: 1 MiB of text in the prompt; 10 MiB an image and 20 MiB together; 4 MiB of text that a
// provider made. Errors: those of the two stores; invalid (too large, no text, no image, a file
// that the provider cannot read); each names the file. The disk is read away from the loop.

#include <string>
#include <vector>

#include "daemon/tools/tools.hpp"

namespace exai::tools {

struct Wanted {
  std::vector<std::string> files;     // paths
  std::vector<std::string> images;    // paths, or data URLs, which need no root
  std::vector<std::string> file_ids;  // kept ones, of any kind …
  std::string caller;                 // … that he may see
};

struct Attachments {
  std::string text;                    // of the files, each between marks with its path
  std::vector<std::string> images;     // as data URLs
  std::vector<std::string> documents;  // text that the provider made of files
  std::vector<std::string> names;      // for people
};

// `provider` is the one that will see them. Lifetime: it outlives the call.
Task<Result<Attachments>> read_attachments(Context& context, Wanted wanted,
                                           providers::Provider* provider);

}  // namespace exai::tools
