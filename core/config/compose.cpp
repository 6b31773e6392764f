#include "core/config/compose.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/text.hpp"
#include "core/config/compose_files.hpp"
#include "core/config/compose_reader.hpp"
#include "core/config/yaml_scalar.hpp"

namespace exai::config {

namespace {

constexpr std::array<std::string_view, 4> kFileNames = {
    "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
constexpr std::array<std::string_view, 4> kOverrideNames = {
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
    "docker-compose.override.yaml"};

// What the shell and .env say about the project itself: COMPOSE_PROJECT_NAME and the like.
std::string variable(const ComposeEnvironment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found ? found->value : "";
}

void name_project(ComposeProject& project, const ComposeEnvironment& environment) {
  project.name = variable(environment, "COMPOSE_PROJECT_NAME");
  const Node* written = project.root.find("name");
  if (written != nullptr && written->string() != nullptr &&
      compose_project_name(*written->string()) == project.name)
    project.name_span = written->span;
}

void enable_services(ComposeProject& project, const ComposeRequest& request,
                     const ComposeEnvironment& environment) {
  std::set<std::string> active = request.profiles;
  for (const std::string& profile : split(variable(environment, "COMPOSE_PROFILES"), ','))
    active.insert(std::string(trim(profile)));
  for (ComposeService& service : project.services)
    service.enabled =
        service.profiles.empty() || active.contains("*") ||
        std::any_of(service.profiles.begin(), service.profiles.end(),
                    [&](const PlacedText& one) { return active.contains(one.value); });
}

void build_resources(ComposeProject& project, const ComposeContext& context) {
  const auto build = [&](std::string_view section, std::vector<ComposeResource>& resources) {
    const Node* node = project.root.find(section);
    if (node == nullptr || node->table() == nullptr) return;
    for (const Member& member : *node->table())
      resources.push_back(build_resource(member, context));
  };
  build("volumes", project.volumes);
  build("networks", project.networks);
  build("secrets", project.secrets);
  build("configs", project.configs);
}

// A service names a volume, network, secret or config that the top level has not: Compose refuses.
class ResourceCheck {
 public:
  explicit ResourceCheck(ComposeProject& project) : project_(project) {}

  void run() {
    for (const ComposeService& service : project_.services) {
      for (const ComposeMount& mount : service.volumes)
        if (mount.type == "volume" && !mount.source.empty())
          check(project_.volumes, "volume", mount.source, mount.source_span);
      for (const PlacedText& network : service.networks)
        if (network.value != "default")
          check(project_.networks, "network", network.value, network.span);
      for (const ComposeGrant& grant : service.secrets)
        check(project_.secrets, "secret", grant.source, grant.span);
      for (const ComposeGrant& grant : service.configs)
        check(project_.configs, "config", grant.source, grant.span);
      // What it extends could not be found, which was reported.
      const bool incomplete = service.node.find("extends") != nullptr;
      if (!incomplete && !service.image && !service.build &&
          service.node.find("provider") == nullptr)
        report("CMP003", service.span, service.name + " has neither image nor build",
               "say which image it runs: image: name:version");
    }
  }

 private:
  void check(const std::vector<ComposeResource>& known, std::string_view kind,
             const std::string& name, const Span& span) {
    if (std::any_of(known.begin(), known.end(),
                    [&](const ComposeResource& resource) { return resource.name == name; }))
      return;
    std::vector<std::string> names;
    for (const ComposeResource& resource : known) names.push_back(resource.name);
    const auto suggestion = closest(name, names);
    report("DEP001", span, fmt::format("there is no {} \"{}\"", kind, printable(name)),
           suggestion ? fmt::format("did you mean \"{}\"?", *suggestion)
                      : fmt::format("add it under {}s: at the top level", kind));
  }

  void report(std::string code, const Span& span, std::string message, std::string help) {
    project_.diagnostics.push_back(
        problem(std::move(code), span, std::move(message), std::move(help)));
  }

  ComposeProject& project_;
};

std::vector<Path> files_in(const Path& folder, std::string_view names, char separator) {
  std::vector<Path> files;
  for (const std::string& file : split(names, separator))
    if (!file.empty()) files.push_back((folder / file).lexically_normal());
  return files;
}

std::vector<Path> files_of(const ComposeRequest& request, const Facilities& world) {
  if (!request.files.empty()) return request.files;
  const auto named = request.process_environment.find("COMPOSE_FILE");
  if (named == request.process_environment.end()) return find_compose_files(request.folder, world);
  return files_in(request.folder, named->second, ':');
}

// What COMPOSE_FILE in the folder's .env names; what is wrong with that file is said when it is
// read for the project.
std::vector<Path> files_named_in(const Path& folder, const Facilities& world) {
  const Path path = folder / ".env";
  auto text = world.read(path);
  if (!text || text->find("COMPOSE_FILE") == std::string::npos) return {};
  const auto nobody = [](std::string_view) { return std::nullopt; };
  const auto source = std::make_shared<const Source>(Source{".env", std::move(*text), path});
  std::string names;
  char separator = ':';
  for (const DotenvEntry& entry : parse_dotenv(source, nobody, nobody).entries) {
    if (!entry.value) continue;
    if (entry.key == "COMPOSE_FILE") names = *entry.value;
    if (entry.key == "COMPOSE_PATH_SEPARATOR" && entry.value->size() == 1)
      separator = entry.value->front();
  }
  return files_in(folder, names, separator);
}

}  // namespace

std::vector<Path> find_compose_files(const Path& folder, const Facilities& world) {
  std::vector<Path> found = files_named_in(folder, world);
  if (!found.empty()) return found;
  const auto add_first = [&](const auto& names) {
    for (const std::string_view name : names) {
      const Path path = folder / name;
      if (!world.read(path)) continue;
      found.push_back(path);
      return;
    }
  };
  add_first(kFileNames);
  if (!found.empty()) add_first(kOverrideNames);
  return found;
}

ComposeProject load_compose(const ComposeRequest& request, const Facilities& world) {
  ComposeProject project;
  const auto files = files_of(request, world);
  project.folder = files.empty() ? request.folder : files.front().parent_path();
  ComposeReader reader(request, world, project);
  for (const Path& file : files) reader.read(file);
  project.root = reader.take_sections();
  const ComposeContext context{
      reader.environment(),
      [&](const Span& written, const std::string& path) { return reader.absolute(written, path); },
      project.diagnostics};
  Node::Table services;
  for (const ComposeDraft& draft : reader.take_services()) {
    project.by_name.emplace(draft.name, project.services.size());
    project.services.push_back(build_service(draft, context));
    services.push_back({draft.name, draft.span, draft.node});
  }
  if (!services.empty())
    std::get<Node::Table>(project.root.value)
        .push_back({"services", {}, Node{std::move(services), {}}});
  name_project(project, reader.environment());
  enable_services(project, request, reader.environment());
  build_resources(project, context);
  read_named_files(project, request, reader, world);
  ResourceCheck(project).run();
  return project;
}

const ComposeService* ComposeProject::find(std::string_view service) const {
  const auto found = by_name.find(service);
  return found == by_name.end() ? nullptr : &services[found->second];
}

}  // namespace exai::config
