#include "core/base/rewrite.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace exai {

namespace {

constexpr int kMostBackups = 1000;
constexpr mode_t kPermissions = 07777;

// Another name for the file as it is: the old text keeps its own mode, owner and times.
Result<Path> keep_backup(const Path& path) {
  for (int i = 0; i < kMostBackups; ++i) {
    const Path backup = path.string() + (i == 0 ? ".bak" : ".bak." + std::to_string(i));
    if (::link(path.c_str(), backup.c_str()) == 0) return backup;
    if (errno != EEXIST) return fail(os_error("keeping a copy of", path));
  }
  return fail(Errc::conflict, "there are {} copies of {} already; remove some", kMostBackups,
              path.string());
}

}  // namespace

Result<Path> rewrite_file(const Path& path, std::string_view before, std::string_view after) {
  std::error_code error;
  const Path file = std::filesystem::canonical(path, error);
  if (error) return fail(Errc::not_found, "{}: {}", path.string(), error.message());
  TRY(now, read_file(file));
  if (now != before)
    return fail(Errc::conflict, "{} was changed by somebody else meanwhile", path.string());
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return fail(os_error("looking at", file));
  if (::access(file.c_str(), W_OK) != 0) return fail(os_error("writing", file));

  // The new text first stands beside the file, with all that belongs to it.
  const Path draft = file.string() + "." + random_hex(6) + ".tmp";
  if (auto written = write_file_atomic(draft, after, info.st_mode & kPermissions); !written)
    return fail(std::move(written).error());
  const auto give_up = [&](Error reason) {
    ::unlink(draft.c_str());
    return fail(std::move(reason));
  };
  if ((info.st_uid != ::geteuid() || info.st_gid != ::getegid()) &&
      ::chown(draft.c_str(), info.st_uid, info.st_gid) != 0)
    return give_up(os_error("keeping the owner of", file));
  // Changing the owner may have taken bits away.
  if (::chmod(draft.c_str(), info.st_mode & kPermissions) != 0)
    return give_up(os_error("keeping the mode of", file));
  auto backup = keep_backup(file);
  if (!backup) return give_up(std::move(backup).error());
  if (::rename(draft.c_str(), file.c_str()) != 0) {
    const Error reason = os_error("replacing", file);
    ::unlink(backup->c_str());
    return give_up(reason);
  }
  return backup;
}

Result<> restrict_mode(const Path& path, mode_t mode) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return fail(os_error("looking at", path));
  if (S_ISLNK(info.st_mode)) return fail(Errc::invalid, "{} is a link", path.string());
  if ((mode & ~(info.st_mode & kPermissions)) != 0)
    return fail(Errc::invalid, "{} would get permissions that it does not have", path.string());
  if (::chmod(path.c_str(), mode) != 0) return fail(os_error("setting the mode of", path));
  return {};
}

}  // namespace exai
