// Any bytes can be expanded; places stay inside the text.
#include <cstdint>
#include <cstdlib>

#include "core/config/interpolate.hpp"

using namespace exai::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Interpolated result = expand(text, [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 3 == 0) return std::nullopt;
    return std::string(name.size() % 3 == 1 ? "" : name);
  });
  for (const UnsetReference& unset : result.unset)
    if (unset.begin >= unset.end || unset.end > size) std::abort();
  if (result.fault && (result.fault->begin > result.fault->end || result.fault->end > size))
    std::abort();
  return 0;
}
