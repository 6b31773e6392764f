// What a source does that has tools and nothing else.
#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/mcp/mcp.hpp"

namespace exai::mcp {

bool Source::has_tool(std::string_view name) const {
  const auto& tools = catalog().tools;
  return std::ranges::find(tools, name, &ToolInfo::name) != tools.end();
}

Needs Source::needs(const std::string&, const json::object&) const {
  return {};
}

std::string Source::scope(std::string_view, const std::string&) const {
  return {};
}

Task<Result<json::object>> Source::read(Call call) {
  co_return fail(Errc::not_found, "there is no resource {}", printable(call.name));
}

Task<Result<json::object>> Source::prompt(Call call) {
  co_return fail(Errc::not_found, "there is no prompt \"{}\"", printable(call.name));
}

Result<std::vector<std::string>> Source::complete(const Completing& completing) const {
  return fail(Errc::not_found, "there is nothing to complete for \"{}\"",
              printable(completing.name));
}

void Source::on_change(std::function<void(const Change&)>) {}

}  // namespace exai::mcp
