#pragma once
// Streamable HTTP of the handshake era, on one path. Internal to the endpoint.
//
//   no Mcp-Session-Id      only `initialize` gets in, and is given one         else 400
//   Mcp-Session-Id         must be known                                       else 404
//   POST a request         200, application/json or text/event-stream: http_stream.hpp
//   POST anything else     202
//   POST, then cancelled   an event stream without events (202 when streams are not accepted)
//   GET                    the session's own stream: what belongs to no request of the client
//   GET, Last-Event-ID     what followed that event on its stream, and what is still to come
//   DELETE                 ends the session and its calls
//
// A POST lives until its calls have ended, whether or not its client is still there. A stream has
// one connection, the newest that asked for it, and no longer than what that one showed is good
// (gate.hpp).

#include <memory>
#include <optional>
#include <string>

#include "core/base/log.hpp"
#include "daemon/mcp/session_table.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/http_stream.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai::net {

class McpHttp {
 public:
  McpHttp(Clock& clock, Log log, CallRunner& runner, const mcp::Source& source,
          const McpOptions& options);

  Task<std::optional<Response>> post(Request request, BodyWriter& writer);
  Task<std::optional<Response>> get(Request request, BodyWriter& writer);
  Response end_session(const Request& request);
  void changed(const mcp::Change& change);
  void close_streams();
  std::size_t sessions();  // expires the idle ones first

 private:
  static std::optional<Response> refuse_version(const Request& request);

  tl::expected<mcp::SessionTable::Entry*, Response> session_of(const Request& request);
  tl::expected<std::shared_ptr<SessionStream>, Response> open_stream(
      mcp::SessionTable::Entry& entry, std::string_view last_event);
  Response open_session(const Request& request, Accepts accepts);

  Clock& clock_;
  Log log_;
  CallRunner& runner_;
  const mcp::Source& source_;
  const McpOptions& options_;
  mcp::SessionTable table_;
  LiveStreams live_;
};

}  // namespace exai::net
