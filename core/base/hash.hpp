#pragma once
// FNV-1a: short, fast and the same in every version, so that it may be kept in files. No secret may
// depend on it, and whoever chooses the bytes can make two texts collide.

#include <cstdint>
#include <string_view>

namespace exai {

// `before` is the hash of the bytes in front of these.
constexpr std::uint64_t fnv1a(std::string_view bytes,
                              std::uint64_t before = 14'695'981'039'346'656'037U) {
  for (const char c : bytes) before = (before ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  return before;
}

}  // namespace exai
