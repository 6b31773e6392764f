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
// Thread: loop. Errors: only of opening the fifo.

#include <cstdint>
#include <memory>
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
  std::size_t column_ = 0;        // bytes of the line so far; 0: at the start of one
  bool open_line_ = false;        // the file ends within a line …
  bool torn_ = false;             // … whose rest was lost
  std::uint64_t dropped_ = 0;     // lines since the last one that was written
  std::uint64_t dropped_total_ = 0;
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
  std::uint64_t dropped() const { return file_.dropped(); }

 private:
  LogCapture(Path fifo, Fd reader, LogFile file, RedactingStream redacting)
      : path_(std::move(fifo)),
        reader_(std::move(reader)),
        file_(std::move(file)),
        redacting_(std::move(redacting)) {}
  bool read_some();

  Path path_;
  Fd reader_;
  LogFile file_;
  RedactingStream redacting_;
};

}  // namespace exai::process
