#include "core/config/env_compare.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/base/text.hpp"

namespace exai::config {

namespace {

struct Side {
  explicit Side(const EnvText& given)
      : text(given.text), lines(env_lines(given.text, given.entries)), places(env_places(lines)) {
    for (std::size_t i = 0; i < places.size(); ++i) index.emplace(places[i].key, i);
  }

  const EnvPlace* find(std::string_view key) const {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &places[found->second];
  }
  // The comments above a name, without what people change freely: blanks at both ends.
  std::vector<std::string_view> block(const EnvPlace& place) const {
    std::vector<std::string_view> result;
    for (std::size_t i = place.block; i < place.line; ++i)
      result.push_back(trim(text.substr(lines[i].begin, lines[i].end - lines[i].begin)));
    return result;
  }

  std::string_view text;
  std::vector<EnvLine> lines;
  std::vector<EnvPlace> places;
  std::map<std::string, std::size_t, std::less<>> index;
};

EnvComparison::Item item(const EnvPlace& place) {
  return {place.key, place.section, place.line + 1, ""};
}

bool is_set(const EnvPlace& place) {
  return !place.commented_out && !place.key.empty();
}

// Positions whose value is not in a longest rising run through all of them: as few as possible have
// to move.
std::vector<std::size_t> out_of_order(const std::vector<std::size_t>& values) {
  std::vector<std::size_t> ends;  // position of the smallest end of a run of each length
  std::vector<std::size_t> before(values.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto place =
        std::lower_bound(ends.begin(), ends.end(), values[i],
                         [&](std::size_t end, std::size_t value) { return values[end] < value; });
    if (place != ends.begin()) before[i] = *(place - 1);
    if (place == ends.end())
      ends.push_back(i);
    else
      *place = i;
  }
  std::set<std::size_t> kept;
  for (std::size_t i = ends.empty() ? values.size() : ends.back(); i < values.size(); i = before[i])
    kept.insert(i);
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!kept.contains(i)) result.push_back(i);
  return result;
}

}  // namespace

EnvComparison compare_env(const EnvText& example, const EnvText& file) {
  const Side wanted(example);
  const Side has(file);
  std::set<std::string_view> names;  // also those behind a closing quote
  for (const DotenvEntry& entry : file.entries) names.insert(entry.key);
  EnvComparison result;
  for (const EnvPlace& place : wanted.places)
    if (is_set(place) && has.find(place.key) == nullptr && !names.contains(place.key))
      result.missing.push_back(item(place));
  std::map<std::string_view, std::vector<const EnvPlace*>> common;  // by section
  for (const EnvPlace& place : has.places) {
    if (!is_set(place)) continue;
    const EnvPlace* there = wanted.find(place.key);
    if (there == nullptr) {
      result.extra.push_back(item(place));
      continue;
    }
    if (has.block(place) != wanted.block(*there)) result.reworded.push_back(item(place));
    if (place.section == there->section) {
      common[place.section].push_back(&place);
    } else {
      result.moved.push_back(item(place));
      result.moved.back().other = there->section;
    }
  }
  for (const auto& [section, places] : common) {
    std::vector<std::size_t> lines;
    for (const EnvPlace* place : places) lines.push_back(wanted.find(place->key)->line);
    for (const std::size_t i : out_of_order(lines)) result.reordered.push_back(item(*places[i]));
  }
  return result;
}

}  // namespace exai::config
