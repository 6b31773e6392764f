#include "daemon/tools/attachments.hpp"

#include <fcntl.h>

#include <algorithm>

#include "core/base/base64.hpp"
#include "core/base/os.hpp"
#include "core/base/text.hpp"

namespace exai::tools {
namespace {

constexpr std::size_t kLargestFile = 256U << 10U;
constexpr std::size_t kMostFileBytes = 1U << 20U;
constexpr std::size_t kLargestImage = 10U << 20U;
constexpr std::size_t kMostImageBytes = 20U << 20U;

bool is_below(const Path& path, const Path& root) {
  const auto [end, at] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end() && at != path.end();
}

Path without_trailing_slash(const std::string& root) {
  const Path normal = Path(root).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

// As they are written, and where they really are.
std::vector<Path> all_forms(const std::vector<std::string>& roots) {
  std::vector<Path> forms;
  for (const std::string& root : roots) {
    forms.push_back(without_trailing_slash(root));
    std::error_code error;
    Path real = std::filesystem::canonical(root, error);
    if (!error) forms.push_back(std::move(real));
  }
  return forms;
}

tl::unexpected<Error> outside(const std::string& name, const std::vector<std::string>& roots) {
  if (roots.empty())
    return fail(Errc::denied,
                "{}: no file of this machine may be sent: EXAI_FILE_ROOTS names the folders whose "
                "files may",
                printable(name));
  return fail(Errc::denied, "{} is not below EXAI_FILE_ROOTS ({})", printable(name),
              join(roots, ", "));
}

Result<std::string> read_inside(const std::vector<std::string>& roots, const std::string& name,
                                std::size_t limit) {
  const auto forms = all_forms(roots);
  const auto allowed = [&](const Path& path) {
    return std::ranges::any_of(forms, [&](const Path& root) { return is_below(path, root); });
  };
  if (!Path(name).is_absolute() || !allowed(Path(name).lexically_normal()))
    return outside(name, roots);
  // Without waiting for anybody: a fifo would.
  TRY(fd, open_file(name, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  const Path opened = fmt::format("/proc/self/fd/{}", fd.get());
  std::error_code error;
  const Path real = std::filesystem::read_symlink(opened, error);
  if (error || !allowed(real)) return outside(name, roots);
  if (!is_file(opened)) return fail(Errc::invalid, "{} is no regular file", printable(name));
  auto bytes = read_file(opened, limit);
  if (!bytes && bytes.error().code() == Errc::invalid)
    return fail(Errc::invalid, "{} has more than {}", printable(name), format_size(limit));
  return bytes;
}

std::string_view image_type(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "image/webp";
  return "";
}

bool is_data_url(std::string_view text) {
  const std::size_t comma = text.find(',');
  return text.starts_with("data:image/") && comma < 100 &&
         text.substr(0, comma).ends_with(";base64");
}

Result<> add_file(Attachments& all, const std::vector<std::string>& roots,
                  const std::string& name) {
  TRY(text, read_inside(roots, name, kLargestFile));
  if (!is_utf8(text) || text.find('\0') != std::string::npos)
    return fail(Errc::invalid, "{} is no text; images go into images", printable(name));
  all.text += fmt::format("\n--- {} ---\n{}\n--- end of {} ---\n", name, text, name);
  all.names.push_back(name);
  if (all.text.size() > kMostFileBytes)
    return fail(Errc::invalid, "the files have more than {} together",
                format_size(kMostFileBytes));
  return {};
}

Result<std::string> image_url(const std::vector<std::string>& roots, const std::string& image) {
  if (image.starts_with("data:")) {
    if (!is_data_url(image))
      return fail(Errc::invalid, "an image as a URL must begin with data:image/…;base64,");
    if (image.size() > kLargestImage * 4 / 3)
      return fail(Errc::invalid, "an image has more than {}", format_size(kLargestImage));
    return image;
  }
  TRY(bytes, read_inside(roots, image, kLargestImage));
  const std::string_view type = image_type(bytes);
  if (type.empty())
    return fail(Errc::invalid, "{} is no PNG, JPEG, GIF or WebP", printable(image));
  return fmt::format("data:{};base64,{}", type, to_base64(bytes, Padding::full));
}

}  // namespace

Result<Attachments> read_attachments(const std::vector<std::string>& roots,
                                     const std::vector<std::string>& files,
                                     const std::vector<std::string>& images) {
  Attachments all;
  for (const std::string& name : files)
    if (auto added = add_file(all, roots, name); !added) return fail(added.error());
  std::size_t bytes = 0;
  for (const std::string& image : images) {
    TRY(url, image_url(roots, image));
    bytes += url.size();
    if (bytes > kMostImageBytes * 4 / 3)
      return fail(Errc::invalid, "the images have more than {} together",
                  format_size(kMostImageBytes));
    all.names.push_back(image.starts_with("data:") ? "an image" : image);
    all.images.push_back(std::move(url));
  }
  return all;
}

}  // namespace exai::tools
