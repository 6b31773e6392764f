#pragma once
// Changes a file that belongs to somebody: whole or not at all, its mode and owner kept, the old
// text beside it. For files that people write; write_file_atomic is for our own.
// Thread: any.

#include <optional>
#include <string_view>

#include "core/base/os.hpp"

namespace exai {

// The file then says `after`, and what it said stands in FILE.bak, or in FILE.bak.1 and so on when
// that is taken. A link is followed: the file it leads to changes.
// Returns: the path of the backup.
// Errors: conflict, when the file does not say `before` any more; denied, when its owner could not
// be kept; those of the file system. Nothing has changed then.
Result<Path> rewrite_file(const Path& path, std::string_view before, std::string_view after);

// Takes permissions away from a file or folder. Errors: invalid, when `mode` would add one.
Result<> restrict_mode(const Path& path, mode_t mode);

}  // namespace exai
