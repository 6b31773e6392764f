#include "cli/mcp/bridge.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <random>
#include <utility>

#include "cli/mcp/reconnect.hpp"
#include "cli/mcp/relay.hpp"
#include "core/base/line_stream.hpp"
#include "core/base/text.hpp"

namespace exai::bridge {

namespace {

constexpr std::size_t kLineLimit = 64U << 20U;   // twice the daemon's own default
constexpr std::size_t kOutboxLimit = 8U << 20U;  // then stdin waits
constexpr std::size_t kOutboxCount = 64;         // or so many messages: answers come in between
constexpr std::size_t kUnreadLimit = 4U << 20U;  // then the daemon waits
constexpr Duration kConnectTime = 15s;
constexpr Duration kFarewell = 5s;  // for answers, when stdin has ended
constexpr Duration kFlush = 2s;     // for the last of them to be read
constexpr Duration kRoomTime = 2s;  // for an answer, when no more may be unanswered
constexpr Duration kSoonest = 1s;   // between attempts that a request hurries

std::uint64_t seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

class Bridge {
 public:
  Bridge(Loop& loop, Clock& clock, Log log, BridgeOptions options,
         std::unique_ptr<LineStream> client)
      : loop_(loop),
        clock_(clock),
        log_(log),
        options_(std::move(options)),
        client_(std::move(client)),
        relay_(options_.name, "exai-mcp-" + random_hex(6) + "-", limits(options_)),
        reconnect_(seed()),
        changed_(loop.executor(), Time::max()),
        more_to_write_(loop.executor(), Time::max()),
        less_to_write_(loop.executor(), Time::max()),
        room_(loop.executor(), Time::max()),
        patience_(loop.executor(), Time::max()),
        hurry_(loop.executor(), Time::max()),
        tasks_(loop, log),
        writers_(loop, std::move(log)) {}

  Task<Result<>> run();

 private:
  static Limits limits(const BridgeOptions& options) {
    Limits limits;
    limits.patience = options.patience;
    return limits;
  }

  Task<> read_client();
  Task<> wait_room();
  Task<> keep_connected();
  Task<> start_daemon();
  Task<Result<>> connect();
  Task<> converse();
  Task<> write_daemon();
  Task<> watch_patience();
  Task<> await_signal();
  Task<> pause_before_next();
  Task<> wait_change(Duration limit);
  void perform(Actions actions);
  void clear_outbox();

  Loop& loop_;
  Clock& clock_;
  Log log_;
  BridgeOptions options_;
  std::unique_ptr<LineStream> client_;
  Relay relay_;
  Reconnect reconnect_;
  std::unique_ptr<WebSocketClient> daemon_;  // there while connected
  std::deque<std::string> outbox_;           // for the daemon
  std::size_t outbox_bytes_ = 0;
  // Each is cancelled when it is so; one waiter each.
  Timer changed_;        // anything
  Timer more_to_write_;  // to the daemon
  Timer less_to_write_;
  Timer room_;              // perhaps, for another request
  Timer patience_;          // another request is the first to expire
  Timer hurry_;             // a request wants a connection soon
  bool is_stuck_ = false;   // there was no room for long
  bool is_wanted_ = false;  // of hurry_, before anybody waits for it
  bool client_gone_ = false;
  bool asked_to_stop_ = false;
  bool started_daemon_ = false;
  bool is_told_ = false;  // the log knows that the daemon is away
  std::optional<Error> end_;
  TaskGroup tasks_;
  TaskGroup writers_;
};

void Bridge::perform(Actions actions) {
  for (Action& action : actions) {
    if (auto* line = std::get_if<ToClient>(&action)) {
      client_->write(std::move(line->line));
    } else if (auto* text = std::get_if<ToDaemon>(&action)) {
      outbox_bytes_ += text->text.size();
      outbox_.push_back(std::move(text->text));
    } else if (const auto* drop = std::get_if<Drop>(&action)) {
      log_.warn("leaving this connection", {{"reason", drop->why}});
      if (daemon_) daemon_->cut();
    } else {
      end_ = Error(Errc::unavailable, std::get<End>(action).why);
    }
  }
  more_to_write_.cancel();
  changed_.cancel();
  room_.cancel();
  // While the daemon is there, nothing waits for it.
  if (relay_.state() != Relay::State::open) patience_.cancel();
}

void Bridge::clear_outbox() {
  outbox_.clear();
  outbox_bytes_ = 0;
  less_to_write_.cancel();
}

// Until something has changed, or the time is over.
Task<> Bridge::wait_change(Duration limit) {
  changed_.expires_after(limit);
  co_await changed_.async_wait(kAsTuple);
}

Task<> Bridge::read_client() {
  for (;;) {
    const auto line = co_await client_->next();
    if (!line) break;
    const Time now = clock_.now();
    if (line->has_value()) {
      perform(relay_.from_client(**line, now));
    } else {
      client_->write(
          rpc::to_text(rpc::error_of(std::nullopt, rpc::kParseError, line->error().message())));
    }
    if (relay_.state() == Relay::State::down) {
      is_wanted_ = true;
      hurry_.cancel();
    }
    while (outbox_bytes_ > kOutboxLimit || outbox_.size() > kOutboxCount) {
      co_await less_to_write_.async_wait(kAsTuple);
    }
    co_await wait_room();
  }
  client_gone_ = true;
  relay_.client_ended();
  changed_.cancel();
}

// As many requests are unanswered as may be. A daemon that is there answers one of them soon. When
// it does not, it may wait for something that the client has still to say: that is read, and a
// request is refused.
Task<> Bridge::wait_room() {
  is_stuck_ = is_stuck_ && relay_.is_full();
  const Time end = clock_.now() + kRoomTime;
  while (!is_stuck_ && relay_.is_full() && relay_.state() == Relay::State::open) {
    room_.expires_at(end);
    co_await room_.async_wait(kAsTuple);
    is_stuck_ = clock_.now() >= end;
  }
}

Task<> Bridge::keep_connected() {
  for (;;) {
    auto connected = co_await connect();
    if (connected) {
      co_await converse();
    } else {
      perform(relay_.failed(connected.error(), clock_.now()));
      if (!std::exchange(is_told_, true))
        log_.warn("exaid cannot be reached, trying on",
                  {{"at", options_.name}, {"reason", connected.error().message()}});
      if (options_.start_daemon && !std::exchange(started_daemon_, true))
        tasks_.spawn("start", start_daemon());
    }
    co_await pause_before_next();
  }
}

Task<> Bridge::start_daemon() {
  log_.info("starting exaid");
  Task<Result<>> starting = options_.start_daemon();
  auto started = co_await std::move(starting);
  if (!started) log_.error("exaid could not be started", {{"reason", started.error().message()}});
}

Task<Result<>> Bridge::connect() {
  auto address = options_.address();
  if (!address) co_return fail(std::move(address).error());
  Task<Result<std::unique_ptr<WebSocketClient>>> attempt =
      WebSocketClient::connect(loop_, *std::move(address));
  auto connected = co_await with_timeout(clock_, std::move(attempt), kConnectTime);
  if (!connected) co_return fail(std::move(connected).error());
  daemon_ = *std::move(connected);
  co_return Result<>{};
}

// One connection, from its first message to its loss.
Task<> Bridge::converse() {
  const Time since = clock_.now();
  started_daemon_ = true;
  is_told_ = false;
  log_.info("connected", {{"to", options_.name}, {"waiting", relay_.waiting()}});
  perform(relay_.connected());
  writers_.spawn("to the daemon", write_daemon());
  Error why(Errc::unavailable, "");
  for (;;) {
    co_await client_->wait_read(kUnreadLimit);
    auto text = co_await daemon_->receive();
    if (!text) {
      why = std::move(text).error();
      break;
    }
    perform(relay_.from_daemon(*text));
  }
  daemon_->cut();
  writers_.cancel();
  co_await writers_.join();
  daemon_.reset();
  clear_outbox();
  reconnect_.held(std::chrono::duration_cast<Duration>(clock_.now() - since));
  log_.warn("the connection was lost", {{"to", options_.name}, {"reason", why.message()}});
  perform(relay_.lost(why, clock_.now()));
}

// The only one that writes to the daemon. Ends with the connection.
Task<> Bridge::write_daemon() {
  for (;;) {
    if (outbox_.empty()) {
      co_await more_to_write_.async_wait(kAsTuple);
      continue;
    }
    std::string text = std::move(outbox_.front());
    outbox_.pop_front();
    outbox_bytes_ -= text.size();
    less_to_write_.cancel();
    auto sent = co_await daemon_->send(std::move(text));
    if (!sent) {
      daemon_->cut();  // and whoever reads from it hears of it
      co_return;
    }
  }
}

Task<> Bridge::pause_before_next() {
  const Duration pause = reconnect_.next_pause();
  is_wanted_ = false;
  const Duration least = std::min<Duration>(pause, kSoonest);
  co_await clock_.sleep_for(least);
  if (is_wanted_ || pause == least) co_return;
  hurry_.expires_after(pause - least);
  co_await hurry_.async_wait(kAsTuple);
}

Task<> Bridge::watch_patience() {
  for (;;) {
    patience_.expires_at(relay_.deadline());
    co_await patience_.async_wait(kAsTuple);
    Actions expired = relay_.expire(clock_.now());
    if (!expired.empty()) perform(std::move(expired));
  }
}

Task<> Bridge::await_signal() {
  Signals signals(loop_, {SIGTERM});
  auto signal = co_await signals.next();
  asked_to_stop_ = signal.has_value();
  changed_.cancel();
}

Task<Result<>> Bridge::run() {
  tasks_.spawn("stdin", read_client());
  tasks_.spawn("daemon", keep_connected());
  tasks_.spawn("patience", watch_patience());
  tasks_.spawn("signal", await_signal());
  while (!client_gone_ && !asked_to_stop_ && !end_) {
    co_await wait_change(1h);
  }
  const Time farewell = clock_.now() + kFarewell;
  while (!end_ && !relay_.is_idle() && clock_.now() < farewell) {
    co_await wait_change(50ms);
  }
  perform(relay_.give_up(end_ ? end_->message() : "exai mcp ends"));
  co_await client_->flush(clock_, kFlush);
  if (daemon_) daemon_->cut();
  tasks_.cancel();
  writers_.cancel();
  co_await tasks_.join();
  co_await writers_.join();
  if (end_) co_return fail(*end_);
  co_return Result<>{};
}

}  // namespace

Task<Result<>> run_bridge(Loop& loop, Clock& clock, Log log, BridgeOptions options) {
  auto client = LineStream::open(loop, log, kLineLimit);
  if (!client) co_return fail(std::move(client).error());
  Bridge bridge(loop, clock, std::move(log), std::move(options), *std::move(client));
  co_return co_await bridge.run();
}

}  // namespace exai::bridge
