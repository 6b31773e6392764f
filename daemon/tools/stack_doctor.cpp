#include "core/base/text.hpp"
#include "daemon/tools/stack_tools.hpp"

namespace exai::tools {
namespace {

std::string words_for(const json::object& report) {
  std::string text;
  if (const json::array* findings = find_array(report, "findings"))
    for (const json::value& one : *findings)
      text += fmt::format("{:<4}  {}\n", find_string(one.as_object(), "level").value_or(""),
                          printable(find_string(one.as_object(), "message").value_or("")));
  const json::object* cause = find_object(report, "first_cause");
  if (cause == nullptr) return text + "\nnothing is wrong, as far as can be seen from here\n";
  text +=
      fmt::format("\nfirst cause: {}\n", printable(find_string(*cause, "message").value_or("")));
  std::vector<std::string> explained;
  if (const json::array* explains = find_array(*cause, "explains"))
    for (const json::value& service : *explains) explained.emplace_back(service.get_string());
  if (!explained.empty()) text += fmt::format("it explains: {}\n", join(explained, ", "));
  return text + fmt::format("type: {}\n", find_string(*cause, "fix").value_or(""));
}

}  // namespace

Task<mcp::ToolResult> stack_doctor(Context& context, mcp::Call) {
  json::object health = context.host.health();
  auto seen = co_await context.host.stack()->doctor(std::move(health));
  if (!seen) co_return stack_failure("stack_doctor", seen.error());
  const std::string redacted = context.host.redact(to_text(*seen));
  json::object report = parse_json_object(redacted).value_or(*std::move(seen));
  report["not_examined"] = json::array{"configuration", "ports", "mcp"};
  mcp::ToolResult result;
  result.text =
      words_for(report) + "exai doctor examines configuration, ports and the MCP path, too\n";
  result.structured = std::move(report);
  co_return result;
}

}  // namespace exai::tools
