#include "cli/tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

constexpr std::size_t kChunk = 64U << 10U;
constexpr std::size_t kLongestTail = 64U << 20U;  // of a file, however many lines were asked for

struct Identity {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
};

std::optional<Identity> identity_of(const Fd& file) {
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return std::nullopt;
  return Identity{info.st_ino, static_cast<std::uint64_t>(info.st_size)};
}

std::string read_at(const Fd& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::pread(file.get(), bytes.data(), size, static_cast<off_t>(offset));
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

// What a file has before byte `end`, from the start of a line on, holding at least `count` lines if
// it has them.
std::string read_end(const Path& path, std::size_t count, std::uint64_t end) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) return {};
  const auto identity = identity_of(*file);
  if (!identity) return {};
  std::string text;
  std::uint64_t start = std::min(identity->size, end);
  while (start > 0 && text.size() < kLongestTail) {
    const std::size_t step = std::min<std::uint64_t>(start, kChunk);
    start -= step;
    text.insert(0, read_at(*file, start, step));
    const auto newlines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (newlines > count) break;
  }
  if (start > 0) text.erase(0, text.find('\n') + 1);
  return text;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace

LogLine parse_log_line(const std::string& service, std::string_view line,
                       std::optional<WallTime> previous) {
  const std::size_t blank = line.find(' ');
  const auto time = parse_utc(line.substr(0, blank));
  if (!time) return {service, previous, std::string(line)};
  const std::string_view text = blank == std::string_view::npos ? "" : line.substr(blank + 1);
  return {service, time, std::string(text)};
}

std::vector<LogLine> merge(std::vector<std::vector<LogLine>> logs) {
  std::vector<LogLine> merged;
  for (std::vector<LogLine>& log : logs)
    merged.insert(merged.end(), std::make_move_iterator(log.begin()),
                  std::make_move_iterator(log.end()));
  // Clocks may step back within a log: its order is kept by never letting its time fall.
  std::vector<std::pair<std::string, WallTime>> latest;
  std::vector<std::pair<WallTime, std::size_t>> order;
  for (std::size_t i = 0; i < merged.size(); ++i) {
    auto known = std::find_if(latest.begin(), latest.end(),
                              [&](const auto& entry) { return entry.first == merged[i].service; });
    if (known == latest.end())
      known = latest.insert(latest.end(), {merged[i].service, WallTime::min()});
    known->second = std::max(known->second, merged[i].time.value_or(WallTime::min()));
    order.emplace_back(known->second, i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<LogLine> result;
  result.reserve(merged.size());
  for (const auto& [time, index] : order) result.push_back(std::move(merged[index]));
  return result;
}

std::vector<LogLine> last_lines(const Path& log, const std::string& service, std::size_t count,
                                std::uint64_t end) {
  std::vector<std::string> lines;
  std::error_code ignored;
  Path file = log;
  for (int rotation = 1; lines.size() < count; ++rotation) {
    std::vector<std::string> older = lines_of(read_end(file, count - lines.size(), end));
    older.insert(older.end(), lines.begin(), lines.end());
    lines = std::move(older);
    end = kWholeLog;
    file = log.string() + fmt::format(".{}", rotation);
    if (!std::filesystem::exists(file, ignored)) break;
  }
  std::vector<LogLine> result;
  const std::size_t first = lines.size() - std::min(lines.size(), count);
  std::optional<WallTime> time;
  for (std::size_t i = first; i < lines.size(); ++i) {
    result.push_back(parse_log_line(service, lines[i], time));
    time = result.back().time;
  }
  return result;
}

LogFollower::LogFollower(Path log, std::string service)
    : log_(std::move(log)), service_(std::move(service)) {
  reopen();
  const auto identity = identity_of(file_);
  if (!identity) return;
  // A line that is being written is news as a whole: start at its start, unless it is endless.
  const std::size_t step = std::min<std::uint64_t>(identity->size, kChunk);
  const std::string end = read_at(file_, identity->size - step, step);
  const std::size_t newline = end.rfind('\n');
  offset_ = newline == std::string::npos ? (step < kChunk ? 0 : identity->size)
                                         : identity->size - step + newline + 1;
}

void LogFollower::reopen() {
  auto file = open_file(log_, O_RDONLY);
  file_ = file ? std::move(*file) : Fd();
  const auto identity = identity_of(file_);
  inode_ = identity ? identity->inode : 0;
  offset_ = 0;
}

void LogFollower::take_line(std::vector<LogLine>& lines, std::string_view line) {
  lines.push_back(parse_log_line(service_, line, last_time_));
  last_time_ = lines.back().time;
}

void LogFollower::read_on(std::vector<LogLine>& lines) {
  for (;;) {
    const std::string bytes = read_at(file_, offset_, kChunk);
    if (bytes.empty()) return;
    offset_ += bytes.size();
    partial_ += bytes;
    std::size_t end = 0;
    while ((end = partial_.find('\n')) != std::string::npos) {
      take_line(lines, partial_.substr(0, end));
      partial_.erase(0, end + 1);
    }
  }
}

std::vector<LogLine> LogFollower::poll() {
  std::vector<LogLine> lines;
  const auto before = identity_of(file_);
  if (before && before->size < offset_) offset_ = 0;  // truncated under us
  if (file_) read_on(lines);
  struct stat now {};
  if (::stat(log_.c_str(), &now) == 0 &&
      now.st_ino != inode_) {  // rotated: the rest was read above
    if (!partial_.empty()) take_line(lines, std::exchange(partial_, {}));
    reopen();
    read_on(lines);
  }
  return lines;
}

}  // namespace exai::cli
