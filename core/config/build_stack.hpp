#pragma once
// The last step: a resolved tree that every rule has accepted, as typed settings.

#include "core/config/resolve.hpp"
#include "core/config/settings.hpp"

namespace exai::config {

Stack build_stack(const Resolved& resolved, const Path& stack_file);

}  // namespace exai::config
