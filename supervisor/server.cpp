#include "supervisor/server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "core/control/socket.hpp"

namespace exai {

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr int kMaxClients = 64;
constexpr std::size_t kMaxLine = 1U << 20U;
constexpr Duration kWriteLimit = 10s;
constexpr Duration kLongestWait = 60s;
constexpr Duration kLastAnswers = 1s;
constexpr int kTooManyClients = 3;

using Socket = asio::local::stream_protocol::socket;

Result<Fd> listen_on(const Path& path) {
  TRY(folder, open_file(path.parent_path(), O_PATH | O_DIRECTORY));
  TRY(address, control::address_of(path, folder));
  if (auto removed = remove_file(path); !removed) return fail(std::move(removed).error());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), name, sizeof address) != 0 ||
      ::listen(socket.get(), kMaxClients) != 0)
    return fail(errno_error(errno, "listening on " + path.string()));
  return socket;
}

bool is_allowed(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

rpc::ErrorObject refusal(const Error& error) {
  switch (error.code()) {
    case Errc::not_found: return {control::kUnknownService, error.message(), nullptr};
    case Errc::conflict: return {control::kShuttingDown, error.message(), nullptr};
    case Errc::invalid: return {rpc::kInvalidParams, error.message(), nullptr};
    default: return {rpc::kInternalError, error.message(), nullptr};
  }
}

Result<std::vector<std::string>> service_names(const json::object& params) {
  std::vector<std::string> names;
  const json::value* list = find(params, "services");
  if (!list) return names;
  if (!list->is_array()) return fail(Errc::invalid, "\"services\" must be a list of names");
  for (const json::value& item : list->get_array()) {
    if (!item.is_string()) return fail(Errc::invalid, "\"services\" must be a list of names");
    names.emplace_back(item.get_string());
  }
  return names;
}

}  // namespace

struct ControlClient {
  explicit ControlClient(Socket connected) : socket(std::move(connected)) {}
  Socket socket;
  rpc::LineFramer framer{kMaxLine};
};

struct ControlServer::Listener {
  explicit Listener(asio::io_context& context) : acceptor(context) {}
  asio::local::stream_protocol::acceptor acceptor;
};

// The one table of what can be asked.
struct ControlServer::Method {
  std::string_view name;
  Task<Reply> (ControlServer::*handle)(json::object params);
};

ControlServer::ControlServer(Loop& loop, Clock& clock, service::Supervisor& supervisor, Log log,
                             Fd listening)
    : clock_(clock),
      supervisor_(supervisor),
      log_(std::move(log)),
      listener_(std::make_unique<Listener>(loop.context())),
      tasks_(loop, log_) {
  listener_->acceptor.assign(asio::local::stream_protocol(), listening.release());
  tasks_.spawn("control socket", accept());
}

ControlServer::~ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::open(Loop& loop, Clock& clock,
                                                           service::Supervisor& supervisor,
                                                           const Workspace& workspace, Log log) {
  TRY(listening, listen_on(workspace.socket()));
  return std::unique_ptr<ControlServer>(
      new ControlServer(loop, clock, supervisor, std::move(log), std::move(listening)));
}

Task<> ControlServer::close() {
  closing_ = true;
  supervisor_.release_followers();
  const Time limit = clock_.now() + kLastAnswers;
  while ((answering_ > 0 || is_follower_behind()) && clock_.now() < limit)
    co_await clock_.sleep_for(2ms);
  tasks_.cancel();
  co_await tasks_.join();
}

// A follower between two of its requests has not seen the end yet: it is about to ask.
bool ControlServer::is_follower_behind() const {
  return clients_ > 0 && told_ && !supervisor_.events(*told_).events.empty();
}

Task<> ControlServer::accept() {
  for (;;) {
    auto accepted = co_await listener_->acceptor.async_accept(kAsTuple);
    const boost::system::error_code error = std::get<0>(accepted);
    Socket socket = std::move(std::get<1>(accepted));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors, for instance: the clients wait in the queue
      log_.warn("cannot accept a client", {{"error", error.message()}});
      co_await clock_.sleep_for(1s);
      continue;
    }
    if (!is_allowed(socket.native_handle())) {
      log_.warn("refused a client of another user");
      continue;
    }
    auto client = std::make_shared<ControlClient>(std::move(socket));
    tasks_.spawn("control client", serve(std::move(client)));
  }
}

namespace {

// True when all of it was taken.
Task<Result<bool>> write_text(std::shared_ptr<ControlClient> client, std::string text) {
  const auto buffer = asio::buffer(text);
  auto written = co_await asio::async_write(client->socket, buffer, kAsTuple);
  co_return !std::get<0>(written);
}

// The next line of a client: nothing when it has gone.
Task<std::optional<Result<std::string>>> next_line(std::shared_ptr<ControlClient> client) {
  std::array<char, 16384> chunk{};
  for (;;) {
    auto line = client->framer.next();
    if (line) co_return line;
    const auto buffer = asio::buffer(chunk);
    auto received = co_await client->socket.async_read_some(buffer, kAsTuple);
    if (std::get<0>(received)) co_return std::nullopt;
    client->framer.feed({chunk.data(), std::get<1>(received)});
  }
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

}  // namespace

Task<> ControlServer::serve(std::shared_ptr<ControlClient> client) {
  const Counted connected(clients_);
  const bool crowded = clients_ > kMaxClients;
  for (;;) {
    Task<std::optional<Result<std::string>>> reading = next_line(client);
    auto line = co_await std::move(reading);
    if (!line) co_return;
    const Counted answering(answering_);
    rpc::Response response;
    if (crowded) {
      response = rpc::error_of(std::nullopt, kTooManyClients, "too many clients; try again");
    } else if (!*line) {
      response = rpc::error_of(std::nullopt, rpc::kInvalidRequest, line->error().message());
    } else {
      std::string text = std::move(**line);
      response = co_await answer(std::move(text));
    }
    std::string text = rpc::to_text(response) + "\n";
    Task<Result<bool>> writing = write_text(client, std::move(text));
    const Result<bool> written = co_await with_timeout(clock_, std::move(writing), kWriteLimit);
    if (!written || !*written || crowded) co_return;
    if (closing_ && !is_follower_behind()) co_return;
  }
}

Task<rpc::Response> ControlServer::answer(std::string line) {
  static constexpr std::array<Method, 5> kMethods{{
      {"status", &ControlServer::status},
      {"up", &ControlServer::up},
      {"restart", &ControlServer::restart},
      {"down", &ControlServer::down},
      {"events", &ControlServer::events},
  }};
  auto message = rpc::parse(line);
  if (!message) {
    rpc::Response rejected;
    rejected.id = message.error().id;
    rejected.error = message.error().error;
    co_return rejected;
  }
  auto* request = std::get_if<rpc::Request>(&*message);
  if (!request || !request->id)
    co_return rpc::error_of(std::nullopt, rpc::kInvalidRequest, "a request with an id is expected");
  const auto* method = std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& known) {
    return known.name == request->method;
  });
  if (method == kMethods.end())
    co_return rpc::error_of(request->id, rpc::kMethodNotFound, "no method " + request->method);
  const rpc::Id id = *request->id;
  Task<Reply> handling = (this->*method->handle)(std::move(request->params));
  Reply reply = co_await std::move(handling);
  rpc::Response response;
  response.id = id;
  if (reply) response.result = std::move(*reply);
  else response.error = std::move(reply.error());
  co_return response;
}

// --- methods ---

ControlServer::Reply ControlServer::status_or(const Result<>& result) {
  if (!result) return tl::unexpected(refusal(result.error()));
  return to_json(supervisor_.status());
}

Task<ControlServer::Reply> ControlServer::status(json::object) {
  co_return to_json(supervisor_.status());
}

Task<ControlServer::Reply> ControlServer::up(json::object params) {
  const auto names = service_names(params);
  if (!names) co_return tl::unexpected(refusal(names.error()));
  const Result<> done = supervisor_.up(*names);
  co_return status_or(done);
}

Task<ControlServer::Reply> ControlServer::restart(json::object params) {
  const auto names = service_names(params);
  if (!names) co_return tl::unexpected(refusal(names.error()));
  const Result<> done = supervisor_.restart(*names);
  co_return status_or(done);
}

Task<ControlServer::Reply> ControlServer::down(json::object) {
  log_.info("asked to go down");
  supervisor_.down();
  co_return json::object{};
}

Task<ControlServer::Reply> ControlServer::events(json::object params) {
  const std::int64_t since = std::max<std::int64_t>(0, find_integer(params, "since").value_or(0));
  const std::int64_t asked = find_integer(params, "wait_ms").value_or(0);
  const auto wait = std::clamp(Duration(asked), Duration::zero(), kLongestWait);
  const control::EventPage page =
      co_await supervisor_.next_events(static_cast<std::uint64_t>(since), wait);
  told_ = page.last;
  co_return to_json(page);
}

}  // namespace exai
