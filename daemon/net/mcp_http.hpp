#pragma once
// Streamable HTTP of the handshake era, on one path. Internal to the endpoint.
//
//   no Mcp-Session-Id      only `initialize` gets in, and is given one         else 400
//   Mcp-Session-Id         must be known                                       else 404
//   request, plain         200, application/json
//   request, streamed      200, text/event-stream: when it asked for progress, or JSON is not
//   accepted notification           202 cancelled request      an event stream without events (202
//   when streams are not accepted)
//
// A POST lives until its calls have ended, whether or not its client is still there.

#include <memory>
#include <optional>
#include <string>

#include "core/base/log.hpp"
#include "daemon/mcp/session_table.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai::net {

class McpHttp {
 public:
  McpHttp(Clock& clock, Log log, CallRunner& runner, const mcp::ToolSource& tools,
          const McpOptions& options);

  Task<std::optional<Response>> post(Request request, BodyWriter& writer);
  Response end_session(const Request& request);
  std::size_t sessions();  // expires the idle ones first

 private:
  class Exchange;
  struct Accepts {
    bool json = true;
    bool stream = true;
  };
  static Accepts accepts_of(std::string_view accept);
  static std::optional<Response> refuse_form(const Request& request, Accepts accepts);

  Response open_session(const Request& request, Accepts accepts);
  Task<std::optional<Response>> stream(std::shared_ptr<Exchange> exchange, BodyWriter& writer);

  Clock& clock_;
  Log log_;
  CallRunner& runner_;
  const mcp::ToolSource& tools_;
  const McpOptions& options_;
  mcp::SessionTable table_;
};

}  // namespace exai::net
