#pragma once
// The tools of the daemon. A tool is data plus a function: schemas/tools/<name>.json says what it
// is and what it takes, <name>.cpp has the function of that name, and one line of the list in
// CMakeLists.txt joins them.
//
// A handler's arguments have been validated against its schema. It never fails: what goes wrong is
// a result with is_error, in words that tell the model and the operator what to do.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "daemon/mcp/mcp.hpp"
#include "daemon/providers/router.hpp"
#include "daemon/store/store.hpp"

namespace exai::tools {

// What the daemon tells its tools about itself.
class Host {
 public:
  struct Facts {
    std::string environment;
    std::string timezone;
    Duration uptime{};
    std::size_t http_sessions = 0;
    std::size_t websocket_sessions = 0;
    std::size_t calls_in_flight = 0;
    std::uint64_t calls_total = 0;
    std::uint64_t calls_failed = 0;
  };
  virtual ~Host() = default;
  virtual Facts facts() = 0;
  virtual json::object health() = 0;  // the report of /health
};

// How much of a conversation is kept, and for how long.
struct ConversationLimits {
  std::size_t turns = 20;
  Duration keep = 24h;
};

// What handlers work with. Lifetime: all of it outlives every call.
struct Context {
  Clock& clock;
  store::Store& store;
  const providers::Router& router;
  Host& host;
  ConversationLimits conversations = {};
  const std::vector<mcp::ToolInfo>* tools = nullptr;  // all of them; the registry sets it
};

// What <name>.cpp defines.
using Handler = Task<mcp::ToolResult> (*)(Context& context, mcp::Call call);

// A result that says what went wrong.
mcp::ToolResult failure(std::string text);

}  // namespace exai::tools
