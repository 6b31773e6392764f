#pragma once
// One accepted connection: HTTP exchanges one after another, until it ends or becomes a WebSocket.
// Internal to the server.
//
//   (handshake of TLS)
//        ▼
//   idle ──first byte──▶ receiving ──▶ handling ──▶ writing ──▶ idle …
//                                         │
//                                         └─ upgrade ──▶ websocket
//
// Each phase but handling has a deadline, which the server's sweep enforces by cut(). That costs a
// stored time per phase instead of a timer per wait.

#include <memory>
#include <string>

#include "core/base/end_of_turn.hpp"
#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "core/base/stream.hpp"
#include "daemon/net/byte_budget.hpp"
#include "daemon/net/http_message.hpp"
#include "daemon/net/transport.hpp"
#include "daemon/net/websocket.hpp"

namespace exai::net {

// Tells of handshakes that failed, a line a second at most: who knocks all day must not fill the
// log.
class HandshakeFailures {
 public:
  void tell(const Log& log, Time now, const std::string& peer, const Error& why);

 private:
  Time next_{};
  std::size_t untold_ = 0;
};

// What a server shares with its connections.
//
// Replies of a turn leave together: a client that sleeps until one comes is woken once for all of
// them, and to wake it takes as long as a small call. Without this, exaid wakes it for each as soon
// as it is the slower of the two.
struct ServerContext {
  Clock& clock;
  Log log;
  ListenOptions options;
  Handler& handler;
  TaskGroup& tasks;
  EndOfTurn<void()> replies;
  DateText date{};
  HandshakeFailures handshakes{};
  bool draining = false;
  ByteBudget bytes{options.max_bytes};
};

// What so many bytes may take longer than nothing: 16 KiB a second is the slowest that is bearable.
inline Duration time_for(std::size_t bytes) {
  constexpr std::size_t kBytesPerSecond = 16U << 10U;
  return Duration(1000 * static_cast<std::int64_t>(bytes / kBytesPerSecond));
}

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  // `refusal`: why it may not stay; it is told so in answer to its first request. Empty: it may.
  Connection(ServerContext& server, Stream stream, std::string peer, std::string refusal = {});
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Until the connection has ended. Lifetime: the caller holds a shared_ptr.
  Task<> run();

  void keep_alive(Time now) {
    if (websocket_) websocket_->keep_alive(now);
  }
  const std::string& peer() const { return peer_; }
  bool is_refused() const { return !refusal_.empty(); }
  bool is_overdue(Time now) const {
    return websocket_ ? websocket_->is_overdue(now) : now >= deadline_;
  }
  void cut();    // closes the socket: what waits on it ends
  void drain();  // ends when the exchange in progress has, at once when there is none

 private:
  class Writer;
  enum class Phase { idle, receiving, handling, writing, websocket };

  Task<bool> shake_hands();
  Task<bool> exchange();
  Task<tl::expected<bool, int>> receive_request(ByteBudget::Share& share);
  Task<bool> fill_input();
  Task<bool> respond(Response response, Persistence after);
  Task<bool> upgrade();
  Task<> refuse();
  Task<bool> write(std::string bytes);
  Task<bool> write(std::string head, std::string body);
  Task<> linger();
  void enter(Phase phase, Duration limit);
  Persistence persistence() const;
  std::string_view unread() const { return {input_.get() + begin_, end_ - begin_}; }

  ServerContext& server_;
  Stream stream_;
  std::string peer_;
  std::string refusal_;
  RequestReader reader_;
  std::unique_ptr<char[]> input_;  // [begin_, end_) is not parsed yet
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  Phase phase_ = Phase::idle;
  Time deadline_ = Time::max();
  std::size_t exchanges_ = 0;  // finished ones
  std::shared_ptr<WebSocketSession> websocket_;
};

}  // namespace exai::net
