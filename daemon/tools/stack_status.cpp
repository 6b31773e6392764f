#include "core/base/text.hpp"
#include "daemon/tools/stack_tools.hpp"

namespace exai::tools {
namespace {

std::string line_of(const json::object& service) {
  std::string line = fmt::format("{}: {}", find_string(service, "name").value_or("?"),
                                 find_string(service, "state").value_or("?"));
  if (const auto cause = find_string(service, "cause"); cause && !cause->empty())
    line += fmt::format(" ({})", *cause);
  if (const json::object* ready = find_object(service, "ready")) {
    line += fmt::format(", {} {}", find_string(*ready, "check").value_or(""),
                        find_string(*ready, "standing").value_or(""));
    if (const auto age = find_integer(*ready, "age_ms"))
      line += fmt::format(" {} ago", format_duration(Duration(*age)));
  }
  const std::int64_t restarts = find_integer(service, "restarts").value_or(0);
  if (restarts > 0)
    line += fmt::format(", {}", count_of(static_cast<std::size_t>(restarts), "restart"));
  return line + "\n";
}

}  // namespace

mcp::ToolResult stack_failure(std::string_view tool, const Error& error) {
  std::string text = fmt::format("{}: {}", tool, error.message());
  if (error.code() == Errc::unavailable || error.code() == Errc::timeout)
    text += ". What to do: exai status says whether the supervisor lives; exai up takes over";
  return failure(std::move(text));
}

Task<mcp::ToolResult> stack_status(Context& context, mcp::Call call) {
  std::string service = find_string(call.arguments, "service").value_or("");
  auto status = co_await context.host.stack()->status(std::move(service));
  if (!status) co_return stack_failure("stack_status", status.error());
  mcp::ToolResult result;
  if (const json::array* services = find_array(*status, "services"))
    for (const json::value& one : *services) result.text += line_of(one.as_object());
  result.structured = *std::move(status);
  co_return result;
}

}  // namespace exai::tools
