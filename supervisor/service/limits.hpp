#pragma once
// The limits of the stack file as the kernel wants them.

#include "core/base/spawn.hpp"
#include "core/config/settings.hpp"
#include "supervisor/process/limits.hpp"

namespace exai::service {

// `descriptors` is what a program gets whose `open_files` is not set: the supervisor itself may
// have more than that.
void add_limits(const config::Service& service, const ResourceLimit& descriptors, SpawnSpec& spec);

process::GroupLimits group_limits(const config::Service& service);

}  // namespace exai::service
