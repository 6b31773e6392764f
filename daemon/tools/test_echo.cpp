#include "core/base/text.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> test_echo(Context& context, mcp::Call call) {
  std::optional<std::string> message = find_string(call.arguments, "message");
  if (!message) message = find_string(call.arguments, "prompt");
  if (!message) co_return failure("test_echo: message (or prompt) is missing");

  const Duration delay(find_integer(call.arguments, "delay_ms").value_or(0));
  if (delay > 0ms) co_await context.clock.sleep_for(delay);

  mcp::ToolResult result;
  if (find_bool(call.arguments, "include_metadata").value_or(false)) {
    result.structured["message"] = *message;
    result.structured["bytes"] = message->size();
    result.structured["delay_ms"] = delay.count();
    result.structured["time_utc"] = format_utc(context.clock.wall());
    result.structured["request_id"] = call.request_id;
    result.structured["session_id"] = call.session_id;
  }
  result.text = *std::move(message);
  co_return result;
}

}  // namespace exai::tools
