#include "core/base/line_stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace exai {

namespace {

constexpr std::size_t kReadSize = 64U << 10U;
// PIPE_BUF: a pipe that is writable takes that much at once.
constexpr std::size_t kWriteSize = 4096;
constexpr std::size_t kSpent = 1U << 20U;  // written bytes are let go of from here on

// Files cannot be waited for, and need not.
bool is_ready(const boost::system::error_code& error) {
  return !error || error == asio::error::operation_not_supported;
}

}  // namespace

Result<std::unique_ptr<LineStream>> LineStream::open(Loop& loop, Log log, std::size_t limit, int in,
                                                     int out) {
  Fd input(::fcntl(in, F_DUPFD_CLOEXEC, 3));
  Fd output(::fcntl(out, F_DUPFD_CLOEXEC, 3));
  if (!input || !output) return fail(errno_error(errno, "opening stdin and stdout"));
  std::unique_ptr<LineStream> stream(
      new LineStream(loop, std::move(log), limit, input.release(), output.release()));
  stream->writer_.spawn("stdout", stream->write_all());
  return stream;
}

LineStream::LineStream(Loop& loop, Log log, std::size_t limit, int in, int out)
    : in_(loop.executor(), in),
      out_(loop.executor(), out),
      changed_(loop.executor(), Time::max()),
      read_(loop.executor(), Time::max()),
      log_(log),
      limit_(limit),
      lines_(limit),
      writer_(loop, std::move(log)) {}

Task<std::optional<Result<std::string>>> LineStream::next() {
  std::array<char, kReadSize> bytes{};
  for (;;) {
    if (auto line = lines_.next()) co_return line;
    auto waited = co_await in_.async_wait(Descriptor::wait_read, kAsTuple);
    if (!is_ready(std::get<0>(waited))) co_return std::nullopt;
    const ssize_t count = ::read(in_.native_handle(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || broken_) co_return std::nullopt;
    lines_.feed({bytes.data(), static_cast<std::size_t>(count)});
  }
}

void LineStream::write(std::string line) {
  if (broken_ || closing_) return;
  outbox_ += line;
  outbox_ += '\n';
  if (unread() > limit_ + kReadSize) {
    log_.warn("the client does not read what it asked for", {{"bytes", unread()}});
    broken_ = true;
    boost::system::error_code error;
    in_.cancel(error);
  }
  changed_.cancel();
}

Task<> LineStream::wait_read(std::size_t most) {
  while (!broken_ && unread() > most) {
    co_await read_.async_wait(kAsTuple);
  }
}

Task<> LineStream::write_all() {
  while (!broken_ && !(closing_ && unread() == 0)) {
    if (unread() == 0) {
      co_await changed_.async_wait(kAsTuple);
      continue;
    }
    auto waited = co_await out_.async_wait(Descriptor::wait_write, kAsTuple);
    if (!is_ready(std::get<0>(waited))) break;
    const std::size_t size = std::min(unread(), kWriteSize);
    const ssize_t count = ::write(out_.native_handle(), outbox_.data() + written_, size);
    if (count < 0 && errno != EINTR && errno != EAGAIN) break;
    if (count > 0) written_ += static_cast<std::size_t>(count);
    if (unread() == 0 || written_ >= kSpent) {
      outbox_.erase(0, written_);
      written_ = 0;
    }
    read_.cancel();
  }
  broken_ = broken_ || unread() > 0;
  boost::system::error_code error;
  if (broken_) in_.cancel(error);  // who reads nothing has nothing to ask
  read_.cancel();
}

Task<Result<>> LineStream::all_written() {
  co_await writer_.join();
  co_return Result<>{};
}

Task<> LineStream::flush(Clock& clock, Duration limit) {
  closing_ = true;
  changed_.cancel();
  auto done = co_await with_timeout(clock, all_written(), limit);
  if (done) co_return;
  writer_.cancel();
  co_await writer_.join();
}

}  // namespace exai
