#pragma once
// What a tool is, as data: schemas/tools/<name>.json, embedded.
//
//   name, title, description, inputSchema, outputSchema, annotations    as MCP has them
//   execution  {"taskSupport": "optional"} where a call may last: it may go on as a task
//   tier       which profiles offer it: essential and core in lean, advanced in standard, hidden in
//              full only
//   earlier_names   under which it can be called, too: those of the system before this one
//   always_runs     true: an equal call is never answered with the result of the last one
//   scope      "read" or "change": an operations tool, only where that scope is granted and a
//              supervisor runs the daemon
//   examples   [{"title", "arguments", "shows": [words of the answer]}]: docs/TOOLS.md has them,
//              and a test runs each
//   workflow   a step-wise tool: see Workflow. Its inputSchema has what it takes beyond the frame,
//              schemas/tools/workflow_frame.json, which all of them share
//
// Reading aborts when an embedded file is not sound: a test keeps that from happening. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "daemon/mcp/mcp.hpp"

namespace exai::tools {

enum class Tier { essential, core, advanced, hidden };
enum class Scope { none, read, change };
std::string_view name(Tier tier);
std::optional<Scope> parse_scope(std::string_view word);

// A step-wise tool: the client's model does the work, step by step, and the engine keeps what it
// found, says what to do next, and asks another model at the end when that is wanted.
struct Workflow {
  enum class Expert { never, at_end, each_step };
  std::string goal;                  // "find the root cause of a fault"
  std::string task;                  // what the prompt asks for: "The fault: what happens, …"
  std::vector<std::string> actions;  // what to do before step 2, 3, …; the last one holds on
  std::string finish;                // what to do with the result
  Expert expert = Expert::at_end;
  std::string expert_prompt;  // the system prompt of the model that is asked
};

struct Example {
  std::string title;
  json::object arguments;
  std::vector<std::string> shows;
};

struct Definition {
  mcp::ToolInfo info;
  Tier tier = Tier::hidden;
  Scope scope = Scope::none;  // none: no operations tool
  std::vector<Example> examples;
  std::optional<Workflow> workflow;
};

Definition parse_definition(std::string_view text, std::string_view workflow_frame);

// Of all tools, in the order in which clients see them.
std::vector<Definition> read_definitions();

}  // namespace exai::tools
