#pragma once
// The address of the control socket, for both of its ends.

#include <sys/socket.h>
#include <sys/un.h>

#include "core/base/os.hpp"

namespace exai::control {

// A path of any length reaches the socket through a descriptor of its folder: sun_path holds only
// 108 bytes. Errors: invalid, the name itself is too long. Lifetime: good while `folder` is open.
Result<sockaddr_un> address_of(const Path& socket, const Fd& folder);

}  // namespace exai::control
