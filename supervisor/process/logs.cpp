#include "supervisor/process/logs.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/text.hpp"

namespace exai::process {

namespace {

// A burst while we are away, or busy, fits in here before the service has to wait.
constexpr int kFifoBytes = 256 << 10;
constexpr int kLooksATurn = 4;    // then the rest of the loop has its turn
constexpr int kLooksAtEnd = 128;  // a look may be as small as a page

bool is_full(const Fd& fifo) {
  pollfd question{fifo.get(), POLLOUT, 0};
  return ::poll(&question, 1, 0) == 0;
}

std::size_t bytes_in(const Fd& fifo) {
  int count = 0;
  return ::ioctl(fifo.get(), FIONREAD, &count) == 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace

Result<PipePeek> PipePeek::make() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return fail(errno_error(errno, "making a pipe"));
  ::fcntl(ends[1], F_SETPIPE_SZ, kFifoBytes);  // refused: the default size does as well
  return PipePeek(Fd(ends[1]), Fd(ends[0]));
}

std::string_view PipePeek::look(const Fd& fifo) {
  const ssize_t seen = ::tee(fifo.get(), in_.get(), kMost, SPLICE_F_NONBLOCK);
  std::size_t done = 0;
  while (seen > 0 && done < static_cast<std::size_t>(seen)) {
    const ssize_t count = ::read(out_.get(), bytes_.data() + done, bytes_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return {bytes_.data(), done};
}

bool LineWatch::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline);
    line_ += piece.substr(0, kLongest - line_.size());
    bytes.remove_prefix(newline == std::string_view::npos ? bytes.size() : newline + 1);
    if (!tell_(line_)) return false;
    if (newline != std::string_view::npos) line_.clear();
  }
  return true;
}

// --- the capture ---

Result<LogCapture::Source> LogCapture::open_source(const Path& fifo, logs::Stream stream) {
  if (auto made = make_fifo(fifo); !made) return fail(std::move(made).error());
  TRY(reader, open_file(fifo, O_RDWR | O_NONBLOCK));
  ::fcntl(reader.get(), F_SETPIPE_SZ, kFifoBytes);  // refused: the default size does as well
  Source source;
  source.path = fifo.string();
  source.reader = std::move(reader);
  source.stream = stream;
  return source;
}

Result<std::unique_ptr<LogCapture>> LogCapture::open(LogStore& store, const Path& fifo,
                                                     std::string file, LogLimits limits,
                                                     Streams streams) {
  const Path errors = fifo.string() + ".err";
  std::error_code ignored;
  // A process that was started with two of them goes on with two.
  const bool apart = streams == Streams::apart || std::filesystem::exists(errors, ignored);
  std::vector<Source> sources;
  TRY(first, open_source(fifo, apart ? logs::Stream::out : logs::Stream::together));
  sources.push_back(std::move(first));
  if (apart) {
    TRY(second, open_source(errors, logs::Stream::err));
    sources.push_back(std::move(second));
  }
  std::unique_ptr<LogCapture> capture(
      new LogCapture(store, std::move(sources), LogFile(store.clock, std::move(file), limits)));
  if (apart)
    if (auto opened = capture->open_edge(); !opened) return fail(std::move(opened).error());
  return capture;
}

Result<Fd> LogCapture::writer() const {
  return open_file(sources_.front().path, O_RDWR);
}

Result<Fd> LogCapture::error_writer() const {
  return open_file(sources_.back().path, O_RDWR);
}

// False when there is nothing that can be written yet.
bool LogCapture::read_some(Source& source) {
  const std::string_view seen = store_.peek.look(source.reader);
  const std::size_t held = std::exchange(source.held, 0);
  if (seen.empty()) return false;
  const std::string joined = source.apart.empty() ? "" : source.apart + std::string(seen);
  const std::string_view text = source.apart.empty() ? seen : joined;
  if (take(source, text, Take::settled) == 0 && !make_room(source, seen, text, held)) return false;
  tell_of_rotation();
  return true;
}

// What may be a secret's beginning waits in the fifo, but a full one would never get to its end;
// nor would one of which we cannot see more, or are not told when there is more. False: it waits.
bool LogCapture::make_room(Source& source, std::string_view seen, std::string_view text,
                           std::size_t held) {
  const bool more = bytes_in(source.reader) > seen.size();
  if (!is_full(source.reader) && !(more && held == seen.size()) && open_edge()) {
    source.held = seen.size();
    return more;  // it came meanwhile: another look
  }
  if (sources_.size() > 1 && take(source, text, Take::most) > 0) return true;
  source.apart += seen;
  discard(source.reader, seen.size());
  return true;
}

// How much of it goes to the file. Where two streams go into one file, whole lines alone, unless
// a line is longer than the fifo.
std::size_t LogCapture::take(Source& source, std::string_view text, Take how) {
  Redactor::Found found;
  found.settled = text.size();
  if (store_.redactor) found = store_.redactor->find(text, how == Take::all);
  if (sources_.size() > 1 && how != Take::all) {
    const std::size_t lines = text.substr(0, found.settled).rfind('\n') + 1;
    if (lines > 0 || how == Take::settled) found.settled = lines;
  }
  std::size_t from = 0;
  for (const auto& secret : found.secrets) {
    if (secret.begin >= found.settled) break;
    pass(source, text.substr(from, secret.begin - from));
    hide(source, secret.end - secret.begin, secret.name);
    from = secret.end;
  }
  found.settled = std::max(from, found.settled);
  pass(source, text.substr(from, found.settled - from));
  return found.settled;
}

// How many of the next bytes are no longer in the fifo.
std::size_t LogCapture::from_memory(Source& source, std::size_t size) {
  const std::size_t count = std::min(size, source.apart.size());
  source.apart.erase(0, count);
  return count;
}

void LogCapture::pass(Source& source, std::string_view text) {
  const std::size_t kept = from_memory(source, text.size());
  file_.write(text.substr(0, kept), source.stream);
  file_.take(source.reader, text.substr(kept), source.stream);
  show(text);
}

void LogCapture::hide(Source& source, std::size_t size, const std::string& name) {
  const std::string label = "[" + name + "]";
  file_.write(label, source.stream);
  discard(source.reader, size - from_memory(source, size));
  show(label);
}

void LogCapture::show(std::string_view text) {
  if (watch_ && !watch_->write(text)) watch_.reset();
}

void LogCapture::watch_lines(LineWatch::Tell tell) {
  watch_.reset();
  if (tell) watch_.emplace(std::move(tell));
}

void LogCapture::tell_of_rotation() {
  if (file_.take_rotated() && store_.rotated) store_.rotated(file_);
}

// An epoll that becomes readable when something is added to a fifo, whatever it holds already.
Result<> LogCapture::open_edge() {
  if (edge_) return {};
  Fd edge(::epoll_create1(EPOLL_CLOEXEC));
  if (!edge) return fail(errno_error(errno, "waiting for a fifo"));
  for (const Source& source : sources_) {
    epoll_event event{EPOLLIN | EPOLLET, {}};
    if (::epoll_ctl(edge.get(), EPOLL_CTL_ADD, source.reader.get(), &event) != 0)
      return fail(errno_error(errno, "waiting for a fifo"));
  }
  edge_ = std::move(edge);
  return {};
}

// One fifo that holds nothing is waited for by itself: that takes no descriptor more.
const Fd& LogCapture::tells_of_more() const {
  if (sources_.size() == 1 && sources_.front().held == 0) return sources_.front().reader;
  std::array<epoll_event, 2> past{};
  static_cast<void>(::epoll_wait(edge_.get(), past.data(), static_cast<int>(past.size()), 0));
  for (const Source& source : sources_)
    if (bytes_in(source.reader) != source.held) return source.reader;  // it came before we looked
  return edge_;
}

void LogCapture::start() {
  const Fd& more = tells_of_more();
  if (store_.watcher.watch(more, [this] { take_turn(); })) watched_ = &more;
}

void LogCapture::stop() {
  if (watched_) store_.watcher.forget(*std::exchange(watched_, nullptr));
}

void LogCapture::take_turn() {
  watched_ = nullptr;
  for (Source& source : sources_)
    for (int looks = 0; looks < kLooksATurn && read_some(source);) ++looks;
  start();
}

void LogCapture::finish() {
  for (Source& source : sources_) {
    // The tree is dead, so at most one full fifo is left.
    for (int looks = 0; looks < kLooksAtEnd && read_some(source);) ++looks;
    const std::string rest = source.apart + std::string(store_.peek.look(source.reader));
    take(source, rest, Take::all);
    source.held = 0;
    file_.end_line();
  }
  if (watch_) watch_->end_line();
  tell_of_rotation();
}

}  // namespace exai::process
