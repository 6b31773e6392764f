#include "core/base/text.hpp"
#include "daemon/tools/file_tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> file_list(Context& context, mcp::Call call) {
  if (context.files == nullptr) co_return failure("file_list: " + nowhere_to_keep().message());
  const auto files = co_await context.files->list(call.caller);
  if (!files) co_return failure("file_list: " + files.error().message());
  const std::string wanted = to_lower(find_string(call.arguments, "name").value_or(""));
  const auto limit = static_cast<std::size_t>(find_integer(call.arguments, "limit").value_or(100));
  mcp::ToolResult result;
  json::array shown;
  std::size_t matching = 0;
  std::uint64_t bytes = 0;
  for (const store::FileInfo& file : *files) {
    bytes += file.size;
    if (to_lower(file.name).find(wanted) == std::string::npos || ++matching > limit) continue;
    shown.push_back(described(file));
    result.text += fmt::format("{}  {}  {}, {}, until {}\n", file.id, file.name, file.type,
                               format_size(file.size), format_utc(file.expires));
  }
  result.text += fmt::format("{}, {} kept in all\n", count_of(shown.size(), "file"),
                             count_of(files->size(), "file") + " of " + format_size(bytes));
  if (matching > shown.size())
    result.text += fmt::format("{} more: raise limit\n", matching - shown.size());
  result.structured = {{"files", std::move(shown)},
                       {"matching", matching},
                       {"kept", files->size()},
                       {"kept_bytes", bytes}};
  co_return result;
}

}  // namespace exai::tools
