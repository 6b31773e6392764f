// Any bytes are an environment file, right or wrong; its messages can be shown.
#include <cstdint>
#include <cstdlib>

#include "core/config/dotenv.hpp"

using namespace exai::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto source = std::make_shared<const Source>(Source{"fuzz.env", text});
  const Lookup nothing = [](std::string_view) { return std::nullopt; };
  const Lookup something = [](std::string_view name) { return std::optional(std::string(name)); };
  const Dotenv file = parse_dotenv(source, nothing, something);
  for (const DotenvEntry& entry : file.entries)
    if (entry.value_begin > entry.value_end || entry.value_end > size) std::abort();
  for (const Diagnostic& one : file.diagnostics)
    if (!one.span) std::abort();
  (void)render(file.diagnostics);
  return 0;
}
