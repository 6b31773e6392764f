#include "supervisor/service/watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/text.hpp"
#include "core/config/ignore.hpp"

namespace exai::service {

namespace {

constexpr Duration kQuiet = 100ms;  // that long nothing must change …
constexpr Duration kPatience = 2s;  // … but a build that never rests is told of, too
constexpr std::size_t kMostFolders = 4096;
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO |
                                  IN_MOVED_FROM | IN_DELETE_SELF | IN_ONLYDIR;

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

}  // namespace

bool reaches_into(std::string_view pattern, std::string_view folder) {
  const std::vector<std::string> parts = split(pattern, '/');
  const std::vector<std::string> folders =
      folder.empty() ? std::vector<std::string>() : split(folder, '/');
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (i < parts.size() && parts[i] == "**") return true;
    if (i + 1 >= parts.size() || !config::matches_glob(parts[i], folders[i])) return false;
  }
  return true;
}

bool counts(std::string_view path) {
  if (path.empty() || path.back() == '~') return false;
  return path.front() != '.' && path.find("/.") == std::string_view::npos;
}

bool is_watched(const std::vector<std::string>& patterns, std::string_view path) {
  return counts(path) && std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
           return config::matches_glob(pattern, path);
         });
}

FileWatch::FileWatch(Loop& loop, Clock& clock, Log log, Path root,
                     std::vector<std::string> patterns, Changed changed)
    : clock_(clock),
      log_(std::move(log)),
      root_(std::move(root)),
      patterns_(std::move(patterns)),
      changed_(std::move(changed)),
      queue_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      tasks_(loop, log_) {
  if (!queue_) {
    log_.warn("files are not watched", {{"error", errno_error(errno, "inotify").message()}});
    return;
  }
  watch_folder("", false);
  tasks_.spawn("watching files", run());
}

bool FileWatch::reaches(const std::string& folder) const {
  return counts(folder) &&
         std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const auto& pattern) { return reaches_into(pattern, folder); });
}

// The folder and those below it that matter. What is in a new one may have come before we looked:
// it counts.
void FileWatch::watch_folder(const std::string& folder, bool is_new) {
  const Path path = folder.empty() ? root_ : root_ / folder;
  if (folders_.size() >= kMostFolders)
    return log_.warn("too many folders to watch", {{"not_watched", path.string()}});
  const int watch = ::inotify_add_watch(queue_.get(), path.c_str(), kEvents);
  if (watch < 0)
    return log_.warn("a folder is not watched",
                     {{"error", errno_error(errno, path.string()).message()}});
  if (!folders_.emplace(watch, folder).second) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const std::string inside = below(folder, entry.path().filename().string());
    if (!counts(inside)) continue;
    std::error_code ignored;
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) {
      if (reaches(inside)) watch_folder(inside, is_new);
    } else if (is_new && is_watched(patterns_, inside))
      waiting_.insert(inside);
  }
}

void FileWatch::take(int watch, std::uint32_t mask, const std::string& name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    overflow_ = true;
    return log_.warn("more files changed than the kernel can tell");
  }
  const auto found = folders_.find(watch);
  if (found == folders_.end()) return;
  if ((mask & (IN_IGNORED | IN_DELETE_SELF)) != 0) {
    folders_.erase(found);
    return;
  }
  const std::string path = below(found->second, name);
  const bool folder = (mask & IN_ISDIR) != 0;
  if (folder && (mask & (IN_CREATE | IN_MOVED_TO)) != 0 && reaches(path)) watch_folder(path, true);
  // A file that was only created is told of when it has been written.
  if (!folder && (mask & IN_CREATE) == 0 && is_watched(patterns_, path)) waiting_.insert(path);
}

void FileWatch::read_events() {
  alignas(inotify_event) std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t size = ::read(queue_.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      take(event.wd, event.mask, event.len > 0 ? std::string(name) : std::string());
      at += sizeof event + event.len;
    }
  }
}

Task<> FileWatch::run() {
  for (;;) {
    const Result<> readable = co_await wait_readable(queue_);
    if (!readable) co_await clock_.sleep_for(kQuiet);
    const Time limit = clock_.now() + kPatience;
    for (std::size_t before = 0; clock_.now() < limit;) {
      read_events();
      if (waiting_.size() == before) break;
      before = waiting_.size();
      co_await clock_.sleep_for(kQuiet);
    }
    if (waiting_.empty() && !overflow_) continue;
    const std::vector<std::string> paths(waiting_.begin(), waiting_.end());
    waiting_.clear();
    changed_(std::exchange(overflow_, false) ? std::vector<std::string>() : paths);
  }
}

Task<> FileWatch::close() {
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace exai::service
