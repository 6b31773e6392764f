#pragma once
// A world in memory for the configuration engine: its files, and the programs it has.

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "core/config/config.hpp"
#include "tests/unit/config/memory_files.hpp"

namespace exai::config::test {

struct MemoryWorld {
  std::map<std::string, std::string> files;     // by path below the stack's folder
  std::map<std::string, FileInfo> modes;        // of those that are not 0600
  std::map<std::string, Secrets> stores;        // by path below the stack's folder
  std::map<std::string, DatesOfSecrets> dates;  // of stores
  std::set<std::string> programs{"run"};
  LoadRequest request = [] {
    LoadRequest made;
    made.stack_file = "/stack/exai.toml";
    made.state_folder = "/state";
    made.run_folder = "/state/run";
    return made;
  }();

  Loaded load() const { return config::load(request, facilities()); }

  Facilities facilities() const {
    Facilities world;
    world.read = reads_from(files, "/stack");
    world.secrets = [this](const Path& store) -> Result<Secrets> {
      const auto found = stores.find(store.lexically_relative("/stack").string());
      if (found == stores.end()) return fail(Errc::not_found, "no identity; make one");
      return found->second;
    };
    world.secret_dates = [this](const Path& store) -> Result<DatesOfSecrets> {
      const auto found = dates.find(store.lexically_relative("/stack").string());
      if (found == dates.end()) return DatesOfSecrets();
      return found->second;
    };
    world.has_program = [this](const std::string& program) { return programs.contains(program); };
    world.look = [this](const Path& path) -> Result<FileInfo> {
      const auto mode = modes.find(path.lexically_relative("/stack").string());
      if (mode != modes.end()) return mode->second;
      if (!world_has(path)) return fail(Errc::not_found, "{} is not there", path.string());
      return FileInfo{FileInfo::Kind::file, 0600, true};
    };
    world.list = [this](const Path& folder) -> Result<std::vector<std::string>> {
      std::vector<std::string> names;
      for (const auto& [name, text] : files)
        if (Path("/stack") / Path(name).parent_path() / "" == folder / "")
          names.push_back(Path(name).filename().string());
      return names;
    };
    return world;
  }

  bool world_has(const Path& path) const {
    return files.contains(path.lexically_relative("/stack").string());
  }

  std::string messages() const { return render(load().diagnostics); }
};

// A stack of one service, with what a test adds to the service, and a dev environment of one layer.
inline MemoryWorld world_with(const std::string& service, const std::string& layer = "") {
  MemoryWorld world;
  world.files["exai.toml"] =
      "[stack]\n"
      "name = \"test\"\n"
      "[environments.dev]\n"
      "layers = [\"dev.env\"]\n"
      "[services.web]\n" +
      service;
  world.files["dev.env"] = layer;
  return world;
}

}  // namespace exai::config::test
