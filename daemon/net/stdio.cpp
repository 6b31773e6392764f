#include "daemon/net/stdio.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace exai::net {

namespace {

using asio::posix::stream_descriptor;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadSize = 64U << 10U;
constexpr std::size_t kWriteSize =
    4096;  // PIPE_BUF: a pipe that is writable takes that much at once

// Files cannot be waited for, and need not.
bool is_ready(const boost::system::error_code& error) {
  return !error || error == asio::error::operation_not_supported;
}

}  // namespace

Result<std::unique_ptr<Stdio>> Stdio::open(Loop& loop, Log log, McpEndpoint& endpoint,
                                           std::size_t limit, int in, int out) {
  Fd input(::fcntl(in, F_DUPFD_CLOEXEC, 3));
  Fd output(::fcntl(out, F_DUPFD_CLOEXEC, 3));
  if (!input || !output) return fail(errno_error(errno, "opening stdin and stdout"));
  std::unique_ptr<Stdio> stdio(
      new Stdio(loop, std::move(log), limit, input.release(), output.release()));
  Stdio* self = stdio.get();
  stdio->duplex_ =
      endpoint.connect("stdio", [self](std::string message) { self->write(std::move(message)); });
  stdio->writer_.spawn("stdout", stdio->write_all());
  return stdio;
}

Stdio::Stdio(Loop& loop, Log log, std::size_t limit, int in, int out)
    : in_(loop.executor(), in),
      out_(loop.executor(), out),
      changed_(loop.executor(), Time::max()),
      log_(log),
      limit_(limit),
      lines_(limit),
      writer_(loop, std::move(log)) {}

Stdio::~Stdio() = default;

Task<> Stdio::serve() {
  std::array<char, kReadSize> bytes{};
  for (;;) {
    auto waited = co_await in_.async_wait(stream_descriptor::wait_read, kAsTuple);
    if (!is_ready(std::get<0>(waited))) co_return;
    const ssize_t count = ::read(in_.native_handle(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || broken_) co_return;
    lines_.feed({bytes.data(), static_cast<std::size_t>(count)});
    while (auto line = lines_.next()) {
      if (line->has_value()) {
        if (!(*line)->empty()) duplex_->receive(**line);
      } else {
        write(rpc::to_text(rpc::error_of(std::nullopt, rpc::kParseError, line->error().message())));
      }
    }
  }
}

void Stdio::hang_up() {
  duplex_.reset();
}

void Stdio::write(std::string message) {
  if (broken_ || closing_) return;
  outbox_ += message;
  outbox_ += '\n';
  if (outbox_.size() > limit_ + kReadSize) {
    log_.warn("the client does not read what it asked for", {{"bytes", outbox_.size()}});
    broken_ = true;
    boost::system::error_code error;
    in_.cancel(error);
  }
  changed_.cancel();
}

Task<> Stdio::write_all() {
  while (!broken_ && !(closing_ && outbox_.empty())) {
    if (outbox_.empty()) {
      co_await changed_.async_wait(kAsTuple);
      continue;
    }
    auto waited = co_await out_.async_wait(stream_descriptor::wait_write, kAsTuple);
    if (!is_ready(std::get<0>(waited))) break;
    const std::size_t size = std::min(outbox_.size(), kWriteSize);
    const ssize_t count = ::write(out_.native_handle(), outbox_.data(), size);
    if (count < 0 && errno != EINTR && errno != EAGAIN) break;
    if (count > 0) outbox_.erase(0, static_cast<std::size_t>(count));
  }
  broken_ = broken_ || !outbox_.empty();
}

Task<Result<>> Stdio::written() {
  co_await writer_.join();
  co_return Result<>{};
}

Task<> Stdio::flush(Clock& clock, Duration limit) {
  closing_ = true;
  changed_.cancel();
  auto done = co_await with_timeout(clock, written(), limit);
  if (done) co_return;
  writer_.cancel();
  co_await writer_.join();
}

}  // namespace exai::net
