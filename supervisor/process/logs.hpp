#pragma once
// What a service prints, on its way to a file. The service writes into a fifo that it holds open
// for reading too: when we die it gets no SIGPIPE, the kernel keeps what it printed, and the next
// supervisor reads on. We hold it open for writing, so it never ends either.
//
//   service ──> <run>/<service>.out (fifo) ──> LogCapture ──> <logs>/<service>.log, .log.1 … .log.4
//
//   2026-11-21T03:42:19.123Z the line as it was printed
//
// Bytes go to the file as they come: a line without an end is visible at once and survives our
// death; the end is added when the process ends. Lines over 64 KiB are split. Memory is bounded.
//
// A file that cannot be written (disk full) costs lines, never the service: they are counted, and
// the file says how many as soon as it can be written again. A file removed under us is made anew.
//
// Known secrets are hidden before a line is written. What may be the beginning of one waits for the
// bytes that follow, or for the end of the process; it is all that our death can cost.
//
// Whoever waits for a line (readiness by what a service says) gives the capture a LineWatch, which
// sees every line as it is written: with secrets hidden.
//
// Thread: loop. Errors: only of opening the fifo.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/loop.hpp"
#include "core/base/redact.hpp"

namespace exai::process {

struct LogLimits {
  std::uint64_t max_bytes = 10U << 20U;  // of one file
  int max_files = 5;                     // the current one and its predecessors
  std::size_t max_line = 64U << 10U;
};

// The file: stamps lines, splits them, rotates, survives a full disk. Synchronous.
class LogFile {
 public:
  LogFile(const Clock& clock, Path path, LogLimits limits);

  void write(std::string_view bytes);
  // Ends a line that has no end.
  void end_line();
  std::uint64_t dropped() const { return dropped_total_; }

 private:
  void stamp(std::string& out) const;
  void append(std::string text);
  std::string recovery_notice() const;
  std::size_t write_all(std::string_view text);
  bool ready();
  void rotate();

  const Clock& clock_;
  Path path_;
  LogLimits limits_;
  Fd fd_;
  std::uint64_t size_ = 0;
  std::size_t column_ = 0;     // bytes of the line so far; 0: at the start of one
  bool open_line_ = false;     // the file ends within a line …
  bool torn_ = false;          // … whose rest was lost
  std::uint64_t dropped_ = 0;  // lines since the last one that was written
  std::uint64_t dropped_total_ = 0;
};

// Takes the bytes that a service prints for lines, however they were cut. A line that has no end
// yet is told too, and again with each piece that is added to it: a prompt has none. Of a line
// longer than kLongest the beginning is told. Pure.
class LineWatch {
 public:
  static constexpr std::size_t kLongest = 64U << 10U;
  // A line without its newline. False: that was all, no other is wanted.
  using Tell = std::function<bool(std::string_view line)>;
  explicit LineWatch(Tell tell) : tell_(std::move(tell)) {}

  bool write(std::string_view bytes);  // false: as above
  void end_line() { line_.clear(); }   // what comes is another line

 private:
  Tell tell_;
  std::string line_;  // the beginning of one that has no end yet
};

// The fifo and its reader.
class LogCapture {
 public:
  static Result<std::unique_ptr<LogCapture>> open(const Clock& clock, const Path& fifo, Path file,
                                                  LogLimits limits = {},
                                                  std::shared_ptr<const Redactor> redactor = {});

  // The service's end, for its stdout and stderr.
  Result<Fd> writer() const;
  // Reads until cancelled.
  Task<> run();
  // The process has ended: takes what is still in the fifo and ends its last line.
  void finish();
  // From now on; one at a time. None: nobody waits any more.
  void watch_lines(LineWatch::Tell tell);
  std::uint64_t dropped() const { return file_.dropped(); }

 private:
  LogCapture(Path fifo, Fd reader, LogFile file, RedactingStream redacting)
      : path_(std::move(fifo)),
        reader_(std::move(reader)),
        file_(std::move(file)),
        redacting_(std::move(redacting)) {}
  bool read_some();
  void write(std::string_view bytes);

  Path path_;
  Fd reader_;
  LogFile file_;
  RedactingStream redacting_;
  std::optional<LineWatch> watch_;
};

}  // namespace exai::process
