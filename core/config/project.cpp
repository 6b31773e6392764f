#include "core/config/project.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "core/base/text.hpp"
#include "core/config/client_configs.hpp"
#include "core/config/compose.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

// Files of other readers, backups and editors' leftovers are none of ours.
bool is_env_file_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kForeign = {"~",    ".bak",    ".swp",
                                                        ".age", ".backup", ".orig"};
  if (name != ".env" && !name.starts_with(".env.") && !name.ends_with(".env")) return false;
  if (name.find(".bak.") != name.npos) return false;  // .env.bak.1: --fix makes them
  return std::none_of(kForeign.begin(), kForeign.end(),
                      [&](std::string_view end) { return name.ends_with(end); });
}

bool is_example_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> kWords = {"example", "sample", "template", "dist"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return name.find(word) != name.npos; });
}

class Reader {
 public:
  Reader(const LoadRequest& request, const Facilities& world, const Resolved& resolved,
         std::vector<std::string>& files, Diagnostics& diagnostics)
      : request_(request),
        world_(world),
        resolved_(resolved),
        files_(files),
        diagnostics_(diagnostics) {
    project_.folder = request.folder.empty() ? request.stack_file.parent_path() : request.folder;
  }

  Project run() && {
    for (const Layer& layer : resolved_.layers)
      add({layer.source,
           layer.entries,
           {{EnvFileRole::layer, resolved_.environment, layer.named_at}}});
    if (request_.scope == Scope::project) {
      read_compose();
      find_env_files();
      find_client_configs("");
      if (project_.folder.filename() == "configs") find_client_configs("../");
    }
    return std::move(project_);
  }

 private:
  bool is_known(const Path& path) const { return env_files_.contains(path.native()); }

  // Layers of one path stay two files; the first is the one that is found.
  void add(EnvFile file) {
    env_files_.emplace(file.source->path.native(), project_.env_files.size());
    project_.env_files.push_back(std::move(file));
  }

  void read_compose() {
    ComposeRequest compose;
    compose.folder =
        request_.compose_file.empty() ? project_.folder : request_.compose_file.parent_path();
    compose.files = request_.compose_file.empty() ? find_compose_files(compose.folder, world_)
                                                  : std::vector<Path>{request_.compose_file};
    if (compose.files.empty() && project_.folder.filename() == "configs") {
      compose.folder = project_.folder.parent_path();
      compose.files = find_compose_files(compose.folder, world_);
    }
    if (compose.files.empty()) return;
    compose.process_environment = request_.process_environment;
    compose.is_secret = [this](std::string_view name) {
      return resolved_.names.is_confidential(name);
    };
    auto read = std::make_shared<ComposeProject>(load_compose(compose, world_));
    std::move(read->diagnostics.begin(), read->diagnostics.end(), std::back_inserter(diagnostics_));
    for (const auto* group : {&read->files, &read->other_files})
      for (const ComposeFile& file : *group) files_.push_back(file.source->name);
    for (const ComposeEnvFile& file : read->env_files) use(file, EnvFileRole::compose, read->name);
    for (const ComposeService& service : read->services) {
      for (const ComposeEnvFile& file : service.env_files)
        use(file, EnvFileRole::service, service.name);
      if (service.build && service.build->parsed) use(*service.build->parsed);
    }
    project_.compose = std::move(read);
  }

  // Services may share one.
  void use(const Dockerfile& file) {
    if (!dockerfiles_.insert(file.source->path.native()).second) return;
    project_.dockerfiles.push_back(std::make_shared<const Dockerfile>(file));
  }

  // An environment file that Compose reads; it may be one that is known already.
  void use(const ComposeEnvFile& file, EnvFileRole role, const std::string& who) {
    if (file.source == nullptr) return;
    const EnvFileUse one{role, who, file.span};
    const auto known = env_files_.find(file.source->path.native());
    if (known != env_files_.end()) return project_.env_files[known->second].uses.push_back(one);
    files_.push_back(file.source->name);
    add({file.source, file.entries, {one}});
  }

  void find_client_configs(const std::string& prefix) {
    for (ClientConfig& one :
         read_client_configs(project_.folder / prefix, prefix, world_, files_, diagnostics_))
      project_.clients.push_back(std::move(one));
  }

  void find_env_files() {
    find_env_files("");
    if (project_.folder.filename() == "configs") find_env_files("../");
  }

  void find_env_files(const std::string& prefix) {
    const auto names = world_.list((project_.folder / prefix).lexically_normal());
    if (!names) return;  // whoever named the folder has read a file in it
    for (const std::string& name : *names)
      if (is_env_file_name(name) && !is_known((project_.folder / prefix / name).lexically_normal()))
        read_env_file(prefix + name);
  }

  void read_env_file(const std::string& name) {
    const Path path = (project_.folder / name).lexically_normal();
    auto text = world_.read(path);
    if (!text) return;  // a folder, a socket, somebody else's: nothing that configures us
    files_.push_back(name);
    const auto source = std::make_shared<Source>(Source{name, std::move(*text), path});
    const Lookup process = [this](std::string_view wanted) -> std::optional<std::string> {
      const auto found = request_.process_environment.find(std::string(wanted));
      if (found == request_.process_environment.end()) return std::nullopt;
      return found->second;
    };
    Dotenv file = parse_dotenv(source, process, [](std::string_view) { return std::nullopt; });
    std::move(file.diagnostics.begin(), file.diagnostics.end(), std::back_inserter(diagnostics_));
    hide_secrets(*source, file.entries, resolved_.names);
    const EnvFileRole role = is_example_name(name) ? EnvFileRole::example : EnvFileRole::unnamed;
    add({source, std::move(file.entries), {{role, "", {}}}});
  }

  const LoadRequest& request_;
  const Facilities& world_;
  const Resolved& resolved_;
  std::vector<std::string>& files_;
  Diagnostics& diagnostics_;
  Project project_;
  std::unordered_map<std::string, std::size_t> env_files_;  // by path: where in the project
  std::unordered_set<std::string> dockerfiles_;             // their paths
};

}  // namespace

bool EnvFile::is(EnvFileRole role) const {
  return std::any_of(uses.begin(), uses.end(),
                     [&](const EnvFileUse& use) { return use.role == role; });
}

Project read_project(const LoadRequest& request, const Facilities& world, const Resolved& resolved,
                     std::vector<std::string>& files, Diagnostics& diagnostics) {
  return Reader(request, world, resolved, files, diagnostics).run();
}

}  // namespace exai::config
