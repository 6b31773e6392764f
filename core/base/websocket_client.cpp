#include "core/base/websocket_client.hpp"

#include <fcntl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <utility>

#include "core/base/beast_stream.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

using asio::ip::tcp;

constexpr Duration kHandshake = 5s;
constexpr std::size_t kKeptBuffer = 64U << 10U;  // a larger one is given back after its message

class BeastClient final : public WebSocketClient {
 public:
  explicit BeastClient(Loop& loop) : stream_(loop.executor()) {}

  Task<Result<>> connect(WebSocketAddress address) {
    asio::ip::basic_resolver<tcp, Executor> resolver(stream_.get_executor());
    const std::string port = std::to_string(address.port);
    auto found = co_await resolver.async_resolve(address.host, port, kAsTuple);
    if (std::get<0>(found))
      co_return fail(Errc::unavailable, "{}: {}", address.host, std::get<0>(found).message());
    const auto endpoints = std::get<1>(found);
    asio::basic_stream_socket<tcp, Executor> socket(stream_.get_executor());
    auto connected = co_await asio::async_connect(socket, endpoints, kAsTuple);
    if (std::get<0>(connected))
      co_return fail(Errc::unavailable, "{}", to_lower(std::get<0>(connected).message()));
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    beast::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    stream_.next_layer().socket() = Stream::Socket(std::move(socket));
    if (address.tls) {
      auto agreed = co_await begin_tls(address.host, address.ca);
      if (!agreed) co_return fail(std::move(agreed).error());
    }
    co_return co_await shake_hands(std::move(address));
  }

  Task<Result<std::string>> receive() override {
    auto done = co_await stream_.async_read(buffer_, kAsTuple);
    if (std::get<0>(done)) co_return fail(why_closed(std::get<0>(done)));
    std::string text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kKeptBuffer) buffer_.shrink_to_fit();
    co_return text;
  }

  Task<Result<>> send(std::string text) override {
    const auto bytes = asio::buffer(text);
    auto done = co_await stream_.async_write(bytes, kAsTuple);
    if (std::get<0>(done)) co_return fail(why_closed(std::get<0>(done)));
    co_return Result<>{};
  }

  void cut() override { stream_.next_layer().close(); }

 private:
  Task<Result<>> begin_tls(std::string host, Path ca) {
    auto trusted = tls_client(ca);
    if (!trusted) co_return fail(std::move(trusted).error());
    TlsContext context = *std::move(trusted);
    co_return co_await stream_.next_layer().connect_tls(std::move(context), std::move(host));
  }

  Task<Result<>> shake_hands(WebSocketAddress address) {
    websocket::stream_base::timeout timeouts;
    timeouts.handshake_timeout = kHandshake;
    timeouts.idle_timeout = address.silence;
    timeouts.keep_alive_pings = true;
    stream_.set_option(timeouts);
    stream_.read_message_max(address.max_message);
    stream_.auto_fragment(false);
    stream_.text(true);
    const HeaderMap headers = std::move(address.headers);
    const std::string subprotocol = address.subprotocol;
    stream_.set_option(websocket::stream_base::decorator(
        [&headers, &subprotocol](websocket::request_type& request) {
          for (const auto& [name, value] : headers) request.set(name, value);
          if (!subprotocol.empty()) request.set(http::field::sec_websocket_protocol, subprotocol);
        }));
    websocket::response_type response;
    const std::string host = fmt::format("{}:{}", address.host, address.port);
    const std::string path = address.path;
    auto done = co_await stream_.async_handshake(response, host, path, kAsTuple);
    stream_.set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));
    const beast::error_code error = std::get<0>(done);
    if (error == websocket::error::upgrade_declined) co_return fail(refusal(response));
    if (error) co_return fail(why_closed(error));
    const auto agreed = response[http::field::sec_websocket_protocol];
    if (agreed != subprotocol)
      co_return fail(Errc::invalid, "it does not speak \"{}\" over WebSocket", subprotocol);
    co_return Result<>{};
  }

  static Error refusal(const websocket::response_type& response) {
    const unsigned status = response.result_int();
    Errc code = Errc::invalid;
    if (status == 401 || status == 403) code = Errc::denied;
    if (status == 503) code = Errc::unavailable;
    constexpr std::size_t kEnough = 300;
    const std::string& body = response.body();
    return {code, fmt::format("HTTP {}: {}", status,
                              printable(trim(std::string_view(body).substr(0, kEnough))))};
  }

  Error why_closed(beast::error_code error) const {
    if (error == beast::error::timeout) return {Errc::unavailable, "it no longer answers"};
    if (error == websocket::error::closed) {
      const auto reason = stream_.reason();
      return {Errc::unavailable,
              fmt::format("closed with {} {}", static_cast<unsigned>(reason.code),
                          printable({reason.reason.data(), reason.reason.size()}))};
    }
    return {Errc::unavailable, to_lower(error.message())};
  }

  websocket::stream<Stream, false> stream_;
  beast::flat_buffer buffer_;
};

}  // namespace

Task<Result<std::unique_ptr<WebSocketClient>>> WebSocketClient::connect(Loop& loop,
                                                                        WebSocketAddress address) {
  auto client = std::make_unique<BeastClient>(loop);
  auto connected = co_await client->connect(std::move(address));
  if (!connected) co_return fail(std::move(connected).error());
  std::unique_ptr<WebSocketClient> result = std::move(client);
  co_return result;
}

}  // namespace exai
