// A Compose project in memory: the bytes are its files with NULs between them, in the order below.
// Whatever they say, there is a project whose services have names, and no crash.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>

#include "core/config/compose.hpp"

using namespace exai;
using namespace exai::config;

namespace {

constexpr std::array<const char*, 6> kNames = {
    "compose.yaml", "compose.override.yaml", "Dockerfile", "a.env", ".env", "base.yaml"};

std::map<std::string, std::string> files_of(std::string_view text) {
  std::map<std::string, std::string> files;
  for (const char* name : kNames) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    if (end > 0) files[name] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = files_of({reinterpret_cast<const char*>(data), size});
  Facilities world;
  world.read = [&](const Path& path) -> Result<std::string> {
    const auto found = files.find(path.lexically_relative("/p").string());
    if (found == files.end()) return fail(Errc::not_found, "{}: not there", path.string());
    return found->second;
  };
  ComposeRequest request;
  request.folder = "/p";
  request.process_environment = {{"HOME", "/home"}, {"A", "x"}};
  request.is_secret = [](std::string_view name) { return name.find("PASS") != name.npos; };
  ComposeProject project = load_compose(request, world);
  for (const ComposeService& service : project.services) {
    if (!service.span) std::abort();
    for (const EffectiveVariable& variable : effective_environment(service))
      if (variable.chain.empty()) std::abort();
  }
  sort_and_unique(project.diagnostics);
  (void)render(project.diagnostics);
  return 0;
}
