#pragma once
// What the tools of kept files share.

#include "daemon/tools/uploads.hpp"

namespace exai::tools {

// As clients see a file.
json::object described(const store::FileInfo& file);

// Takes a file of this machine, below EXAI_FILE_ROOTS, under its own name.
Task<Result<store::Added>> keep_path(Context& context, std::string path, Duration keep,
                                     std::string owner);

// The provider of that name. Errors: unavailable, when it is not configured; invalid, when it takes
// no files; each says what to do.
Result<providers::Provider*> provider_for_files(const Context& context, std::string_view name);

}  // namespace exai::tools
