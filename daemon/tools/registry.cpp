#include "daemon/tools/registry.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/tools/table.hpp"

namespace exai::tools {
namespace {

mcp::ToolInfo parse_info(std::string_view text) {
  const Result<json::object> object = parse_json_object(text);
  EXAI_ASSERT(object.has_value());
  mcp::ToolInfo info;
  info.name = find_string(*object, "name").value_or("");
  info.title = find_string(*object, "title").value_or("");
  info.description = find_string(*object, "description").value_or("");
  const json::object* schema = find_object(*object, "inputSchema");
  EXAI_ASSERT(!info.name.empty() && schema != nullptr);
  info.input_schema = *schema;
  if (const json::object* output = find_object(*object, "outputSchema"))
    info.output_schema = *output;
  if (const json::object* hints = find_object(*object, "annotations")) {
    info.read_only = find_bool(*hints, "readOnlyHint").value_or(true);
    info.open_world = find_bool(*hints, "openWorldHint").value_or(false);
  }
  return info;
}

tl::unexpected<Error> unknown_tool(const std::string& name, const std::vector<mcp::ToolInfo>& all) {
  std::vector<std::string> names;
  for (const mcp::ToolInfo& info : all) names.push_back(info.name);
  const auto meant = closest(name, names);
  return fail(Errc::not_found, "no tool named \"{}\"{}", printable(name),
              meant ? ", did you mean \"" + *meant + "\"?" : std::string());
}

}  // namespace

mcp::ToolResult failure(std::string text) {
  mcp::ToolResult result;
  result.text = std::move(text);
  result.is_error = true;
  return result;
}

Registry::Registry(Context context, Duration call_limit)
    : context_(context), call_limit_(call_limit) {
  for (const Row& row : kTools) {
    catalog_.tools.push_back(parse_info(row.description));
    checks_.emplace_back(catalog_.tools.back().input_schema);
  }
  context_.tools = &catalog_.tools;
}

Task<Result<mcp::ToolResult>> Registry::call(mcp::Call call) {
  const auto info = std::ranges::find(catalog_.tools, call.name, &mcp::ToolInfo::name);
  if (info == catalog_.tools.end()) co_return unknown_tool(call.name, catalog_.tools);
  const auto index = static_cast<std::size_t>(info - catalog_.tools.begin());
  const std::vector<std::string> wrong = checks_[index].problems(call.arguments);
  if (!wrong.empty()) co_return failure(fmt::format("{}: {}", call.name, join(wrong, "; ")));
  Task<Result<mcp::ToolResult>> working = run(kTools[index].handler, std::move(call));
  auto result = co_await with_timeout(context_.clock, std::move(working), call_limit_);
  if (result || result.error().code() != Errc::timeout) co_return result;
  co_return failure(
      fmt::format("{}: stopped after {}. What to do: ask for less at once, or raise "
                  "WORKFLOW_TOOL_TIMEOUT_SECS",
                  info->name, format_duration(call_limit_)));
}

mcp::Needs Registry::needs(const std::string& tool, const json::object& arguments) const {
  mcp::Needs needs;
  needs.conversation = find_string(arguments, "continuation_id").value_or("");
  const auto info = std::ranges::find(catalog_.tools, tool, &mcp::ToolInfo::name);
  if (info == catalog_.tools.end() || !info->open_world) return needs;
  const auto route = context_.router.route(find_string(arguments, "model").value_or(""));
  if (route) needs.provider = route->provider->info().name;
  return needs;
}

Task<Result<mcp::ToolResult>> Registry::run(Handler handler, mcp::Call call) {
  mcp::ToolResult result = co_await handler(context_, std::move(call));
  co_return result;
}

}  // namespace exai::tools
