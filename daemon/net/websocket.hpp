#pragma once
// One WebSocket, server side, over Beast (walled into websocket.cpp). Internal to the server.
//
// send() appends to the outbox; one writer coroutine empties it and performs the closing, so frames
// never interleave and what was queued goes out before the close frame. The outbox is bounded by
// the largest message: a peer that reads too slowly loses what is queued and is closed with 1013.
// Beast pings a silent peer and gives it up after two ping intervals.

#include <memory>
#include <string>

#include "core/base/loop.hpp"
#include "core/base/stream.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

struct ServerContext;

class WebSocketSession : public WebSocket {
 public:
  // Answers the upgrade. The writer runs in the server's task group and ends with the session.
  // Errors: invalid (no valid upgrade; the peer was told so), unavailable (the peer has gone).
  static Task<Result<std::shared_ptr<WebSocketSession>>> accept(Stream stream, Request request,
                                                                std::string subprotocol,
                                                                ServerContext& server);

  virtual Task<> wait_closed() = 0;
  virtual void keep_alive(Time now) = 0;        // pings a peer that is silent for too long
  virtual bool is_overdue(Time now) const = 0;  // no pong, or the closing takes too long: cut() it
  virtual void cut() = 0;
};

}  // namespace exai::net
