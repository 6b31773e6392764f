#pragma once
// The ${…} of Compose files: what they are filled from, and a whole tree with them replaced. Keys
// are left alone, as Compose does; env_file values never count here.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/compose_model.hpp"
#include "core/config/interpolate.hpp"

namespace exai::config {

// What a project is run in: the shell, then its --env-file or .env.
struct ComposeEnvironment {
  struct Found {
    std::string value;
    ComposeReference::From from = ComposeReference::From::nothing;
    Span defined_at;
  };
  const std::map<std::string, std::string>* process = nullptr;
  std::string project;  // COMPOSE_PROJECT_NAME, which Compose sets itself when nobody does
  std::map<std::string, Found, std::less<>> files;

  std::optional<Found> find(std::string_view name) const;
  Lookup lookup() const;  // valid as long as this
};

// Replaces in all texts of a tree of one source. References are noted once, where they are written.
// Adds CMP004 for what is not set (it becomes nothing, as with Compose) and for what cannot be
// read: such a text becomes null, nobody knows it. Returns: whether every text could be read.
bool interpolate_tree(Node& tree, const ComposeEnvironment& environment,
                      std::vector<ComposeReference>& references, Diagnostics& diagnostics);

}  // namespace exai::config
