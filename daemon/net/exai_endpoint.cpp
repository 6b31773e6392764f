#include "daemon/net/exai_endpoint.hpp"

#include <utility>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "daemon/mcp/exai_frames.hpp"

namespace exai::net {

namespace {

constexpr std::size_t kSessionIdLength = 32;

}  // namespace

// What is left of the connection to those who may outlive it.
struct ExaiEndpoint::Line {
  WebSocket* socket = nullptr;  // nullptr: it has ended
};

class ExaiEndpoint::Connection final : public Peer {
 public:
  Connection(std::string id, std::shared_ptr<Line> line, const mcp::ExaiSession::Server& server,
             std::string session, std::uint64_t number)
      : Peer(std::move(id)), line_(std::move(line)), session_(server, std::move(session), number) {}

  mcp::FrontEnd* front_end() override { return line_->socket ? &session_ : nullptr; }
  void reply(mcp::Reply reply) override { notify(std::move(reply.text)); }
  void notify(std::string message) override {
    if (line_->socket) line_->socket->send(std::move(message));
  }

 private:
  std::shared_ptr<Line> line_;
  mcp::ExaiSession session_;
};

ExaiEndpoint::ExaiEndpoint(Loop& loop, Clock& clock, Log log, CallRunner& runner,
                           const mcp::Source& source, Gate& gate, const McpOptions& options)
    : clock_(clock),
      log_(log),
      runner_(runner),
      source_(source),
      gate_(gate),
      options_(options),
      ledger_({options.exai.keep_results}),
      watchers_(loop, std::move(log)),
      started_(clock.now()) {}

Task<> ExaiEndpoint::expect_hello(std::shared_ptr<Line> line) {
  co_await clock_.sleep_for(options_.exai.hello_timeout);
  if (line->socket) line->socket->begin_close(4002, "no hello in time");
}

mcp::ExaiGreeting ExaiEndpoint::greet(std::string_view first_frame, const std::string& peer,
                                      Caller& caller) {
  const auto guard = [&](Secret token, Secret jwt) -> std::string {
    auto admitted = gate_.admit({std::move(token), std::move(jwt), peer});
    if (admitted) {
      caller = *std::move(admitted);
      return {};
    }
    const bool wants_jwt = admitted.error().why == Gate::Denial::Why::jwt_required;
    return wants_jwt ? "jwt_required" : "unauthorized";
  };
  return mcp::greet_exai(first_frame, guard, random_token(kSessionIdLength));
}

Task<> ExaiEndpoint::serve(WebSocket& socket) {
  const std::uint64_t number = ++connections_;
  const auto line = std::make_shared<Line>(Line{&socket});
  struct End {  // whatever way this ends
    ExaiEndpoint& endpoint;
    std::shared_ptr<Line> line;
    TaskGroup::Handle alarm = {};
    std::shared_ptr<Connection> connection = nullptr;
    ~End() {
      line->socket = nullptr;
      endpoint.watchers_.cancel(alarm);
      if (!connection) return;
      --endpoint.sessions_;
      endpoint.runner_.cancel_session(connection->session_id());
    }
  };
  End end{*this, line};
  if (!runner_.is_draining()) end.alarm = watchers_.spawn("hello", expect_hello(line));
  auto first = co_await socket.receive();
  watchers_.cancel(end.alarm);
  if (!first) co_return;  // health checks and port scanners do that all day
  Caller caller;
  mcp::ExaiGreeting greeting = greet(*first, socket.peer(), caller);
  socket.send(std::move(greeting.reply));
  if (greeting.close_code != 0) {
    socket.begin_close(static_cast<std::uint16_t>(greeting.close_code), greeting.reason);
    co_return;
  }
  log_.info("session opened",
            {{"session", greeting.session_id.substr(0, CallRunner::kLoggedIdLength)},
             {"protocol", "exai"},
             {"peer", socket.peer()}});
  socket.close_at(caller.until, 4003, "the token has expired");
  // Clients choose their ids: one must not hear what another of the same id was told.
  if (!caller.name.empty()) greeting.session_id = caller.name + "/" + greeting.session_id;
  const mcp::ExaiSession::Server server{options_.exai, source_, clock_, ledger_, *this};
  Origin origin{greeting.session_id, options_.trusted.limit_key(socket.peer()), std::move(caller)};
  end.connection = std::make_shared<Connection>(fmt::format("exai-{}", number), line, server,
                                                std::move(greeting.session_id), number);
  ++sessions_;
  end.connection->set_origin(std::move(origin));
  for (;;) {
    const auto text = co_await socket.receive();
    if (!text) co_return;
    runner_.receive(end.connection, *text);
  }
}

Task<> ExaiEndpoint::drain() {
  watchers_.cancel();
  co_await watchers_.join();
}

json::object ExaiEndpoint::health() const {
  const auto uptime = std::chrono::duration_cast<Duration>(clock_.now() - started_);
  return {{"t", mcp::unix_time(clock_.wall())},
          {"uptime_human", format_duration(uptime)},
          {"sessions", sessions_},
          {"global_capacity", options_.admission.permits.global},
          {"tool_count", source_.catalog().tools.size()}};
}

Result<> ExaiEndpoint::rotate_token(const Secret& old, const Secret& fresh) {
  return gate_.rotate(old, fresh);
}

}  // namespace exai::net
