#include "daemon/tools/attachments.hpp"

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "daemon/tools/uploads.hpp"

namespace exai::tools {
namespace {

constexpr std::size_t kLargestFile = 256U << 10U;
constexpr std::size_t kMostFileBytes = 1U << 20U;
constexpr std::size_t kLargestImage = 10U << 20U;
constexpr std::size_t kMostImageBytes = 20U << 20U;
constexpr std::size_t kMostDocumentBytes = 4U << 20U;

bool is_data_url(std::string_view text) {
  const std::size_t comma = text.find(',');
  return text.starts_with("data:image/") && comma < 100 &&
         text.substr(0, comma).ends_with(";base64");
}

bool is_text(const std::string& bytes) {
  return is_utf8(bytes) && bytes.find('\0') == std::string::npos;
}

Result<> add_text(Attachments& all, const std::string& name, const std::string& text) {
  if (!is_text(text))
    return fail(Errc::invalid, "{} is no text; images go into images", printable(name));
  all.text += fmt::format("\n--- {} ---\n{}\n--- end of {} ---\n", name, text, name);
  all.names.push_back(name);
  if (all.text.size() > kMostFileBytes)
    return fail(Errc::invalid, "the files have more than {} together",
                format_size(kMostFileBytes));
  return {};
}

Result<> add_image(Attachments& all, std::string name, std::string url) {
  std::size_t bytes = url.size();
  for (const std::string& one : all.images) bytes += one.size();
  if (bytes > kMostImageBytes * 4 / 3)
    return fail(Errc::invalid, "the images have more than {} together",
                format_size(kMostImageBytes));
  all.names.push_back(std::move(name));
  all.images.push_back(std::move(url));
  return {};
}

Result<> add_image_bytes(Attachments& all, const std::string& name, std::string_view bytes) {
  const std::string_view type = store::type_of(bytes);
  if (!type.starts_with("image/"))
    return fail(Errc::invalid, "{} is no PNG, JPEG, GIF or WebP", printable(name));
  return add_image(all, name,
                   fmt::format("data:{};base64,{}", type, to_base64(bytes, Padding::full)));
}

Result<> add_image_url(Attachments& all, const std::string& url) {
  if (!is_data_url(url))
    return fail(Errc::invalid, "an image as a URL must begin with data:image/…;base64,");
  if (url.size() > kLargestImage * 4 / 3)
    return fail(Errc::invalid, "an image has more than {}", format_size(kLargestImage));
  return add_image(all, "an image", url);
}

Result<> add_document(Attachments& all, const store::FileInfo& file, std::string text) {
  if (!is_text(text))
    return fail(Errc::invalid, "what the provider made of {} is no text", file.name);
  std::size_t bytes = text.size();
  for (const std::string& one : all.documents) bytes += one.size();
  if (bytes > kMostDocumentBytes)
    return fail(Errc::invalid, "the files have more than {} of text together",
                format_size(kMostDocumentBytes));
  all.names.push_back(file.name);
  all.documents.push_back(
      fmt::format("--- {} ---\n{}\n--- end of {} ---", file.name, std::move(text), file.name));
  return {};
}

Task<Result<>> add_kept(Context& context, store::FileRef kept, providers::Provider* provider,
                        Attachments& all) {
  if (context.files == nullptr) co_return fail(nowhere_to_keep());
  const auto file = co_await context.files->find(kept);
  if (!file) co_return fail(file.error());
  const bool image = file->type.starts_with("image/");
  if (image && file->size > kLargestImage)
    co_return fail(Errc::invalid, "{} has more than {}", file->name, format_size(kLargestImage));
  if (image || (file->type == "text/plain" && file->size <= kLargestFile)) {
    const auto bytes = co_await context.files->read(std::move(kept), 0, kLargestImage);
    if (!bytes) co_return fail(bytes.error());
    co_return image ? add_image_bytes(all, file->name, *bytes) : add_text(all, file->name, *bytes);
  }
  store::FileInfo asked = *file;
  auto text = co_await provider_text(context, std::move(asked), provider);
  if (!text) co_return fail(text.error());
  co_return add_document(all, *file, *std::move(text));
}

}  // namespace

Task<Result<Attachments>> read_attachments(Context& context, Wanted wanted,
                                           providers::Provider* provider) {
  Attachments all;
  for (std::string& name : wanted.files) {
    std::string path = name;
    const auto text = co_await context.allowed_files->read(std::move(path), kLargestFile);
    if (!text) co_return fail(text.error());
    if (auto added = add_text(all, name, *text); !added) co_return fail(added.error());
  }
  for (std::string& image : wanted.images) {
    Result<> added;
    if (image.starts_with("data:")) {
      added = add_image_url(all, image);
    } else {
      std::string path = image;
      const auto bytes = co_await context.allowed_files->read(std::move(path), kLargestImage);
      if (!bytes) co_return fail(bytes.error());
      added = add_image_bytes(all, image, *bytes);
    }
    if (!added) co_return fail(added.error());
  }
  for (std::string& id : wanted.file_ids) {
    store::FileRef kept{std::move(id), wanted.caller};
    auto added = co_await add_kept(context, std::move(kept), provider, all);
    if (!added) co_return fail(added.error());
  }
  co_return all;
}

}  // namespace exai::tools
