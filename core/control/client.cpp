#include "core/control/client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/rpc.hpp"
#include "core/base/text.hpp"
#include "core/control/socket.hpp"

namespace exai::control {

namespace {

constexpr Duration kLongestLoad = 60s;
constexpr std::size_t kLongestAnswer = 64U << 20U;

Time deadline_after(Duration timeout) {
  return std::chrono::steady_clock::now() + timeout;
}

// Waits for `events` on the socket. Errors: timeout.
Result<> wait_for(const Fd& socket, short events, Time deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    if (left <= 0ms) return fail(Errc::timeout, "the supervisor does not answer");
    pollfd entry{.fd = socket.get(), .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<Duration>(left, 1h).count()) + 1);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail(errno_error(errno, "waiting for the supervisor"));
  }
}

// What the supervisor said no to, as an Error.
Error refusal(const rpc::ErrorObject& error) {
  switch (error.code) {
    case kUnknownService:
      return {Errc::not_found, error.message};
    case kShuttingDown:
      return {Errc::conflict, error.message};
    case kNotAllowed:
      return {Errc::denied, error.message};
    case kTooManyClients:
    case kUnsupportedProtocol:
    case kNotRunning:
    case rpc::kParseError:
    case rpc::kInvalidRequest:
    case rpc::kMethodNotFound:
    case rpc::kInvalidParams:
      return {Errc::invalid, error.message};
    default:
      return {Errc::internal, error.message};
  }
}

Result<> send_all(const Fd& socket, std::string_view bytes, Time deadline) {
  while (!bytes.empty()) {
    if (auto writable = wait_for(socket, POLLOUT, deadline); !writable) return writable;
    const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno != EINTR && errno != EAGAIN)
      return fail(Errc::unavailable, "{}",
                  errno_error(errno, "the supervisor went away").message());
  }
  return {};
}

// Takes a line off the front of `buffer`, receiving until there is one.
Result<std::string> receive_line(const Fd& socket, std::string& buffer, Time deadline) {
  constexpr std::size_t kChunk = 65536;
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = buffer.find('\n', searched);
    if (end != std::string::npos) {
      std::string rest = buffer.substr(end + 1);
      buffer.resize(end);
      return std::exchange(buffer, std::move(rest));
    }
    searched = buffer.size();
    if (buffer.size() > kLongestAnswer)
      return fail(Errc::invalid, "the supervisor's answer has more than {}",
                  format_size(kLongestAnswer));
    if (auto readable = wait_for(socket, POLLIN, deadline); !readable)
      return fail(std::move(readable).error());
    buffer.resize(searched + kChunk);
    const ssize_t count = ::recv(socket.get(), buffer.data() + searched, kChunk, 0);
    buffer.resize(searched + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
      return fail(Errc::unavailable, "the supervisor closed the connection");
  }
}

json::object names(const std::vector<std::string>& services) {
  json::array list;
  for (const std::string& service : services) list.emplace_back(service);
  return {{"services", std::move(list)}};
}

}  // namespace

Result<Client> Client::connect(const Path& socket, Duration timeout) {
  const std::string what = fmt::format("connecting to {}", socket.string());
  auto folder = open_file(socket.parent_path(), O_PATH | O_DIRECTORY);
  if (!folder) return fail(Errc::unavailable, "{}: no supervisor has run here", what);
  TRY(address, address_of(socket, *folder));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(errno_error(errno, "making a socket"));
  const Time deadline = deadline_after(timeout);
  // A unix socket connects at once; EAGAIN says that too many wait to be accepted.
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    if (reason == ENOENT || reason == ECONNREFUSED)
      return fail(Errc::unavailable, "{}: no supervisor listens there", what);
    if (reason != EAGAIN && reason != EINTR) return fail(errno_error(reason, what));
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(Errc::timeout, "{}: not accepted within {}", what, format_duration(timeout));
    ::poll(nullptr, 0, 5);
  }
  return Client(std::move(fd), socket);
}

Result<json::object> Client::call(std::string_view method, json::object params, Duration timeout) {
  const bool may_repeat = method == "status" || method == "events" || method == "down";
  auto answer = ask(method, params, timeout);
  if (answer || !may_repeat || answer.error().code() != Errc::unavailable) return answer;
  auto again = connect(path_, timeout_);
  if (!again) return answer;
  socket_ = std::move(again->socket_);
  buffer_.clear();
  return ask(method, std::move(params), timeout);
}

Result<json::object> Client::ask(std::string_view method, json::object params, Duration timeout) {
  const Time deadline = deadline_after(timeout);
  const std::int64_t id = next_id_++;
  rpc::Request request;
  request.id = rpc::Id(id);
  request.method = std::string(method);
  request.params = std::move(params);
  if (auto sent = send_all(socket_, rpc::to_text(request) + "\n", deadline); !sent)
    return fail(std::move(sent).error());
  for (;;) {
    TRY(line, receive_line(socket_, buffer_, deadline));
    auto message = rpc::parse(line);
    auto* answer = message ? std::get_if<rpc::Response>(&*message) : nullptr;
    if (!answer) return fail(Errc::invalid, "the supervisor's answer to {} is unreadable", method);
    if (answer->error && !answer->id) return fail(refusal(*answer->error));
    if (answer->id != rpc::Id(id)) continue;  // of an earlier call that timed out
    if (answer->error) return fail(refusal(*answer->error));
    if (!answer->result.is_object())
      return fail(Errc::invalid, "the supervisor's answer to {} is no object", method);
    return std::move(answer->result.get_object());
  }
}

Result<StackStatus> Client::stack_of(std::string_view method, json::object params) {
  TRY(answer, call(method, std::move(params), timeout_));
  return stack_status_from(answer);
}

Result<StackStatus> Client::status(const std::vector<std::string>& services) {
  return stack_of("status", services.empty() ? json::object{} : names(services));
}

Result<StackStatus> Client::states(const std::vector<std::string>& services) {
  json::object params = names(services);
  params["usage"] = false;
  return stack_of("status", std::move(params));
}

Result<StackStatus> Client::up(const std::vector<std::string>& services) {
  return stack_of("up", names(services));
}

Result<StackStatus> Client::start(const std::vector<std::string>& services) {
  return stack_of("start", names(services));
}

Result<StackStatus> Client::stop(const std::vector<std::string>& services) {
  return stack_of("stop", names(services));
}

Result<StackStatus> Client::restart(const std::vector<std::string>& services) {
  return stack_of("restart", names(services));
}

Result<StackStatus> Client::signal(const std::vector<std::string>& services,
                                   const std::string& signal) {
  json::object params = names(services);
  params["signal"] = signal;
  return stack_of("signal", std::move(params));
}

Result<StackStatus> Client::scale(const std::string& service, int replicas) {
  return stack_of("scale", {{"service", service}, {"replicas", replicas}});
}

Result<Reloaded> Client::reload(bool dry_run) {
  TRY(answer, call("reload", {{"dry_run", dry_run}}, timeout_ + kLongestLoad));
  return reloaded_from(answer);
}

Result<std::string> Client::upgrade(const std::string& program) {
  TRY(answer, call("upgrade", {{"program", program}}, timeout_ + kLongestLoad));
  return find_string(answer, "version").value_or("");
}

Result<Stopping> Client::down() {
  TRY(answer, call("down", {}, timeout_));
  return stopping_from(answer);
}

Result<EventPage> Client::events(std::uint64_t since, Duration wait) {
  TRY(answer, call("events", {{"since", since}, {"wait_ms", wait.count()}}, wait + timeout_));
  return event_page_from(answer);
}

}  // namespace exai::control
