#include "core/base/version.hpp"

#include "daemon/tools/tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> version(Context&, mcp::Call) {
  mcp::ToolResult result;
  result.text = fmt::format("exaid {}", kVersion);
  result.structured["name"] = "exaid";
  result.structured["version"] = kVersion;
  co_return result;
}

}  // namespace exai::tools
