#include "daemon/tools/ask.hpp"
#include "daemon/tools/file_tools.hpp"

namespace exai::tools {

Task<mcp::ToolResult> file_query(Context& context, mcp::Call call) {
  if (context.files == nullptr) co_return failure("file_query: " + nowhere_to_keep().message());
  auto path = find_string(call.arguments, "file_path");
  auto id = find_string(call.arguments, "file_id");
  if (path.has_value() == id.has_value())
    co_return failure("file_query: give either file_path or file_id");
  if (path) {
    const auto added = co_await keep_path(context, *std::move(path), 0ms, call.caller);
    if (!added) co_return failure("file_query: " + added.error().message());
    id = added->info.id;
  }
  Talk talk;
  talk.prompt = find_string(call.arguments, "question").value_or("");
  talk.wishes = read_wishes(call);
  talk.wishes.attached.file_ids = {*id};
  const std::string provider = find_string(call.arguments, "provider").value_or("auto");
  if (provider != "auto" && !find_string(call.arguments, "model")) {
    const auto found = provider_for_files(context, provider);
    if (!found) co_return failure("file_query: " + found.error().message());
    call.arguments["model"] = provider + "/" + (*found)->info().default_model;
  }
  mcp::ToolResult result = co_await converse(context, std::move(call), std::move(talk));
  if (!result.is_error) result.structured["file_id"] = *id;
  co_return result;
}

}  // namespace exai::tools
