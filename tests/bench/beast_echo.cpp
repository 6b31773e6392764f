// beast_echo PORT: the limit of the measurements. What Boost.Beast itself costs when it answers
// mcp_load on one thread: HTTP POST (any path) and WebSocket with the subprotocol mcp. Nothing is
// parsed but HTTP and frames: the id and the message are looked up in the text, and stand in an
// answer of the same form as exaid's. No deadlines, no sessions, no limits.

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;
using Error = boost::system::error_code;
// The loop's own executor: no virtual call between an operation and its loop.
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

// What stands behind `key` up to one of `ends`.
std::string_view value_of(std::string_view text, std::string_view key, std::string_view ends) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find_first_of(ends));
}

// The reply to a message; empty: it was a notification.
std::string answer(std::string_view message) {
  const std::string_view id = value_of(message, "\"id\":", ",}");
  if (id.empty()) return {};
  std::string reply = R"({"jsonrpc":"2.0","id":)";
  reply += id;
  if (message.find("\"initialize\"") != std::string_view::npos) {
    reply +=
        R"(,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},)"
        R"("serverInfo":{"name":"beast","version":"1"}}})";
    return reply;
  }
  reply += R"(,"result":{"content":[{"type":"text","text":")";
  reply += value_of(message, "\"message\":\"", "\"");
  reply += "\"}]}}";
  return reply;
}

class WebSocketEcho : public std::enable_shared_from_this<WebSocketEcho> {
 public:
  explicit WebSocketEcho(Socket socket) : stream_(std::move(socket)) { stream_.text(true); }

  void run(const http::request<http::string_body>& upgrade) {
    stream_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol, "mcp");
    }));
    stream_.async_accept(upgrade, [self = shared_from_this()](Error error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](Error error, std::size_t) {
      if (!error) self->reply();
    });
  }
  void reply() {
    const auto bytes = buffer_.cdata();
    text_ = answer({static_cast<const char*>(bytes.data()), bytes.size()});
    buffer_.clear();
    if (text_.empty()) return read();
    stream_.async_write(asio::buffer(text_), [self = shared_from_this()](Error error, std::size_t) {
      if (!error) self->read();
    });
  }

  websocket::stream<Socket, false> stream_;
  beast::flat_buffer buffer_;
  std::string text_;
};

class HttpEcho : public std::enable_shared_from_this<HttpEcho> {
 public:
  explicit HttpEcho(Socket socket) : socket_(std::move(socket)) {}

  void read() {
    parser_.emplace();
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](Error error, std::size_t) {
                       if (!error) self->reply();
                     });
  }

 private:
  void reply() {
    const auto& request = parser_->get();
    if (websocket::is_upgrade(request))
      return std::make_shared<WebSocketEcho>(std::move(socket_))->run(request);
    std::string text = answer(request.body());
    response_ = {};
    response_.version(11);
    response_.result(text.empty() ? http::status::accepted : http::status::ok);
    response_.set(http::field::content_type, "application/json");
    if (request.body().find("\"initialize\"") != std::string::npos)
      response_.set("Mcp-Session-Id", "bench");
    response_.body() = std::move(text);
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](Error error, std::size_t) {
      if (!error) self->read();
    });
  }

  Socket socket_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

void accept(Acceptor& acceptor) {
  acceptor.async_accept([&acceptor](Error error, Socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true), error);
      std::make_shared<HttpEcho>(std::move(socket))->read();
    }
    accept(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: beast_echo PORT\n");
    return 2;
  }
  asio::io_context context(1);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(),
                               static_cast<std::uint16_t>(std::atoi(argv[1])));
  Acceptor acceptor(context, endpoint);
  accept(acceptor);
  context.run();
}
