#pragma once
// Lines over two descriptors, stdin and stdout mostly: what stdio transports of MCP are made of,
// the server's (exaid --stdio) and the bridge's (exai mcp).
//
// The descriptors are shared with others (a terminal, the shell), so they are not made
// non-blocking: each read and write waits until it can be done at once. What the other side does
// not read is kept up to the limit; beyond it the other side counts as gone.
//
// Thread: loop. Lifetime: flush() before destroying it, or what was written is lost.

#include <memory>
#include <optional>
#include <string>

#include "core/base/loop.hpp"
#include "core/base/rpc.hpp"

namespace exai {

class LineStream {
 public:
  // `limit`: of a line, and of what waits to be read by the other side. Errors: of duplicating the
  // descriptors.
  static Result<std::unique_ptr<LineStream>> open(Loop& loop, Log log, std::size_t limit,
                                                  int in = 0, int out = 1);
  LineStream(const LineStream&) = delete;
  LineStream& operator=(const LineStream&) = delete;

  // The next line that is not empty; nothing at the end, or when the other side reads no more.
  // Errors: invalid, a line over the limit, which is skipped.
  Task<std::optional<Result<std::string>>> next();

  // Adds the line's end. Never blocks the caller.
  void write(std::string line);
  std::size_t unread() const { return outbox_.size() - written_; }
  // Resumes when no more than this waits to be read, or when nobody reads any more.
  Task<> wait_read(std::size_t most);
  // All is written, or the other side has gone, when this resumes; at the latest after the limit.
  Task<> flush(Clock& clock, Duration limit);

 private:
  LineStream(Loop& loop, Log log, std::size_t limit, int in, int out);
  Task<> write_all();
  Task<Result<>> all_written();

  Descriptor in_;
  Descriptor out_;
  Timer changed_;  // cancelled when the writer has something to do
  Timer read_;     // cancelled when something was read
  Log log_;
  std::size_t limit_;
  rpc::LineFramer lines_;
  std::string outbox_;
  std::size_t written_ = 0;  // of the outbox
  bool closing_ = false;
  bool broken_ = false;  // the other side reads no more
  TaskGroup writer_;
};

}  // namespace exai
