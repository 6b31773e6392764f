#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/compose_model.hpp"
#include "core/config/ignore.hpp"
#include "core/config/lint/known_images.hpp"
#include "core/config/lint/sec_rules.hpp"
#include "core/config/lint/sightings.hpp"
#include "core/config/secrecy.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  if (names.size() <= kMost) return join(names, ", ");
  return fmt::format("{} and {} more", join(std::span(names).first(kMost), ", "),
                     names.size() - kMost);
}

// What the service itself says about a variable: its command line, its checks, its hooks.
bool mentions(const Node& node, std::string_view name) {
  if (node.string() != nullptr) return node.string()->find(name) != std::string::npos;
  if (node.list() != nullptr)
    return std::any_of(node.list()->begin(), node.list()->end(),
                       [&](const Node& one) { return mentions(one, name); });
  return node.table() != nullptr &&
         std::any_of(node.table()->begin(), node.table()->end(), [&](const Member& one) {
           return one.key.find(name) != std::string::npos || mentions(one.value, name);
         });
}

bool mentions_besides(const Node& service, std::string_view key, std::string_view name) {
  return service.table() != nullptr &&
         std::any_of(service.table()->begin(), service.table()->end(), [&](const Member& one) {
           return one.key != key && mentions(one.value, name);
         });
}

void unneeded_in_compose(const LintSubject& subject, const ComposeService& service,
                         Findings& findings) {
  const KnownImage* image = service.image ? find_image(service.image->value) : nullptr;
  if (image == nullptr || image->prefixes.empty()) return;
  for (const ComposeEnvFile& file : service.env_files) {
    std::vector<std::string> unneeded;
    const DotenvEntry* first = nullptr;
    for (const DotenvEntry& entry : file.entries) {
      if (!entry.value || !is_secret_value(*entry.value) || image->reads(entry.key) ||
          !subject.resolved.names.is_confidential(entry.key) ||
          mentions_besides(service.node, "env_file", entry.key))
        continue;
      if (first == nullptr) first = &entry;
      unneeded.push_back(entry.key);
    }
    if (first == nullptr) continue;
    Diagnostic& found = findings.add(
        "SEC011", file.span,
        fmt::format("{} gets {} from {}, and {} has no use for {}", service.name, listed(unneeded),
                    file.path, image->name, unneeded.size() == 1 ? "it" : "them"),
        "give it an env_file of its own, or name what it needs under environment");
    found.related.push_back({first->key_span, "the secret"});
    found.subject = "services." + service.name;
  }
}

bool is_rendered(const LintSubject& subject, const std::string& service, std::string_view name) {
  const auto& templates = subject.resolved.templates;
  return std::any_of(templates.begin(), templates.end(), [&](const Template& one) {
    return one.service == service && one.text.find(name) != std::string::npos;
  });
}

// Programs whose variables are known: ours by the option table, others by their image.
bool is_of_no_use(const LintSubject& subject, std::string_view program, std::string_view name) {
  if (program == "exaid") {
    const Option* option = subject.options.find(name);
    return option != nullptr && !contains(option->readers, "exaid");
  }
  const KnownImage* image = find_program_image(program);
  return image != nullptr && !image->prefixes.empty() && !image->reads(name);
}

void unneeded_in_stack(const LintSubject& subject, const Member& service, Findings& findings) {
  const auto process = texts(service.value.find("process"));
  const Node* secrets = service.value.find("secrets");
  if (process.empty() || secrets == nullptr || secrets->list() == nullptr) return;
  const std::string program = Path(process.front()).filename().string();
  for (const Node& secret : *secrets->list()) {
    if (secret.string() == nullptr) continue;
    const std::string& name = *secret.string();
    if (!is_of_no_use(subject, program, name) || is_rendered(subject, service.key, name) ||
        mentions_besides(service.value, "secrets", name))
      continue;
    findings
        .add("SEC011", secret.span,
             fmt::format("{} gets {}, and {} has no use for it", service.key, name, program),
             "remove it from the service's secrets")
        .subject = "services." + service.key + ".secrets";
  }
}

}  // namespace

void unneeded_secrets(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    unneeded_in_stack(subject, service, findings);
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    unneeded_in_compose(subject, service, findings);
}

// --- images ---

namespace {

constexpr std::string_view kLayers =
    "whoever gets the image can read it, in this layer and in its "
    "history: ";

// An image that is built here.
struct Image {
  const Dockerfile* dockerfile = nullptr;
  DockerStage stage;
  Path context;  // empty: not known
  const ComposeBuild* build = nullptr;
};

std::vector<Image> images_of(const LintSubject& subject) {
  std::vector<Image> images;
  std::set<SourcePtr> seen;
  const auto add = [&](const Dockerfile& file, const std::string& target, const Path& context,
                       const ComposeBuild* build) {
    if (const DockerStage* stage = file.stage(target)) {
      images.push_back({&file, file.whole(*stage), context, build});
      seen.insert(file.source);
    }
  };
  if (subject.project.compose != nullptr)
    for (const ComposeService& service : subject.project.compose->services)
      if (service.build && service.build->parsed)
        add(*service.build->parsed, service.build->target, service.build->folder, &*service.build);
  const auto is_built = [&](const Dockerfile& file) {
    return std::any_of(seen.begin(), seen.end(),
                       [&](const SourcePtr& source) { return source->path == file.source->path; });
  };
  for (const auto& file : subject.project.dockerfiles)
    if (!is_built(*file)) add(*file, "", file->source->path.parent_path(), nullptr);
  return images;
}

void secrets_in_instructions(const LintSubject& subject, const Image& image, Findings& findings) {
  const auto is_secret = [&](const std::string& name) {
    return subject.resolved.names.is_confidential(name);
  };
  for (const DockerVariable& variable : image.stage.environment) {
    if (!is_secret(variable.name) || !is_secret_value(variable.value)) continue;
    findings
        .add("SEC012", variable.value_span,
             fmt::format("ENV puts {} into the image", variable.name),
             fmt::format("{}set it when the container starts, from a file or the environment",
                         kLayers))
        .subject = variable.name;
  }
  for (const DockerVariable& argument : image.stage.arguments) {
    if (!is_secret(argument.name)) continue;
    const bool is_written = is_literal(written_at(argument.value_span)) &&
                            is_secret_value(written_at(argument.value_span));
    Diagnostic& found = findings.add(
        "SEC012", is_written ? argument.value_span : argument.name_span,
        fmt::format("the build argument {} stays in the history of the image", argument.name),
        fmt::format("use a secret of the build: RUN --mount=type=secret,id={}",
                    to_lower(argument.name)));
    found.subject = argument.name;
    if (!is_written) found.severity = Severity::warning;
  }
}

// Names that hold secrets wherever they are.
bool is_secret_file(const Path& path) {
  const std::string name = path.filename().string();
  constexpr std::array<std::string_view, 4> kExamples = {"example", "sample", "template", "dist"};
  constexpr std::array<std::string_view, 5> kNames = {"id_rsa", "id_ed25519", "id_ecdsa", ".netrc",
                                                      ".pgpass"};
  if (contains(kNames, name)) return true;
  return (name == ".env" || name.starts_with(".env.")) &&
         std::none_of(kExamples.begin(), kExamples.end(),
                      [&](std::string_view word) { return name.find(word) != name.npos; });
}

std::vector<IgnorePattern> docker_ignores(const LintSubject& subject, const Image& image) {
  Path own = image.dockerfile->source->path;
  own += ".dockerignore";
  for (const Path& list : {own, image.context / ".dockerignore"})
    if (auto text = subject.world.read(list)) {
      const std::string name = list.lexically_proximate(subject.project.folder).string();
      return parse_ignore_file(std::make_shared<const Source>(Source{name, std::move(*text), list}),
                               IgnoreDialect::docker);
    }
  return {};
}

// The file, relative to the context, is copied by a source such as ".", "config" or "*.env".
bool is_copied(std::string_view source, const std::string& file) {
  while (source.starts_with("./")) source.remove_prefix(2);
  while (source.starts_with('/')) source.remove_prefix(1);
  while (source.ends_with('/')) source.remove_suffix(1);
  if (source.empty() || source == "." || source == "*") return true;
  return file == source || file.starts_with(std::string(source) + "/") ||
         matches_glob(source, file);
}

void secret_files_in_image(const LintSubject& subject, const Image& image, Findings& findings) {
  const auto ignores = docker_ignores(subject, image);
  const auto sightings = secrets_in_env_files(subject);
  for (const DockerCopy& copy : image.stage.copies) {
    if (!copy.from.empty()) continue;
    for (const DockerWord& source : copy.sources) {
      if (is_secret_file(source.text)) {
        findings.add("SEC012", source.span, fmt::format("{} is copied into the image", source.text),
                     fmt::format("{}leave it out and mount it when the container starts", kLayers));
        continue;
      }
      std::set<const EnvFile*> seen;
      for (const Sighting& one : sightings) {
        const std::string file =
            one.file->source->path.lexically_relative(image.context).generic_string();
        if (file.empty() || file.starts_with("..") || !is_copied(source.text, file) ||
            ignored_by(ignores, file) != nullptr || !seen.insert(one.file).second)
          continue;
        Diagnostic& found = findings.add("SEC012", source.span,
                                         fmt::format("{} is copied into the image, with {} in it",
                                                     one.file->source->name, one.name),
                                         fmt::format("{}name it in .dockerignore", kLayers));
        found.related.push_back({one.entry->key_span, "the secret"});
      }
    }
  }
}

}  // namespace

void secrets_in_images(const LintSubject& subject, Findings& findings) {
  for (const Image& image : images_of(subject)) {
    secrets_in_instructions(subject, image, findings);
    if (!image.context.empty()) secret_files_in_image(subject, image, findings);
    if (image.build == nullptr) continue;
    for (const auto& [name, value] : image.build->arguments)
      if (subject.resolved.names.is_confidential(name) && is_secret_value(value.value))
        findings
            .add("SEC012", value.span,
                 fmt::format("the build argument {} stays in the history of the image", name),
                 "use a secret of the build: build.secrets, and RUN --mount=type=secret")
            .subject = name;
  }
}

void ignored_ownership(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ComposeProject& compose = *subject.project.compose;
  for (const ComposeService& service : compose.services)
    for (const ComposeGrant& grant : service.secrets) {
      const auto resource = std::find_if(compose.secrets.begin(), compose.secrets.end(),
                                         [&](const auto& one) { return one.name == grant.source; });
      if (!grant.ownership_span || resource == compose.secrets.end() || !resource->file) continue;
      Diagnostic& found = findings.add(
          "SEC015", grant.ownership_span,
          fmt::format("Docker Compose ignores uid, gid and mode of the secret {}: it is a file",
                      grant.source),
          fmt::format("remove them, and give {} itself the owner and mode that the service needs",
                      resource->file->value));
      found.related.push_back({resource->file->span, "the file is mounted as it is"});
      found.subject = "secrets." + grant.source;
    }
}

void secrets_delivered_in_environments(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree)) {
    if (text_or(service.value, "delivery", "") != "env") continue;
    if (texts(service.value.find("secrets")).empty()) continue;
    findings
        .add("SEC017", service.value.find("delivery")->span,
             fmt::format("the secrets of {} are in its environment, where every process of this "
                         "user and all its children see them",
                         service.key),
             "read the files that NAME_FILE names, and remove this line")
        .subject = service.key;
  }
}

}  // namespace exai::config
