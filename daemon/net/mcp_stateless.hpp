#pragma once
// The stateless era (2026-07-28) on the transports: every request is a conversation of its own.
// Internal to the endpoint.
//
//   HTTP        POST; 200 with application/json or text/event-stream (http_stream.hpp), 202 for a
//               notification; mcp::Stateless says which errors are 400 and 404. No session, no ids
//               on events. A client that closes the connection cancels its request, and so does
//               the end of the JWT that it showed (gate.hpp).
//   others      duplex.hpp

#include <set>
#include <string>

#include "core/base/log.hpp"
#include "daemon/mcp/seal.hpp"
#include "daemon/mcp/stateless.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/http_stream.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai::net {

class StatelessStream;

// A subscriptions/listen that is open.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void tell(const mcp::Change& change) = 0;
  virtual void tell(const mcp::TaskEntry& task) = 0;
  virtual void end_listening() = 0;  // with its result
};

class McpStateless {
 public:
  McpStateless(Loop& loop, Clock& clock, Log log, CallRunner& runner, const mcp::Source& source,
               mcp::TaskTable& tasks, const McpOptions& options);

  // Whether the request is one of this era: by its header, else by its body.
  static bool is_modern(const Request& request);

  Task<std::optional<Response>> post(Request request, BodyWriter& writer);
  // A request on any transport, from there.
  mcp::Stateless request(std::optional<mcp::HeaderMap> headers, const Origin& origin);
  void add(Listener& listener) { listening_.insert(&listener); }
  bool remove(Listener& listener) { return listening_.erase(&listener) > 0; }
  void changed(const mcp::Change& change);
  void changed(const mcp::TaskEntry& task);
  // Ends all subscriptions, with their results. Resumes when nobody is watched any more.
  Task<> drain();

 private:
  Task<> watch(std::shared_ptr<StatelessStream> stream, Task<> gone, Time end);

  Clock& clock_;
  CallRunner& runner_;
  const Networks& trusted_;
  mcp::Sealer sealer_;
  mcp::Stateless::Server server_;
  TaskGroup watchers_;
  std::set<Listener*> listening_;
  std::uint64_t requests_ = 0;
};

}  // namespace exai::net
