#include "core/base/file_changes.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "core/base/watcher.hpp"

namespace exai {

namespace {

constexpr Duration kQuiet = 200ms;

bool is_on_disk(const Path& file) {
  return !file.empty() && !file.string().starts_with("/proc/");
}

// Those of the names, and of what they lead to.
std::set<Path> folders_of(const std::vector<Path>& files) {
  std::set<Path> folders;
  for (const Path& file : files) {
    std::error_code ignored;
    folders.insert(file.parent_path());
    folders.insert(std::filesystem::canonical(file, ignored).parent_path());
  }
  folders.erase(Path());
  return folders;
}

}  // namespace

// Shared with the waits that are under way.
struct FileChanges::State : std::enable_shared_from_this<State> {
  State(Loop& loop, Log log_, std::string what_, std::function<void()> changed_)
      : log(std::move(log_)),
        what(std::move(what_)),
        changed(std::move(changed_)),
        quiet(loop.executor()),
        inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
        watcher(loop) {}

  void begin(const std::vector<Path>& named) {
    for (const Path& file : named) {
      std::error_code ignored;
      if (is_on_disk(file)) files.push_back(std::filesystem::absolute(file, ignored));
    }
    if (files.empty()) return;
    if (!inotify) return warn(errno_error(errno, "inotify"));
    watch_folders();
    listen();
  }

  void warn(const Error& error) const {
    log.warn(what + " will not be noticed", {{"error", error.message()}});
  }

  void watch_folders() const {
    constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB;
    for (const Path& folder : folders_of(files))
      if (::inotify_add_watch(inotify.get(), folder.c_str(), kEvents) < 0)
        warn(os_error("watching", folder));
  }

  void listen() {
    const auto watched = watcher.watch(inotify, [this] {
      drain();
      listen();
      settle();
    });
    if (!watched) warn(watched.error());
  }

  void drain() const {
    alignas(inotify_event) std::array<char, 4096> events{};
    while (::read(inotify.get(), events.data(), events.size()) > 0) {
    }
  }

  // A folder in which something happens all the time must not put it off for ever.
  void settle() {
    if (std::exchange(settling, true)) return;
    quiet.expires_after(kQuiet);
    quiet.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!self || error) return;
      self->settling = false;
      self->watch_folders();  // a link may lead elsewhere by now
      self->changed();
    });
  }

  Log log;
  std::string what;
  std::vector<Path> files;
  std::function<void()> changed;
  Timer quiet;
  bool settling = false;
  Fd inotify;
  Watcher watcher;  // before the descriptor goes
};

FileChanges::FileChanges(Loop& loop, Log log, std::string what, std::vector<Path> files,
                         std::function<void()> changed)
    : state_(std::make_shared<State>(loop, std::move(log), std::move(what), std::move(changed))) {
  state_->begin(files);
}

FileChanges::~FileChanges() = default;

}  // namespace exai
