#pragma once
// A connection that carries messages both ways, one after another: a WebSocket, or stdin and
// stdout. It is one session of the handshake era; requests of the stateless era may come beside,
// each on its own, told apart by their ids. Internal to the endpoint.
//
// notifications/cancelled cancels a request of either era. The end of the connection cancels all of
// them: destroy the Duplex then.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "daemon/mcp/session.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/mcp_stateless.hpp"

namespace exai::net {

class Duplex {
 public:
  using Send = std::function<void(std::string)>;

  // `id` is for log lines; unique in the process. It is in `open` as long as it lives. `origin` is
  // whose rates it counts towards, and who it is.
  Duplex(std::string id, Send send, CallRunner& runner, McpStateless& stateless,
         mcp::Session session, std::size_t max_in_flight, std::set<Duplex*>& open, Origin origin);
  ~Duplex();
  Duplex(const Duplex&) = delete;
  Duplex& operator=(const Duplex&) = delete;

  void receive(std::string_view text);
  void changed(const mcp::Change& change);

 private:
  struct Line;
  class SessionPeer;
  class RequestPeer;

  void receive_request(rpc::Request& request, std::size_t bytes);
  bool cancel_request(std::string_view text);

  CallRunner& runner_;
  McpStateless& stateless_;
  std::size_t max_in_flight_;
  std::set<Duplex*>& open_;
  std::shared_ptr<Line> line_;
  std::shared_ptr<SessionPeer> session_;
  std::map<rpc::Id, std::shared_ptr<RequestPeer>> requests_;  // of the stateless era, unfinished
};

}  // namespace exai::net
