#pragma once
// HTTP and WebSocket as the rest of the daemon sees them: plain values and two small interfaces.
// Beast stays behind http_server.cpp and websocket.cpp.
//
// One Server listens on one address. Each connection is a coroutine on the loop, and one sweep over
// all connections enforces their deadlines. Limits: head 16 KiB, body `max_body`, idle `idle`, and
// a request, or a message of a WebSocket, must arrive within `receive` plus a second for every
// 16 KiB of it. Nothing compressed is taken or sent. Lifetime: handlers
// outlive servers; a server is drained before it is destroyed.

#include <boost/container/flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/loop.hpp"
#include "daemon/net/networks.hpp"

namespace exai {
class TlsServer;
}

namespace exai::net {

// Names in lower case. They are few and looked up often: one piece of memory for all of them.
using Headers = boost::container::flat_map<std::string, std::string, std::less<>>;

// The value of that header; empty when it is absent.
inline std::string_view header(const Headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

// Who a request or a WebSocket comes from, as its handler finds out.
struct Caller {
  std::string name;                                // empty: anybody who may come in
  std::optional<std::vector<std::string>> scopes;  // none: not limited to any
  WallTime until = WallTime::max();                // then it must show something new

  friend bool operator==(const Caller&, const Caller&) = default;
};

// That time as a deadline; what changes the machine's date afterwards does not move it.
inline Time deadline_at(const Clock& clock, WallTime time) {
  if (time == WallTime::max()) return Time::max();
  return clock.now() + std::chrono::duration_cast<Duration>(time - clock.wall());
}

struct Request {
  std::string method;  // "POST"; HEAD comes as GET, and the server leaves the body out
  std::string path;    // "/mcp", decoded, without the query
  std::string query;   // raw, without the "?"
  Headers headers;
  std::string body;
  std::string peer;  // "127.0.0.1"; the client behind a trusted proxy
  Caller caller;     // left to the handler
};

struct Response {  // NOLINT(bugprone-exception-escape): moving a flat_map throws nothing
  int status = 200;
  Headers headers;  // content-length is added
  std::string body;
};

// A response sent in pieces (server-sent events). One writer.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  virtual Task<Result<>> start(Response head) = 0;  // body ignored; sent chunked
  virtual Task<Result<>> write(std::string bytes) = 0;
  virtual Task<Result<>> finish() = 0;
  // Resumes when the peer has gone (or the exchange is over).
  virtual Task<> wait_gone() = 0;
};

// An open WebSocket: whole text messages. Sending is queued (bounded: a reader that is too slow is
// closed with 1013) and never blocks the caller.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual const std::string& subprotocol() const = 0;
  virtual const std::string& peer() const = 0;
  virtual const Caller& caller() const = 0;         // of the request that it began with
  virtual Task<Result<std::string>> receive() = 0;  // unavailable: closed; invalid: binary, too big
  virtual void send(std::string text) = 0;
  virtual Task<> close(std::uint16_t code, std::string reason) = 0;
  // The same, without waiting until it is closed; receive() ends.
  virtual void begin_close(std::uint16_t code, std::string reason) = 0;
  // The same, when that time has come. Once.
  virtual void close_at(WallTime time, std::uint16_t code, std::string reason) = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;
  // Either returns the response, or uses the writer and returns nothing.
  virtual Task<std::optional<Response>> handle(Request request, BodyWriter& writer) = 0;
  // The subprotocol to accept for an upgrade, or the response that refuses it. May set the caller.
  virtual tl::expected<std::string, Response> accept_websocket(Request& request);
  virtual Task<> serve(WebSocket& socket);
};

struct ListenOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;             // 0: any free one
  std::size_t max_body = 32U << 20U;  // and the largest WebSocket message
  std::size_t max_bytes = 0;          // of all of them together: byte_budget.hpp; 0: no limit
  std::size_t max_connections = 1000;
  std::size_t max_per_address = 0;  // of those that `trusted` does not know; 0: no limit
  Networks trusted;
  const TlsServer* tls = nullptr;  // none: clear text
  Duration idle = 60s;            // between requests, and while a peer does not read
  Duration receive = 10s;         // for a request to arrive, or the handshake of TLS
  Duration websocket_ping = 30s;  // of silence, then a ping …
  Duration websocket_pong = 10s;  // … which must be answered within this
};

class Server {
 public:
  // Errors: conflict (the address is in use), denied, invalid (no such address).
  static Result<std::unique_ptr<Server>> listen(Loop& loop, Clock& clock, Log log,
                                                ListenOptions options, Handler& handler);
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
  // Accepts nothing more; exchanges in progress go on, idle connections and WebSockets are closed
  // (1001, after what they have queued). Resumes when all are done; cuts the rest when the limit is
  // over.
  virtual Task<> drain(Duration limit) = 0;
};

}  // namespace exai::net
