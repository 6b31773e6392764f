#pragma once
// Compose files → project, as `docker compose config` would see it, with a place for every word.
//
//   files → yaml (tree) → ${…} → schema → extends → merge of files → services (compose_model.hpp)
//
// Who wins for ${…} in a Compose file: the shell, then --env-file or .env. What env_file: gives to
// a service never feeds them. Who wins for a container: environment:, later env_file, earlier
// env_file, the image's ENV (known when it is built here from a Dockerfile).
//
// All that is wrong is collected as diagnostics, nothing throws; a file that cannot be read leaves
// a project without its content. Services in a profile that is not active are there, marked.

#include "core/config/compose_model.hpp"
#include "core/config/config.hpp"

namespace exai::config {

struct ComposeRequest {
  Path folder;                     // absolute: where files are looked for
  std::vector<Path> files;         // absolute, in the order of -f; none: those of COMPOSE_FILE, else
                                   // find_compose_files
  std::vector<Path> env_files;     // --env-file, absolute; none: .env beside the first file, if any
  std::set<std::string> profiles;  // --profile; "*": all. COMPOSE_PROFILES counts besides
  std::map<std::string, std::string> process_environment;
  // Names whose values excerpts must not show; none: nothing is hidden.
  std::function<bool(std::string_view name)> is_secret = {};
};

// The files of a folder that make a project when none is named: those of COMPOSE_FILE in its .env;
// else the first of the known names that is there, then its override.
std::vector<Path> find_compose_files(const Path& folder, const Facilities& world);

ComposeProject load_compose(const ComposeRequest& request, const Facilities& world);

// Every variable of the service's containers, by name; for each the chain, winner first.
std::vector<EffectiveVariable> effective_environment(const ComposeService& service);

}  // namespace exai::config
