#pragma once
// What a tool is, to everyone in the daemon: its description, a call to it, and its result. Neutral
// of the protocol's era; session.hpp (handshake era) and later a stateless front-end speak for it.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/loop.hpp"

namespace exai::mcp {

struct ToolInfo {
  std::string name;         // [A-Za-z0-9_.-]{1,128}
  std::string title;
  std::string description;
  json::object input_schema;  // JSON Schema of the arguments
  bool read_only = true;      // annotations.readOnlyHint
  bool open_world = false;    // annotations.openWorldHint: talks to the outside
};

struct ToolResult {
  std::string text;             // the one content item
  bool is_error = false;        // the tool's failure, told to the model
  json::object structured;      // structuredContent; empty: absent
};

struct Progress {
  double progress = 0;  // strictly increasing within a call
  std::optional<double> total;
  std::string message;
};

// One tools/call on its way through the daemon. Cancellation travels as the coroutine's own.
struct ToolCall {
  std::string name;
  json::object arguments;
  std::string request_id;  // of the correlation: in every log line
  std::string session_id;
  std::function<void(Progress)> progress;  // never empty; goes nowhere when nobody asked
};

// The tools as sessions see them.
class ToolSource {
 public:
  virtual ~ToolSource() = default;
  virtual const std::vector<ToolInfo>& tools() const = 0;  // in a fixed order
  // Argument errors and failures of the tool are results with is_error. Errors: not_found (no such
  // tool), unavailable (draining).
  virtual Task<Result<ToolResult>> call(ToolCall call) = 0;
};

}  // namespace exai::mcp
