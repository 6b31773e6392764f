#include "daemon/net/websocket.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "core/base/beast_stream.hpp"
#include "daemon/net/connection.hpp"

namespace exai::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

const websocket::ping_data kNoPayload{};
constexpr Duration kCloseTime = 5s;              // for the outbox to empty and the peer to agree
constexpr std::size_t kKeptBuffer = 64U << 10U;  // a larger one is given back after its message

http::request<http::empty_body> upgrade_request(const Request& request) {
  http::request<http::empty_body> upgrade(http::verb::get, request.path, 11);
  for (const auto& [name, value] : request.headers) upgrade.set(name, value);
  return upgrade;
}

class BeastWebSocket final : public WebSocketSession,
                             public std::enable_shared_from_this<BeastWebSocket> {
 public:
  BeastWebSocket(Stream stream, std::string subprotocol, const Request& request,
                 ServerContext& server)
      : stream_(std::move(stream)),
        share_(server.bytes),
        changed_(stream_.get_executor(), Time::max()),
        ended_(stream_.get_executor(), Time::max()),
        subprotocol_(std::move(subprotocol)),
        peer_(request.peer),
        caller_(request.caller),
        clock_(server.clock),
        replies_(server.replies),
        limit_(server.options.max_body),
        ping_after_(server.options.websocket_ping),
        pong_within_(server.options.websocket_pong),
        receive_within_(server.options.receive),
        heard_(server.clock.now()) {
    websocket::stream_base::timeout timeouts;
    timeouts.handshake_timeout = kCloseTime;
    timeouts.idle_timeout = websocket::stream_base::none();  // keep_alive() below
    timeouts.keep_alive_pings = false;
    stream_.set_option(timeouts);
    stream_.control_callback([this](websocket::frame_type, auto) { hear(); });
    stream_.read_message_max(limit_);
    stream_.auto_fragment(false);
    stream_.text(true);
  }

  Task<Result<>> handshake(Request request) {
    const std::string& protocol = subprotocol_;
    stream_.set_option(
        websocket::stream_base::decorator([protocol](websocket::response_type& response) {
          if (!protocol.empty()) response.set(http::field::sec_websocket_protocol, protocol);
        }));
    const auto upgrade = upgrade_request(request);
    auto done = co_await stream_.async_accept(upgrade, kAsTuple);
    const beast::error_code error = std::get<0>(done);
    if (error) co_return fail(Errc::invalid, "the upgrade failed: {}", error.message());
    co_return Result<>{};
  }

  const std::string& subprotocol() const override { return subprotocol_; }
  const std::string& peer() const override { return peer_; }
  const Caller& caller() const override { return caller_; }

  Task<Result<std::string>> receive() override {
    // After the replies of this turn: a client that waits for one sends nothing before, and to look
    // for its next message would be in vain.
    if (writing_) co_await asio::post(stream_.get_executor(), kAwait);
    beast::error_code error;
    Time started = Time::max();
    do {  // in pieces: a long message is no silence, but one that takes too long is an attack
      auto done = co_await stream_.async_read_some(buffer_, 0, kAsTuple);
      error = std::get<0>(done);
      hear();
      if (started == Time::max()) started = heard_;
      message_deadline_ = started + receive_within_ + time_for(buffer_.size());
      if (!share_.resize(buffer_.size())) co_return too_much();
    } while (!error && !stream_.is_message_done());
    message_deadline_ = Time::max();
    if (error) {
      if (!closing_) end();
      if (error == websocket::error::message_too_big || error == websocket::error::buffer_overflow)
        co_return fail(Errc::invalid, "a message of more than {} bytes", limit_);
      co_return fail(Errc::unavailable, "the connection is closed: {}", error.message());
    }
    if (!stream_.got_text()) {
      begin_close(1003, "only text messages are understood");
      co_return fail(Errc::invalid, "a binary message");
    }
    std::string text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kKeptBuffer) buffer_.shrink_to_fit();
    share_.resize(0);
    co_return text;
  }

  void send(std::string text) override {
    if (over_ || closing_) return;
    if (queued_ > 0 && queued_ + text.size() > limit_) {
      outbox_.clear();
      begin_close(1013, "the messages are not read fast enough");
      return;
    }
    queued_ += text.size();
    outbox_.push_back(std::move(text));
    if (writing_) return;
    if (resting_) return write_soon();
    changed_.cancel();
  }

  Task<> close(std::uint16_t code, std::string reason) override {
    begin_close(code, std::move(reason));
    co_await wait_closed();
  }

  void begin_close(std::uint16_t code, std::string reason) override {
    if (over_ || closing_) return;
    closing_.emplace(static_cast<websocket::close_code>(code), reason);
    close_deadline_ = clock_.now() + kCloseTime;
    changed_.cancel();
  }

  void close_at(WallTime time, std::uint16_t code, std::string reason) override {
    closing_later_ = ClosingLater{deadline_at(clock_, time), code, std::move(reason)};
  }

  Task<> wait_closed() override {
    while (!writer_ended_) {
      co_await ended_.async_wait(kAsTuple);
    }
  }

  // A pong need not come faster than the writer gets the ping out; a peer that reads nothing for
  // that long is given up, too.
  void keep_alive(Time now) override {
    if (now >= closing_later_.at) begin_close(closing_later_.code, closing_later_.reason);
    if (over_ || closing_ || pong_deadline_ != Time::max() || now < heard_ + ping_after_) return;
    pong_deadline_ = now + pong_within_;
    ping_due_ = true;
    changed_.cancel();
  }

  bool is_overdue(Time now) const override {
    return now >= close_deadline_ || now >= message_deadline_ ||
           (!closing_ && now >= pong_deadline_);
  }

  void cut() override { end(); }

  // Writes whatever there is, but for a message that comes while it rests (write_soon). Holds
  // the session alive until the last operation is over.
  static Task<> write_all(std::shared_ptr<BeastWebSocket> session) {
    const WriterEnd at_the_end{*session};
    while (!session->over_ || session->writing_) {
      if (session->writing_) {
        co_await session->changed_.async_wait(kAsTuple);
      } else if (!session->outbox_.empty()) {
        const bool sent = co_await session->write_one();
        if (!sent) co_return;
      } else if (session->closing_) {
        co_await session->stream_.async_close(*session->closing_, kAsTuple);
        co_return;
      } else if (session->ping_due_) {
        session->ping_due_ = false;
        co_await session->stream_.async_ping(kNoPayload, kAsTuple);
      } else {
        session->resting_ = true;
        co_await session->changed_.async_wait(kAsTuple);
        session->resting_ = false;
      }
    }
  }

 private:
  struct ClosingLater {
    Time at = Time::max();
    std::uint16_t code = 0;
    std::string reason;
  };
  struct WriterEnd {
    BeastWebSocket& session;
    // What may throw in here is the cancelling of timers, which does not fail on Linux.
    ~WriterEnd() {  // NOLINT(bugprone-exception-escape)
      session.writer_ended_ = true;
      session.end();
      session.ended_.cancel();
    }
  };

  // All messages that are arriving are too large together.
  Result<std::string> too_much() {
    buffer_.consume(buffer_.size());
    buffer_.shrink_to_fit();
    message_deadline_ = Time::max();
    begin_close(1013, "the server has as many bytes of messages at work as it may: try again");
    return fail(Errc::unavailable, "all messages are too large together");
  }

  void hear() {
    heard_ = clock_.now();
    pong_deadline_ = Time::max();
  }

  // Without waking the writer, who has nothing else to do and is told when it has.
  void write_soon() {
    writing_ = true;
    replies_.async_wait([self = shared_from_this()] { self->write_next(); });
  }

  // The outbox is empty when too much for it came meanwhile.
  void write_next() {
    writing_ = !over_ && !outbox_.empty();
    if (!writing_) {
      changed_.cancel();
      return;
    }
    sending_ = std::move(outbox_.front());
    outbox_.pop_front();
    stream_.async_write(asio::buffer(sending_),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          self->written(error);
                        });
  }

  void written(beast::error_code error) {
    writing_ = false;
    queued_ = outbox_.empty() ? 0 : queued_ - sending_.size();
    if (sending_.capacity() > kKeptBuffer) sending_ = {};
    if (error) end();
    if (over_ || closing_ || ping_due_) {
      changed_.cancel();
    } else if (!outbox_.empty()) {
      write_next();
    }
  }

  Task<bool> write_one() {
    const std::string text = std::move(outbox_.front());
    outbox_.pop_front();
    const auto bytes = asio::buffer(text);
    auto done = co_await stream_.async_write(bytes, kAsTuple);
    queued_ = outbox_.empty() ? 0 : queued_ - text.size();
    co_return !std::get<0>(done);
  }

  void end() {
    if (std::exchange(over_, true)) return;
    close_deadline_ = message_deadline_ = Time::max();
    stream_.next_layer().close();
    changed_.cancel();
  }

  websocket::stream<Stream, false> stream_;
  beast::flat_buffer buffer_;
  ByteBudget::Share share_;  // what buffer_ has
  Timer changed_;            // cancelled when the writer has something to do
  Timer ended_;              // cancelled when the writer has ended
  std::string subprotocol_;
  std::string peer_;
  Caller caller_;
  Clock& clock_;
  EndOfTurn<void()>& replies_;
  std::size_t limit_;
  Duration ping_after_;
  Duration pong_within_;
  Duration receive_within_;
  Time heard_;
  Time pong_deadline_ = Time::max();     // of a ping that is not answered yet
  Time message_deadline_ = Time::max();  // of a message of which some is here
  bool ping_due_ = false;
  std::deque<std::string> outbox_;
  std::size_t queued_ = 0;  // bytes in the outbox and in the message being written
  std::optional<websocket::close_reason> closing_;
  ClosingLater closing_later_;
  Time close_deadline_ = Time::max();
  std::string sending_;   // of write_next()
  bool writing_ = false;  // it is under way: the writer must not write
  bool resting_ = false;  // the writer waits, and nothing has woken it yet
  bool over_ = false;
  bool writer_ended_ = false;
};

}  // namespace

Task<Result<std::shared_ptr<WebSocketSession>>> WebSocketSession::accept(Stream stream,
                                                                         Request request,
                                                                         std::string subprotocol,
                                                                         ServerContext& server) {
  const auto session =
      std::make_shared<BeastWebSocket>(std::move(stream), std::move(subprotocol), request, server);
  auto agreed = co_await session->handshake(std::move(request));
  if (!agreed) co_return fail(std::move(agreed).error());
  server.tasks.spawn("websocket writer", BeastWebSocket::write_all(session));
  std::shared_ptr<WebSocketSession> result = session;
  co_return result;
}

}  // namespace exai::net
