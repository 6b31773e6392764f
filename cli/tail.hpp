#pragma once
// The services' log files: the last lines of many, merged by time, and what is added to them.
// Each line starts with its UTC time: "2026-11-21T03:42:19.123Z text". A line without one belongs
// to the line before it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/os.hpp"
#include "core/base/time.hpp"

namespace exai::cli {

struct LogLine {
  std::string service;
  std::optional<WallTime> time;  // of the line, or of the one before it
  std::string text;              // without the time

  friend bool operator==(const LogLine&, const LogLine&) = default;
};

// Pure. `previous`: the time for a line that has none.
LogLine parse_log_line(const std::string& service, std::string_view line,
                       std::optional<WallTime> previous);

// Pure. By time; lines of one service never change their order.
std::vector<LogLine> merge(std::vector<std::vector<LogLine>> logs);

inline constexpr std::uint64_t kWholeLog = ~std::uint64_t{0};

// The last `count` lines before byte `end` of the log, reaching back into rotated files (<log>.1,
// …). A missing file has none.
std::vector<LogLine> last_lines(const Path& log, const std::string& service, std::size_t count,
                                std::uint64_t end = kWholeLog);

// What is written to a log from now on, across rotation and removal.
class LogFollower {
 public:
  LogFollower(Path log, std::string service);
  std::vector<LogLine> poll();  // complete lines since the last call
  // Where the first line to come starts: the past ends there, so no line is lost or shown twice.
  std::uint64_t position() const { return offset_; }

 private:
  void reopen();
  void take_line(std::vector<LogLine>& lines, std::string_view line);
  void read_on(std::vector<LogLine>& lines);

  Path log_;
  std::string service_;
  Fd file_;
  std::uint64_t inode_ = 0;
  std::uint64_t offset_ = 0;
  std::string partial_;
  std::optional<WallTime> last_time_;
};

}  // namespace exai::cli
