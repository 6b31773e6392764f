#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/config/lint/sec_rules.hpp"
#include "core/config/lint/sightings.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

constexpr std::string_view kHistory = "replace the value too: it stays in the history";

}  // namespace

void secrets_in_git(const LintSubject& subject, Findings& findings) {
  if (subject.request.scope != Scope::project) return;
  Git git(subject);
  for (const Sighting& one : secrets_in_env_files(subject)) {
    const Path& path = one.file->source->path;
    // A file that should not be tracked at all is one finding, not one for each of its lines.
    if (!git.tracks(path) || git.ignores(path)) continue;
    Diagnostic& found = findings.add(
        "SEC001", one.entry->value_span,
        one.is_sure ? fmt::format("{} is a secret, and git keeps this file", one.name)
                    : fmt::format("{} looks like a secret, and git keeps this file", one.name),
        fmt::format(
            "move it to the store (exai secret set {}) or to a file that git ignores, and {}",
            one.name, kHistory));
    found.subject = one.name;
    if (!one.is_sure || is_for_development(*one.file, subject)) found.severity = Severity::warning;
  }
}

namespace {

Fix chmod(const Path& path, const std::string& name, std::uint32_t mode) {
  Fix fix;
  fix.title = fmt::format("chmod {:o} {}", mode, name);
  fix.path = path;
  fix.mode = mode;
  return fix;
}

void report_open(const LintSubject& subject, const Path& path, const Span& span,
                 const std::string& what, Findings& findings, Severity severity) {
  const auto info = open_to_others(subject, path);
  if (!info) return;
  const bool is_folder = info->kind == FileInfo::Kind::folder;
  const std::string name = path.lexically_proximate(subject.project.folder).string();
  const std::uint32_t mode = is_folder ? 0700 : 0600;
  Diagnostic& found =
      findings.add("SEC009", span,
                   fmt::format("{}, and other users of this machine can {} (mode {:04o})", what,
                               is_folder                  ? "look into the folder"
                               : (info->mode & 022U) == 0 ? "read it"
                                                          : "change it",
                               info->mode),
                   fmt::format("chmod {:o} {}", mode, name));
  found.severity = (info->mode & 002U) != 0 ? Severity::error : severity;
  found.fix = chmod(path, name, mode);
  found.subject = name;
}

// A service's NAME_FILE of a layer names a file of ours.
void named_files(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::example)) continue;
    for (const DotenvEntry& entry : file.entries) {
      constexpr std::string_view kEnd = "_FILE";
      if (!entry.value || entry.value->empty() || !entry.key.ends_with(kEnd)) continue;
      const std::string name = entry.key.substr(0, entry.key.size() - kEnd.size());
      if (!subject.resolved.names.is_confidential(name)) continue;
      const Path path = (subject.project.folder / *entry.value).lexically_normal();
      const auto info = subject.world.look(path);
      if (!info || info->kind != FileInfo::Kind::file) continue;
      report_open(subject, path, entry.value_span, fmt::format("this file is {}", name), findings,
                  Severity::error);
    }
  }
}

}  // namespace

void open_files(const LintSubject& subject, Findings& findings) {
  if (!subject.world.look) return;
  std::set<const EnvFile*> seen;
  for (const Sighting& one : secrets_in_env_files(subject)) {
    if (!one.is_sure || !seen.insert(one.file).second) continue;
    report_open(subject, one.file->source->path, one.entry->key_span,
                fmt::format("{} has secrets ({})", one.file->source->name, one.name), findings,
                Severity::warning);
  }
  named_files(subject, findings);
}

void secret_files_in_git(const LintSubject& subject, Findings& findings) {
  if (subject.request.scope != Scope::project) return;
  Git git(subject);
  std::set<const EnvFile*> seen;
  for (const Sighting& one : secrets_in_env_files(subject)) {
    if (!seen.insert(one.file).second) continue;
    const std::string& name = one.file->source->name;
    const auto pattern = git.ignores(one.file->source->path);
    if (!pattern) continue;
    Diagnostic& found = findings.add(
        "SEC010", one.entry->key_span,
        fmt::format("{} has secrets ({}) and git keeps it, although it is to be ignored", name,
                    one.name),
        fmt::format("git rm --cached {}, and {}", name, kHistory));
    found.related.push_back({pattern->span, "it has no effect on a file that is tracked already"});
    found.subject = name;
  }
}

}  // namespace exai::config
