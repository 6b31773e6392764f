#pragma once
// One Compose file after the other, laid over each other: what load_compose makes services from.
// Owns what was read; asks the world for files and follows extends and include. Everything that is
// wrong goes into the project's diagnostics.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/config/compose.hpp"
#include "core/config/compose_service.hpp"
#include "core/config/places.hpp"

namespace exai::config {

// Lower-case letters, digits, dashes and underscores; begins with a letter or digit.
std::string compose_project_name(std::string_view text);

class ComposeReader {
 public:
  ComposeReader(const ComposeRequest& request, const Facilities& world, ComposeProject& project);

  // Lays the file over what was read before.
  void read(const Path& path);

  // What came of it all: services as drafts, in order of first mention, and the other sections.
  std::vector<ComposeDraft> take_services() { return std::move(services_); }
  Node take_sections() { return std::move(sections_); }

  const ComposeEnvironment& environment() const { return environment_; }
  Path absolute(const Span& written, const std::string& path) const;
  // The name of a file in messages.
  std::string shown(const Path& path) const;

 private:
  enum class State { as_written, busy, done };
  struct File {
    ComposeFile file;
    std::vector<ComposeDraft> services;
    std::vector<State> states;
    std::size_t find(std::string_view service) const;
  };

  void read_environment_file(const Path& path, bool must_exist, ComposeEnvironment& environment);
  std::shared_ptr<File> open(const Path& path, const Path& base, const Span& named_at,
                             const ComposeEnvironment& environment);
  bool is_elsewhere(const PlacedText& path);
  void name_project(const Node& tree);
  static void list_services(File& file);
  void hide_secrets(Source& source, const Places& places, const Node& tree,
                    bool in_environment) const;
  void resolve(File& file, std::size_t index, int depth);
  void extend(File& file, std::size_t index, const Node& extends, int depth);
  void include(const Node& entry, const Path& base, const ComposeEnvironment& environment);
  void lay(File& file, bool included);
  void lay_service(ComposeDraft draft, bool included);
  void forget(std::size_t at);

  const ComposeRequest& request_;
  const Facilities& world_;
  ComposeProject& project_;
  ComposeEnvironment environment_;
  ComposeTags tags_;
  ComposeMerge merge_;
  std::map<const Source*, Path> bases_;  // where the relative paths of a file begin
  std::map<Path, std::shared_ptr<File>> files_;
  std::set<Path> including_;
  std::vector<ComposeDraft> services_;
  std::map<std::string, std::size_t> by_name_;  // where in services_
  std::set<std::string> included_;              // services that came by include
  Node sections_;
};

}  // namespace exai::config
