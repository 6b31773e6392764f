#include "supervisor/listen.hpp"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "core/control/socket.hpp"

namespace exai {

namespace {

constexpr int kBacklog = 128;

struct Address {
  Fd folder;  // to be kept open as long as the address is used
  sockaddr_un name{};

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

Result<Address> address_of(const Path& path) {
  Address address;
  TRY(folder, open_file(path.parent_path(), O_PATH | O_DIRECTORY));
  address.folder = std::move(folder);
  TRY(name, control::address_of(path, address.folder));
  address.name = name;
  return address;
}

Fd new_socket(int family) {
  return Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

Error failure(const std::string& where) {
  return errno_error(errno, "listening on " + where);
}

Result<gid_t> group_id(const std::string& name) {
  std::vector<char> buffer(1U << 16U);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (!found) return fail(Errc::not_found, "[control] group: there is no group {}", name);
  return found->gr_gid;
}

// Removes what a dead supervisor left, and nothing else.
Result<> clear(const Path& path, const Address& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode))
    return fail(Errc::conflict, "[control] socket: {} is there, and is no socket", path.string());
  const Fd probe = new_socket(AF_UNIX);
  if (::connect(probe.get(), address.get(), sizeof address.name) == 0 || errno == EAGAIN)
    return fail(Errc::conflict, "[control] socket: somebody else listens on {}", path.string());
  return remove_file(path);
}

Result<Door> own_door(const Path& path, Fd inherited) {
  Door door;
  door.family = AF_UNIX;
  door.path = path;
  door.socket = std::move(inherited);
  if (door.socket) return door;
  TRY(address, address_of(path));
  if (auto removed = remove_file(path); !removed) return fail(std::move(removed).error());
  door.socket = new_socket(AF_UNIX);
  if (!door.socket || ::bind(door.socket.get(), address.get(), sizeof address.name) != 0 ||
      ::listen(door.socket.get(), kBacklog) != 0)
    return fail(failure(path.string()));
  return door;
}

// Nobody may connect before the group and the mode are those that were asked for: it is bound
// without any permission.
Result<Door> shared_door(const config::SharedSocket& shared) {
  gid_t group = ::getegid();
  if (!shared.group.empty()) {
    TRY(found, group_id(shared.group));
    group = found;
  }
  TRY(address, address_of(shared.path));
  if (auto cleared = clear(shared.path, address); !cleared) return fail(std::move(cleared).error());
  Door door;
  door.family = AF_UNIX;
  door.kind = Door::Kind::shared;
  door.path = shared.path;
  door.socket = new_socket(AF_UNIX);
  if (!door.socket || ::fchmod(door.socket.get(), 0) != 0 ||
      ::bind(door.socket.get(), address.get(), sizeof address.name) != 0 ||
      ::lchown(shared.path.c_str(), static_cast<uid_t>(-1), group) != 0 ||
      ::chmod(shared.path.c_str(), shared.mode) != 0 || ::listen(door.socket.get(), kBacklog) != 0)
    return fail(failure(shared.path.string()));
  return door;
}

Result<Door> port_door(const config::ControlPort& port, Secret token) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port.number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Door door;
  door.family = AF_INET;
  door.kind = Door::Kind::port;
  door.token = std::move(token);
  if (!port.certificate.empty()) door.tls = TlsFiles{port.certificate, port.key};
  door.socket = new_socket(AF_INET);
  const int on = 1;
  if (!door.socket ||
      ::setsockopt(door.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(door.socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(door.socket.get(), kBacklog) != 0)
    return fail(failure(fmt::format("127.0.0.1:{}", port.number)));
  return door;
}

}  // namespace

Result<std::vector<Door>> open_doors(const Workspace& workspace, const config::Stack& stack,
                                     Fd inherited) {
  std::vector<Door> doors;
  TRY(own, own_door(workspace.socket(), std::move(inherited)));
  doors.push_back(std::move(own));
  const config::ControlAccess& control = stack.control;
  const auto access = control.may_change ? control::Scope::change : control::Scope::read;
  if (control.socket) {
    TRY(shared, shared_door(*control.socket));
    shared.access = access;
    doors.push_back(std::move(shared));
  }
  if (control.port) {
    auto token = secret_value(workspace, stack, control.port->token);
    if (!token) return fail(token.error().within("[control] token"));
    TRY(port, port_door(*control.port, *std::move(token)));
    port.access = access;
    doors.push_back(std::move(port));
  }
  return doors;
}

bool may_enter(const Door& door, int peer) {
  if (door.kind != Door::Kind::own) return true;
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  return who.uid == ::geteuid() || who.uid == 0;
}

void shut(const Door& door) {
  if (door.kind == Door::Kind::shared) static_cast<void>(remove_file(door.path).has_value());
}

}  // namespace exai
