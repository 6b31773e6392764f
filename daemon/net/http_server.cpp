// The listening side: accepts, sweeps deadlines, drains. What happens on a connection is in
// connection.cpp.

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <set>
#include <unordered_map>
#include <utility>

#include "daemon/net/connection.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

namespace {

using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Socket = asio::basic_stream_socket<tcp, Executor>;

constexpr std::size_t kMostRefused = 64;  // that are told why; more are cut off with a word
constexpr Duration kAcceptPause = 100ms;  // when accepting fails, for want of descriptors mostly

// Asio does not do it: its accept() and socket() leave descriptors open across exec.
template <class Any>
void close_on_exec(Any& socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

std::string address_of(const Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "gone" : endpoint.address().to_string();
}

void send_all(EndOfTurn<void()>::Requests replies) {
  for (auto& reply : replies) std::move(reply.answer)();
}

class HttpServer final : public Server {
 public:
  HttpServer(Loop& loop, Clock& clock, Log log, ListenOptions options, Handler& handler)
      : acceptor_(loop.executor()),
        housekeeping_(loop, log),
        exchanges_(loop, log),
        context_{clock,   log,        std::move(options),
                 handler, exchanges_, EndOfTurn<void()>(loop, send_all)} {}

  Result<> open();

  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return connections_.size() - refused_; }
  Task<> drain(Duration limit) override;

 private:
  struct Registration;

  Task<> accept_all();
  Task<> sweep();
  Task<> serve(std::shared_ptr<Connection> connection);
  Task<Result<>> exchanges_ended();
  std::string refusal(const std::string& peer) const;
  void refuse(Socket socket, std::string why);

  Acceptor acceptor_;
  TaskGroup housekeeping_;
  TaskGroup exchanges_;
  ServerContext context_;
  std::set<Connection*> connections_;
  std::unordered_map<std::string, std::size_t> addresses_;  // of those that may stay
  std::size_t refused_ = 0;                                 // of the connections: are being told so
  std::uint16_t port_ = 0;
};

Result<tcp::endpoint> endpoint_of(const ListenOptions& options) {
  const std::string address = options.address == "localhost" ? "127.0.0.1" : options.address;
  boost::system::error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error)
    return fail(Errc::invalid, "\"{}\" is no IP address to listen on; 127.0.0.1 is the usual one",
                options.address);
  return tcp::endpoint(parsed, options.port);
}

Result<> HttpServer::open() {
  const auto endpoint = endpoint_of(context_.options);
  if (!endpoint) return fail(endpoint.error());
  boost::system::error_code error;
  acceptor_.open(endpoint->protocol(), error);
  if (!error) close_on_exec(acceptor_);
  if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(*endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(
        errno_error(error.value(),
                    fmt::format("listening on {}:{}", context_.options.address, endpoint->port())));
  port_ = acceptor_.local_endpoint(error).port();
  housekeeping_.spawn("accept", accept_all());
  housekeeping_.spawn("sweep", sweep());
  return {};
}

Task<> HttpServer::accept_all() {
  while (acceptor_.is_open()) {
    auto accepted = co_await acceptor_.async_accept(kAsTuple);
    const boost::system::error_code error = std::get<0>(accepted);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      context_.log.warn("cannot accept a connection", {{"error", error.message()}});
      co_await context_.clock.sleep_for(kAcceptPause);
      continue;
    }
    Socket socket = std::get<1>(std::move(accepted));
    close_on_exec(socket);
    std::string peer = address_of(socket);
    std::string why = refusal(peer);
    if (!why.empty() && refused_ >= kMostRefused) {
      refuse(std::move(socket), std::move(why));
      continue;
    }
    Stream stream(std::move(socket));
    auto connection =
        std::make_shared<Connection>(context_, std::move(stream), std::move(peer), std::move(why));
    exchanges_.spawn("connection", serve(std::move(connection)));
  }
}

// Why one more may not stay; empty: it may.
std::string HttpServer::refusal(const std::string& peer) const {
  const ListenOptions& options = context_.options;
  const std::size_t open = connections_.size() - refused_;
  if (open >= options.max_connections)
    return fmt::format("global limit: this server has {} connections open, the most it may", open);
  if (options.max_per_address == 0) return {};
  const std::string key = options.trusted.limit_key(peer);
  const auto of_address = key.empty() ? addresses_.end() : addresses_.find(key);
  if (of_address == addresses_.end() || of_address->second < options.max_per_address) return {};
  return fmt::format("per-IP limit: your address has {} connections open, the most it may",
                     of_address->second);
}

// As much as fits into the socket's buffer without waiting: a full server waits for nobody. Inside
// TLS nothing can be said so quickly.
void HttpServer::refuse(Socket socket, std::string why) {
  if (context_.options.tls) return;
  Response full{503, {{"content-type", "text/plain"}, {"retry-after", "5"}}, std::move(why) + "\n"};
  const auto now = context_.clock.wall();
  const std::string text =
      head_text(full, Framing::length, Persistence::close, context_.date.at(now)) + full.body;
  boost::system::error_code error;
  socket.non_blocking(true, error);
  socket.write_some(asio::buffer(text), error);
  socket.shutdown(Socket::shutdown_both, error);
}

// A connection's place in the books.
struct HttpServer::Registration {
  Registration(HttpServer& owner, Connection& connection)
      : server(owner),
        one(connection),
        key(server.context_.options.trusted.limit_key(connection.peer())) {
    server.connections_.insert(&one);
    if (one.is_refused()) {
      ++server.refused_;
    } else if (!key.empty()) {
      ++server.addresses_[key];
    }
  }
  ~Registration() {
    server.connections_.erase(&one);
    if (one.is_refused()) {
      --server.refused_;
    } else if (!key.empty() && --server.addresses_[key] == 0) {
      server.addresses_.erase(key);
    }
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  HttpServer& server;
  Connection& one;
  std::string key;
};

Task<> HttpServer::serve(std::shared_ptr<Connection> connection) {
  const Registration registration(*this, *connection);
  co_await connection->run();
}

Task<> HttpServer::sweep() {
  const net::ListenOptions& options = context_.options;
  const Duration shortest =
      std::min({options.idle, options.receive, options.websocket_ping, options.websocket_pong});
  const Duration period = std::clamp<Duration>(shortest / 4, 10ms, 1s);
  for (;;) {
    co_await context_.clock.sleep_for(period);
    const Time now = context_.clock.now();
    for (Connection* connection : connections_) {  // cut() ends none of them right now
      connection->keep_alive(now);
      if (connection->is_overdue(now)) connection->cut();
    }
  }
}

Task<Result<>> HttpServer::exchanges_ended() {
  co_await exchanges_.join();
  co_return Result<>{};
}

Task<> HttpServer::drain(Duration limit) {
  context_.draining = true;
  boost::system::error_code error;
  acceptor_.close(error);
  for (Connection* connection : connections_) connection->drain();
  auto ended = co_await with_timeout(context_.clock, exchanges_ended(), limit);
  if (!ended) {
    context_.log.warn("connections cut", {{"connections", connections_.size()}});
    for (Connection* connection : connections_) connection->cut();
    exchanges_.cancel();
    co_await exchanges_.join();
  }
  housekeeping_.cancel();
  co_await housekeeping_.join();
}

}  // namespace

tl::expected<std::string, Response> Handler::accept_websocket(Request&) {
  Response refusal{400, {{"content-type", "text/plain"}}, "There are no WebSockets here.\n"};
  return tl::unexpected(std::move(refusal));
}

Task<> Handler::serve(WebSocket& socket) {
  std::string reason = "nothing is served here";
  co_await socket.close(1011, std::move(reason));
}

Result<std::unique_ptr<Server>> Server::listen(Loop& loop, Clock& clock, Log log,
                                               ListenOptions options, Handler& handler) {
  auto server =
      std::make_unique<HttpServer>(loop, clock, std::move(log), std::move(options), handler);
  auto opened = server->open();
  if (!opened) return fail(std::move(opened).error());
  return server;
}

}  // namespace exai::net
