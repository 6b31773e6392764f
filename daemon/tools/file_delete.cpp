#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"
#include "daemon/tools/file_tools.hpp"

namespace exai::tools {
namespace {

struct AtProviders {
  json::array removed;
  json::array left;  // with what the provider said
};

providers::Provider* owner_of(const Context& context, const std::string& key) {
  for (providers::Provider* provider : context.router.providers())
    if (upload_key(provider->info()) == key) return provider;
  return nullptr;
}

Task<AtProviders> remove_uploads(Context& context, store::FileInfo file) {
  AtProviders done;
  for (const auto& upload : file.uploads) {
    providers::Provider* provider = owner_of(context, upload.first);
    if (provider == nullptr) {
      done.left.push_back(
          json::object{{"provider", upload.first}, {"why", "it is not configured any more"}});
      continue;
    }
    std::string id = upload.second;
    const auto removed = co_await provider->remove_file(std::move(id));
    if (removed)
      done.removed.push_back(json::value(upload.first));
    else
      done.left.push_back(
          json::object{{"provider", upload.first}, {"why", removed.error().message}});
  }
  co_return done;
}

}  // namespace

Task<mcp::ToolResult> file_delete(Context& context, mcp::Call call) {
  if (context.files == nullptr) co_return failure("file_delete: " + nowhere_to_keep().message());
  const std::string id = find_string(call.arguments, "file_id").value_or("");
  store::FileRef asked{id, call.caller};
  const auto file = co_await context.files->find(asked);
  if (!file) co_return failure("file_delete: " + file.error().message());
  mcp::ToolResult result;
  result.structured = {{"file_id", id}, {"name", file->name}, {"deleted", false}};
  if (find_bool(call.arguments, "dry_run").value_or(false)) {
    result.text = fmt::format("{} ({}) would be deleted here and at {}", file->name, id,
                              count_of(file->uploads.size(), "provider"));
    co_return result;
  }
  store::FileInfo sent = *file;
  AtProviders at = co_await remove_uploads(context, std::move(sent));
  auto removed = co_await context.files->remove(std::move(asked));
  if (!removed) co_return failure("file_delete: " + removed.error().message());
  result.text = fmt::format("{} ({}) is deleted", file->name, id);
  for (const json::value& one : at.left)
    result.text += fmt::format("; it is still at {}: {}",
                               find_string(one.as_object(), "provider").value_or(""),
                               find_string(one.as_object(), "why").value_or(""));
  result.structured["deleted"] = true;
  result.structured["deleted_at"] = std::move(at.removed);
  result.structured["left_at"] = std::move(at.left);
  co_return result;
}

}  // namespace exai::tools
