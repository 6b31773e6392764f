#pragma once
// MCP over stdin and stdout: one JSON message a line, nothing else on stdout. A client starts exaid
// and ends it by closing stdin; there is no port.
//
// The descriptors are shared with others (a terminal, the shell), so they are not made
// non-blocking: each read and write waits until it can be done at once. What the client does not
// read is kept up to the limit; beyond it the client counts as gone.
//
// Lifetime: the endpoint outlives it. Destroying it cancels the client's calls.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "core/base/loop.hpp"
#include "core/base/rpc.hpp"
#include "daemon/net/duplex.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai::net {

class Stdio {
 public:
  // Errors: of duplicating the descriptors.
  static Result<std::unique_ptr<Stdio>> open(Loop& loop, Log log, McpEndpoint& endpoint,
                                             std::size_t limit, int in = 0, int out = 1);
  ~Stdio();
  Stdio(const Stdio&) = delete;
  Stdio& operator=(const Stdio&) = delete;

  // Serves until the client has closed its end. May be cancelled; what was said still goes out.
  Task<> serve();
  void hang_up();  // cancels the client's calls
  // All answers are out, or the client has gone, when this resumes; at the latest after the limit.
  Task<> flush(Clock& clock, Duration limit);

 private:
  Stdio(Loop& loop, Log log, std::size_t limit, int in, int out);
  void write(std::string message);
  Task<> write_all();
  Task<Result<>> written();

  asio::posix::stream_descriptor in_;
  asio::posix::stream_descriptor out_;
  asio::steady_timer changed_;  // cancelled when the writer has something to do
  Log log_;
  std::size_t limit_;
  rpc::LineFramer lines_;
  std::unique_ptr<Duplex> duplex_;
  std::string outbox_;
  bool closing_ = false;
  bool broken_ = false;  // the client reads no more
  TaskGroup writer_;
};

}  // namespace exai::net
