#include "core/config/compose.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace exai::config {

namespace {

constexpr std::array<std::string_view, 4> kFileNames = {
    "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
constexpr std::array<std::string_view, 4> kOverrideNames = {
    "compose.override.yaml", "compose.override.yml", "docker-compose.override.yml",
    "docker-compose.override.yaml"};

}  // namespace

std::vector<Path> find_compose_files(const Path& folder, const Facilities& world) {
  const auto first_of = [&](const auto& names, std::vector<Path>& found) {
    for (const std::string_view name : names) {
      const Path path = folder / name;
      if (!world.read(path)) continue;
      found.push_back(path);
      return;
    }
  };
  std::vector<Path> found;
  first_of(kFileNames, found);
  if (!found.empty()) first_of(kOverrideNames, found);
  return found;
}

ComposeProject load_compose(const ComposeRequest& request, const Facilities& world) {
  ComposeProject project;
  project.folder = request.folder;
  const auto files =
      request.files.empty() ? find_compose_files(request.folder, world) : request.files;
  for (const Path& path : files) {
    auto text = world.read(path);
    const std::string name = path.lexically_proximate(request.folder).string();
    if (text)
      project.files.push_back(
          {std::make_shared<const Source>(Source{name, std::move(*text)}), path, {}});
    else
      project.diagnostics.push_back(
          problem("CFG022", {}, "cannot read the Compose file: " + text.error().message(),
                  "name another one with --file"));
  }
  return project;
}

const ComposeService* ComposeProject::find(std::string_view service) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const auto& candidate) { return candidate.name == service; });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace exai::config
