#include "core/base/stream.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <optional>

#include "core/base/openssl.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace {

using boost::system::error_code;

bool is_no_tls(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST ||
         reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_UNKNOWN_PROTOCOL ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_PACKET_LENGTH;
}

}  // namespace

// The session, and who waits for it. Shared with the waits that are under way, which may end after
// the stream: then it is not open, and nothing is touched.
struct Stream::Tls : std::enable_shared_from_this<Tls> {
  using Wait = Socket::wait_type;
  enum class Step { done, again, failed };  // again: when `next` is possible

  // Of a direction: what is to be read or written.
  struct Operation {
    asio::mutable_buffer into;              // of a read
    std::string from;                       // of a write
    asio::cancellation_signal end_of_wait;  // of the socket
    bool is_waiting = false;
  };

  Tls(Socket& socket_, TlsContext context_)
      : socket(&socket_), context(std::move(context_)), ssl(openssl().ssl_new(context.get())) {
    EXAI_ASSERT(ssl != nullptr);
    openssl().ssl_set_fd(ssl, socket->native_handle());
  }
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls() { openssl().ssl_free(ssl); }

  // What a call that returned `result` leads to.
  Step step(int result) {
    if (result > 0) return Step::done;
    switch (const int why = openssl().ssl_get_error(ssl, result)) {
      case SSL_ERROR_WANT_READ:
        next = Wait::wait_read;
        return Step::again;
      case SSL_ERROR_WANT_WRITE:
        next = Wait::wait_write;
        return Step::again;
      case SSL_ERROR_ZERO_RETURN:
        error = asio::error::eof;
        return Step::failed;
      default:
        broken = true;
        failure = openssl().err_get_error();
        error = why == SSL_ERROR_SYSCALL && errno != 0
                    ? error_code(errno, boost::system::system_category())
                    : error_code(asio::error::connection_reset);
        openssl().err_clear_error();
        return Step::failed;
    }
  }

  Step read(Operation& operation) {
    openssl().err_clear_error();
    errno = 0;
    const int size = static_cast<int>(std::min<std::size_t>(operation.into.size(), 1U << 30U));
    const int count = openssl().ssl_read(ssl, operation.into.data(), size);
    moved = count > 0 ? static_cast<std::size_t>(count) : 0;
    return step(count);
  }

  Step write(const std::string& bytes) {
    openssl().err_clear_error();
    errno = 0;
    const int count = openssl().ssl_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
    moved = count > 0 ? static_cast<std::size_t>(count) : 0;
    const Step result = step(count);
    unfinished = result == Step::again;
    return result;
  }

  // The handler goes from hand to hand: whoever waits may own this stream, so it must not own him.
  void go_on(Operation& operation, Handler handler) {
    const Step result = &operation == &reading ? read(operation) : write(operation.from);
    if (result == Step::done) return end(std::move(handler), {}, moved);
    if (result == Step::failed) return end(std::move(handler), error, 0);
    operation.is_waiting = true;
    auto ready = [self = shared_from_this(), &operation,
                  handler = std::move(handler)](const error_code& wrong) mutable {
      operation.is_waiting = false;
      if (wrong || !self->socket)
        return self->end(std::move(handler), asio::error::operation_aborted, 0);
      self->go_on(operation, std::move(handler));
    };
    socket->async_wait(
        next, asio::bind_cancellation_slot(operation.end_of_wait.slot(), std::move(ready)));
  }

  // Whoever asked is cancelled by his own slot, and so is the wait of the socket.
  void begin(Operation& operation, Handler handler) {
    EXAI_ASSERT(!operation.is_waiting);
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
      slot.assign([weak = weak_from_this(), &operation](asio::cancellation_type) {
        const auto self = weak.lock();
        if (self && operation.is_waiting)
          operation.end_of_wait.emit(asio::cancellation_type::terminal);
      });
    const bool is_read = &operation == &reading;
    if (!socket || broken) return end(std::move(handler), asio::error::connection_reset, 0);
    if (is_read ? operation.into.size() == 0 : operation.from.empty())
      return end(std::move(handler), {}, 0);
    go_on(operation, std::move(handler));
  }

  void end(Handler handler, error_code how, std::size_t count) const {
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
      slot.clear();
    // There is one loop, and all who wait are on it.
    asio::post(executor, [handler = std::move(handler), how, count]() mutable {
      std::move(handler)(how, count);
    });
  }

  Socket* socket;  // none: closed
  Executor executor = socket->get_executor();
  TlsContext context;
  SSL* ssl;
  Operation reading;
  Operation writing;
  // Of the last call:
  Wait next = Wait::wait_read;
  error_code error;
  unsigned long failure = 0;
  std::size_t moved = 0;

  bool agreed = false;      // the handshake is done
  bool broken = false;      // nothing more can be said
  bool unfinished = false;  // a record is on its way
};

Stream::Stream(Stream&& other) noexcept
    : socket_(std::move(other.socket_)), tls_(std::move(other.tls_)) {
  if (tls_) tls_->socket = &socket_;
}

Stream::~Stream() {
  if (tls_) tls_->socket = nullptr;
}

void Stream::close() {
  if (tls_) tls_->socket = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

void Stream::say_goodbye() {
  if (tls_ && tls_->socket && tls_->agreed && !tls_->broken && !tls_->unfinished) {
    openssl().err_clear_error();
    openssl().ssl_shutdown(tls_->ssl);
    openssl().err_clear_error();
  }
}

void Stream::shutdown_send() {
  say_goodbye();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

Task<Result<>> Stream::shake_hands() {
  const std::shared_ptr<Tls> tls = tls_;
  error_code ignored;
  socket_.native_non_blocking(true, ignored);
  for (;;) {
    openssl().err_clear_error();
    errno = 0;
    const Tls::Step step = tls->step(openssl().ssl_do_handshake(tls->ssl));
    if (step == Tls::Step::done) break;
    if (step == Tls::Step::failed) {
      if (is_no_tls(tls->failure)) co_return fail(Errc::invalid, "the peer does not speak TLS");
      if (tls->failure == 0)
        co_return fail(Errc::unavailable, "the TLS handshake was broken off by the peer");
      co_return fail(Errc::denied, "the TLS handshake failed: {}",
                     reason_text(tls->failure, "the handshake was broken off"));
    }
    auto waited = co_await socket_.async_wait(tls->next, kAsTuple);
    if (std::get<0>(waited) || !tls->socket)
      co_return fail(Errc::unavailable, "the TLS handshake was not finished");
  }
  tls->agreed = true;
  co_return Result<>{};
}

Task<Result<>> Stream::accept_tls(TlsContext context) {
  tls_ = std::make_shared<Tls>(socket_, std::move(context));
  openssl().ssl_set_accept_state(tls_->ssl);
  auto agreed = co_await shake_hands();
  if (!agreed) tls_.reset();
  co_return agreed;
}

Task<Result<>> Stream::connect_tls(TlsContext context, std::string host) {
  tls_ = std::make_shared<Tls>(socket_, std::move(context));
  SSL* ssl = tls_->ssl;
  openssl().ssl_set_connect_state(ssl);
  error_code no_address;
  asio::ip::make_address(host, no_address);
  if (no_address) {
    openssl().ssl_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
    openssl().ssl_set1_host(ssl, host.c_str());
  } else {
    openssl().x509_verify_param_set1_ip_asc(openssl().ssl_get0_param(ssl), host.c_str());
  }
  auto agreed = co_await shake_hands();
  const long verdict = openssl().ssl_get_verify_result(ssl);
  if (!agreed && verdict != X509_V_OK)
    co_return fail(Errc::denied, "the certificate of {} is not to be trusted: {}", host,
                   openssl().x509_verify_cert_error_string(verdict));
  co_return agreed;
}

void Stream::read_tls(asio::mutable_buffer into, Handler handler) {
  tls_->reading.into = into;
  tls_->begin(tls_->reading, std::move(handler));
}

void Stream::write_tls(std::string from, Handler handler) {
  tls_->writing.from = std::move(from);
  tls_->begin(tls_->writing, std::move(handler));
}

std::size_t Stream::try_write_tls(const std::string& bytes, error_code& error) {
  error = {};
  if (!tls_->socket || tls_->broken) error = asio::error::connection_reset;
  if (error || bytes.empty()) return 0;
  const Tls::Step step = tls_->write(bytes);
  if (step == Tls::Step::done) return tls_->moved;
  error = step == Tls::Step::again ? error_code(asio::error::would_block) : tls_->error;
  return 0;
}

}  // namespace exai
