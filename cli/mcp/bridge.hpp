#pragma once
// The I/O of `exai mcp`: stdin and stdout on one side, a WebSocket to the daemon on the other, and
// the relay (relay.hpp) between them, which decides what is said. Logs go where the log goes;
// stdout carries the protocol alone.
//
//   stdin ──lines──▶ Relay ──▶ outbox ──▶ WebSocket          read_client, keep_connected
//   stdout ◀─────── Relay ◀────────────── WebSocket
//
// What nobody takes is not read either: stdin waits while the outbox is full, and two seconds at
// most while as many requests are unanswered as may be; the WebSocket while the client does not
// read. When stdin ends, what is unanswered has a few seconds yet.
//
// Thread: loop.

#include <functional>
#include <string>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "core/base/websocket_client.hpp"

namespace exai::bridge {

struct BridgeOptions {
  // Asked before each attempt to connect: a token or a port may have changed. Errors: as those of a
  // failed attempt.
  std::function<Result<WebSocketAddress>()> address;
  std::function<Task<Result<>>()> start_daemon;  // once, when the first attempt fails; empty: no
  std::string name;                              // of the daemon: "ws://127.0.0.1:8079/ws"
  Duration patience = 30s;
};

// Until the client has gone, or SIGTERM. Errors: unavailable, the client's session is lost for
// good; those of opening stdin and stdout.
Task<Result<>> run_bridge(Loop& loop, Clock& clock, Log log, BridgeOptions options);

}  // namespace exai::bridge
