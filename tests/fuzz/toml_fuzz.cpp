// Any bytes are a stack file: a tree, or messages with places; never both, never neither. What is a
// tree goes through the whole engine.
#include <cstdint>
#include <cstdlib>

#include "core/config/config.hpp"
#include "core/config/toml.hpp"

using namespace exai;
using namespace exai::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Toml toml = parse_toml(std::make_shared<const Source>(Source{"fuzz.toml", text}));
  if (toml.root.has_value() != toml.diagnostics.empty()) std::abort();
  LoadRequest request;
  request.stack_file = "/fuzz/exai.toml";
  Facilities world;
  world.read = [&](const Path& path) -> Result<std::string> {
    if (path == request.stack_file) return text;
    return fail(Errc::not_found, "no {}", path.string());
  };
  world.has_program = [](const std::string&) { return true; };
  const Loaded loaded = load(request, world);
  if ((loaded.stack != nullptr) == has_errors(loaded.diagnostics)) std::abort();
  (void)render(loaded.diagnostics);
  return 0;
}
