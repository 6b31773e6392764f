#pragma once
// The EXAI protocol (mcp::ExaiSession) on WebSockets without a subprotocol, over the same calls,
// admission and tools as MCP. Internal to the endpoint.
//
//   close code   when
//   4000         the first frame is no JSON
//   4001         it is no hello
//   4002         there was none in time
//   4003         the token is wrong, or a JWT is missing, wrong or has expired (gate.hpp)
//   1008         there are too many connections (the server's doing)
//
// The end of a connection cancels its calls.

#include <memory>
#include <string>

#include "core/base/log.hpp"
#include "daemon/mcp/exai_session.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai::net {

class ExaiEndpoint final : public mcp::ExaiHost {
 public:
  // Lifetime: all of it outlives the endpoint.
  ExaiEndpoint(Loop& loop, Clock& clock, Log log, CallRunner& runner, const mcp::Source& source,
               Gate& gate, const McpOptions& options);

  Task<> serve(WebSocket& socket);
  std::size_t sessions() const { return sessions_; }
  Task<> drain();  // resumes when nobody is waited for any more

  json::object health() const override;
  Result<> rotate_token(const Secret& old, const Secret& fresh) override;

 private:
  struct Line;
  class Connection;

  mcp::ExaiGreeting greet(std::string_view first_frame, const std::string& peer, Caller& caller);
  Task<> expect_hello(std::shared_ptr<Line> line);

  Clock& clock_;
  Log log_;
  CallRunner& runner_;
  const mcp::Source& source_;
  Gate& gate_;
  const McpOptions& options_;
  mcp::ExaiLedger ledger_;
  TaskGroup watchers_;
  Time started_;
  std::size_t sessions_ = 0;
  std::uint64_t connections_ = 0;  // ever
};

}  // namespace exai::net
