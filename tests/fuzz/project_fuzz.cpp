// The whole engine over a project in memory. The bytes are its files with NULs between them, in the
// order below; what is not there is empty. Whatever they say, there is a stack or an error, every
// place is inside a file that was read, and nothing is said a thousand times.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>

#include "core/config/config.hpp"

using namespace exai;
using namespace exai::config;

namespace {

constexpr std::array<const char*, 6> kNames = {"exai.toml",  "dev.env",   "compose.yaml",
                                               "Dockerfile", ".mcp.json", ".env"};

std::map<std::string, std::string> files_of(std::string_view text) {
  std::map<std::string, std::string> files;
  for (const char* name : kNames) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    if (end > 0) files[name] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return files;
}

Facilities world_of(const std::map<std::string, std::string>& files) {
  Facilities world;
  world.read = [&](const Path& path) -> Result<std::string> {
    const auto found = files.find(path.lexically_relative("/fuzz").string());
    if (found == files.end()) return fail(Errc::not_found, "{}: not there", path.string());
    return found->second;
  };
  world.has_program = [](const std::string&) { return true; };
  world.look = [&](const Path& path) -> Result<FileInfo> {
    if (!files.contains(path.lexically_relative("/fuzz").string()))
      return fail(Errc::not_found, "{}: not there", path.string());
    return FileInfo{FileInfo::Kind::file, 0600, true};
  };
  world.list = [&](const Path& path) -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    if (path == "/fuzz")
      for (const auto& [name, text] : files) names.push_back(name);
    return names;
  };
  return world;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = files_of({reinterpret_cast<const char*>(data), size});
  LoadRequest request;
  request.folder = "/fuzz";
  if (files.contains("exai.toml")) request.stack_file = "/fuzz/exai.toml";
  request.scope = Scope::project;
  request.state_folder = "/state";
  request.run_folder = "/state/run";
  const Loaded loaded = load(request, world_of(files));
  if (loaded.stack == nullptr && !request.stack_file.empty() && !has_errors(loaded.diagnostics))
    std::abort();
  if (loaded.diagnostics.size() > 1000) std::abort();
  (void)render(loaded.diagnostics);
  return 0;
}
