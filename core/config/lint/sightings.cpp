#include "core/config/lint/sightings.hpp"

#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/compose_model.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// The last one of a name counts.
std::set<const DotenvEntry*> that_count(const EnvFile& file) {
  std::map<std::string_view, const DotenvEntry*> last;
  for (const DotenvEntry& entry : file.entries) last[entry.key] = &entry;
  std::set<const DotenvEntry*> all;
  for (const auto& [name, entry] : last) all.insert(entry);
  return all;
}

std::optional<Sighting> sighting_of(const EnvFile& file, const DotenvEntry& entry,
                                    const Names& names) {
  if (!entry.value || entry.style == DotenvEntry::Style::faulty || entry.is_comment_as_value())
    return std::nullopt;
  const std::string_view written =
      without_quotes(std::string_view(file.source->text)
                         .substr(entry.value_begin, entry.value_end - entry.value_begin));
  Sighting one{&file, &entry, names.canonical(entry.key), *entry.value, false};
  one.is_sure = names.is_confidential(entry.key);
  const bool is_guess =
      !names.is_known(one.name) && !sounds_public(entry.key) && looks_random(one.value);
  if ((!one.is_sure && !is_guess) || !is_secret_value(written) || !is_secret_value(one.value) ||
      is_placeholder(one.value))
    return std::nullopt;
  return one;
}

}  // namespace

void LeafIndex::add(const Node& node, const Source* source, const std::string& path) {
  if (const auto* table = node.table()) {
    for (const Member& member : *table)
      add(member.value, source, path.empty() ? member.key : path + "." + member.key);
  } else if (const auto* list = node.list()) {
    for (std::size_t i = 0; i < list->size(); ++i)
      add((*list)[i], source, fmt::format("{}[{}]", path, i));
  } else if (node.span.source.get() == source) {
    leaves_.emplace(Place(source, node.span.begin), path);  // the first: an anchor, not its uses
  }
}

std::optional<std::string> LeafIndex::at(const Span& place) {
  if (!is_made_)
    for (const auto* files : {&compose_.files, &compose_.other_files})
      for (const ComposeFile& file : *files) add(file.tree, file.source.get(), "");
  is_made_ = true;
  const auto found = leaves_.find(Place(place.source.get(), place.begin));
  return found == leaves_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Sighting> secrets_in_env_files(const LintSubject& subject) {
  std::vector<Sighting> all;
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::example)) continue;
    std::optional<std::set<const DotenvEntry*>> counting;
    for (const DotenvEntry& entry : file.entries) {
      auto one = sighting_of(file, entry, subject.resolved.names);
      if (!one) continue;
      if (!counting) counting = that_count(file);
      if (counting->contains(&entry)) all.push_back(std::move(*one));
    }
  }
  return all;
}

std::string_view written_at(const Span& span) {
  if (!span) return {};
  const auto begin = offset_of(*span.source, span.begin);
  const auto end = offset_of(*span.source, span.end);
  if (!begin || !end || *end < *begin) return {};
  return without_quotes(trim(std::string_view(span.source->text).substr(*begin, *end - *begin)));
}

bool is_literal(std::string_view written) {
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] != '$') continue;
    if (i + 1 == written.size() || written[i + 1] != '$') return false;
    ++i;
  }
  return true;
}

Span span_of(const SourcePtr& source, ByteRange range) {
  return Places(source).span(range.begin, range.end);
}

bool is_for_development(const EnvFile& file, const LintSubject& subject) {
  constexpr std::array<std::string_view, 6> kWords = {"dev",     "development", "test",
                                                      "testing", "local",       "ci"};
  const auto is_one = [&](std::string_view word) { return contains(kWords, word); };
  if (file.is(EnvFileRole::layer)) return is_one(subject.resolved.environment);
  const auto words = split(file.source->path.filename().string(), '.');
  return std::any_of(words.begin(), words.end(), is_one);
}

bool Git::tracks(const Path& file) {
  if (!is_read_) repository_ = find_repository(subject_.project.folder, subject_.world);
  is_read_ = true;
  return repository_ && repository_->tracks(file.lexically_normal());
}

std::optional<IgnorePattern> Git::ignores(const Path& file) {
  if (!tracks(file)) return std::nullopt;
  return git_ignores(*repository_, file.lexically_normal(), subject_.world);
}

std::optional<FileInfo> open_to_others(const LintSubject& subject, const Path& path) {
  constexpr std::uint32_t kOthers = 077;
  constexpr std::uint32_t kPassing = 011;  // through a folder
  if (!subject.world.look) return std::nullopt;
  const auto found = subject.world.look(path);
  if (!found || (found->mode & kOthers) == 0 || found->kind == FileInfo::Kind::link)
    return std::nullopt;
  for (Path at = path; at != subject.project.folder && at != at.parent_path();) {
    at = at.parent_path();
    const auto folder = subject.world.look(at);
    if (folder && folder->kind == FileInfo::Kind::folder && (folder->mode & kPassing) == 0)
      return std::nullopt;
  }
  return *found;
}

}  // namespace exai::config
