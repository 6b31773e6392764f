#pragma once
// The services' logs as lines: read forwards from a time or the end, merged by time, followed.
//
// A line has the time at which its first byte came (core/logs/index.hpp). Of a log without an index
// each line may start with a UTC time of its own: "2026-11-21T03:42:19.123Z text"; one that does
// not belongs to the line before it. A time at the start of a line that an index knows too, printed
// by the service, is what is shown, and is shown once.
//
// Whatever a log's length: read in blocks, and what is looked for is searched for in whole blocks.
// A line longer than kLongestLine is several. Rotation and compression may go on meanwhile.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/base/os.hpp"
#include "core/base/time.hpp"
#include "core/logs/parts.hpp"

namespace exai::cli {

inline constexpr std::size_t kLongestLine = 1U << 20U;

struct LogLine {
  std::string service;
  std::optional<WallTime> time;  // of the line, or of the one before it
  std::string text;              // without the time
  logs::Stream stream = logs::Stream::together;

  friend bool operator==(const LogLine&, const LogLine&) = default;
};

// Which lines are wanted.
struct LogFilter {
  std::optional<WallTime> since;
  std::optional<WallTime> until;
  std::vector<std::string> words;  // all of them are in the line
  std::optional<logs::Stream> stream;
};

// Pure. `previous`: the time for a line that has none.
LogLine parse_log_line(const std::string& service, std::string_view line,
                       std::optional<WallTime> previous);

// Pure. By time; lines of one service never change their order.
std::vector<LogLine> merge(std::vector<std::vector<LogLine>> logs);

inline constexpr std::uint64_t kWholeLog = ~std::uint64_t{0};

// The last `count` lines before byte `end` of the current part, reaching back into earlier parts. A
// missing file has none.
std::vector<LogLine> last_lines(const Path& log, const std::string& service, std::size_t count,
                                std::uint64_t end = kWholeLog, const LogFilter& filter = {});

// Takes a part's bytes for lines.
class LineSplitter {
 public:
  LineSplitter(std::string service, LogFilter filter)
      : service_(std::move(service)), filter_(std::move(filter)) {}

  // From here on the marks of another part hold.
  void begin_part(std::vector<logs::Mark> marks, std::uint64_t offset);
  void refresh(std::vector<logs::Mark> marks) { marks_ = std::move(marks); }
  // `bytes` follow those of the call before. Wanted lines are added to `lines`.
  void add(std::string_view bytes, std::vector<LogLine>& lines);
  // What has no end yet is a line, too.
  void finish(std::vector<LogLine>& lines);
  bool past_until() const { return past_until_; }

 private:
  std::size_t skip_unwanted(std::string_view bytes) const;
  void take(std::string_view text, std::vector<LogLine>& lines);

  std::string service_;
  LogFilter filter_;
  std::vector<logs::Mark> marks_;
  std::optional<logs::Mark> mark_;  // of the line that is being read
  std::string partial_;
  std::uint64_t offset_ = 0;  // of the next byte
  std::optional<WallTime> last_time_;
  bool past_until_ = false;
};

// All lines of one service that are wanted, from the oldest on, a block at a time.
class LogSource {
 public:
  // Up to byte `end` of the current part.
  LogSource(const Path& log, const std::string& service, const LogFilter& filter,
            std::uint64_t end = kWholeLog);
  // The next one, and none after the last.
  const LogLine* peek();
  LogLine take();

 private:
  bool read_block();
  bool next_part();

  Path log_;
  LogFilter filter_;
  std::uint64_t end_;
  std::deque<logs::Part> parts_;
  std::optional<logs::PartReader> reader_;
  std::uint64_t offset_ = 0;
  LineSplitter splitter_;
  std::vector<LogLine> lines_;
  std::size_t next_ = 0;
  bool done_ = false;
};

// What is written to a log from now on, across rotation and removal.
class LogFollower {
 public:
  LogFollower(Path log, std::string service, LogFilter filter = {});
  std::vector<LogLine> poll();  // complete lines since the last call
  // Where the first line to come starts: the past ends there, so no line is lost or shown twice.
  std::uint64_t position() const { return offset_; }

 private:
  void reopen(std::uint64_t offset);
  void read_on(std::vector<LogLine>& lines);
  void read_missed(std::vector<LogLine>& lines);

  Path log_;
  LineSplitter splitter_;
  std::optional<logs::PartReader> file_;
  std::uint64_t inode_ = 0;
  std::uint64_t number_ = 1;  // what the current part will be called
  std::uint64_t offset_ = 0;
};

}  // namespace exai::cli
