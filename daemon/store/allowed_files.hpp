#pragma once
// Files of this machine that may be read for a call: only below the folders that EXAI_FILE_ROOTS
// names, and only regular files on a disk. What counts is where a path really leads, looked up on
// the file itself, so neither "..", nor a link, nor a change in between gets around it. The file is
// only looked at (O_PATH) until that is known: no fifo is waited for, no device is touched. What is
// outside is refused in one way, whether it is there or not.
//
// Errors: denied (outside, or no roots), not_found, invalid (no regular file, too large); each
// names the path. Thread: loop; the disk is read on an island. Lifetime: the island outlives it.

#include <memory>
#include <string>
#include <vector>

#include "core/base/loop.hpp"

namespace exai::store {

// Blocks.
Result<Fd> open_allowed(const std::vector<std::string>& roots, const std::string& name);

class AllowedFiles {
 public:
  AllowedFiles(Island& island, std::vector<std::string> roots)
      : island_(island), roots_(std::move(roots)) {}

  Task<Result<std::string>> read(std::string name, std::size_t limit);
  Task<Result<std::shared_ptr<Fd>>> open(std::string name);  // for who reads it piece by piece

 private:
  Island& island_;
  std::vector<std::string> roots_;
};

}  // namespace exai::store
