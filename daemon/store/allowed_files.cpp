#include "daemon/store/allowed_files.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::store {
namespace {

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

// What the kernel makes up as it is read says things about us and the machine.
bool is_on_a_disk(const Fd& fd) {
  struct statfs system {};
  if (::fstatfs(fd.get(), &system) != 0) return false;
  const auto magic = static_cast<std::uint64_t>(system.f_type);
  return magic != PROC_SUPER_MAGIC && magic != SYSFS_MAGIC && magic != DEBUGFS_MAGIC &&
         magic != CGROUP2_SUPER_MAGIC;
}

}  // namespace

Result<Fd> open_allowed(const std::vector<std::string>& roots, const std::string& name) {
  const auto forms = all_forms(roots);
  const auto allowed = [&](const Path& path) {
    return std::ranges::any_of(forms, [&](const Path& root) { return is_below(path, root); });
  };
  if (name.find('\0') != std::string::npos || !Path(name).is_absolute() ||
      !allowed(Path(name).lexically_normal()))
    return outside(name, roots);
  TRY(found, open_file(name, O_PATH));
  const Path itself = fmt::format("/proc/self/fd/{}", found.get());
  std::error_code error;
  const Path real = std::filesystem::read_symlink(itself, error);
  if (error || !allowed(real)) return outside(name, roots);
  struct stat info {};
  if (::fstat(found.get(), &info) != 0 || !S_ISREG(info.st_mode) || !is_on_a_disk(found))
    return fail(Errc::invalid, "{} is no regular file", printable(name));
  auto opened =
      open_file(itself, O_RDONLY | O_NOCTTY);  // the same file, whatever its name means now
  if (!opened && opened.error().code() == Errc::denied)
    return fail(Errc::denied, "{} may not be read by exaid", printable(name));
  return opened;
}

Task<Result<std::string>> AllowedFiles::read(std::string name, std::size_t limit) {
  std::function<Result<std::string>()> job = [roots = roots_, name = std::move(name),
                                              limit]() -> Result<std::string> {
    TRY(fd, open_allowed(roots, name));
    auto bytes = read_file(fmt::format("/proc/self/fd/{}", fd.get()), limit);
    if (!bytes && bytes.error().code() == Errc::invalid)
      return fail(Errc::invalid, "{} has more than {}", printable(name), format_size(limit));
    return bytes;
  };
  return island_.run(std::move(job));
}

Task<Result<std::shared_ptr<Fd>>> AllowedFiles::open(std::string name) {
  std::function<Result<std::shared_ptr<Fd>>()> job =
      [roots = roots_, name = std::move(name)]() -> Result<std::shared_ptr<Fd>> {
    TRY(fd, open_allowed(roots, name));
    return std::make_shared<Fd>(std::move(fd));
  };
  return island_.run(std::move(job));
}

}  // namespace exai::store
