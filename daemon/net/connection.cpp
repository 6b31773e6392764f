#include "daemon/net/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

namespace exai::net {

namespace {

using asio::ip::tcp;

constexpr std::size_t kInputSize = kHeadLimit + 1024;  // a head at its limit, and a little
constexpr std::size_t kSmallBody = 2U << 10U;
constexpr Duration kLinger = 2s;

void advance(std::array<asio::const_buffer, 2>& buffers, std::size_t bytes) {
  const std::size_t of_first = std::min(bytes, buffers[0].size());
  buffers[0] += of_first;
  buffers[1] += bytes - of_first;
}

Response plain_error(int status) {
  constexpr std::pair<int, const char*> kTexts[] = {
      {400, "The request is not valid HTTP/1.1.\n"},
      {413, "The body is larger than this server accepts.\n"},
      {431, "The head of the request is larger than 16 KiB.\n"},
      {500, "The server has no answer to this request; its log says why.\n"},
      {503,
       "The server has as many bytes of requests at work as it may: send it again in a moment.\n"},
      {505, "This server speaks HTTP/1.1.\n"}};
  Response response{status, {{"content-type", "text/plain"}}, ""};
  for (const auto& [known, text] : kTexts)
    if (known == status) response.body = text;
  if (status == 503) response.headers.emplace("retry-after", "1");
  return response;
}

}  // namespace

// Who connects and goes again (a check of the port, a scanner) is no news.
void HandshakeFailures::tell(const Log& log, Time now, const std::string& peer, const Error& why) {
  if (why.code() == Errc::unavailable) return log.debug(why.message(), {{"peer", peer}});
  if (now < next_) {
    ++untold_;
    return;
  }
  next_ = now + 1s;
  log.info("a client was refused",
           {{"peer", peer}, {"why", why.message()}, {"untold", std::exchange(untold_, 0U)}});
}

// The handler's end of a response in pieces.
class Connection::Writer final : public BodyWriter {
 public:
  explicit Writer(Connection& connection) : connection_(connection) {}

  bool is_started() const { return state_ != State::unused; }
  bool is_whole() const { return state_ == State::finished; }

  Task<Result<>> start(Response head) override {
    EXAI_ASSERT(state_ == State::unused);
    state_ = State::open;
    chunked_ = connection_.reader_.can_chunk();
    if (!chunked_)
      must_close_ = true;  // HTTP/1.0: the end of the body is the end of the connection
    const auto now = connection_.server_.clock.wall();
    head.body.clear();
    std::string text =
        head_text(head, Framing::chunked, persistence(), connection_.server_.date.at(now));
    if (!chunked_) text = without_chunking(std::move(text));
    co_return co_await send(std::move(text));
  }

  Task<Result<>> write(std::string bytes) override {
    EXAI_ASSERT(state_ == State::open);
    if (bytes.empty() || connection_.reader_.is_head()) co_return Result<>{};
    if (chunked_) bytes = fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    co_return co_await send(std::move(bytes));
  }

  Task<Result<>> finish() override {
    EXAI_ASSERT(state_ == State::open);
    state_ = State::finished;
    if (!chunked_ || connection_.reader_.is_head()) co_return Result<>{};
    std::string last = "0\r\n\r\n";
    co_return co_await send(std::move(last));
  }

  Task<> wait_gone() override {
    const auto connection = connection_.shared_from_this();
    const std::size_t exchange = connection->exchanges_;
    while (connection->exchanges_ == exchange && connection->stream_.is_open()) {
      pollfd state{connection->stream_.socket().native_handle(), POLLRDHUP, 0};
      if (::poll(&state, 1, 0) > 0) co_return;
      co_await connection->server_.clock.sleep_for(kGonePoll);
    }
  }

  Persistence persistence() const {
    return must_close_ ? Persistence::close : connection_.persistence();
  }

 private:
  enum class State { unused, open, finished };
  static constexpr Duration kGonePoll = 100ms;

  static std::string without_chunking(std::string head) {
    constexpr std::string_view kLine = "transfer-encoding: chunked\r\n";
    return head.erase(head.find(kLine), kLine.size());
  }

  Task<Result<>> send(std::string bytes) {
    const bool sent = co_await connection_.write(std::move(bytes));
    if (!sent) co_return fail(Errc::unavailable, "the client has gone");
    co_return Result<>{};
  }

  Connection& connection_;
  State state_ = State::unused;
  bool chunked_ = true;
  bool must_close_ = false;
};

Connection::Connection(ServerContext& server, Stream stream, std::string peer, std::string refusal)
    : server_(server),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      refusal_(std::move(refusal)),
      reader_(server.options.max_body),
      input_(new char[kInputSize]) {
  boost::system::error_code error;
  stream_.socket().set_option(tcp::no_delay(true), error);
  stream_.socket().non_blocking(true, error);
}

void Connection::enter(Phase phase, Duration limit) {
  phase_ = phase;
  deadline_ = server_.clock.now() + limit;
}

Persistence Connection::persistence() const {
  return reader_.keeps_alive() && !server_.draining ? Persistence::keep_alive : Persistence::close;
}

void Connection::cut() {
  deadline_ = Time::max();
  if (websocket_) websocket_->cut();
  stream_.close();
}

void Connection::drain() {
  if (phase_ == Phase::idle) return cut();
  if (!websocket_) return;
  websocket_->begin_close(1001, "the server is shutting down");
}

Task<> Connection::run() {
  bool more = true;
  if (server_.options.tls) more = co_await shake_hands();
  while (more) more = co_await exchange();
  if (stream_.is_open()) co_await linger();
}

// Whoever does not know that TLS is spoken here is told so, in what he speaks himself.
Task<bool> Connection::shake_hands() {
  enter(Phase::receiving, server_.options.receive);
  TlsContext context = server_.options.tls->context();
  auto agreed = co_await stream_.accept_tls(std::move(context));
  if (agreed) co_return true;
  server_.handshakes.tell(server_.log, server_.clock.now(), peer_, agreed.error());
  if (agreed.error().code() != Errc::invalid || !stream_.is_open()) co_return false;
  Response hint{
      400, {{"content-type", "text/plain"}}, "This port speaks TLS: use https:// or wss://.\n"};
  co_await respond(std::move(hint), Persistence::close);
  co_return false;
}

Task<bool> Connection::exchange() {
  ByteBudget::Share share(server_.bytes);
  auto received = co_await receive_request(share);
  if (!received) {
    Response refusal = plain_error(received.error());
    co_await respond(std::move(refusal), Persistence::close);
    co_return false;
  }
  if (!*received) co_return false;
  phase_ = Phase::handling;
  deadline_ = Time::max();
  reader_.request().peer = server_.options.trusted.client_of(
      peer_, header(reader_.request().headers, "x-forwarded-for"));
  if (is_refused() && !reader_.is_websocket_upgrade()) {
    co_await refuse();
    co_return false;
  }
  if (reader_.is_websocket_upgrade()) co_return co_await upgrade();

  Writer writer(*this);
  auto response = co_await server_.handler.handle(std::move(reader_.request()), writer);
  ++exchanges_;
  if (writer.is_started()) {
    if (!writer.is_whole()) {  // the client must not take what it got for all
      cut();
      co_return false;
    }
    co_return writer.persistence() == Persistence::keep_alive;
  }
  if (!response) response = plain_error(500);
  const Persistence after = persistence();
  co_return co_await respond(*std::move(response), after);
}

// True: a request is there. False: the connection is over. An error is the status to refuse with.
// Lifetime: the share outlives it.
Task<tl::expected<bool, int>> Connection::receive_request(ByteBudget::Share& share) {
  enter(Phase::idle, server_.options.idle);
  if (server_.draining) co_return false;
  reader_.next();
  Time started = Time::max();
  std::size_t taken_in_all = 0;
  bool continued = false;
  for (;;) {
    if (begin_ < end_) {
      if (phase_ == Phase::idle) {
        enter(Phase::receiving, server_.options.receive);
        started = deadline_;
      }
      const auto taken = reader_.feed(unread());
      if (!taken) co_return tl::unexpected(taken.error());
      begin_ += *taken;
      taken_in_all += *taken;
      if (!share.resize(taken_in_all)) {
        reader_.next();  // gives back what has arrived
        co_return tl::unexpected(503);
      }
      deadline_ = started + time_for(taken_in_all);
      if (reader_.is_complete()) co_return true;
      if (!continued && begin_ == end_ && reader_.has_head() && reader_.expects_continue()) {
        continued = true;
        std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        const bool sent = co_await write(std::move(go_on));
        if (!sent) co_return false;
        deadline_ = started;
      }
    }
    if (begin_ == 0 && end_ == kInputSize) co_return tl::unexpected(431);
    // After the replies of this turn, as in websocket.cpp.
    if (phase_ == Phase::idle) co_await asio::post(stream_.get_executor(), kAwait);
    const bool filled = co_await fill_input();
    if (!filled) co_return false;
  }
}

Task<bool> Connection::fill_input() {
  if (begin_ > 0) {
    std::memmove(input_.get(), input_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const auto space = asio::buffer(input_.get() + end_, kInputSize - end_);
  auto done = co_await stream_.async_read_some(space, kAsTuple);
  if (std::get<0>(done)) {
    cut();
    co_return false;
  }
  end_ += std::get<1>(done);
  co_return true;
}

Task<bool> Connection::respond(Response response, Persistence after) {
  const std::string_view date = server_.date.at(server_.clock.wall());
  std::string head = head_text(response, Framing::length, after, date);
  if (reader_.is_head()) response.body.clear();
  co_await server_.replies.async_wait(kAwait);
  const bool sent = co_await write(std::move(head), std::move(response.body));
  co_return sent&& after == Persistence::keep_alive;
}

Task<> Connection::refuse() {
  Response full{503, {{"content-type", "text/plain"}, {"retry-after", "5"}}, refusal_ + "\n"};
  co_await respond(std::move(full), Persistence::close);
}

// A WebSocket that may not stay is opened and closed with 1008: its client sees no other reason.
Task<bool> Connection::upgrade() {
  Request request = std::move(reader_.request());
  auto accepted = server_.handler.accept_websocket(request);
  if (!accepted || begin_ < end_) {  // frames before our answer would be lost, and are illegal
    Response refusal = accepted ? plain_error(400) : std::move(accepted).error();
    co_await respond(std::move(refusal), Persistence::close);
    co_return false;
  }
  phase_ = Phase::websocket;
  auto session = co_await WebSocketSession::accept(std::move(stream_), std::move(request),
                                                   *std::move(accepted), server_);
  if (!session) co_return false;
  websocket_ = *std::move(session);
  if (server_.draining) drain();
  if (is_refused()) websocket_->begin_close(1008, refusal_);
  if (!is_refused()) co_await server_.handler.serve(*websocket_);
  websocket_->begin_close(1000, "");
  co_await websocket_->wait_closed();
  co_return false;
}

Task<bool> Connection::write(std::string bytes) {
  std::string nothing;
  co_return co_await write(std::move(bytes), std::move(nothing));
}

Task<bool> Connection::write(std::string head, std::string body) {
  // To copy a small one is quicker than what the kernel does for a list of two.
  if (body.size() <= kSmallBody) head.append(std::exchange(body, {}));
  const std::size_t size = head.size() + body.size();
  std::array<asio::const_buffer, 2> rest{asio::buffer(head), asio::buffer(body)};
  // Nearly always all of it fits into the socket's buffer. Trying at once saves a turn of the loop,
  // about a tenth of a small request; what does not fit goes the long way.
  boost::system::error_code error;
  std::size_t sent =
      body.empty() ? stream_.write_some(rest[0], error) : stream_.write_some(rest, error);
  if (sent == size) co_return true;
  const Phase before = phase_;
  advance(rest, sent);
  while (sent < size) {
    enter(Phase::writing, server_.options.idle);  // a peer that reads, however slowly, may stay
    auto done = co_await stream_.async_write_some(rest, kAsTuple);
    if (std::get<0>(done)) {
      cut();
      co_return false;
    }
    sent += std::get<1>(done);
    advance(rest, std::get<1>(done));
  }
  phase_ = before;
  deadline_ = Time::max();
  co_return true;
}

// Closing with unread input would reset the connection and may take our last answer with it.
Task<> Connection::linger() {
  stream_.shutdown_send();
  enter(Phase::receiving, kLinger);
  bool open = true;
  while (open) {
    begin_ = end_ = 0;
    open = co_await fill_input();
  }
}

}  // namespace exai::net
