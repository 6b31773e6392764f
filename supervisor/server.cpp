#include "supervisor/server.hpp"

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include "core/base/stream.hpp"
#include "core/base/text.hpp"
#include "core/base/tls.hpp"
#include "supervisor/listen.hpp"

namespace exai {

namespace {

constexpr std::size_t kMaxClients = 128;
constexpr int kMaxTurnedAway = 32;  // at a time; more wait in the kernel's queue
constexpr Duration kIdle = 1s;      // silent for as long, a client may lose its place
constexpr std::size_t kMaxLine = 1U << 20U;
constexpr std::size_t kChunk = 4096;
constexpr std::size_t kPushedAtOnce = 100;
constexpr Duration kHandshake = 5s;
constexpr Duration kWriteLimit = 10s;
constexpr Duration kPushLimit = 60s;
constexpr Duration kPushWait = 60s;
constexpr Duration kTurnedAwayLimit = 1s;
constexpr Duration kLastAnswers = 1s;
constexpr Duration kCrowdPause = 20ms;

using Protocol = asio::generic::stream_protocol;
using Socket = Stream::Socket;

}  // namespace

struct ControlClient {
  ControlClient(Socket connected, TlsContext context, Time now)
      : stream(std::move(connected)),
        tls(std::move(context)),
        turn(stream.get_executor()),
        heard(now) {
    turn.expires_at(Time::max());
  }

  Stream stream;
  TlsContext tls;  // to begin with; none: clear text
  rpc::LineFramer framer{kMaxLine};
  std::shared_ptr<ControlSession> session = std::make_shared<ControlSession>();
  Timer turn;  // wakes those who wait to write
  bool writing = false;
  bool busy = false;  // with a request, or pushing events
  bool gone = false;  // or told to go
  Time heard;         // when its last request came, or it itself
  TaskGroup::Handle pushing;

  void end() {
    gone = true;
    stream.close();
  }
};

struct ControlServer::Listener {
  Listener(asio::io_context& context, Door opened)
      : door(std::move(opened)),
        acceptor(context, Protocol(door.family, 0), door.socket.release()) {}
  TlsContext context() const { return tls ? tls->context() : nullptr; }

  Door door;
  std::unique_ptr<TlsServer> tls;  // none: clear text
  asio::basic_socket_acceptor<Protocol, Executor> acceptor;
};

ControlServer::ControlServer(Loop& loop, Clock& clock, service::Supervisor& supervisor, Log log)
    : clock_(clock),
      supervisor_(supervisor),
      log_(std::move(log)),
      answers_(clock, supervisor, log_),
      tasks_(loop, log_) {}

ControlServer::~ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::open(Loop& loop, Clock& clock,
                                                           service::Supervisor& supervisor,
                                                           const Workspace& workspace, Log log,
                                                           Fd inherited) {
  std::unique_ptr<ControlServer> server(new ControlServer(loop, clock, supervisor, std::move(log)));
  TRY(doors, open_doors(workspace, supervisor.stack(), std::move(inherited)));
  for (Door& door : doors) {
    server->listeners_.push_back(std::make_unique<Listener>(loop.context(), std::move(door)));
    Listener& listener = *server->listeners_.back();
    if (!listener.door.tls) continue;
    auto tls = TlsServer::open(loop, server->clock_, server->log_, *listener.door.tls);
    if (!tls) return fail(tls.error().within("[control] certificate, key"));
    listener.tls = *std::move(tls);
  }
  for (const auto& listener : server->listeners_)
    server->tasks_.spawn("control socket", server->accept(*listener));
  return server;
}

Task<> ControlServer::close() {
  closing_ = true;
  supervisor_.release_followers();
  const Time limit = clock_.now() + kLastAnswers;
  while ((answering_ > 0 || is_follower_behind()) && clock_.now() < limit)
    co_await clock_.sleep_for(2ms);
  tasks_.cancel();
  co_await tasks_.join();
  for (const auto& listener : listeners_) {
    shut(listener->door);
    listener->tls.reset();
  }
}

Fd ControlServer::release() {
  boost::system::error_code ignored;
  return Fd(listeners_.front()->acceptor.release(ignored));
}

// A follower between two of its requests has not seen the end yet: it is about to ask. A subscriber
// has not taken it yet.
bool ControlServer::is_follower_behind() const {
  const std::uint64_t last = supervisor_.last_event();
  return std::any_of(clients_.begin(), clients_.end(), [&](const Client& client) {
    const auto told =
        client->session->subscribed ? client->session->subscribed : client->session->told;
    return !client->gone && told && *told != last;
  });
}

// --- who comes in ---

// Takes the place of the client that has been silent longest. False: all are busy.
bool ControlServer::make_room() {
  if (clients_.size() < kMaxClients) return true;
  const Time silent_since = clock_.now() - kIdle;
  auto longest = clients_.end();
  for (auto each = clients_.begin(); each != clients_.end(); ++each) {
    const ControlClient& client = **each;
    if (client.busy || client.gone || client.heard > silent_since) continue;
    if (longest == clients_.end() || client.heard < (*longest)->heard) longest = each;
  }
  if (longest == clients_.end()) return false;
  (*longest)->end();
  clients_.erase(longest);
  return true;
}

Task<> ControlServer::accept(Listener& listener) {
  for (;;) {
    while (turned_away_ >= kMaxTurnedAway) co_await clock_.sleep_for(kCrowdPause);
    auto accepted = co_await listener.acceptor.async_accept(kAsTuple);
    const boost::system::error_code error = std::get<0>(accepted);
    Socket socket = std::move(std::get<1>(accepted));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors, for instance: the clients wait in the queue
      log_.warn("cannot accept a client", {{"error", error.message()}});
      co_await clock_.sleep_for(1s);
      continue;
    }
    if (!may_enter(listener.door, socket.native_handle())) {
      log_.warn("refused a client of another user");
      continue;
    }
    auto client =
        std::make_shared<ControlClient>(std::move(socket), listener.context(), clock_.now());
    client->session->access = listener.door.access;
    client->session->token = listener.door.token;
    if (make_room()) {
      clients_.push_back(client);
      tasks_.spawn("control client", serve(std::move(client)));
    } else {
      tasks_.spawn("control client without a place", turn_away(std::move(client)));
    }
  }
}

namespace {

Task<Result<>> shake_hands(std::shared_ptr<ControlClient> client) {
  TlsContext context = std::exchange(client->tls, nullptr);
  co_return co_await client->stream.accept_tls(std::move(context));
}

// True when all of it was taken.
Task<Result<bool>> write_text(std::shared_ptr<ControlClient> client, std::string text) {
  const auto buffer = asio::buffer(text);
  auto written = co_await asio::async_write(client->stream, buffer, kAsTuple);
  co_return !std::get<0>(written);
}

// The next line of a client: nothing when it has gone.
Task<std::optional<Result<std::string>>> next_line(std::shared_ptr<ControlClient> client) {
  std::array<char, kChunk> chunk{};
  for (;;) {
    auto line = client->framer.next();
    if (line) co_return line;
    const auto buffer = asio::buffer(chunk);
    auto received = co_await client->stream.async_read_some(buffer, kAsTuple);
    if (std::get<0>(received)) co_return std::nullopt;
    client->framer.feed({chunk.data(), std::get<1>(received)});
  }
}

Task<Result<bool>> has_line(std::shared_ptr<ControlClient> client) {
  if (client->tls) {
    Task<Result<>> agreeing = shake_hands(client);
    const Result<> agreed = co_await std::move(agreeing);
    if (!agreed) co_return false;
  }
  Task<std::optional<Result<std::string>>> reading = next_line(std::move(client));
  const auto line = co_await std::move(reading);
  co_return line.has_value();
}

// Counts as long as it lives.
class Counted {
 public:
  explicit Counted(int& count) : count_(++count) {}
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  int& count_;
};

std::string line_of(const rpc::Response& response) {
  return rpc::to_text(response) + "\n";
}

std::string notification(std::string method, json::object params) {
  rpc::Request request;
  request.method = std::move(method);
  request.params = std::move(params);
  return rpc::to_text(request) + "\n";
}

// What a subscriber who has seen `since` is told of a page.
std::string notifications(const control::EventPage& page, std::uint64_t since) {
  std::string text;
  if (page.gap) {
    const std::uint64_t next = page.events.empty() ? page.last + 1 : page.events.front().sequence;
    text += notification("gap", {{"from", since + 1}, {"to", next - 1}});
  }
  for (const control::Event& event : page.events) text += notification("event", to_json(event));
  return text;
}

}  // namespace

// --- a client ---

// Whole texts, one after another, whoever sends them. False: it is gone, or too slow.
Task<bool> ControlServer::send(Client client, std::string text, Duration limit) {
  while (client->writing && !client->gone) co_await client->turn.async_wait(kAsTuple);
  if (client->gone) co_return false;
  client->writing = true;
  Task<Result<bool>> writing = write_text(client, std::move(text));
  const Result<bool> written = co_await with_timeout(clock_, std::move(writing), limit);
  client->writing = false;
  const bool taken = written && *written;
  if (!taken) client->end();  // half a line may be out there
  client->turn.cancel();
  co_return taken;
}

// Whatever ends the conversation: its place is free.
Task<> ControlServer::serve(Client client) {
  std::exception_ptr failure;
  try {
    co_await converse(client);
  } catch (...) {
    failure = std::current_exception();
  }
  client->end();
  tasks_.cancel(client->pushing);
  clients_.remove(client);
  if (failure) std::rethrow_exception(failure);
}

// Who does not know that TLS is spoken here is told so, in what he speaks himself.
Task<bool> ControlServer::begin_tls(Client client) {
  Task<Result<>> agreeing = shake_hands(client);
  const Result<> agreed = co_await with_timeout(clock_, std::move(agreeing), kHandshake);
  if (agreed) co_return true;
  log_.debug("a client was refused", {{"why", agreed.error().message()}});
  if (agreed.error().code() != Errc::invalid) co_return false;
  const rpc::Response hint =
      rpc::error_of(std::nullopt, rpc::kInvalidRequest, "this port speaks TLS");
  Task<bool> sending = send(client, line_of(hint), kTurnedAwayLimit);
  co_await std::move(sending);
  co_return false;
}

Task<> ControlServer::converse(Client client) {
  if (client->tls) {
    Task<bool> beginning = begin_tls(client);
    const bool begun = co_await std::move(beginning);
    if (!begun) co_return;
  }
  for (;;) {
    client->busy = client->session->subscribed.has_value();
    Task<std::optional<Result<std::string>>> reading = next_line(client);
    auto line = co_await std::move(reading);
    if (!line || client->gone) break;
    client->busy = true;
    client->heard = clock_.now();
    const Counted answering(answering_);
    const bool subscribed = client->session->subscribed.has_value();
    rpc::Response response;
    if (!*line) {
      response = rpc::error_of(std::nullopt, rpc::kInvalidRequest, line->error().message());
    } else {
      Task<rpc::Response> making = answers_.answer(client->session, std::move(**line));
      response = co_await std::move(making);
    }
    Task<bool> sending = send(client, line_of(response), kWriteLimit);
    const bool sent = co_await std::move(sending);
    if (!sent) break;
    client->heard = clock_.now();
    if (client->session->subscribed && !subscribed)
      client->pushing = tasks_.spawn("control subscriber", push(client));
    if (client->session->refused || (closing_ && !is_follower_behind())) break;
  }
}

// It hears why when it has asked something, or nothing when it never does.
Task<> ControlServer::turn_away(Client client) {
  const Counted turned_away(turned_away_);
  Task<Result<bool>> asking = has_line(client);
  const Result<bool> asked = co_await with_timeout(clock_, std::move(asking), kTurnedAwayLimit);
  if (!asked || !*asked) co_return;
  const rpc::Response response = rpc::error_of(
      std::nullopt, control::kTooManyClients,
      fmt::format("too many clients: all {} places are taken; try again", kMaxClients));
  Task<bool> sending = send(client, line_of(response), kTurnedAwayLimit);
  co_await std::move(sending);
}

Task<> ControlServer::push(Client client) {
  while (!client->gone) {
    const std::uint64_t since = client->session->subscribed.value_or(0);
    Task<control::EventPage> waiting = supervisor_.next_events(since, kPushWait);
    control::EventPage page = co_await std::move(waiting);
    if (page.events.size() > kPushedAtOnce) page.events.resize(kPushedAtOnce);
    if (!page.events.empty() || page.gap) {
      Task<bool> sending = send(client, notifications(page, since), kPushLimit);
      const bool sent = co_await std::move(sending);
      if (!sent) co_return;
      client->session->subscribed = page.events.empty() ? page.last : page.events.back().sequence;
    } else if (closing_) {
      co_return;
    }
  }
}

}  // namespace exai
