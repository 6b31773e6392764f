#include "supervisor/process/logs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/text.hpp"

namespace exai::process {

namespace {

// A burst while we are away, or busy, fits in here before the service has to wait.
constexpr int kFifoBytes = 1 << 20;
constexpr std::size_t kChunk = 64U << 10U;
constexpr int kChunksATurn = 16;  // then the rest of the loop has its turn

Path numbered(const Path& path, int number) {
  return path.string() + "." + std::to_string(number);
}

// Does a file end within a line? What an earlier supervisor wrote goes on, then.
bool ends_within_line(const Fd& fd, std::uint64_t size) {
  char last = '\n';
  if (size > 0) static_cast<void>(!::pread(fd.get(), &last, 1, static_cast<off_t>(size - 1)));
  return last != '\n';
}

}  // namespace

LogFile::LogFile(const Clock& clock, Path path, LogLimits limits)
    : clock_(clock), path_(std::move(path)), limits_(limits) {
  if (ready() && open_line_) column_ = 1;
}

void LogFile::stamp(std::string& out) const {
  out += format_utc(clock_.wall());
  out += ' ';
}

void LogFile::write(std::string_view bytes) {
  std::string stamp_text;
  stamp(stamp_text);  // one for the whole chunk: it arrived at once
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  while (!bytes.empty()) {
    if (column_ == 0) out += stamp_text;
    const std::size_t room = limits_.max_line - std::min(column_, limits_.max_line);
    const std::size_t newline = bytes.substr(0, room + 1).find('\n');
    if (newline != std::string_view::npos) {
      out += bytes.substr(0, newline + 1);
      bytes.remove_prefix(newline + 1);
      column_ = 0;
    } else if (bytes.size() > room) {
      out += bytes.substr(0, room);
      out += '\n';
      bytes.remove_prefix(room);
      column_ = 0;
    } else {
      out += bytes;
      column_ += bytes.size();
      bytes = {};
    }
  }
  append(std::move(out));
  if (column_ == 0 && size_ >= limits_.max_bytes) rotate();
}

void LogFile::end_line() {
  if (column_ == 0) return;
  column_ = 0;
  append("\n");
}

// Writes all of it, or counts the lines that were lost.
void LogFile::append(std::string text) {
  const std::string notice = recovery_notice();
  text.insert(0, notice);
  const std::size_t written = ready() ? write_all(text) : 0;
  if (written >= notice.size()) {
    dropped_ = 0;
    torn_ = false;
  }
  if (written == text.size()) return;
  torn_ = open_line_;
  const auto lost = std::string_view(text).substr(std::max(written, notice.size()));
  auto lines = static_cast<std::uint64_t>(std::count(lost.begin(), lost.end(), '\n'));
  if (std::exchange(column_, 0) != 0) ++lines;  // what comes of that line is a line of its own
  dropped_ += lines;
  dropped_total_ += lines;
}

// What the file is told first after lines were lost.
std::string LogFile::recovery_notice() const {
  std::string notice = torn_ ? "\n" : "";
  if (dropped_ == 0) return notice;
  stamp(notice);
  notice +=
      fmt::format("[exai] {} dropped: the log could not be written\n", count_of(dropped_, "line"));
  return notice;
}

// How many bytes got through.
std::size_t LogFile::write_all(std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(fd_.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  if (done > 0) open_line_ = text[done - 1] != '\n';
  size_ += done;
  return done;
}

// Is there a file to write to? Opens it; opens it anew when somebody removed or replaced it.
bool LogFile::ready() {
  struct stat named {};
  struct stat open {};
  if (fd_ && ::stat(path_.c_str(), &named) == 0 && ::fstat(fd_.get(), &open) == 0 &&
      named.st_ino == open.st_ino && named.st_dev == open.st_dev)
    return true;
  std::error_code ignored;
  std::filesystem::create_directories(path_.parent_path(), ignored);
  auto fd = open_file(path_, O_RDWR | O_CREAT | O_APPEND);
  fd_ = fd ? std::move(*fd) : Fd();
  if (!fd_ || ::fstat(fd_.get(), &open) != 0) return false;
  size_ = static_cast<std::uint64_t>(open.st_size);
  open_line_ = ends_within_line(fd_, size_);
  return true;
}

void LogFile::rotate() {
  std::error_code ignored;  // what cannot be moved stays, and is appended to
  for (int number = limits_.max_files - 1; number > 1; --number)
    std::filesystem::rename(numbered(path_, number - 1), numbered(path_, number), ignored);
  if (limits_.max_files > 1)
    std::filesystem::rename(path_, numbered(path_, 1), ignored);
  else
    std::filesystem::remove(path_, ignored);
  fd_.reset();
  ready();
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

Result<std::unique_ptr<LogCapture>> LogCapture::open(const Clock& clock, const Path& fifo,
                                                     Path file, LogLimits limits,
                                                     std::shared_ptr<const Redactor> redactor) {
  if (auto made = make_fifo(fifo); !made) return fail(std::move(made).error());
  TRY(reader, open_file(fifo, O_RDWR | O_NONBLOCK));
  ::fcntl(reader.get(), F_SETPIPE_SZ, kFifoBytes);  // refused: the default size does as well
  return std::unique_ptr<LogCapture>(new LogCapture(fifo, std::move(reader),
                                                    LogFile(clock, std::move(file), limits),
                                                    RedactingStream(std::move(redactor))));
}

Result<Fd> LogCapture::writer() const {
  return open_file(path_, O_RDWR);
}

// False when the fifo is empty.
bool LogCapture::read_some() {
  std::array<char, kChunk> chunk;  // NOLINT: filled by read
  const ssize_t count = ::read(reader_.get(), chunk.data(), chunk.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;
  write(redacting_.push({chunk.data(), static_cast<std::size_t>(count)}));
  return true;
}

void LogCapture::write(std::string_view bytes) {
  file_.write(bytes);
  if (watch_ && !watch_->write(bytes)) watch_.reset();
}

void LogCapture::watch_lines(LineWatch::Tell tell) {
  watch_.reset();
  if (tell) watch_.emplace(std::move(tell));
}

Task<> LogCapture::run() {
  for (;;) {
    const Result<> readable = co_await wait_readable(reader_);
    if (!readable) co_return;  // cancelled
    for (int chunks = 0; chunks < kChunksATurn && read_some();) ++chunks;
  }
}

void LogCapture::finish() {
  // The tree is dead, so at most one full fifo is left.
  for (int chunks = 0; chunks <= kFifoBytes && read_some();) ++chunks;
  write(redacting_.finish());
  file_.end_line();
  if (watch_) watch_->end_line();
}

}  // namespace exai::process
