#include "core/config/compose_reader.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/compose_schema.hpp"
#include "core/config/places.hpp"
#include "core/config/yaml.hpp"
#include "core/config/yaml_scalar.hpp"

namespace exai::config {

namespace {

constexpr int kMostExtends = 32;

std::vector<std::string> names_of(const std::vector<ComposeDraft>& services) {
  std::vector<std::string> names;
  for (const ComposeDraft& service : services) names.push_back(service.name);
  return names;
}

// One text or several.
std::vector<PlacedText> paths_of(const Node* node) {
  std::vector<PlacedText> paths;
  if (node == nullptr) return paths;
  if (node->string() != nullptr) paths.push_back({*node->string(), node->span});
  if (const Node::List* list = node->list())
    for (const Node& item : *list)
      if (item.string() != nullptr) paths.push_back({*item.string(), item.span});
  return paths;
}

}  // namespace

std::string compose_project_name(std::string_view text) {
  std::string normal;
  for (const char c : to_lower(text))
    if (is_lower(c) || is_digit(c) || c == '-' || c == '_') normal += c;
  normal.erase(0, normal.find_first_not_of("-_"));
  return normal;
}

ComposeReader::ComposeReader(const ComposeRequest& request, const Facilities& world,
                             ComposeProject& project)
    : request_(request), world_(world), project_(project), merge_(tags_, project.diagnostics) {
  environment_.process = &request.process_environment;
  environment_.project = compose_project_name(project.folder.filename().string());
  sections_.value = Node::Table{};
  for (const Path& path : request.env_files) read_environment_file(path, true, environment_);
  if (request.env_files.empty())
    read_environment_file(project.folder / ".env", false, environment_);
}

std::string ComposeReader::shown(const Path& path) const {
  const Path& folder = request_.folder.empty() ? project_.folder : request_.folder;
  return path.lexically_proximate(folder).string();
}

Path ComposeReader::absolute(const Span& written, const std::string& path) const {
  const auto base = bases_.find(written.source.get());
  const Path& from = base == bases_.end() ? project_.folder : base->second;
  if (path == "~" || path.starts_with("~/")) {
    const auto home = request_.process_environment.find("HOME");
    if (home != request_.process_environment.end())
      return (Path(home->second) / path.substr(std::min<std::size_t>(2, path.size())))
          .lexically_normal();
  }
  const Path normal = (from / path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

void ComposeReader::read_environment_file(const Path& path, bool must_exist,
                                          ComposeEnvironment& environment) {
  auto text = world_.read(path);
  if (!text) {
    if (must_exist)
      project_.diagnostics.push_back(
          problem("CFG022", {}, "cannot read the environment file: " + text.error().message(),
                  "name another one with --env-file"));
    return;
  }
  const auto source = std::make_shared<Source>(Source{shown(path), std::move(*text), path, {}});
  const Lookup shell = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = request_.process_environment.find(std::string(name));
    if (found == request_.process_environment.end()) return std::nullopt;
    return found->second;
  };
  const Lookup earlier = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.files.find(name);
    if (found == environment.files.end()) return std::nullopt;
    return found->second.value;
  };
  Dotenv dotenv = parse_dotenv(source, shell, earlier);
  std::move(dotenv.diagnostics.begin(), dotenv.diagnostics.end(),
            std::back_inserter(project_.diagnostics));
  for (const DotenvEntry& entry : dotenv.entries) {
    if (entry.value && entry.style != DotenvEntry::Style::faulty)
      environment.files[entry.key] = {*entry.value, ComposeReference::From::env_file,
                                      entry.key_span};
    if (request_.is_secret && request_.is_secret(entry.key))
      source->hidden.push_back({entry.value_begin, entry.value_end});
  }
  ComposeEnvFile file;
  file.path = source->name;
  file.file = path;
  file.found = true;
  file.source = source;
  file.entries = std::move(dotenv.entries);
  project_.env_files.push_back(std::move(file));
}

std::size_t ComposeReader::File::find(std::string_view service) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const ComposeDraft& draft) { return draft.name == service; });
  return static_cast<std::size_t>(found - services.begin());
}

std::shared_ptr<ComposeReader::File> ComposeReader::open(const Path& path, const Path& base,
                                                         const Span& named_at,
                                                         const ComposeEnvironment& environment) {
  if (const auto known = files_.find(path); known != files_.end()) return known->second;
  auto text = world_.read(path);
  if (!text) {
    project_.diagnostics.push_back(
        problem("CFG022", named_at, "cannot read the Compose file: " + text.error().message(),
                "name another one"));
    return nullptr;
  }
  const auto source = std::make_shared<Source>(Source{shown(path), std::move(*text), path, {}});
  bases_[source.get()] = base;
  Yaml yaml = parse_yaml(source);
  std::move(yaml.diagnostics.begin(), yaml.diagnostics.end(),
            std::back_inserter(project_.diagnostics));
  auto file = std::make_shared<File>();
  file->file = {source, path, {}};
  files_[path] = file;
  if (yaml.root) {
    tags_.add(source, yaml.tags);
    file->file.tree = std::move(*yaml.root);
    if (request_.is_secret) {
      const Places places(source);
      hide_secrets(*source, places, file->file.tree, false);
    }
    if (files_.size() == 1) name_project(file->file.tree);
    const bool complete =
        interpolate_tree(file->file.tree, environment, project_.references, project_.diagnostics);
    check_compose_schema(file->file.tree, yaml, complete ? Nulls::values : Nulls::unknown,
                         project_.diagnostics);
    list_services(*file);
  }
  return file;
}

void ComposeReader::list_services(File& file) {
  const Node* services = file.file.tree.find("services");
  if (services == nullptr || services->table() == nullptr) return;
  for (const Member& member : *services->table()) {
    ComposeDraft draft;
    draft.name = member.key;
    draft.span = member.key_span;
    draft.node = member.value;
    file.services.push_back(std::move(draft));
  }
  file.states.assign(file.services.size(), State::as_written);
}

// Values of environment: and of build arguments, wherever they are written: in tables, and as
// "NAME=value" in lists.
void ComposeReader::hide_secrets(Source& source, const Places& places, const Node& tree,
                                 bool in_environment) const {
  const auto hide = [&](const Span& span) {
    const std::size_t begin = places.offset(span.begin);
    const std::size_t end = places.offset(span.end);
    if (begin < end && source.text[begin] != '*') source.hidden.push_back({begin, end});
  };
  // A reference alone, without a value of its own, gives nothing away.
  const auto is_reference = [](const std::string& text) {
    const std::size_t after = text.find_first_of(":-+?}");
    const std::size_t action = text.find_first_not_of(':', after);
    return text.empty() || (text.starts_with("${") && text.ends_with('}') && action < text.size() &&
                            (text[action] == '?' || text[action] == '}'));
  };
  if (const Node::List* list = tree.list())
    for (const Node& item : *list) {
      const std::string text = scalar_text(item);
      const std::size_t equals = text.find('=');
      if (equals != text.npos && request_.is_secret(text.substr(0, equals)) &&
          !is_reference(text.substr(equals + 1)))
        hide(item.span);
      hide_secrets(source, places, item, in_environment);
    }
  if (const Node::Table* table = tree.table())
    for (const Member& member : *table) {
      const bool inside = in_environment || member.key == "environment" || member.key == "args" ||
                          member.key.starts_with("x-");
      const bool scalar = member.value.list() == nullptr && member.value.table() == nullptr;
      if (inside && scalar && request_.is_secret(member.key) &&
          !is_reference(scalar_text(member.value)))
        hide(member.value.span);
      hide_secrets(source, places, member.value, inside);
    }
}

// The name that the first file gives counts in the references of all.
void ComposeReader::name_project(const Node& tree) {
  const Node* name = tree.find("name");
  if (name == nullptr || name->string() == nullptr) return;
  const std::string normal =
      compose_project_name(expand(*name->string(), environment_.lookup()).text);
  if (!normal.empty()) environment_.project = normal;
}

// Compose fetches files of other places: nothing is known about them here.
bool ComposeReader::is_elsewhere(const PlacedText& path) {
  const std::string& text = path.value;
  if (text.find("://") == text.npos && !text.starts_with("git@") && !text.starts_with("oci:"))
    return false;
  Diagnostic one = problem("CFG022", path.span, "files of other places are not read",
                           "what it says is not looked at here");
  one.severity = Severity::info;
  project_.diagnostics.push_back(std::move(one));
  return true;
}

void ComposeReader::read(const Path& path) {
  const auto file = open(path, project_.folder, {}, environment_);
  if (!file) return;
  project_.files.push_back(file->file);
  if (const Node* entries = file->file.tree.find("include"); entries != nullptr && entries->list())
    for (const Node& entry : *entries->list()) include(entry, project_.folder, environment_);
  lay(*file, false);
}

void ComposeReader::include(const Node& entry, const Path& base,
                            const ComposeEnvironment& environment) {
  const bool table = entry.table() != nullptr;
  const auto paths = paths_of(table ? entry.find("path") : &entry);
  if (paths.empty()) return;
  const Path main = (base / paths[0].value).lexically_normal();
  if (!including_.insert(main).second || including_.size() > kMostExtends) {
    project_.diagnostics.push_back(
        problem("DEP001", paths[0].span, "this file includes itself", "remove the entry"));
    return;
  }
  const auto folder = paths_of(table ? entry.find("project_directory") : nullptr);
  const Path own =
      folder.empty() ? main.parent_path() : (base / folder[0].value).lexically_normal();
  ComposeEnvironment inner;
  inner.process = environment.process;
  inner.project = environment.project;
  auto env_files = paths_of(table ? entry.find("env_file") : nullptr);
  for (const PlacedText& file : env_files)
    read_environment_file((base / file.value).lexically_normal(), true, inner);
  if (env_files.empty() && own != project_.folder)
    read_environment_file(own / ".env", false, inner);
  for (const auto& [name, found] : environment.files) inner.files[name] = found;
  for (const PlacedText& path : paths) {
    if (is_elsewhere(path)) continue;
    const auto file = open((base / path.value).lexically_normal(), own, path.span, inner);
    if (!file) continue;
    project_.other_files.push_back(file->file);
    if (const Node* more = file->file.tree.find("include"); more != nullptr && more->list())
      for (const Node& each : *more->list()) include(each, own, inner);
    lay(*file, true);
  }
  including_.erase(main);
}

void ComposeReader::resolve(File& file, std::size_t index, int depth) {
  if (file.states[index] != State::as_written) return;
  file.states[index] = State::busy;
  // A copy: the service itself is laid over what it extends.
  if (const Node* extends = file.services[index].node.find("extends"))
    extend(file, index, Node(*extends), depth);
  file.states[index] = State::done;
}

void ComposeReader::extend(File& file, std::size_t index, const Node& extends, int depth) {
  const bool table = extends.table() != nullptr;
  const Node* name = table ? extends.find("service") : &extends;
  if (name == nullptr || name->string() == nullptr) return;
  const auto refuse = [&](const Span& span, std::string message, std::string help) {
    project_.diagnostics.push_back(problem("DEP001", span, std::move(message), std::move(help)));
  };
  std::shared_ptr<File> other;
  const auto path = paths_of(table ? extends.find("file") : nullptr);
  if (!path.empty()) {
    if (is_elsewhere(path[0])) return;
    const Path at = absolute(path[0].span, path[0].value);
    const bool known = files_.contains(at);
    other = open(at, at.parent_path(), path[0].span, environment_);
    if (!other) return;
    if (!known) project_.other_files.push_back(other->file);
  }
  File& from = other ? *other : file;
  const std::size_t base = from.find(*name->string());
  if (base == from.services.size()) {
    const auto suggestion = closest(*name->string(), names_of(from.services));
    return refuse(name->span,
                  fmt::format("there is no service \"{}\" to extend", printable(*name->string())),
                  suggestion ? fmt::format("did you mean \"{}\"?", *suggestion)
                             : "name a service of the same file, or add file:");
  }
  if (from.states[base] == State::busy || depth > kMostExtends)
    return refuse(name->span,
                  fmt::format("{} extends itself", printable(file.services[index].name)),
                  "a service can only extend one that does not extend it");
  resolve(from, base, depth + 1);
  const ComposeDraft& below = from.services[base];
  ComposeDraft& draft = file.services[index];
  Node merged = below.node;
  merged.span = draft.node.span;
  Overridden overridden = below.overridden;
  for (Member& member : merge_.service(merged, draft.node)) overridden.push_back(std::move(member));
  if (auto* members = std::get_if<Node::Table>(&merged.value))
    std::erase_if(*members, [](const Member& member) { return member.key == "extends"; });
  draft.node = std::move(merged);
  draft.overridden = std::move(overridden);
  draft.extends = below.extends;
  draft.extends.insert(draft.extends.begin(), {below.name, name->span});
}

void ComposeReader::lay(File& file, bool included) {
  for (std::size_t i = 0; i < file.services.size(); ++i) resolve(file, i, 0);
  for (const ComposeDraft& draft : file.services) lay_service(draft, included);
  const Node::Table* members = file.file.tree.table();
  if (members == nullptr) return;
  Node others;
  others.span = file.file.tree.span;
  Node::Table table;
  for (const Member& member : *members)
    if (member.key != "services" && member.key != "include") table.push_back(member);
  others.value = std::move(table);
  if (!sections_.span) sections_.span = others.span;
  merge_.section(sections_, others);
}

void ComposeReader::forget(std::size_t at) {
  services_.erase(services_.begin() + static_cast<std::ptrdiff_t>(at));
  by_name_.clear();
  for (std::size_t i = 0; i < services_.size(); ++i) by_name_.emplace(services_[i].name, i);
}

void ComposeReader::lay_service(ComposeDraft draft, bool included) {
  const auto at = by_name_.find(draft.name);
  if (included) included_.insert(draft.name);
  if (tags_.is_reset(draft.node)) {
    if (at != by_name_.end()) forget(at->second);
    return;
  }
  if (at == by_name_.end()) {
    // Over nothing: so that what is reset goes away here too.
    Node node{Node::Table{}, draft.node.span};
    if (draft.node.table() != nullptr) merge_.service(node, draft.node);
    draft.node = std::move(node);
    by_name_.emplace(draft.name, services_.size());
    services_.push_back(std::move(draft));
    return;
  }
  ComposeDraft* const known = &services_[at->second];
  if (tags_.is_override(draft.node)) {
    *known = std::move(draft);
    return;
  }
  if (!included && included_.contains(draft.name)) {
    Diagnostic one =
        problem("CMP003", draft.span, fmt::format("{} is in an included file already", draft.name),
                "give it another name, or change it in an override file");
    one.related.push_back({known->span, "included from here"});
    project_.diagnostics.push_back(std::move(one));
  }
  for (Member& member : draft.overridden) known->overridden.push_back(std::move(member));
  if (draft.node.table() == nullptr) return;
  for (Member& member : merge_.service(known->node, draft.node))
    known->overridden.push_back(std::move(member));
  known->extends.insert(known->extends.end(), draft.extends.begin(), draft.extends.end());
}

}  // namespace exai::config
