#include "core/workspace/workspace.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "core/config/recall.hpp"
#include "core/secrets/store.hpp"

namespace exai {

namespace {

// Absolute and without "..", links followed as far as the path exists, so that one file has one
// state folder whatever it was called.
Path resolved(const Path& path) {
  std::error_code error;
  Path result = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  return error ? std::filesystem::absolute(path).lexically_normal() : result;
}

// exai.toml or configs/exai.toml in this folder or the nearest parent.
Result<Path> search_upwards() {
  std::error_code error;
  const Path here = std::filesystem::current_path(error);
  if (error) return fail(Errc::not_found, "the current folder is gone; change to another one");
  for (Path folder = here;; folder = folder.parent_path()) {
    for (const char* name : {"exai.toml", "configs/exai.toml"})
      if (is_file(folder / name)) return folder / name;
    if (folder == folder.parent_path()) break;
  }
  return fail(Errc::not_found,
              "no stack file: looked for exai.toml and configs/exai.toml in {} and its parents; "
              "name one with --file or EXAI_FILE",
              here.string());
}

// The folder that people would call the project: not "configs".
std::string project_name(const Path& stack_file) {
  Path folder = stack_file.parent_path();
  if (folder.filename() == "configs") folder = folder.parent_path();
  const std::string name = folder.filename().string();
  return name.empty() ? "stack" : name;
}

Result<Path> state_folder(const Path& stack_file, const Environment& environment) {
  if (const auto given = value_or_empty(environment, "EXAI_STATE_DIR"); !given.empty())
    return resolved(given);
  const Path name = project_name(stack_file) + "-" +
                    fmt::format("{:016x}", fnv1a(stack_file.string())).substr(0, 10);
  if (const auto base = value_or_empty(environment, "XDG_STATE_HOME"); base.starts_with('/'))
    return Path(base) / "exai" / name;
  if (const auto home = value_or_empty(environment, "HOME"); home.starts_with('/'))
    return Path(home) / ".local/state/exai" / name;
  return fail(Errc::not_found, "nowhere to keep state: neither EXAI_STATE_DIR nor HOME is set");
}

// Made once even when two make it at the same time: the first link wins, and both read the winner.
Result<Secret> generated_secret(const Workspace& workspace, const config::GeneratedSecret& secret) {
  const Path file = workspace.secrets() / secret.name;
  if (!is_file(file)) {
    if (auto made = make_private_directory(workspace.secrets()); !made)
      return fail(std::move(made).error());
    const Path draft = file.string() + "." + random_hex(6) + ".draft";
    if (auto written = write_file_atomic(draft, random_token(secret.characters), 0600); !written)
      return fail(std::move(written).error());
    std::error_code error;
    std::filesystem::create_hard_link(draft, file, error);
    if (auto removed = remove_file(draft); !removed) return fail(std::move(removed).error());
    if (error && error != std::errc::file_exists)
      return fail(Errc::internal, "keeping the secret {} in {}: {}", secret.name, file.string(),
                  error.message());
  }
  TRY(text, read_file(file, 1U << 16U));
  Secret value{std::string(trim(text))};
  if (value.empty())
    return fail(Errc::invalid, "the secret {} in {} is empty; remove the file to have it made anew",
                secret.name, file.string());
  return value;
}

Result<config::FileInfo> look_at(const Path& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0)
    return fail(Errc::not_found, "{} is not there", path.string());
  config::FileInfo info;
  if (S_ISDIR(found.st_mode))
    info.kind = config::FileInfo::Kind::folder;
  else if (S_ISLNK(found.st_mode))
    info.kind = config::FileInfo::Kind::link;
  else if (!S_ISREG(found.st_mode))
    info.kind = config::FileInfo::Kind::other;
  info.mode = found.st_mode & 07777U;
  info.is_ours = found.st_uid == ::geteuid();
  return info;
}

Result<std::vector<std::string>> list_folder(const Path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    names.push_back(entry.path().filename().string());
  if (error) return fail(Errc::not_found, "{}: {}", folder.string(), error.message());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Workspace> find_workspace(const std::optional<Path>& given, const Environment& environment) {
  Path file;
  const std::string from_environment = value_or_empty(environment, "EXAI_FILE");
  if (given)
    file = *given;
  else if (!from_environment.empty())
    file = from_environment;
  else {
    TRY(found, search_upwards());
    file = std::move(found);
  }
  Workspace workspace;
  workspace.stack_file = resolved(file);
  TRY(state, state_folder(workspace.stack_file, environment));
  workspace.state = std::move(state);
  // What runs must be stoppable even when its file has gone.
  if (!is_file(workspace.stack_file) && !is_file(workspace.snapshot()))
    return fail(Errc::not_found, "there is no stack file {}", workspace.stack_file.string());
  return workspace;
}

std::string program_search_path(const Environment& environment) {
  const std::string ours = executable_path().parent_path().string();
  const std::string path = value_or_empty(environment, "PATH");
  return ours + ":" + (path.empty() ? "/usr/local/bin:/usr/bin:/bin" : path);
}

namespace {

Result<config::DatesOfSecrets> dates_of_secrets(const Path& store) {
  TRY(metadata, secrets::read_metadata(store));
  return secrets::dates_of(metadata);
}

config::Facilities facilities_of(const Path& folder, const Environment& environment) {
  config::Facilities facilities;
  facilities.read = [](const Path& path) { return read_file(path, 4U << 20U); };
  facilities.look = look_at;
  facilities.secrets = [environment](const Path& store) {
    return secrets::read_values(store, environment);
  };
  facilities.secret_dates = dates_of_secrets;
  facilities.list = list_folder;
  facilities.has_program = [folder,
                            search = program_search_path(environment)](const std::string& program) {
    const bool relative = program.find('/') != std::string::npos && !program.starts_with('/');
    return find_program(relative ? (folder / program).string() : program, search).has_value();
  };
  return facilities;
}

config::LoadRequest request_of(const Workspace& workspace, const std::optional<std::string>& env,
                               const Environment& environment) {
  config::LoadRequest request;
  request.stack_file = workspace.stack_file;
  request.environment = env;
  request.process_environment = {environment.begin(), environment.end()};
  if (const auto folder = value_or_empty(environment, "CREDENTIALS_DIRECTORY"); !folder.empty()) {
    if (auto handed_over = secrets::read_credentials(folder))
      request.credentials = std::move(*handed_over);
    else
      request.credentials_fault = handed_over.error().message();
  }
  request.state_folder = workspace.state;
  request.run_folder = workspace.run();
  request.now = std::chrono::system_clock::now();
  return request;
}

}  // namespace

namespace {

void tell_kept(const Workspace& workspace, config::Loaded& loaded) {
  for (auto& [name, value] : kept_secrets(workspace))
    loaded.secrets.emplace_back(name, std::move(value));
}

}  // namespace

config::Loaded load_stack(const Workspace& workspace, const std::optional<std::string>& env,
                          const Environment& environment) {
  config::Loaded loaded =
      config::load(request_of(workspace, env, environment),
                   facilities_of(workspace.stack_file.parent_path(), environment));
  tell_kept(workspace, loaded);
  return loaded;
}

std::function<config::Loaded()> stack_loader(const Workspace& workspace,
                                             const std::optional<std::string>& env,
                                             const Environment& environment) {
  return [workspace, env, environment, recall = std::make_shared<config::Recall>()] {
    config::Loaded loaded =
        recall->load(request_of(workspace, env, environment),
                     facilities_of(workspace.stack_file.parent_path(), environment));
    tell_kept(workspace, loaded);
    return loaded;
  };
}

std::vector<std::pair<std::string, Secret>> kept_secrets(const Workspace& workspace) {
  std::vector<std::pair<std::string, Secret>> found;
  std::error_code error;
  const auto read_folder = [&](const Path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const auto value = read_private_file(entry.path());
      if (value)
        found.emplace_back(entry.path().filename().string(),
                           Secret(std::string(trim(value->reveal()))));
    }
  };
  read_folder(workspace.secrets());
  for (const auto& service : std::filesystem::directory_iterator(workspace.run(), error))
    read_folder(service.path() / kDelivered);
  return found;
}

Result<config::Loaded> load_project(const Path& path, const std::optional<std::string>& env,
                                    const Environment& environment,
                                    const std::map<Path, std::string>& texts) {
  const Path place = resolved(path);
  TRY(found, look_at(place));
  const bool is_folder = found.kind == config::FileInfo::Kind::folder;
  Workspace workspace;
  if (!is_folder && place.extension() == ".toml") workspace.stack_file = place;
  for (const char* name : {"exai.toml", "configs/exai.toml"})
    if (is_folder && workspace.stack_file.empty() && is_file(place / name))
      workspace.stack_file = place / name;
  TRY(state, state_folder(workspace.stack_file, environment));
  workspace.state = std::move(state);
  config::LoadRequest request = request_of(workspace, env, environment);
  request.scope = config::Scope::project;
  if (workspace.stack_file.empty()) request.folder = is_folder ? place : place.parent_path();
  if (!is_folder && workspace.stack_file.empty()) request.compose_file = place;
  const Path folder = request.folder.empty() ? workspace.stack_file.parent_path() : request.folder;
  config::Facilities world = facilities_of(folder, environment);
  if (!texts.empty())
    world.read = [&texts, read = world.read](const Path& file) -> Result<std::string> {
      const auto changed = texts.find(file);
      return changed == texts.end() ? read(file) : Result<std::string>(changed->second);
    };
  config::Loaded loaded = config::load(request, world);
  tell_kept(workspace, loaded);
  return loaded;
}

namespace {

// From the store as it is now: it may have been changed since the stack was read. None: the value
// is not from there, or the store cannot be read any more.
std::optional<Secret> stored_value(const config::Stack& stack, const std::string& name,
                                   const config::Variable& variable) {
  if (stack.secret_store.empty() || variable.origins.empty()) return std::nullopt;
  const Path from = (stack.directory / variable.origins.front().layer).lexically_normal();
  if (from != stack.secret_store) return std::nullopt;
  auto values = secrets::read_values(stack.secret_store, current_environment());
  if (!values) return std::nullopt;
  const auto found = values->find(name);
  if (found == values->end()) return std::nullopt;
  return std::move(found->second);
}

}  // namespace

Result<> prepare(const Workspace& workspace) {
  for (const Path& folder :
       {workspace.state, workspace.run(), workspace.logs(), workspace.secrets()})
    if (auto made = make_private_directory(folder); !made) return made;
  return {};
}

Result<Secret> secret_value(const Workspace& workspace, const config::Stack& stack,
                            const std::string& name) {
  const auto variable = stack.variables.find(name);
  if (variable != stack.variables.end() && !variable->second.value.empty()) {
    if (auto stored = stored_value(stack, name, variable->second)) return *std::move(stored);
    return Secret(variable->second.value);
  }
  for (const config::GeneratedSecret& secret : stack.secrets)
    if (secret.name == name) return generated_secret(workspace, secret);
  return fail(Errc::not_found, "{} has no value", name);
}

}  // namespace exai
