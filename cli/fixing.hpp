#pragma once
// --fix: what was done, what was refused, and the diff that --fix=suggest shows.

#include <functional>

#include "cli/context.hpp"
#include "core/config/fix.hpp"

namespace exai::cli {

enum class FixMode {
  no,
  write,      // the safe ones, with a backup of each file
  show_safe,  // --fix --dry-run
  show_all,   // --fix=suggest
};

// Computes the fixes and writes or shows them, talking to context.talk(). Returns: whether anything
// was written, so that everything must be read again; nothing: a file could not be written, and the
// reason was printed.
std::optional<bool> carry_out_fixes(Context& context, FixMode mode, const config::Loaded& loaded,
                                    const config::Reload& reload);

}  // namespace exai::cli
