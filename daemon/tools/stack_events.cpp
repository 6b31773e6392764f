#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/tools/stack_tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> stack_events(Context& context, mcp::Call call) {
  const auto since = static_cast<std::uint64_t>(find_integer(call.arguments, "since").value_or(0));
  const auto limit = static_cast<std::size_t>(find_integer(call.arguments, "limit").value_or(50));
  const std::string service = find_string(call.arguments, "service").value_or("");
  auto page = co_await context.host.stack()->events(since);
  if (!page) co_return stack_failure("stack_events", page.error());

  std::vector<json::object> events;
  if (const json::array* all = find_array(*page, "events"))
    for (const json::value& one : *all)
      if (service.empty() || find_string(one.as_object(), "service") == service)
        events.push_back(one.as_object());
  const std::size_t skipped = events.size() - std::min(events.size(), limit);
  mcp::ToolResult result;
  json::array shown;
  for (std::size_t i = skipped; i < events.size(); ++i) {
    const json::object& event = events[i];
    result.text += fmt::format(
        "{} {}: {} -> {}: {}\n", find_string(event, "time").value_or(""),
        find_string(event, "service").value_or(""), find_string(event, "from").value_or(""),
        find_string(event, "to").value_or(""), find_string(event, "cause").value_or(""));
    shown.push_back(event);
  }
  if (events.empty()) result.text = "no events\n";
  result.structured["events"] = std::move(shown);
  result.structured["left_out"] = skipped;
  for (const char* key : {"last", "gap"})
    if (const json::value* value = find(*page, key)) result.structured[key] = *value;
  co_return result;
}

}  // namespace exai::tools
