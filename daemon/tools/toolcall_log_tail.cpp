#include "core/base/text.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> toolcall_log_tail(Context& context, mcp::Call call) {
  const auto count = static_cast<std::size_t>(find_integer(call.arguments, "n").value_or(50));
  const std::string tool = find_string(call.arguments, "tool").value_or("");
  const auto entries = context.journal->last(count, tool);
  mcp::ToolResult result;
  json::array calls;
  result.text = entries.empty() ? "no calls yet\n"
                                : fmt::format("the last {}, the newest below\n",
                                              count_of(entries.size(), "call"));
  for (const JournalEntry& entry : entries) {
    result.text += to_line(entry) + "\n";
    calls.push_back(to_json(entry));
  }
  result.structured["calls"] = std::move(calls);
  result.structured["forgotten"] = context.journal->forgotten();
  co_return result;
}

}  // namespace exai::tools
