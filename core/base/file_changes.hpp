#pragma once
// Tells when files that a program has read may have changed (certificates, keys, tokens), so that
// it reads them again while it runs.
//
// Whole folders are watched, by inotify: files are replaced by renaming, or by turning a link that
// they are reached through (Kubernetes, certbot). One is told 200 ms after the first sign, since
// several files are seldom put there at once, and more often than anything has changed: compare. A
// change that came before is not told of: read the files after this is made.
//
// Where a folder cannot be watched the log says so, and what changes in it is not noticed. What
// /proc names (a secret in memory) does not change and is left out.
// Thread: loop, which does not run dry while this lives.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "core/base/os.hpp"

namespace exai {

class FileChanges final {
 public:
  // `what` is for the log: "a new certificate" … will not be noticed. `changed` is called from the
  // loop, and may destroy this.
  FileChanges(Loop& loop, Log log, std::string what, std::vector<Path> files,
              std::function<void()> changed);
  ~FileChanges();
  FileChanges(const FileChanges&) = delete;
  FileChanges& operator=(const FileChanges&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace exai
