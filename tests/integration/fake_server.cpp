#include "tests/integration/fake_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "core/base/text.hpp"

namespace exai::test {

namespace {

std::size_t body_length(std::string_view head) {
  const std::string lower = to_lower(head);
  const std::size_t at = lower.find("content-length:");
  if (at == std::string::npos) return 0;
  const std::string_view rest = std::string_view(lower).substr(at + 15);
  return static_cast<std::size_t>(parse_integer(trim(rest.substr(0, rest.find('\r')))).value_or(0));
}

bool wait_for(int fd, short events, Duration limit) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(limit.count())) > 0;
}

template <class Address>
Fd listen_on(int family, Address& address) {
  Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(socket.get(), generic, size) != 0 || ::listen(socket.get(), 512) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0)
    throw std::runtime_error("a fake server cannot listen");
  return socket;
}

}  // namespace

std::optional<std::string> FakeConnection::read_request() {
  for (;;) {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t total = end + 4 + body_length(std::string_view(buffer_).substr(0, end + 2));
      if (buffer_.size() >= total) {
        std::string request = buffer_.substr(0, total);
        buffer_.erase(0, total);
        return request;
      }
    }
    if (!read_some()) return std::nullopt;
  }
}

bool FakeConnection::read_some() {
  std::array<char, 16384> bytes{};
  const auto got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

bool FakeConnection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool FakeConnection::answer(int status, std::string_view body, std::string_view headers) {
  return write(fmt::format("HTTP/1.1 {} Said\r\n{}Content-Length: {}\r\n\r\n{}", status, headers,
                           body.size(), body));
}

bool FakeConnection::wait_closed(Duration limit) {
  return wait_for(socket_.get(), POLLRDHUP, limit);
}

bool FakeConnection::wait_writable(Duration limit) {
  return wait_for(socket_.get(), POLLOUT, limit);
}

std::size_t FakeConnection::write_some(std::string_view bytes) {
  const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void FakeConnection::reset() {
  const std::lock_guard lock(closing_);
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  socket_.reset();
}

void FakeConnection::shut() {
  const std::lock_guard lock(closing_);
  ::shutdown(socket_.get(), SHUT_RDWR);
}

FakeServer::FakeServer(Serve serve) : serve_(std::move(serve)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener_ = listen_on(AF_INET, address);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::FakeServer(const Path& unix_socket, Serve serve) : serve_(std::move(serve)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, unix_socket.c_str(), sizeof address.sun_path - 1);
  listener_ = listen_on(AF_UNIX, address);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::~FakeServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (FakeConnection& connection : connections_) connection.shut();
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

std::string FakeServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void FakeServer::accept_all() {
  for (;;) {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::lock_guard lock(mutex_);
    if (!socket || stopping_) return;
    ++accepted_;
    FakeConnection& connection = connections_.emplace_back(std::move(socket));
    threads_.emplace_back([this, &connection] {
      serve_(connection);
      connection.shut();
    });
  }
}

}  // namespace exai::test
