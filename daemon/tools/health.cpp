#include "core/base/text.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> health(Context& context, mcp::Call) {
  mcp::ToolResult result;
  result.structured = context.host.health();
  result.text = to_pretty_text(result.structured);
  co_return result;
}

}  // namespace exai::tools
