#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"

namespace exai::tools {

Task<mcp::ToolResult> glm_payload_preview(Context& context, mcp::Call call) {
  providers::ChatRequest request;
  request.model = find_string(call.arguments, "model").value_or(context.glm.default_model);
  if (const auto system = find_string(call.arguments, "system_prompt"))
    request.messages.push_back({"system", *system});
  request.messages.push_back({"user", find_string(call.arguments, "prompt").value_or("")});
  request.temperature = find_number(call.arguments, "temperature").value_or(0.3);

  request.search_web = find_bool(call.arguments, "use_websearch").value_or(false);
  if (const json::array* tools = find_array(call.arguments, "tools")) request.tools = *tools;
  if (const json::value* choice = find(call.arguments, "tool_choice"))
    request.tool_choice = *choice;

  json::object out = providers::preview(context.glm, std::move(request));
  out["sent"] = false;
  out["configured"] = !context.glm.key.empty();
  mcp::ToolResult result = report(std::move(out));
  co_return result;
}

}  // namespace exai::tools
