#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/regex.hpp"
#include "daemon/tools/stack_tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> stack_logs(Context& context, mcp::Call call) {
  const std::string service = find_string(call.arguments, "service").value_or("");
  const auto lines = static_cast<std::size_t>(find_integer(call.arguments, "lines").value_or(100));
  std::optional<config::Regex> filter;
  if (const auto pattern = find_string(call.arguments, "filter")) {
    auto compiled = config::Regex::compile(*pattern);
    if (!compiled) co_return failure("stack_logs: filter: " + compiled.error().message());
    filter = *std::move(compiled);
  }
  std::string whose = service;
  const std::size_t wanted = filter ? Stack::kMostLines : lines;
  auto tail = co_await context.host.stack()->log(std::move(whose), wanted);
  if (!tail) co_return stack_failure("stack_logs", tail.error());
  if (filter)
    std::erase_if(tail->lines,
                  [&](const LogTail::Line& line) { return !filter->finds(line.text); });
  const std::size_t skipped = tail->lines.size() - std::min(tail->lines.size(), lines);

  mcp::ToolResult result;
  json::array shown;
  result.text = fmt::format("{}, {}{}\n", service, count_of(tail->lines.size() - skipped, "line"),
                            tail->older_left || skipped > 0 ? " (there are earlier ones)" : "");
  for (std::size_t i = skipped; i < tail->lines.size(); ++i) {
    const LogTail::Line& line = tail->lines[i];
    json::object one{{"text", context.host.redact(printable(line.text))}};
    if (line.time) one["time"] = format_utc(*line.time);
    if (!line.stream.empty()) one["stream"] = line.stream;
    result.text += fmt::format("{} {}\n", line.time ? format_utc(*line.time) : "",
                               find_string(one, "text").value_or(""));
    shown.push_back(std::move(one));
  }
  result.structured["service"] = service;
  result.structured["lines"] = std::move(shown);
  result.structured["older_left"] = tail->older_left || skipped > 0;
  co_return result;
}

}  // namespace exai::tools
