#include "daemon/tools/tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> challenge(Context&, mcp::Call call) {
  const std::string prompt = find_string(call.arguments, "prompt").value_or("");
  mcp::ToolResult result;
  result.text = fmt::format(
      "The user said:\n\n\"{}\"\n\nThink before you answer, and do not agree in order to please. "
      "What would have to be true for this to be right? What speaks against it, in the facts and "
      "in what you said before? Check what can be checked. Then say plainly: right, wrong, or "
      "partly, and why. If you were right before, stay with it; if you were wrong, say so and put "
      "it right.",
      prompt);
  result.structured["original_prompt"] = prompt;
  result.structured["challenge_prompt"] = result.text;
  co_return result;
}

}  // namespace exai::tools
