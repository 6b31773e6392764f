#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/lint/sec_rules.hpp"
#include "core/config/lint/sightings.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMostFiles = 64;
constexpr std::size_t kMostBytes = 8U << 20U;
constexpr std::size_t kShortest = 12;  // shorter values stand in a text by chance

bool is_text_for_others(std::string_view name) {
  constexpr std::array<std::string_view, 6> kEnds = {".md",  ".txt",  ".log",
                                                     ".rst", ".adoc", ".html"};
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

// Documents and logs of the project's folder and of the usual ones in it.
std::vector<Path> texts_for_others(const LintSubject& subject) {
  std::vector<Path> files;
  for (const char* folder : {"", "docs", "doc", "logs", "log", "documents"}) {
    const Path path = (subject.project.folder / folder).lexically_normal();
    const auto names = subject.world.list(path);
    if (!names) continue;
    for (const std::string& name : *names)
      if (is_text_for_others(name) && files.size() < kMostFiles) files.push_back(path / name);
  }
  return files;
}

void find_in_text(const Source& text, const std::vector<Sighting>& secrets, Findings& findings) {
  for (const Sighting& one : secrets) {
    const std::size_t begin = text.text.find(one.value);
    if (begin == std::string::npos) continue;
    auto source = std::make_shared<Source>(text);
    source->hidden.push_back({begin, begin + one.value.size()});
    Diagnostic& found =
        findings.add("SEC016", span_of(source, {begin, begin + one.value.size()}),
                     fmt::format("the value of {} is in {}", one.name, text.name),
                     "remove it, and replace the secret: whoever has the text has it");
    found.related.push_back({one.entry->value_span, "the secret"});
    found.subject = one.name;
  }
}

}  // namespace

void secrets_in_texts(const LintSubject& subject, Findings& findings) {
  if (subject.request.scope != Scope::project || !subject.world.list) return;
  std::vector<Sighting> secrets = secrets_in_env_files(subject);
  std::erase_if(secrets, [](const Sighting& one) {
    return one.value.size() < kShortest || (!one.is_sure && !looks_random(one.value));
  });
  if (secrets.empty()) return;
  std::size_t bytes = 0;
  for (const Path& path : texts_for_others(subject)) {
    auto text = subject.world.read(path);
    if (!text) continue;
    bytes += text->size();
    if (bytes > kMostBytes) return;
    const std::string name = path.lexically_proximate(subject.project.folder).string();
    find_in_text(Source{name, std::move(*text), path}, secrets, findings);
  }
}

}  // namespace exai::config
