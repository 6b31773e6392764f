#pragma once
// The files of one service's log, as their writer sees them (core/logs has the formats):
//
//   <logs>/web.log         what the service printed, byte for byte
//   <logs>/web.log.idx     when it came: written on reading, so nothing is formatted here
//
// Text goes from the service's fifo into the file within the kernel, by splice(2): one call takes
// it from the one and puts it into the other, so no instant of our death finds it in both or in
// none. (A file that cannot be spliced to is written, and then the fifo emptied: there such an
// instant gives a piece of at most one read twice.)
//
// The file becomes a part of its own when it is full or too old: at the end of a line if there is
// one within twice its size. Parts beyond `keep`, or older than `max_age`, go.
//
// A file that cannot be written (disk full) costs lines, never the service: they are counted, and
// the file says how many as soon as it can be written again. A file that is removed, replaced or
// truncated under us is begun anew.
//
// Thread: loop. Errors: none.

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/loop.hpp"
#include "core/logs/parts.hpp"

namespace exai::process {

struct LogLimits {
  std::uint64_t max_bytes = 10U << 20U;  // of one part
  Duration max_age = 7 * 24h;            // 0: of any age
  int keep = 5;                          // parts besides the current one
  bool compress = true;                  // those
};

class LogFile {
 public:
  LogFile(const Clock& clock, std::string path, LogLimits limits);

  // `text` is what the fifo holds next; it is no longer there afterwards, come what may.
  void take(const Fd& fifo, std::string_view text, logs::Stream stream);
  // Text that is in no fifo.
  void write(std::string_view text, logs::Stream stream);
  // Ends a line that has no end.
  void end_line();

  std::uint64_t dropped() const { return dropped_total_; }  // lines
  const std::string& path() const { return path_; }
  const LogLimits& limits() const { return limits_; }
  void limit(const LogLimits& limits);  // from now on
  bool take_rotated() { return std::exchange(rotated_, false); }  // since the last call

 private:
  void put(const Fd* fifo, std::string_view text, logs::Stream stream);
  std::size_t portion(std::string_view text) const;
  std::size_t splice_all(const Fd& fifo, std::string_view text);
  std::size_t write_all(std::string_view text);
  void added(std::string_view text);
  bool write_notice();
  void drop(std::string_view text);
  void mark(logs::Stream stream);

  bool ready();
  bool is_ours() const;
  void open();
  void open_index();
  void forget_index();
  bool rotate();
  void remove_old();
  bool too_old() const;
  std::uint64_t number();
  logs::Part part(std::uint64_t number) const;

  const Clock& clock_;
  std::string path_;  // a Path would be several times as large
  LogLimits limits_;
  Fd fd_;
  Fd index_;
  std::uint64_t size_ = 0;
  std::uint64_t index_size_ = 0;
  logs::Mark last_;              // the last one; index_size_ == 0: of an earlier part
  WallTime began_;               // the current part
  std::uint64_t number_ = 0;     // of the current part, once it is an earlier one; 0: not known
  std::uint64_t rotate_at_ = 0;  // bytes
  Time next_removal_{};
  bool rotated_ = false;
  bool open_line_ = false;     // the file ends within a line …
  bool torn_ = false;          // … whose rest was lost
  bool losing_ = false;        // what was lost last was no whole line
  std::uint64_t dropped_ = 0;  // lines since the last one that was written
  std::uint64_t dropped_total_ = 0;
};

// Takes `size` bytes from a fifo and forgets them.
void discard(const Fd& fifo, std::size_t size);

}  // namespace exai::process
