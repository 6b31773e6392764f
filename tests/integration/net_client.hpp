#pragma once
// The other end of the wire for tests of the transports: blocking sockets and hand-made bytes, so
// that nothing of what is tested also does the testing. Each wait has a deadline of 10 s and then
// throws std::runtime_error.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/os.hpp"

namespace exai::test {

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // chunks joined
};

class Connection {
 public:
  // `address` 0: loopback.
  explicit Connection(std::uint16_t port, int receive_buffer = 0, std::uint32_t address = 0);

  void send(std::string_view bytes);
  bool try_send(std::string_view bytes);  // false: the peer has closed
  void shut_sending();
  std::string read_exactly(std::size_t size);
  std::string read_until(std::string_view mark);  // includes it
  std::optional<char> read_byte();                // nothing: closed
  bool is_closed();                               // waits until the peer closes; extra bytes: false

  Answer head();        // status and headers; the body is left
  Answer answer();      // all of it, by length or chunks
  std::string chunk();  // of a chunked body; empty: the last
  // Sends a request and reads its answer.
  Answer request(std::string_view method, std::string_view path, std::string_view headers = {},
                 std::string_view body = {});

 private:
  bool fill();
  Fd socket_;
  std::string input_;
};

std::string http(std::string_view method, std::string_view path, std::string_view headers = {},
                 std::string_view body = {});

struct Frame {
  int opcode = 0;  // 1 text, 2 binary, 8 close, 9 ping, 10 pong
  std::string payload;
  int close_code() const;  // of a close frame
};

// A WebSocket client after a successful upgrade.
class WebSocketClient {
 public:
  explicit WebSocketClient(std::uint16_t port, std::string_view protocol = "mcp",
                           std::string_view path = "/ws", int receive_buffer = 0,
                           std::string_view headers = {});

  void text(std::string_view message) { frame(0x81, message); }
  void frame(int first_byte, std::string_view payload);
  bool try_text(std::string_view message);
  Frame next();           // pings included
  std::string message();  // the next text; throws at a close
  Connection& connection() { return connection_; }
  const Answer& upgrade() const { return upgrade_; }

 private:
  Connection connection_;
  Answer upgrade_;
};

std::string upgrade_headers(std::string_view protocol);

}  // namespace exai::test
