#pragma once
// A client of the control socket that says what it wants, and perhaps never reads.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/base/os.hpp"

namespace exai::test {

class RawClient {
 public:
  explicit RawClient(const Path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    connect(&address, sizeof address);
  }
  // At a port of this machine.
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(&address, sizeof address);
  }
  bool connected() const { return connected_; }
  // All of it, however slowly it is read; false when it was not taken.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // A call without parameters, or with these.
  void ask(const std::string& method, const std::string& params = "{}") {
    send(fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{}}})"
                     "\n",
                     method, params));
  }
  // The next line; what there is when no more comes.
  std::string line() {
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return text;
      }
      char chunk[65536];
      const ssize_t count = ::recv(fd_.get(), chunk, sizeof chunk, 0);
      if (count <= 0) {
        closed_ = count == 0;
        return std::exchange(buffer_, {});
      }
      buffer_.append(chunk, static_cast<std::size_t>(count));
    }
  }
  json::object message() {
    const std::string text = line();
    INFO(text);
    const auto object = parse_json_object(text);
    REQUIRE(object);
    return *object;
  }
  bool closed() {
    line();
    return closed_;
  }

 private:
  void connect(const void* address, socklen_t size) {
    connected_ = ::connect(fd_.get(), static_cast<const sockaddr*>(address), size) == 0;
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO})
      ::setsockopt(fd_.get(), SOL_SOCKET, direction, &limit, sizeof limit);
  }

  Fd fd_;
  bool connected_ = false;
  bool closed_ = false;
  std::string buffer_;
};

}  // namespace exai::test
