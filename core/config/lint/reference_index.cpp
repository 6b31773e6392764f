#include "core/config/lint/reference_index.hpp"

#include <algorithm>

namespace exai::config {

ReferenceIndex::ReferenceIndex(const ComposeProject& project) {
  for (const ComposeReference& reference : project.references)
    by_file_[reference.span.source.get()].push_back(&reference);
  for (auto& [source, references] : by_file_)
    std::stable_sort(references.begin(), references.end(),
                     [](const auto* a, const auto* b) { return a->span.begin < b->span.begin; });
}

std::vector<const ComposeReference*> ReferenceIndex::inside(const Span& place) const {
  std::vector<const ComposeReference*> result;
  const auto file = by_file_.find(place.source.get());
  if (!place || file == by_file_.end()) return result;
  auto at = std::lower_bound(
      file->second.begin(), file->second.end(), place.begin,
      [](const ComposeReference* one, Position begin) { return one->span.begin < begin; });
  for (; at != file->second.end() && (*at)->span.begin < place.end; ++at) result.push_back(*at);
  return result;
}

}  // namespace exai::config
