// CMP011, CMP012, CMP013, CMP017: what of the machine a container sees, and what is not there.

#include <algorithm>
#include <array>
#include <map>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/cmp_rules.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/yaml_edits.hpp"

namespace exai::config {

namespace {

// --- CMP011 ---

// Source code in a container that reloads it at each change: meant for a developer's machine.
bool is_on_developers_machine(const ComposeService& service, const Span& span) {
  constexpr std::array<std::string_view, 4> kFiles = {"override", "dev", "local", "debug"};
  constexpr std::array<std::string_view, 10> kWords = {
      "--reload",  "nodemon", "watch", "--watch", "dev",
      "runserver", "--debug", "air",   "vite",    "debugpy"};
  const std::string_view name = span.source->name;
  if (std::any_of(kFiles.begin(), kFiles.end(),
                  [&](std::string_view word) { return name.find(word) != name.npos; }))
    return true;
  if (!service.command) return false;
  for (const std::string& text : service.command->words)
    for (const std::string& word : split(text, ' '))
      if (contains(kWords, word)) return true;
  return false;
}

// "./:/app" → "./:/app:ro"; the long form gets a line.
std::optional<Fix> read_only_fix(const ComposeProject& project, const ComposeService& service,
                                 const ComposeMount& mount) {
  if (own_member(project, service, "volumes") == nullptr) return std::nullopt;
  const std::string_view text = text_at(mount.span);
  if (text.empty() || text.find('\n') != text.npos || text.starts_with('{')) return std::nullopt;
  const bool quoted = text.ends_with('"') || text.ends_with('\'');
  std::string bare(quoted ? text.substr(1, text.size() - 2) : text);
  if (bare.find('$') != bare.npos || !bare.ends_with(mount.target)) return std::nullopt;
  bare += ":ro";
  Fix fix;
  fix.title = "mount it read-only";
  fix.edits.push_back(
      replace(mount.span, quoted ? text.front() + bare + std::string(1, text.back()) : bare));
  fix.changes.push_back(change_of(service, "volumes"));
  return fix;
}

// --- CMP012 ---

struct Target {
  const ComposeMount* mount = nullptr;  // none for tmpfs:
  Span span;
};

std::string normal(std::string_view target) {
  std::string path = Path(target).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

void report_twice(const ComposeService& service, const std::string& path, const Span& here,
                  const Span& first, Findings& findings) {
  Diagnostic& one = findings.add("CMP012", here,
                                 fmt::format("{} has two mounts at {}: Docker refuses to start it",
                                             who(service), printable(path)),
                                 "keep one of them, or give it another target");
  one.related.push_back({first, "the other one"});
  one.subject = key_of(service, "volumes");
}

// A folder shown twice: once by itself, once inside its parent.
bool is_shown_twice(const ComposeMount& inner, const std::string& inner_path,
                    const ComposeMount& outer, const std::string& outer_path) {
  if (inner.type != "bind" || outer.type != "bind" || inner.read_only != outer.read_only)
    return false;
  const Path relative = Path(inner_path).lexically_relative(outer_path);
  return (outer.host_path / relative).lexically_normal() == inner.host_path.lexically_normal();
}

// Docker has to make the place for the inner mount, but may not.
bool has_no_place(const ComposeMount& inner, const std::string& inner_path,
                  const ComposeMount& outer, const std::string& outer_path,
                  const Facilities& world) {
  if (outer.type != "bind" || !outer.read_only || inner.target.empty()) return false;
  if (!world.look(outer.host_path)) return false;  // CMP017
  const Path relative = Path(inner_path).lexically_relative(outer_path);
  return !world.look((outer.host_path / relative).lexically_normal());
}

void check_nested(const std::string& path, const ComposeMount& inner, const std::string& outer_path,
                  const ComposeMount& outer, const Facilities& world, Findings& findings) {
  if (is_shown_twice(inner, path, outer, outer_path)) {
    Diagnostic& one = findings.add("CMP012", inner.span,
                                   fmt::format("{} is mounted twice: it is in {} already",
                                               printable(inner.source), printable(outer.source)),
                                   "take this one away");
    one.severity = Severity::warning;
    one.related.push_back({outer.span, "mounted with this"});
  } else if (has_no_place(inner, path, outer, outer_path, world)) {
    findings
        .add("CMP012", inner.span,
             fmt::format("{} cannot be mounted: {} is read-only and has no {} to mount it on",
                         printable(path), printable(outer.source),
                         printable(Path(path).lexically_relative(outer_path).string())),
             fmt::format("make an empty {} in {}, or mount outside of {}",
                         printable(Path(path).lexically_relative(outer_path).string()),
                         printable(outer.source), printable(outer_path)))
        .related.push_back({outer.span, "read-only here"});
  }
}

void check_overlaps(const ComposeService& service, const Facilities& world, OncePerPlace& once,
                    Findings& findings) {
  std::map<std::string, Target> targets;
  const auto add = [&](std::string_view target, const ComposeMount* mount, const Span& span) {
    if (target.empty() || !target.starts_with('/')) return;
    const std::string path = normal(target);
    const auto [first, is_new] = targets.emplace(path, Target{mount, span});
    if (!is_new && once(span)) report_twice(service, path, span, first->second.span, findings);
  };
  for (const ComposeMount& mount : service.volumes) add(mount.target, &mount, mount.span);
  for (const PlacedText& tmpfs : service.tmpfs)
    add(tmpfs.value.substr(0, tmpfs.value.find(':')), nullptr, tmpfs.span);
  for (const auto& [path, target] : targets) {
    if (target.mount == nullptr) continue;
    for (Path outer = Path(path).parent_path(); outer.has_relative_path();
         outer = outer.parent_path()) {
      const auto found = targets.find(outer.string());
      if (found == targets.end() || found->second.mount == nullptr) continue;
      if (once(target.span))
        check_nested(path, *target.mount, found->first, *found->second.mount, world, findings);
      break;
    }
  }
}

// --- CMP013 ---

struct Machine {
  std::string_view whose;  // empty: anybody's
  Severity severity = Severity::error;
};

bool has_drive(std::string_view path) {
  return path.size() > 2 && is_letter(path[0]) && path[1] == ':' &&
         (path[2] == '\\' || path[2] == '/');
}

// /mnt/c/…, /c/Users/…
bool has_drive_folder(std::string_view path) {
  if (path.starts_with("/c/Users/")) return true;
  for (const std::string_view root : {"/mnt/", "/host_mnt/"})
    if (path.starts_with(root) && path.size() > root.size() + 1 && path[root.size() + 1] == '/' &&
        std::islower(static_cast<unsigned char>(path[root.size()])) != 0)
      return true;
  return false;
}

Machine machine_of(std::string_view path) {
  if (has_drive(path) || path.starts_with("\\\\")) return {"Windows", Severity::error};
  if (has_drive_folder(path)) return {"one Windows machine", Severity::warning};
  if (path.starts_with("/Users/")) return {"one person's Mac", Severity::warning};
  if (path.starts_with("/home/")) return {"one person's machine", Severity::info};
  return {};
}

void check_path(const std::string& path, const Span& span, std::string_view what,
                const ComposeService* service, OncePerPlace& once, Findings& findings) {
  const Machine machine = machine_of(path);
  if (machine.whose.empty() || !span || !once(span)) return;
  if (text_at(span).find('$') != std::string_view::npos) return;  // each machine says its own
  Diagnostic& one = findings.add(
      "CMP013", span, fmt::format("this {} is a path of {}", what, machine.whose),
      "write it from the project's folder (./…), or as ${NAME} that each machine sets in its .env");
  one.severity = machine.severity;
  if (service != nullptr) one.subject = fmt::format("services.{}.{}", service->name, what);
}

// --- CMP017 ---

// "redis.conf", "Caddyfile", ".env"; not "data", "conf.d", "v1.2".
bool looks_like_file(const Path& path) {
  constexpr std::array<std::string_view, 8> kNames = {"Caddyfile", "Dockerfile", "Makefile",
                                                      "Procfile",  "passwd",     "hosts",
                                                      "localtime", "Corefile"};
  const std::string name = path.filename().string();
  if (contains(kNames, name) || name.starts_with(".env")) return true;
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return false;
  constexpr std::array<std::string_view, 29> kEndings = {
      "acl", "cfg",  "cnf",  "conf", "cert", "crt", "csv",  "db",         "env",   "hcl",
      "ini", "js",   "json", "key",  "lua",  "pem", "php",  "properties", "py",    "rules",
      "sh",  "sock", "sql",  "toml", "txt",  "xml", "yaml", "yml",        "sqlite"};
  return contains(kEndings, name.substr(dot + 1));
}

class SourceCheck {
 public:
  SourceCheck(const ComposeProject& project, const Facilities& world, Findings& findings)
      : project_(project), world_(world), findings_(findings) {}

  void run() {
    for (const ComposeService& service : project_.services) {
      for (const ComposeMount& mount : service.volumes)
        if (mount.type == "bind" && !mount.host_path.empty() && once_(mount.span))
          check_mount(service, mount);
    }
    for (const auto* list : {&project_.secrets, &project_.configs})
      for (const ComposeResource& resource : *list)
        if (resource.file && !resource.external && !world_.look(resource.path))
          report(resource.file->span, printable(resource.file->value),
                 "Compose does not start a service that uses it",
                 "make the file, or correct its path");
  }

 private:
  void report(const Span& span, const std::string& path, std::string_view then, std::string help,
              Severity severity = Severity::error) {
    Diagnostic& one = findings_.add("CMP017", span, fmt::format("{} is not there: {}", path, then),
                                    std::move(help));
    one.severity = severity;
    one.cause = fmt::format("{} is not there", path);
  }

  // Of other folders this machine may know nothing: the stack may run elsewhere.
  bool is_ours(const Path& path) const { return is_within(path, project_.folder); }

  void check_mount(const ComposeService& service, const ComposeMount& mount) {
    const std::string path = printable(mount.source);
    const bool is_file = looks_like_file(mount.host_path) || looks_like_file(mount.target);
    if (const auto there = world_.look(mount.host_path)) {
      if (there->kind == FileInfo::Kind::folder && looks_like_file(mount.host_path) &&
          looks_like_file(mount.target))
        findings_
            .add("CMP017", mount.source_span,
                 fmt::format("{} is a folder; Docker makes one where a file was missing", path),
                 "remove the empty folder and put the file there")
            .severity = Severity::warning;
      return;
    }
    if (!is_ours(mount.host_path) || has_drive(mount.source)) return;
    if (!mount.create_host_path)
      report(mount.source_span, path, fmt::format("{} does not start", who(service)),
             "make it, or write create_host_path: true");
    else if (is_file)
      report(mount.source_span, path, "Docker makes a folder of this name in its place",
             "make the file, or correct its path");
    else if (mount.read_only)
      report(mount.source_span, path,
             fmt::format("{} sees an empty folder that it cannot write to", who(service)),
             "make the folder with what belongs in it, or correct its path");
    else
      report(mount.source_span, path, "Docker makes the folder, and root owns it",
             fmt::format("mkdir -p {}, before the first start", path), Severity::info);
  }

  const ComposeProject& project_;
  const Facilities& world_;
  Findings& findings_;
  OncePerPlace once_;
};

}  // namespace

void writable_project(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ComposeProject& project = *subject.project.compose;
  OncePerPlace once;
  for (const ComposeService& service : project.services) {
    for (const ComposeMount& mount : service.volumes) {
      if (mount.type != "bind" || mount.read_only || mount.host_path.empty()) continue;
      if (!is_within(project.folder, mount.host_path) || !once(mount.span)) continue;
      Diagnostic& one = findings.add(
          "CMP011", mount.span,
          fmt::format("{} may write to the whole project: its own configuration, .env and .git too",
                      who(service)),
          "mount the folders that it needs, or this one with :ro");
      one.subject = key_of(service, "volumes");
      one.fix = read_only_fix(project, service, mount);
      if (is_on_developers_machine(service, mount.span)) one.severity = Severity::warning;
    }
  }
}

void overlapping_mounts(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services)
    check_overlaps(service, subject.world, once, findings);
}

void paths_of_one_machine(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ComposeProject& project = *subject.project.compose;
  OncePerPlace once;
  for (const ComposeService& service : project.services) {
    for (const ComposeMount& mount : service.volumes)
      check_path(mount.source, mount.source_span, "volume", &service, once, findings);
    if (service.build)
      check_path(service.build->context.value, service.build->context.span, "build context",
                 &service, once, findings);
    for (const ComposeEnvFile& file : service.env_files)
      check_path(file.path, file.span, "env_file", &service, once, findings);
  }
  for (const auto* list : {&project.secrets, &project.configs})
    for (const ComposeResource& resource : *list)
      if (resource.file)
        check_path(resource.file->value, resource.file->span, "file", nullptr, once, findings);
}

void missing_sources(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  SourceCheck(*subject.project.compose, subject.world, findings).run();
}

}  // namespace exai::config
