#pragma once
// What the tools of the stack share. They are only offered where there is one.

#include "daemon/tools/tools.hpp"

namespace exai::tools {

// "stack_status: the supervisor does not answer. What to do: …"
mcp::ToolResult stack_failure(std::string_view tool, const Error& error);

}  // namespace exai::tools
