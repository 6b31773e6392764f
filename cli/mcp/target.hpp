#pragma once
// Where `exai mcp` finds its daemon, first match decides:
//
//   --url                               ws://HOST:PORT/ws; the token is $EXAI_WS_TOKEN
//   a stack file                        the service that has an `mcp` check: its port, its token
//   none                                $EXAI_WS_HOST, $EXAI_WS_PORT, $EXAI_WS_TOKEN;
//                                       127.0.0.1:8079
//
// With TLS when it is wss://, when the check says so, when $EXAI_TLS_CERTIFICATE_PATH is set. What
// is trusted is what the system trusts, or --ca, or the check's `ca`.

#include <string>

#include "cli/context.hpp"
#include "core/base/loop.hpp"
#include "core/base/spawn.hpp"
#include "core/base/websocket_client.hpp"

namespace exai::cli {

// "ws://127.0.0.1:8079/ws", or wss://; http:// and https:// are the same, and /mcp, or no path,
// means /ws. Errors: invalid.
Result<WebSocketAddress> parse_endpoint(std::string_view url);
std::string url_of(const WebSocketAddress& address);

struct Target {
  WebSocketAddress address;
  std::string service = {};  // of the stack; empty: it is in none
};

// The target that the stack (or the environment) names now. Errors: invalid, with what to change.
// `ca`: instead of what is trusted otherwise; empty: nothing.
Result<Target> find_target(const Context& context, const std::string& url, const std::string& ca);

// What starts the target's service and returns: `exai up -d SERVICE`.
SpawnSpec up_command(const Context& context, const std::string& service);
// Runs it; what it prints goes to stderr. Errors: those of spawn, unavailable when it fails.
Task<Result<>> run_command(SpawnSpec spec);

}  // namespace exai::cli
