#pragma once
// std::ranges::contains, which C++20 does not have yet.

#include <algorithm>
#include <iterator>

namespace exai {

template <class Range, class T>
constexpr bool contains(const Range& all, const T& one) {
  return std::find(std::begin(all), std::end(all), one) != std::end(all);
}

}  // namespace exai
