#pragma once
// MCP over stdin and stdout: one JSON message a line, nothing else on stdout. A client starts exaid
// and ends it by closing stdin; there is no port. core/base/line_stream.hpp has what happens to a
// client that does not read.
//
// Lifetime: the endpoint outlives it. Destroying it cancels the client's calls.

#include <memory>
#include <string>

#include "core/base/line_stream.hpp"
#include "daemon/net/duplex.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai::net {

class Stdio {
 public:
  // Errors: of duplicating the descriptors.
  static Result<std::unique_ptr<Stdio>> open(Loop& loop, Log log, McpEndpoint& endpoint,
                                             std::size_t limit, int in = 0, int out = 1);
  Stdio(const Stdio&) = delete;
  Stdio& operator=(const Stdio&) = delete;

  // Serves until the client has closed its end. May be cancelled; what was said still goes out.
  Task<> serve();
  void hang_up() { duplex_.reset(); }  // cancels the client's calls
  // All answers are out, or the client has gone, when this resumes; at the latest after the limit.
  Task<> flush(Clock& clock, Duration limit) { return lines_->flush(clock, limit); }

 private:
  Stdio(std::unique_ptr<LineStream> lines, McpEndpoint& endpoint);

  std::unique_ptr<LineStream> lines_;
  std::unique_ptr<Duplex> duplex_;
};

}  // namespace exai::net
