#include "core/config/config.hpp"

#include <algorithm>

#include "core/config/allow.hpp"
#include "core/config/build_stack.hpp"
#include "core/config/compose_model.hpp"
#include "core/config/dockerfile.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/options.hpp"
#include "core/config/project.hpp"
#include "core/config/resolve.hpp"
#include "core/config/secrecy.hpp"
#include "core/config/stack_tree.hpp"
#include "core/config/toml.hpp"

namespace exai::config {

namespace {

// What is wrong with the whole; the tree is there when it could be read at all.
std::optional<Node> read_tree(const LoadRequest& request, const Facilities& facilities,
                              Loaded& loaded) {
  if (request.stack_file.empty()) return std::nullopt;
  auto text = facilities.read(request.stack_file);
  if (!text) {
    loaded.diagnostics.push_back(problem("CFG022", {},
                                         "cannot read the stack file: " + text.error().message(),
                                         "name another one with --file"));
    return std::nullopt;
  }
  const std::string name = request.stack_file.filename().string();
  loaded.files.push_back(name);
  loaded.sources.push_back(
      std::make_shared<const Source>(Source{name, std::move(*text), request.stack_file}));
  Toml toml = parse_toml(loaded.sources.back());
  loaded.diagnostics = std::move(toml.diagnostics);
  return std::move(toml.root);
}

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

std::vector<SourcePtr> sources_of(const Project& project) {
  std::vector<SourcePtr> sources;
  for (const EnvFile& file : project.env_files) sources.push_back(file.source);
  if (project.compose != nullptr)
    for (const auto* files : {&project.compose->files, &project.compose->other_files})
      for (const ComposeFile& file : *files) sources.push_back(file.source);
  for (const auto& dockerfile : project.dockerfiles) sources.push_back(dockerfile->source);
  for (const ClientConfig& client : project.clients) sources.push_back(client.source);
  return sources;
}

// A value that is also an innocent word would hide that word wherever it stands.
bool is_worth_hiding(const Resolved& resolved, std::string_view value) {
  if (!is_secret_value(value) || is_placeholder(value)) return false;
  const auto& all = services(resolved.tree);
  return std::none_of(all.begin(), all.end(),
                      [&](const Member& service) { return service.key == value; });
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.front() == text.back();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// All of them, those that others shadow too, and what the sources hide.
std::vector<std::pair<std::string, Secret>> secrets_in(const Resolved& resolved,
                                                       const Project& project,
                                                       const std::vector<SourcePtr>& sources) {
  std::vector<std::pair<std::string, Secret>> secrets;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (resolved.names.is_confidential(name) && is_worth_hiding(resolved, value))
      secrets.emplace_back(resolved.names.canonical(name), Secret(value));
  };
  for (const Assignment& one : resolved.assignments) add(one.name, one.origin.value);
  for (const EnvFile& file : project.env_files)
    for (const DotenvEntry& entry : file.entries)
      if (entry.value) add(entry.key, *entry.value);
  const auto add_hidden = [&](const Source& source) {
    for (const ByteRange& range : source.hidden) {
      const std::string_view written =
          unquoted(std::string_view(source.text).substr(range.begin, range.end - range.begin));
      if (is_worth_hiding(resolved, written))
        secrets.emplace_back("hidden", Secret(std::string(written)));
    }
  };
  for (const SourcePtr& source : sources)
    if (source) add_hidden(*source);
  return secrets;
}

}  // namespace

Loaded load(const LoadRequest& request, const Facilities& facilities) {
  Loaded loaded;
  const OptionTable& options = OptionTable::shipped();
  Resolved resolved;
  resolved.names.options = &options;
  if (const auto tree = read_tree(request, facilities, loaded)) {
    resolved = resolve(*tree, request, facilities, options);
    append(loaded.files, std::move(resolved.files));
    append(loaded.diagnostics, std::move(resolved.diagnostics));
  }
  const Project project =
      read_project(request, facilities, resolved, loaded.files, loaded.diagnostics);
  loaded.layers = resolved.layers.size();
  append(loaded.sources, sources_of(project));
  loaded.compose = project.compose;
  loaded.secrets = secrets_in(resolved, project, loaded.sources);
  loaded.dropped = lint({resolved, project, options, facilities, request}, loaded.diagnostics);
  loaded.allowed = apply_allowances(loaded.sources, request.scope, loaded.diagnostics);
  if (resolved.strict) make_strict(loaded.diagnostics);
  if (resolved.tree.table() != nullptr && loaded.is_valid())
    loaded.stack = std::make_shared<const Stack>(build_stack(resolved, request.stack_file));
  if (resolved.tree.table() != nullptr)
    loaded.resolved = std::make_shared<const Resolved>(std::move(resolved));
  sort_and_unique(loaded.diagnostics);
  return loaded;
}

}  // namespace exai::config
