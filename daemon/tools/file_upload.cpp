#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "daemon/tools/file_tools.hpp"

namespace exai::tools {
namespace {

Result<store::Incoming> given_content(const json::object& arguments) {
  store::Incoming incoming;
  incoming.name = find_string(arguments, "name").value_or("");
  std::string content = find_string(arguments, "content").value_or("");
  if (find_string(arguments, "encoding").value_or("text") == "base64") {
    while (content.ends_with('=')) content.pop_back();
    auto bytes = from_base64(content);
    if (!bytes) return fail(bytes.error().within("content"));
    content = *std::move(bytes);
  }
  incoming.content = std::move(content);
  return incoming;
}

Task<Result<store::Added>> keep(Context& context, json::object arguments, std::string owner) {
  const Duration keep_for = find_integer(arguments, "keep_days").value_or(0) * 24h;
  const auto path = find_string(arguments, "path");
  const bool content = find(arguments, "content") != nullptr;
  if (path.has_value() == content)
    co_return fail(Errc::invalid, "give either path, or content with name");
  if (path) {
    std::string from = *path;
    co_return co_await keep_path(context, std::move(from), keep_for, std::move(owner));
  }
  auto incoming = given_content(arguments);
  if (!incoming) co_return fail(incoming.error());
  incoming->keep = keep_for;
  incoming->owner = std::move(owner);
  co_return co_await context.files->add(*std::move(incoming));
}

}  // namespace

json::object described(const store::FileInfo& file) {
  json::array at;
  for (const auto& [provider, id] : file.uploads)
    at.push_back(json::object{{"provider", provider}, {"file_id", id}});
  return {{"file_id", file.id},
          {"name", file.name},
          {"type", file.type},
          {"size", file.size},
          {"sha256", file.sha256},
          {"created", format_utc(file.created)},
          {"expires", format_utc(file.expires)},
          {"uploads", std::move(at)}};
}

Task<Result<store::Added>> keep_path(Context& context, std::string path, Duration keep,
                                     std::string owner) {
  store::Incoming incoming;
  incoming.name = Path(path).filename().string();
  incoming.keep = keep;
  incoming.owner = std::move(owner);
  auto opened = co_await context.allowed_files->open(std::move(path));
  if (!opened) co_return fail(opened.error());
  incoming.content = *std::move(opened);
  co_return co_await context.files->add(std::move(incoming));
}

Result<providers::Provider*> provider_for_files(const Context& context, std::string_view name) {
  for (providers::Provider* provider : context.router.providers()) {
    if (provider->info().name != name) continue;
    if (provider->info().file_purpose.empty())
      return fail(Errc::invalid, "{} takes no files", provider->info().title);
    return provider;
  }
  for (const providers::Preset& preset : providers::presets())
    if (preset.name == name)
      return fail(Errc::unavailable, "{} is not configured: set {}", preset.title,
                  preset.key_option);
  return fail(Errc::not_found, "there is no provider \"{}\"", printable(name));
}

Task<mcp::ToolResult> file_upload(Context& context, mcp::Call call) {
  if (context.files == nullptr) co_return failure("file_upload: " + nowhere_to_keep().message());
  providers::Provider* provider = nullptr;
  if (const auto named = find_string(call.arguments, "provider")) {
    const auto found = provider_for_files(context, *named);
    if (!found) co_return failure("file_upload: " + found.error().message());
    provider = *found;
  }
  json::object arguments = call.arguments;
  const auto added = co_await keep(context, std::move(arguments), call.caller);
  if (!added) co_return failure("file_upload: " + added.error().message());

  json::object out = described(added->info);
  out["known"] = added->known;
  mcp::ToolResult result;
  result.text =
      fmt::format("{} is kept as {} until {} ({}, {}){}", added->info.name, added->info.id,
                  format_utc(added->info.expires), added->info.type, format_size(added->info.size),
                  added->known ? "; this content was known already" : "");
  if (provider != nullptr) {
    store::FileInfo sent = added->info;
    const auto at_it = co_await provider_file_id(context, std::move(sent), provider);
    if (!at_it)
      co_return failure(fmt::format("file_upload: {} is kept as {}, but not sent: {}",
                                    added->info.name, added->info.id, at_it.error().message()));
    out["provider_file_id"] = *at_it;
    result.text += fmt::format("; {} has it as {}", provider->info().title, *at_it);
  }
  result.structured = std::move(out);
  co_return result;
}

}  // namespace exai::tools
