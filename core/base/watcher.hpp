#pragma once
// Many descriptors, one wait: for those that are watched for long and are seldom ready, by the
// thousand (the pidfds of services). Each costs an entry here and one in the kernel; a coroutine
// that waits for each would cost kilobytes.
//
//   watcher.watch(pidfd, [this] { on_end(); });   // once: watch it again for more
//
// Thread: loop. Lifetime: the Loop outlives it; forget() a descriptor before it is closed. A
// callback may watch, forget, and end whatever it likes. While something is watched the loop does
// not run dry.

#include <functional>
#include <memory>

#include "core/base/loop.hpp"

namespace exai {

class Watcher final {
 public:
  explicit Watcher(Loop& loop);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Calls `ready` once, from the loop, when the descriptor is readable. Errors: unavailable (no
  // memory), conflict (it is watched already).
  Result<> watch(const Fd& fd, std::function<void()> ready);
  void forget(const Fd& fd);  // not watched: nothing happens

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace exai
