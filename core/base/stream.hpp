#pragma once
// A connection as a stream of bytes, in clear text or inside TLS: what servers and clients read and
// write. Asio and Beast take it for a socket. In clear text each operation is that of the socket,
// after one look at a pointer; what TLS adds is in stream.cpp, once for all who wait.
//
//   Stream ──async_read_some──▶ socket                             in clear text
//                └────────────▶ Tls: SSL_read ──wants to──▶ wait until the socket is ready, again
//
// One reader and one writer at a time. close() ends both, with operation_aborted. Thread: loop.
// Lifetime: it is not moved while something waits, and outlives a handshake; all else may outlive
// it.

#include <algorithm>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/loop.hpp"
#include "core/base/tls.hpp"

namespace exai {

class Stream {
 public:
  using executor_type = Executor;
  // TCP, or a unix socket.
  using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;

  explicit Stream(Socket socket) : socket_(std::move(socket)) {}
  explicit Stream(const Executor& executor) : socket_(executor) {}
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&&) = delete;
  ~Stream();

  // The handshake. Until it is done nothing may be read or written; there is no deadline but
  // close(). Errors: unavailable (the peer has gone), denied (TLS that cannot be agreed on, and for
  // a client a certificate that it does not trust), invalid (the peer does not speak TLS at all).
  // When accepting has failed, the stream is in clear text: to say why, and to end.
  Task<Result<>> accept_tls(TlsContext context);
  // `host` is what the certificate must be for: a name, or an address.
  Task<Result<>> connect_tls(TlsContext context, std::string host);
  bool is_tls() const { return tls_ != nullptr; }

  Executor get_executor() { return socket_.get_executor(); }
  Socket& socket() { return socket_; }
  const Socket& socket() const { return socket_; }
  bool is_open() const { return socket_.is_open(); }
  void close();
  void say_goodbye();    // as TLS wants it before the end; if that is possible at once
  void shutdown_send();  // after a goodbye

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token)
      -> decltype(std::declval<Socket&>().async_read_some(asio::mutable_buffer(),
                                                          std::forward<Token>(token))) {
    // One buffer alone, for recv() takes half of the time that recvmsg() takes for a list.
    const auto first = first_of<asio::mutable_buffer>(buffers);
    if (!tls_) return socket_.async_read_some(first, std::forward<Token>(token));
    return asio::async_initiate<Token, Signature>(
        [this](auto handler, asio::mutable_buffer into) { read_tls(into, std::move(handler)); },
        token, first);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token)
      -> decltype(std::declval<Socket&>().async_write_some(buffers, std::forward<Token>(token))) {
    if (!tls_) return socket_.async_write_some(buffers, std::forward<Token>(token));
    return asio::async_initiate<Token, Signature>(
        [this](auto handler, std::string from) { write_tls(std::move(from), std::move(handler)); },
        token, gathered(buffers));
  }

  // As much as can be sent without waiting; the socket is one that does not block.
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    if (!tls_) return socket_.write_some(buffers, error);
    return try_write_tls(gathered(buffers), error);
  }

 private:
  struct Tls;
  using Signature = void(boost::system::error_code, std::size_t);
  using Handler = asio::any_completion_handler<Signature>;
  static constexpr std::size_t kRecord = 16U << 10U;  // the most that TLS takes at once

  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto each = asio::buffer_sequence_begin(buffers);
         each != asio::buffer_sequence_end(buffers); ++each)
      if (Buffer buffer(*each); buffer.size() > 0) return buffer;
    return {};
  }

  // Head and body in one record, and so in one packet.
  template <class Buffers>
  static std::string gathered(const Buffers& buffers) {
    std::string bytes(std::min(asio::buffer_size(buffers), kRecord), '\0');
    asio::buffer_copy(asio::buffer(bytes), buffers);
    return bytes;
  }

  Task<Result<>> shake_hands();
  void read_tls(asio::mutable_buffer into, Handler handler);
  void write_tls(std::string from, Handler handler);
  std::size_t try_write_tls(const std::string& bytes, boost::system::error_code& error);

  Socket socket_;
  std::shared_ptr<Tls> tls_;  // none: clear text
};

// Beast asks for this one by name.
inline void beast_close_socket(Stream& stream) {
  stream.close();
}

}  // namespace exai
