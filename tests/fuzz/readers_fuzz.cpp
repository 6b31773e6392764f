// Any bytes are an environment file to every reader.
#include <cstdint>

#include "core/config/dotenv_readers.hpp"

using namespace exai::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Lookup something = [](std::string_view name) {
    return name.size() % 2 == 0 ? std::optional(std::string(name)) : std::nullopt;
  };
  for (const DotenvReader reader : kDotenvReaders) (void)read_as(reader, text, something);
  return 0;
}
