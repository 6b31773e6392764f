// ENV rules about an environment file beside its example, and about its sections.

#include <algorithm>
#include <map>
#include <set>

#include "core/base/text.hpp"
#include "core/config/env_layout.hpp"
#include "core/config/lint/env_rules.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

// Each example with the file it is an example of.
template <class Test>
void each_pair(const LintSubject& subject, const Test& test) {
  for (const EnvFile& example : subject.project.env_files) {
    if (!example.is(EnvFileRole::example)) continue;
    const auto name = live_name(example.source->path.string());
    if (!name) continue;
    for (const EnvFile& file : subject.project.env_files)
      if (file.source->path.string() == *name) test(example, file);
  }
}

// Line `at` of a file, as far as it has text.
Span line_span(const EnvFile& file, Places& places, std::size_t offset) {
  const std::string& text = file.source->text;
  const std::size_t end = std::min(text.find_first_of("\r\n", offset), text.size());
  return places.span(std::min(offset, text.size()), std::max(end, offset));
}

}  // namespace

void missing_names(const LintSubject& subject, Findings& findings) {
  each_pair(subject, [&](const EnvFile& example, const EnvFile& file) {
    const std::function<bool(std::string_view)> is_secret = [&](std::string_view name) {
      return subject.resolved.names.is_confidential(name);
    };
    const auto missing = missing_names(EnvText{example.source->text, example.entries},
                                       EnvText{file.source->text, file.entries}, is_secret);
    Places places(file.source);
    for (const EnvInsertion& one : missing) {
      Diagnostic& found = findings.add(
          "ENV020", line_span(file, places, one.offset),
          fmt::format("{} is missing: {} sets it", one.key, example.source->name),
          fmt::format("exai env sync puts it here; or comment it out in {} if it may be missing",
                      example.source->name));
      found.related.push_back({one.reference->key_span, "set here"});
      found.subject = one.key;
      found.fix = Fix{"put it beside its neighbours",
                      {{file.source, one.offset, one.offset, one.text}},
                      {{one.key, std::nullopt, one.value}}};
    }
  });
}

void drifted_sections(const LintSubject& subject, Findings& findings) {
  each_pair(subject, [&](const EnvFile& example, const EnvFile& file) {
    const auto lines = env_lines(file.source->text, file.entries);
    std::map<std::string, EnvPlace> wanted;
    std::set<std::string> titles;
    for (EnvPlace& place : env_places(env_lines(example.source->text, example.entries))) {
      titles.insert(place.section);
      wanted.emplace(place.key, std::move(place));
    }
    for (const EnvPlace& place : env_places(lines)) {
      const auto found = wanted.find(place.key);
      // A file of sections of its own has its own order.
      if (found == wanted.end() || place.commented_out || !titles.contains(place.section)) continue;
      if (place.section.empty() || found->second.section.empty() ||
          place.section == found->second.section)
        continue;
      Diagnostic& one =
          findings.add("ENV021", place.entry->key_span,
                       fmt::format("{} stands under \"{}\", but in {} under \"{}\"", place.key,
                                   printable(place.section), example.source->name,
                                   printable(found->second.section)),
                       "move it, here or there: what belongs together is found together");
      if (found->second.entry != nullptr)
        one.related.push_back({found->second.entry->key_span, "there it stands here"});
      one.subject = place.key;
    }
  });
}

void odd_sections(const LintSubject& subject, Findings& findings) {
  using LineKind = EnvLine::Kind;
  for (const EnvFile& file : subject.project.env_files) {
    const auto lines = env_lines(file.source->text, file.entries);
    Places places(file.source);
    std::map<std::string, const EnvLine*> seen;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const EnvLine& line = lines[i];
      if (line.kind != LineKind::heading) continue;
      const auto [first, is_new] = seen.emplace(line.word, &line);
      const auto next =
          std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, lines.end(),
                       [](const EnvLine& one) { return one.kind != LineKind::blank; });
      const bool empty = next == lines.end() || next->kind == LineKind::heading;
      if (is_new && !empty) continue;
      Diagnostic& found = findings.add(
          "ENV022", places.span(line.begin, line.end),
          is_new ? fmt::format("nothing stands under \"{}\"", printable(line.word))
                 : fmt::format("\"{}\" is the heading of two sections", printable(line.word)),
          is_new ? "remove the heading" : "put them together");
      if (!is_new)
        found.related.push_back(
            {places.span(first->second->begin, first->second->end), "the first one"});
    }
  }
}

}  // namespace exai::config
