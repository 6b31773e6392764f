#pragma once
// A server whose every byte the test decides: one thread a connection, blocking sockets, on
// 127.0.0.1 with a port of the kernel's choice, or on a unix socket. Destroying it ends the
// connections and joins.

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/os.hpp"

namespace exai::test {

class FakeConnection {
 public:
  explicit FakeConnection(Fd socket) : socket_(std::move(socket)) {}

  // Head and body (by content-length); nothing when the peer has gone.
  std::optional<std::string> read_request();
  bool read_some();                    // of any protocol; false: the peer has gone
  bool write(std::string_view bytes);  // false: the peer has gone
  // An answer with a content-length; extra header lines end in \r\n.
  bool answer(int status, std::string_view body, std::string_view headers = "");
  bool wait_closed(Duration limit = 10s);          // by the peer
  bool wait_writable(Duration limit);              // there is room for more
  std::size_t write_some(std::string_view bytes);  // what there is room for
  void reset();                                    // RST instead of FIN
  void shut();                                     // Thread: any

 private:
  std::mutex closing_;
  Fd socket_;
  std::string buffer_;
};

class FakeServer {
 public:
  using Serve = std::function<void(FakeConnection&)>;  // Thread: the connection's own
  explicit FakeServer(Serve serve);
  FakeServer(const Path& unix_socket, Serve serve);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const;
  int connections() const { return accepted_; }  // ever

 private:
  void accept_all();

  Serve serve_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;
  std::list<FakeConnection> connections_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace exai::test
