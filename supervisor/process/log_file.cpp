#include "supervisor/process/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/text.hpp"

namespace exai::process {

namespace {

constexpr Duration kRemovalPace = 1h;

// Does a file end within a line? What an earlier supervisor wrote goes on, then.
bool ends_within_line(const Fd& fd, std::uint64_t size) {
  char last = '\n';
  if (size > 0) static_cast<void>(!::pread(fd.get(), &last, 1, static_cast<off_t>(size - 1)));
  return last != '\n';
}

std::uint64_t size_of(const Fd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

bool is_gone(const Fd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && status.st_nlink == 0;
}

// The last mark in an index of `whole` records.
std::optional<logs::Mark> last_mark(const Fd& index, std::uint64_t whole) {
  std::array<char, logs::kMarkBytes> record{};
  for (int tries = 0; whole >= record.size() && tries < 64; ++tries, whole -= record.size()) {
    const auto at = static_cast<off_t>(whole - record.size());
    if (::pread(index.get(), record.data(), record.size(), at) < 0) break;
    if (const auto mark = logs::decode({record.data(), record.size()})) return mark;
  }
  return std::nullopt;
}

std::optional<logs::Mark> first_mark(const Fd& index) {
  std::array<char, logs::kMarkBytes> record{};
  if (::pread(index.get(), record.data(), record.size(), 0) < 0) return std::nullopt;
  return logs::decode({record.data(), record.size()});
}

void remove_part(logs::Part part) {
  std::error_code ignored;
  for (const bool compressed : {false, true}) {
    part.compressed = compressed;
    std::filesystem::remove(part.text(), ignored);
  }
  std::filesystem::remove(part.index(), ignored);
}

}  // namespace

void discard(const Fd& fifo, std::size_t size) {
  std::array<char, 64U << 10U> gone;  // NOLINT: filled by read
  while (size > 0) {
    const ssize_t count = ::read(fifo.get(), gone.data(), std::min(size, gone.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    size -= static_cast<std::size_t>(count);
  }
}

LogFile::LogFile(const Clock& clock, std::string path, LogLimits limits)
    : clock_(clock), path_(std::move(path)), limits_(limits) {
  next_removal_ = clock_.now() + kRemovalPace;
  ready();
}

// --- text ---

void LogFile::take(const Fd& fifo, std::string_view text, logs::Stream stream) {
  while (!text.empty()) {
    std::size_t size = portion(text);
    if (size == 0 && rotate()) continue;
    if (size == 0) size = text.size();
    put(&fifo, text.substr(0, size), stream);
    text.remove_prefix(size);
  }
}

void LogFile::write(std::string_view text, logs::Stream stream) {
  if (!text.empty() && portion(text) == 0) rotate();
  if (!text.empty()) put(nullptr, text, stream);
}

void LogFile::end_line() {
  if (open_line_ && !torn_) put(nullptr, "\n", last_.stream);
  losing_ = false;
}

// How much of it goes into this part. 0: the part is complete.
std::size_t LogFile::portion(std::string_view text) const {
  if (size_ > 0 && !open_line_ && too_old()) return 0;
  if (size_ + text.size() <= rotate_at_) return text.size();
  const std::uint64_t room = rotate_at_ - std::min(size_, rotate_at_);
  const std::size_t last = room == 0 ? std::string_view::npos : text.rfind('\n', room - 1);
  if (last != std::string_view::npos) return last + 1;
  if (size_ > 0 && !open_line_) return 0;
  const std::size_t end = text.find('\n');  // of the line that the part ends with
  if (end != std::string_view::npos) return end + 1;
  return size_ == 0 || size_ + text.size() <= 2 * rotate_at_ ? text.size() : 0;
}

void LogFile::put(const Fd* fifo, std::string_view text, logs::Stream stream) {
  std::size_t done = 0;
  if (ready() && write_notice()) {
    mark(stream);
    done = fifo != nullptr ? splice_all(*fifo, text) : write_all(text);
    added(text.substr(0, done));
  }
  if (done == text.size()) return;
  text.remove_prefix(done);
  if (fifo != nullptr) discard(*fifo, text.size());
  drop(text);
}

// How many bytes have gone over.
std::size_t LogFile::splice_all(const Fd& fifo, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    auto to = static_cast<loff_t>(size_ + done);
    const ssize_t moved = ::splice(fifo.get(), nullptr, fd_.get(), &to, text.size() - done, 0);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0 && errno == EINVAL) {  // this file system cannot
      const std::size_t written = write_all(text.substr(done));
      discard(fifo, written);
      return done + written;
    }
    if (moved <= 0) break;
    done += static_cast<std::size_t>(moved);
  }
  return done;
}

std::size_t LogFile::write_all(std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::pwrite(fd_.get(), text.data() + done, text.size() - done,
                                     static_cast<off_t>(size_ + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

void LogFile::added(std::string_view text) {
  if (text.empty()) return;
  size_ += text.size();
  open_line_ = text.back() != '\n';
  losing_ = false;
}

// What the file is told first after lines were lost. False: it cannot be written still.
bool LogFile::write_notice() {
  if (!torn_ && dropped_ == 0) return true;
  std::string notice = torn_ ? "\n" : "";
  if (dropped_ > 0)
    notice += fmt::format("[exai] {} dropped: the log could not be written\n",
                          count_of(dropped_, "line"));
  // Whole or not at all: a half of it would be taken for what the service says.
  if (write_all(notice) < notice.size()) {
    static_cast<void>(!::ftruncate(fd_.get(), static_cast<off_t>(size_)));
    return false;
  }
  if (torn_) ++size_;
  torn_ = open_line_ = false;
  mark(logs::Stream::ours);
  added(std::string_view(notice).substr(notice.front() == '\n' ? 1 : 0));
  dropped_ = 0;
  return true;
}

void LogFile::drop(std::string_view text) {
  torn_ = open_line_;
  auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  if (losing_ && lines > 0) --lines;  // it was counted when its first piece was lost
  const bool whole = text.back() == '\n';
  if (!whole && (!losing_ || text.find('\n') != std::string_view::npos)) ++lines;
  losing_ = !whole;
  dropped_ += lines;
  dropped_total_ += lines;
}

// --- the index ---

void LogFile::mark(logs::Stream stream) {
  if (index_ && is_gone(index_)) open_index();
  const WallTime now = clock_.wall();
  const bool first = index_size_ == 0;
  const bool same = stream == last_.stream;
  if (!first && same && (open_line_ || std::chrono::abs(now - last_.time) < 1ms)) return;
  if (first) began_ = now;
  last_ = {size_, now, last_.sequence + 1, stream};
  const std::string record = logs::encode(last_);
  const ssize_t written =
      ::pwrite(index_.get(), record.data(), record.size(), static_cast<off_t>(index_size_));
  if (written == static_cast<ssize_t>(record.size())) index_size_ += record.size();
}

void LogFile::open_index() {
  const Path path = logs::index_of(path_);
  std::error_code ignored;
  // A rotation that our predecessor did not live to end.
  if (size_ > 0 && !std::filesystem::exists(path, ignored))
    std::filesystem::rename(part(number()).index(), path, ignored);
  auto fd = open_file(path, O_RDWR | O_CREAT);
  index_ = fd ? std::move(*fd) : Fd();
  index_size_ = index_ ? size_of(index_) / logs::kMarkBytes * logs::kMarkBytes : 0;
  began_ = clock_.wall();
  const auto last = last_mark(index_, index_size_);
  if (!last || last->offset > size_) {
    forget_index();
    return;
  }
  last_ = *last;
  if (const auto first = first_mark(index_)) began_ = first->time;
}

void LogFile::forget_index() {
  if (index_) static_cast<void>(!::ftruncate(index_.get(), 0));
  index_size_ = 0;
}

// --- files ---

// Is there a file to write to? Opens it; opens it anew when somebody removed or replaced it.
bool LogFile::ready() {
  if (!is_ours()) open();
  if (!fd_) return false;
  const std::uint64_t size = size_of(fd_);
  if (size < size_) {  // truncated under us
    forget_index();
    torn_ = false;
  }
  if (size != size_) open_line_ = ends_within_line(fd_, size);
  size_ = size;
  if (clock_.now() >= next_removal_) remove_old();
  return true;
}

bool LogFile::is_ours() const {
  struct stat named {};
  struct stat open {};
  return fd_ && ::stat(path_.c_str(), &named) == 0 && ::fstat(fd_.get(), &open) == 0 &&
         named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

void LogFile::open() {
  std::error_code ignored;
  std::filesystem::create_directories(Path(path_).parent_path(), ignored);
  auto fd = open_file(path_, O_RDWR | O_CREAT);
  fd_ = fd ? std::move(*fd) : Fd();
  size_ = fd_ ? size_of(fd_) : 0;
  open_line_ = fd_ && ends_within_line(fd_, size_);
  torn_ = torn_ && open_line_;
  rotate_at_ = limits_.max_bytes;
  open_index();
}

// False: it cannot be moved, and is appended to.
bool LogFile::rotate() {
  const logs::Part old = part(number());
  const Path index = logs::index_of(path_);
  std::error_code error;
  std::filesystem::rename(index, old.index(), error);
  std::filesystem::rename(path_, old.text(), error);
  if (error) {
    std::filesystem::rename(old.index(), index, error);
    rotate_at_ = size_ + limits_.max_bytes;
    began_ = clock_.wall();
    return false;
  }
  ++number_;
  if (number_ > static_cast<std::uint64_t>(limits_.keep) + 1)
    remove_part(part(number_ - 1 - static_cast<std::uint64_t>(limits_.keep)));
  open();
  return rotated_ = true;
}

void LogFile::limit(const LogLimits& limits) {
  limits_ = limits;
  rotate_at_ = limits.max_bytes;
}

bool LogFile::too_old() const {
  return limits_.max_age > 0ms && clock_.wall() - began_ > limits_.max_age;
}

// Looked up when it is first needed: a thousand services start without listing a folder of
// thousands.
std::uint64_t LogFile::number() {
  if (number_ > 0) return number_;
  number_ = 1;
  for (const logs::Part& each : logs::parts_of(path_))
    if (each.number != logs::kCurrent) number_ = each.number + 1;
  return number_;
}

logs::Part LogFile::part(std::uint64_t number) const {
  return {path_, number};
}

// By number and by age; by age also what no rotation has gone by since.
void LogFile::remove_old() {
  next_removal_ = clock_.now() + kRemovalPace;
  std::error_code error;
  for (const logs::Part& each : logs::parts_of(path_)) {
    if (each.number == logs::kCurrent) continue;
    const auto written = std::filesystem::last_write_time(each.text(), error);
    const auto age = std::filesystem::file_time_type::clock::now() - written;
    const bool old = !error && limits_.max_age > 0ms && age > limits_.max_age;
    if (old || each.number + static_cast<std::uint64_t>(limits_.keep) < number()) remove_part(each);
  }
}

}  // namespace exai::process
