#include "core/control/socket.hpp"

#include <cstring>

namespace exai::control {

Result<sockaddr_un> address_of(const Path& socket, const Fd& folder) {
  const std::string path =
      fmt::format("/proc/self/fd/{}/{}", folder.get(), socket.filename().string());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(Errc::invalid, "the name of the socket is too long: {}", socket.string());
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

}  // namespace exai::control
