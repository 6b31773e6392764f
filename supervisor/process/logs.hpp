#pragma once
// What a service prints, on its way to a file. The service writes into a fifo that it holds open
// for reading too: when we die it gets no SIGPIPE, the kernel keeps what it printed, and the next
// supervisor reads on. We hold it open for writing, so it never ends either.
//
//   service ──> <run>/<service>.out (fifo) ──> LogCapture ──> LogFile: <logs>/<service>.log
//                        tee(2): a look at it, nothing is taken ──┘ secrets are found
//
// stdout and stderr are one fifo: only so is their order that in which they were printed. On
// request they are two, and the index says which line came from which: then lines are taken whole,
// and the order between the two streams is that in which they were read.
//
// The bytes go to the file as they were printed. What the fifo holds is looked at first; what has
// no secret in it is then moved by the kernel, a secret is taken out and "[NAME]" written instead.
// What may be the beginning of a secret stays in the fifo until more has come, or the process has
// ended.
//
// So what kill -9 of ours costs is: nothing. At worst, between writing a "[NAME]" and taking the
// secret out, there is a second "[NAME]". What the kernel drops with the fifo, when a service ends
// while no supervisor runs, is lost; it is what it printed since the supervisor died.
//
// A file that cannot be written costs lines, never the service (log_file.hpp).
//
// Whoever waits for a line (readiness by what a service says) gives the capture a LineWatch, which
// sees every line as it is written: with secrets hidden.
//
// Thread: loop. Errors: only of opening the fifos, and the pipe to look through. A capture that
// waits is an entry of the watcher's, no coroutine: there are thousands.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/redact.hpp"
#include "core/base/watcher.hpp"
#include "supervisor/process/log_file.hpp"

namespace exai::process {

// A look at what a fifo holds.
class PipePeek {
 public:
  static constexpr std::size_t kMost = 256U << 10U;
  static Result<PipePeek> make();
  // From the front; valid until the next call. Empty: it holds nothing.
  std::string_view look(const Fd& fifo);

 private:
  PipePeek(Fd in, Fd out) : in_(std::move(in)), out_(std::move(out)), bytes_(kMost, '\0') {}
  Fd in_;
  Fd out_;
  std::string bytes_;
};

// What the captures of one supervisor share. Lifetime: outlives them.
struct LogStore {
  const Clock& clock;
  Watcher& watcher;
  std::shared_ptr<const Redactor> redactor;  // may be none
  PipePeek peek;
  std::function<void(const LogFile&)> rotated = {};  // a part is complete; may be none
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

enum class Streams { together, apart };

// The fifo and its reader.
class LogCapture {
 public:
  static Result<std::unique_ptr<LogCapture>> open(LogStore& store, const Path& fifo,
                                                  std::string file, LogLimits limits = {},
                                                  Streams streams = Streams::together);
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  ~LogCapture() { stop(); }

  // The service's ends, for its stdout and stderr.
  Result<Fd> writer() const;
  Result<Fd> error_writer() const;
  // Takes what comes, from the loop, until it is stopped; then it waits in the fifo.
  void start();
  void stop();
  // The process has ended: takes what is still in the fifo and ends its last line.
  void finish();
  // From now on.
  void limit(const LogLimits& limits) { file_.limit(limits); }
  // From now on; one at a time. None: nobody waits any more.
  void watch_lines(LineWatch::Tell tell);
  std::uint64_t dropped() const { return file_.dropped(); }

 private:
  struct Source {
    std::string path;
    Fd reader;
    logs::Stream stream = logs::Stream::together;
    std::size_t held = 0;  // bytes in the fifo that cannot be written yet
    std::string apart;     // those that had to leave the fifo, which was full
  };
  enum class Take {
    settled,  // what can be told from the beginning of a secret
    most,     // the same, and lines without end: the fifo is full
    all,      // nothing comes after it
  };

  LogCapture(LogStore& store, std::vector<Source> sources, LogFile file)
      : store_(store), sources_(std::move(sources)), file_(std::move(file)) {}
  static Result<Source> open_source(const Path& fifo, logs::Stream stream);
  bool read_some(Source& source);
  std::size_t take(Source& source, std::string_view text, Take how);
  bool make_room(Source& source, std::string_view seen, std::string_view text, std::size_t held);
  void pass(Source& source, std::string_view text);
  void hide(Source& source, std::size_t size, const std::string& name);
  void show(std::string_view text);
  static std::size_t from_memory(Source& source, std::size_t size);
  void tell_of_rotation();
  Result<> open_edge();
  void take_turn();
  const Fd& tells_of_more() const;

  LogStore& store_;
  std::vector<Source> sources_;  // one, or stdout and stderr
  LogFile file_;
  std::optional<LineWatch> watch_;
  Fd edge_;  // tells when something is added to what a fifo holds; opened when one holds back
  const Fd* watched_ = nullptr;
};

}  // namespace exai::process
