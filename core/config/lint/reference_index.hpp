#pragma once
// The ${…} of Compose files by their places: what rules ask that look at one command after the
// other.

#include <map>
#include <vector>

#include "core/config/compose_model.hpp"

namespace exai::config {

// Borrows the project's references.
class ReferenceIndex {
 public:
  explicit ReferenceIndex(const ComposeProject& project);

  // Those that begin inside the place, in the order of the text.
  std::vector<const ComposeReference*> inside(const Span& place) const;

 private:
  std::map<const Source*, std::vector<const ComposeReference*>> by_file_;  // in order of place
};

}  // namespace exai::config
