#pragma once
// The last load, remembered. The engine is a pure function of its request and of what the world
// answers: while the world answers every question as it did, the result is what it was. Then only
// the questions are asked again, and a thousand services that nobody touched cost a look at their
// files.

#include <functional>
#include <vector>

#include "core/config/config.hpp"

namespace exai::config {

// Thread: one at a time.
class Recall {
 public:
  // As config::load, but for the trees and texts it was made from: `resolved`, `compose` and
  // `sources` are empty. The same stack by pointer when nothing has changed. Dates of secrets make
  // the result depend on the time; with such it is never the same.
  Loaded load(const LoadRequest& request, const Facilities& world);

 private:
  bool is_still_so(const LoadRequest& request, const Facilities& world) const;

  LoadRequest request_;
  std::vector<std::function<bool(const Facilities&)>> still_so_;  // of each question once
  std::optional<Loaded> loaded_;
};

}  // namespace exai::config
