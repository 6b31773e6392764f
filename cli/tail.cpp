#include "cli/tail.hpp"

#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

constexpr std::size_t kBlock = 1U << 20U;
constexpr std::size_t kFirstTail = 64U << 10U;
constexpr std::size_t kLastTail = 4U << 20U;
// Clocks are set back now and then: what is read goes on this long after `until`.
constexpr Duration kSetBack = 1min;
// A time at the start of a line is that of the line if it is this near to when the line came.
constexpr Duration kOwnTime = 1h;

bool contains_all(std::string_view text, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return ::memmem(text.data(), text.size(), word.data(), word.size()) != nullptr;
  });
}

// A line with the time of its mark, without one that it begins with itself.
LogLine with_time(const std::string& service, std::string_view text, const logs::Mark& mark) {
  LogLine line = parse_log_line(service, text, mark.time);
  if (std::chrono::abs(*line.time - mark.time) > kOwnTime)
    line = {service, mark.time, std::string(text)};
  line.stream = mark.stream;
  return line;
}

// The bytes before `end`, about `size` of them, from the start of a line on; where they begin.
std::pair<std::uint64_t, std::string> block_before(logs::PartReader& reader, std::uint64_t end,
                                                   std::size_t size) {
  for (;; size *= 2) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end, size);
    std::string bytes = reader.read(begin, static_cast<std::size_t>(end - begin));
    if (begin == 0) return {0, std::move(bytes)};
    const std::size_t newline = bytes.find('\n');
    const bool whole = newline != std::string::npos && newline + 1 < bytes.size();
    if (!whole && size < 2 * kLongestLine) continue;
    const std::size_t cut = whole ? newline + 1 : 0;
    return {begin + cut, bytes.substr(cut)};
  }
}

// The last lines of one part before byte `end` that are wanted, at least `count` if it has them.
std::vector<LogLine> end_of_part(logs::PartReader& reader, const std::string& service,
                                 std::size_t count, std::uint64_t end, const LogFilter& filter) {
  const std::vector<logs::Mark> marks = reader.marks();
  const std::uint64_t first =
      filter.since ? logs::offset_since(marks, *filter.since, reader.size()) : 0;
  std::vector<std::vector<LogLine>> blocks;
  std::size_t found = 0;
  std::size_t size = kFirstTail;
  std::uint64_t at = std::min(end, reader.size());
  while (at > first && found < count) {
    const auto [begin, bytes] = block_before(reader, at, size);
    LineSplitter splitter(service, filter);
    splitter.begin_part(marks, begin);
    std::vector<LogLine> lines;
    splitter.add(bytes, lines);
    splitter.finish(lines);
    found += lines.size();
    blocks.push_back(std::move(lines));
    if (begin >= at) break;
    at = begin;
    size = std::min(2 * size, kLastTail);
  }
  std::vector<LogLine> result;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block)
    result.insert(result.end(), std::make_move_iterator(block->begin()),
                  std::make_move_iterator(block->end()));
  return result;
}

// The first part's lines know nothing of the times in those before.
void inherit_times(std::vector<LogLine>& lines) {
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (!lines[i].time) lines[i].time = lines[i - 1].time;
}

}  // namespace

LogLine parse_log_line(const std::string& service, std::string_view line,
                       std::optional<WallTime> previous) {
  const std::size_t blank = line.substr(0, 25).find(' ');
  const auto time = parse_utc(line.substr(0, blank));
  if (!time) return {service, previous, std::string(line)};
  const std::string_view text = blank == std::string_view::npos ? "" : line.substr(blank + 1);
  return {service, time, std::string(text)};
}

std::vector<LogLine> merge(std::vector<std::vector<LogLine>> logs) {
  std::vector<std::pair<WallTime, std::pair<std::size_t, std::size_t>>> order;
  for (std::size_t log = 0; log < logs.size(); ++log) {
    // Clocks may step back within a log: its order is kept by never letting its time fall.
    WallTime latest = WallTime::min();
    for (std::size_t i = 0; i < logs[log].size(); ++i) {
      latest = std::max(latest, logs[log][i].time.value_or(WallTime::min()));
      order.push_back({latest, {log, i}});
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<LogLine> result;
  result.reserve(order.size());
  for (const auto& [time, place] : order)
    result.push_back(std::move(logs[place.first][place.second]));
  return result;
}

std::vector<LogLine> last_lines(const Path& log, const std::string& service, std::size_t count,
                                std::uint64_t end, const LogFilter& filter) {
  std::vector<LogLine> result;
  const std::vector<logs::Part> parts = logs::parts_of(log);
  for (auto part = parts.rbegin(); part != parts.rend() && result.size() < count; ++part) {
    auto reader = logs::PartReader::open(*part);
    if (!reader) continue;
    std::vector<LogLine> lines =
        end_of_part(*reader, service, count - result.size(),
                    part->number == logs::kCurrent ? end : kWholeLog, filter);
    lines.insert(lines.end(), std::make_move_iterator(result.begin()),
                 std::make_move_iterator(result.end()));
    result = std::move(lines);
  }
  if (result.size() > count)
    result.erase(result.begin(), result.end() - static_cast<std::ptrdiff_t>(count));
  inherit_times(result);
  return result;
}

// --- lines ---

void LineSplitter::begin_part(std::vector<logs::Mark> marks, std::uint64_t offset) {
  marks_ = std::move(marks);
  offset_ = offset;
}

// How many bytes at the front belong to lines without what is looked for. A line's own time may be
// that of the lines after it where there is no index: then every line is looked at.
std::size_t LineSplitter::skip_unwanted(std::string_view bytes) const {
  if (filter_.words.empty() || marks_.empty()) return 0;
  const std::string& word = filter_.words.front();
  const void* hit = ::memmem(bytes.data(), bytes.size(), word.data(), word.size());
  const std::size_t at =
      hit == nullptr ? bytes.size()
                     : static_cast<std::size_t>(static_cast<const char*>(hit) - bytes.data());
  return at == 0 ? 0 : bytes.rfind('\n', at - 1) + 1;
}

void LineSplitter::add(std::string_view bytes, std::vector<LogLine>& lines) {
  while (!bytes.empty()) {
    if (partial_.empty()) {
      const std::size_t skipped = skip_unwanted(bytes);
      bytes.remove_prefix(skipped);
      offset_ += skipped;
      const logs::Mark* mark = logs::mark_at(marks_, offset_);
      mark_ = mark == nullptr ? std::nullopt : std::optional(*mark);
    }
    const std::size_t newline = bytes.find('\n');
    const bool ends = newline != std::string_view::npos;
    const std::size_t room = kLongestLine - partial_.size();
    const std::string_view piece = bytes.substr(0, std::min(ends ? newline : bytes.size(), room));
    const bool whole = ends && piece.size() == newline;
    if (whole && partial_.empty())
      take(piece, lines);
    else
      partial_ += piece;
    if (!partial_.empty() && (whole || partial_.size() == kLongestLine)) finish(lines);
    const std::size_t used = piece.size() + (whole ? 1 : 0);
    bytes.remove_prefix(used);
    offset_ += used;
  }
}

void LineSplitter::finish(std::vector<LogLine>& lines) {
  if (!partial_.empty()) take(std::exchange(partial_, {}), lines);
}

void LineSplitter::take(std::string_view text, std::vector<LogLine>& lines) {
  LogLine line =
      mark_ ? with_time(service_, text, *mark_) : parse_log_line(service_, text, last_time_);
  last_time_ = line.time;
  if (filter_.stream && line.stream != *filter_.stream) return;
  if (filter_.since && (!line.time || *line.time < *filter_.since)) return;
  if (filter_.until && line.time && *line.time > *filter_.until) {
    past_until_ = past_until_ || (mark_ && mark_->time > *filter_.until + kSetBack);
    return;
  }
  if (!contains_all(text, filter_.words)) return;
  lines.push_back(std::move(line));
}

// --- from the oldest on ---

LogSource::LogSource(const Path& log, const std::string& service, const LogFilter& filter,
                     std::uint64_t end)
    : filter_(filter), end_(end), splitter_(service, filter) {
  for (logs::Part& part : logs::parts_of(log)) parts_.push_back(std::move(part));
}

const LogLine* LogSource::peek() {
  while (next_ == lines_.size() && !done_) {
    lines_.clear();
    next_ = 0;
    if (read_block()) continue;
    splitter_.finish(lines_);
    done_ = true;
  }
  return next_ < lines_.size() ? &lines_[next_] : nullptr;
}

LogLine LogSource::take() {
  return std::move(lines_[next_++]);
}

// False: that was all.
bool LogSource::read_block() {
  if (splitter_.past_until()) return false;
  if (!reader_ && !next_part()) return false;
  const bool current = reader_->part().number == logs::kCurrent;
  const std::uint64_t room = current && end_ > offset_ ? end_ - offset_ : current ? 0 : kBlock;
  const std::string bytes =
      reader_->read(offset_, static_cast<std::size_t>(std::min<std::uint64_t>(room, kBlock)));
  if (bytes.empty()) reader_.reset();
  offset_ += bytes.size();
  splitter_.add(bytes, lines_);
  return true;
}

bool LogSource::next_part() {
  while (!parts_.empty()) {
    auto opened = logs::PartReader::open(parts_.front());
    parts_.pop_front();
    if (!opened) continue;
    std::vector<logs::Mark> marks = opened->marks();
    const std::uint64_t size = opened->size();
    offset_ = filter_.since ? logs::offset_since(marks, *filter_.since, size) : 0;
    if (offset_ >= size) continue;
    splitter_.begin_part(std::move(marks), offset_);
    reader_.emplace(std::move(*opened));
    return true;
  }
  return false;
}

// --- what comes ---

LogFollower::LogFollower(Path log, std::string service, LogFilter filter)
    : log_(std::move(log)), splitter_(std::move(service), std::move(filter)) {
  reopen(0);
  if (!file_) return;
  // A line that is being written is news as a whole: start at its start, unless it is endless.
  const std::uint64_t size = file_->size();
  const std::uint64_t step = std::min<std::uint64_t>(size, kFirstTail);
  const std::string end = file_->read(size - step, static_cast<std::size_t>(step));
  const std::size_t newline = end.rfind('\n');
  offset_ = newline != std::string::npos ? size - step + newline + 1 : step < kFirstTail ? 0 : size;
  splitter_.begin_part({}, offset_);
}

// Between two looks at which parts there are nothing was rotated, so the number is right.
void LogFollower::reopen(std::uint64_t offset) {
  const auto next_number = [&] {
    std::uint64_t next = 1;
    for (const logs::Part& part : logs::parts_of(log_))
      if (part.number != logs::kCurrent) next = part.number + 1;
    return next;
  };
  for (;;) {
    number_ = next_number();
    auto opened = logs::PartReader::open({log_});
    file_.reset();
    if (opened) file_.emplace(std::move(*opened));
    if (next_number() == number_) break;
  }
  inode_ = file_ ? file_->inode() : 0;
  offset_ = offset;
  splitter_.begin_part({}, offset);
}

void LogFollower::read_on(std::vector<LogLine>& lines) {
  for (bool fresh = true;; fresh = false) {
    const std::string bytes = file_->read(offset_, kBlock);
    if (bytes.empty()) return;
    if (fresh) splitter_.refresh(file_->marks());
    offset_ += bytes.size();
    splitter_.add(bytes, lines);
  }
}

// The parts that were begun and completed while nobody looked. Ours is among them, or somebody has
// taken it away: then its last line had no end.
void LogFollower::read_missed(std::vector<LogLine>& lines) {
  bool found = false;
  for (const logs::Part& part : logs::parts_of(log_)) {
    if (part.number == logs::kCurrent || part.number < number_) continue;
    found = true;
    if (part.number == number_) continue;  // has been read
    auto opened = logs::PartReader::open(part);
    if (!opened) continue;
    file_.emplace(std::move(*opened));
    offset_ = 0;
    splitter_.begin_part({}, 0);
    read_on(lines);
  }
  if (!found) splitter_.finish(lines);
}

std::vector<LogLine> LogFollower::poll() {
  std::vector<LogLine> lines;
  if (file_ && file_->size() < offset_) {  // truncated under us
    splitter_.finish(lines);
    offset_ = 0;
    splitter_.begin_part({}, 0);
  }
  if (file_) read_on(lines);
  struct stat now {};
  if (::stat(log_.c_str(), &now) != 0 || now.st_ino == inode_) return lines;
  if (file_) read_on(lines);  // what came before it was moved away
  if (file_) read_missed(lines);
  reopen(0);
  if (file_) read_on(lines);
  return lines;
}

}  // namespace exai::cli
