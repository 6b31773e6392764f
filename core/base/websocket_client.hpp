#pragma once
// A WebSocket from this end: whole text messages over TCP or TLS, without compression.
// A silence is filled with pings; a peer that answers none of them is gone. Beast is behind it.
//
// One reader and one writer at a time. Thread: loop. Lifetime: receive() and send() have ended
// before it is destroyed; cut() ends them.

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/http.hpp"
#include "core/base/loop.hpp"

namespace exai {

struct WebSocketAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = false;  // with the certificate of that host, which the CAs in the file vouch for, or
  Path ca;           // where none is named, those of the system (tls.hpp)
  std::string path = "/";
  std::string subprotocol;  // empty: none is asked for
  HeaderMap headers;        // of the upgrade, beside those that make it one
  std::size_t max_message = 64U << 20U;
  Duration silence = 60s;  // after which the peer counts as gone
};

class WebSocketClient {
 public:
  // Errors: unavailable (refused, unknown host, closed), denied (HTTP 401, 403; a certificate that
  // is not to be trusted), invalid (any other answer, or not the subprotocol). Has no deadline:
  // with_timeout().
  static Task<Result<std::unique_ptr<WebSocketClient>>> connect(Loop& loop,
                                                                WebSocketAddress address);
  virtual ~WebSocketClient() = default;

  virtual Task<Result<std::string>> receive() = 0;  // errors: unavailable, closed
  virtual Task<Result<>> send(std::string text) = 0;
  virtual void cut() = 0;
};

}  // namespace exai
