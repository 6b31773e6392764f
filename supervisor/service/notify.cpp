#include "supervisor/service/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/text.hpp"

namespace exai::service {

namespace {

constexpr std::size_t kLongest = 4096;
constexpr std::size_t kLongestStatus = 200;

void read_line(std::string_view line, Notice& notice) {
  const std::size_t equals = line.find('=');
  if (equals == line.npos) return;
  const std::string_view name = line.substr(0, equals);
  const std::string_view value = line.substr(equals + 1);
  if (name == "READY") notice.ready = value == "1";
  if (name == "STOPPING") notice.stopping = value == "1";
  if (name == "WATCHDOG") (value == "trigger" ? notice.sick : notice.alive) = true;
  if (name == "STATUS") notice.status = printable(trim(value.substr(0, kLongestStatus)));
  const auto number = name == "MAINPID" ? parse_integer(value) : std::nullopt;
  if (number && *number > 1 && *number <= (1 << 22)) notice.main_pid = static_cast<pid_t>(*number);
}

}  // namespace

Notice parse_notice(std::string_view datagram) {
  Notice notice;
  while (!datagram.empty()) {
    const std::size_t end = datagram.find('\n');
    read_line(datagram.substr(0, end), notice);
    datagram.remove_prefix(end == datagram.npos ? datagram.size() : end + 1);
  }
  return notice;
}

Result<std::unique_ptr<NotifySocket>> NotifySocket::open(const Path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path)
    return fail(Errc::invalid, "the path of its notify socket is longer than {} bytes: {}",
                sizeof address.sun_path - 1, path.string());
  std::memcpy(address.sun_path, path.c_str(), path.string().size() + 1);
  if (auto removed = remove_file(path); !removed) return fail(std::move(removed).error());
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0 ||
      ::bind(socket.get(), name, sizeof address) != 0)
    return fail(errno_error(errno, "listening on " + path.string()));
  return std::unique_ptr<NotifySocket>(new NotifySocket(std::move(socket)));
}

Task<> NotifySocket::run(Hear hear) {
  for (;;) {
    const Result<> readable = co_await wait_readable(socket_);
    if (!readable) co_return;
    drain(hear);
  }
}

void NotifySocket::drain(const Hear& hear) {
  while (receive(hear)) {
  }
}

// Descriptors that come along find no room and are closed by the kernel.
bool NotifySocket::receive(const Hear& hear) {
  std::array<char, kLongest> text{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  iovec part{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return errno == EINTR;
  if ((message.msg_flags & MSG_TRUNC) != 0) return true;
  for (cmsghdr* part_of = CMSG_FIRSTHDR(&message); part_of != nullptr;
       part_of = CMSG_NXTHDR(&message, part_of)) {
    if (part_of->cmsg_level != SOL_SOCKET || part_of->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(part_of), sizeof sender);
    hear(parse_notice({text.data(), static_cast<std::size_t>(size)}), sender.pid);
  }
  return true;
}

}  // namespace exai::service
