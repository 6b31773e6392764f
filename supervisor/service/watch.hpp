#pragma once
// Files that change while one works on them (`watch` of a service). inotify on the folders that the
// patterns can mean, as deep as they go; what changes within a moment is told together.
//
//   reaches_into("src/**", "src/app")     this folder is looked into, and those that come
//   "src/app/main.py" changed, and 100 ms of quiet later: changed({"src/app/main.py"})
//
// Names that begin with a dot or end with ~, as editors leave them, do not count, nor do folders
// whose name begins with a dot. When the kernel's queue or the number of folders runs over, that is
// logged, and after an overflow every pattern counts as changed: a restart too many, not one too
// few.
//
// Thread: loop. close() before it is destroyed.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/loop.hpp"

namespace exai::service {

// --- pure ---

// Something in this folder, or deeper, could match.
bool reaches_into(std::string_view pattern, std::string_view folder);
bool counts(std::string_view path);  // relative, with slashes
bool is_watched(const std::vector<std::string>& patterns, std::string_view path);

// --- with the kernel ---

class FileWatch final {
 public:
  // Paths relative to the root, sorted; empty: nobody knows which.
  using Changed = std::function<void(const std::vector<std::string>& paths)>;

  FileWatch(Loop& loop, Clock& clock, Log log, Path root, std::vector<std::string> patterns,
            Changed changed);
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  Task<> close();

 private:
  bool reaches(const std::string& folder) const;
  void watch_folder(const std::string& folder, bool is_new);
  void read_events();
  void take(int watch, std::uint32_t mask, const std::string& name);
  Task<> run();

  Clock& clock_;
  Log log_;
  Path root_;
  std::vector<std::string> patterns_;
  Changed changed_;
  Fd queue_;
  std::map<int, std::string> folders_;  // by watch, relative to the root
  std::set<std::string> waiting_;       // paths that changed
  bool overflow_ = false;
  TaskGroup tasks_;
};

}  // namespace exai::service
