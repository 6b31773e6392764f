#pragma once
// What a child is handed of our descriptors, put where a start is cheap.
//
// A supervisor of a thousand services has thousands of descriptors. A child that copies them all,
// to close them before its exec, costs more than the rest of its start. So the child begins in our
// table and lets the kernel copy what lies below `end()` only (close_range with
// CLOSE_RANGE_UNSHARE); and what it is to have lies below it: in places at the low end of the
// table, taken by the first starts of the process, when it has few descriptors, and kept.
//
//   place      0    1    2    3 …          each at 3 or above, all close-on-exec
//   meanwhile  in   out  err  inherited …  duplicates of what is handed down
//   else       /dev/null                   or a pipe of the child would stay open here
//
// Place k is never below 3 + k, so a child that connects them in order to 0, 1, 2, 3 … takes none
// away that it still needs.
//
// Private to spawn_child.cpp. Thread: any, one at a time: who has a Handover keeps the others out.

#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/base/os.hpp"

namespace exai {

class Handover {
 public:
  // -1 stands for /dev/null. Nothing: errno says why.
  static std::optional<Handover> take(std::span<const int> descriptors);
  ~Handover();
  Handover(Handover&&) = default;
  Handover& operator=(Handover&&) = delete;

  // A duplicate of each, in their order, until this is destroyed.
  std::span<const int> places() const { return used_; }
  // All places are below it.
  int end() const { return end_; }

 private:
  Handover() = default;

  std::unique_lock<std::mutex> alone_;
  std::vector<int> used_;
  int end_ = 0;
};

}  // namespace exai
