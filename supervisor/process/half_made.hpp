#pragma once
// A process that its parent's death caught between fork and exec is not in its cgroup's books by
// name and not marked yet: it still looks like its parent.

#include <string>

namespace exai::process {

// Waits until there is none that looks like us, with `argument` among its arguments; gives up after
// a second. Blocks. Thread: any.
void await_half_made(const std::string& argument);

}  // namespace exai::process
