#pragma once
// As whom a service runs: the user and group of the stack file, by name or number, as the kernel
// wants them. Thread: loop; asks the system's user database, which may read files.

#include "core/base/spawn.hpp"
#include "core/config/settings.hpp"

namespace exai::service {

// With HOME, USER and LOGNAME for it. Nothing is changed when the service names nobody. Errors:
// not_found, naming the user or group that there is not.
Result<> run_as(const config::Service& service, SpawnSpec& spec);

}  // namespace exai::service
