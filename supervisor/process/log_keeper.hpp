#pragma once
// Keeps the folder of the logs small: compresses parts that are complete, and removes the oldest
// parts of all services while the folder holds more than it may. On a thread of its own, of low
// priority: a flood of output comes first, and its parts may be gone before their turn.
//
// Thread: loop. close() before it is destroyed. Errors: logged; a part that cannot be compressed
// stays as it is.

#include <cstdint>
#include <functional>
#include <set>

#include "core/base/loop.hpp"
#include "supervisor/process/log_file.hpp"

namespace exai::process {

// Until what is in `folder` has at most `most` bytes. Current parts and what is no part of a log
// count, but stay. How many bytes there are then. Thread: any.
std::uint64_t remove_oldest_parts(const Path& folder, std::uint64_t most);

class LogKeeper final {
 public:
  // `max_total` 0: as much as there is.
  LogKeeper(Loop& loop, Path folder, std::uint64_t max_total, Log log);
  LogKeeper(const LogKeeper&) = delete;
  LogKeeper& operator=(const LogKeeper&) = delete;

  void rotated(const LogFile& file);
  // Waits for the part that is being compressed.
  Task<> close();

 private:
  Task<> work();
  Task<> on_island(std::function<Result<>()> work);

  Path folder_;
  std::uint64_t max_total_;
  Log log_;
  std::set<Path> waiting_;  // logs that have parts to be compressed
  bool working_ = false;
  Island island_;
  TaskGroup tasks_;
};

}  // namespace exai::process
