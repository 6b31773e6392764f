#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "daemon/mcp/content.hpp"
#include "daemon/tools/file_tools.hpp"
#include "daemon/tools/resources.hpp"

namespace exai::tools {
namespace {

constexpr std::int64_t kShown = 256 << 10;

// Without the part of a code point at its end, which comes with the next piece.
std::string whole_code_points(std::string text) {
  for (int cut = 0; cut < 4 && !is_utf8(text) && !text.empty(); ++cut) text.pop_back();
  return text;
}

Task<mcp::ToolResult> copy(Context& context, store::FileRef ref, store::FileInfo file,
                           std::string name) {
  if (context.downloads.empty())
    co_return failure(
        "file_download: nothing may be written. What to do: leave destination out, or set "
        "EXAI_DOWNLOAD_DIR");
  Path folder = context.downloads;
  std::string as = name;
  auto copied = co_await context.files->copy_to(std::move(ref), std::move(folder), std::move(as));
  if (!copied)
    co_return failure(fmt::format(
        "file_download: {}{}", copied.error().message(),
        copied.error().code() == Errc::conflict ? ". What to do: choose another destination" : ""));
  mcp::ToolResult result;
  result.structured = described(file);
  result.structured["path"] = (context.downloads / name).string();
  result.text = fmt::format("{} is now at {}", file.name, (context.downloads / name).string());
  co_return result;
}

}  // namespace

Task<mcp::ToolResult> file_download(Context& context, mcp::Call call) {
  if (context.files == nullptr) co_return failure("file_download: " + nowhere_to_keep().message());
  const std::string id = find_string(call.arguments, "file_id").value_or("");
  store::FileRef asked{id, call.caller};
  const auto file = co_await context.files->find(asked);
  if (!file) co_return failure("file_download: " + file.error().message());
  if (auto name = find_string(call.arguments, "destination")) {
    store::FileInfo copied = *file;
    co_return co_await copy(context, std::move(asked), std::move(copied), *std::move(name));
  }
  const auto offset =
      static_cast<std::uint64_t>(find_integer(call.arguments, "offset").value_or(0));
  const auto most =
      static_cast<std::size_t>(find_integer(call.arguments, "max_bytes").value_or(kShown));
  auto bytes = co_await context.files->read(std::move(asked), offset, most);
  if (!bytes) co_return failure("file_download: " + bytes.error().message());

  mcp::ToolResult result;
  result.structured = described(*file);
  if (file->type == "text/plain" && is_utf8(whole_code_points(*bytes))) {
    result.text = whole_code_points(*std::move(bytes));
    result.structured["bytes"] = result.text.size();
    result.structured["more"] = offset + result.text.size() < file->size;
    co_return result;
  }
  result.structured["bytes"] = bytes->size();
  result.structured["more"] = offset + bytes->size() < file->size;
  result.text = fmt::format("{}: {} of {}, from byte {} on", file->name, format_size(bytes->size()),
                            format_size(file->size), offset);
  std::string base64 = to_base64(*bytes, Padding::full);
  const bool whole_image = file->type.starts_with("image/") && bytes->size() == file->size;
  if (whole_image)
    result.content.push_back(mcp::image_content(std::move(base64), file->type));
  else
    result.content.push_back(
        mcp::embedded_resource(mcp::blob_resource(file_uri(id), file->type, std::move(base64))));
  co_return result;
}

}  // namespace exai::tools
