// ENV016: readers that get different values from one line.
//
// Who plausibly reads a file: Compose (its .env and env_file), bash when a script of the folder
// sources the file, and by the project's own files the dotenv of its language. Without such a sign
// it is python-dotenv and npm's, about values without references; layers of a stack are read by
// exai alone. One finding a line, and none where another rule of the family says more.

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/dotenv_readers.hpp"
#include "core/config/lint/env_rules.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

using Style = DotenvEntry::Style;

class Plausible {
 public:
  explicit Plausible(const LintSubject& subject) : subject_(subject) {
    if (!subject.world.list) return;
    const auto names = subject.world.list(subject.project.folder);
    if (!names) return;
    for (const std::string& name : *names) {
      npm_ = npm_ || name == "package.json";
      python_ = python_ || name == "pyproject.toml" || name == "requirements.txt" ||
                name == "manage.py" || name == "Pipfile" || name == "setup.py";
      if (name.ends_with(".sh")) scripts_.push_back(name);
    }
  }

  std::vector<DotenvReader> of(const EnvFile& file) const {
    std::vector<DotenvReader> readers;
    if (npm_) readers.push_back(DotenvReader::npm);
    if (python_) readers.push_back(DotenvReader::python);
    if (is_sourced(file)) readers.push_back(DotenvReader::bash);
    return readers;
  }

 private:
  bool is_sourced(const EnvFile& file) const {
    const std::string name = file.source->path.filename().string();
    return std::any_of(scripts_.begin(), scripts_.end(), [&](const std::string& script) {
      const auto text = subject_.world.read(subject_.project.folder / script);
      if (!text) return false;
      for (const std::string_view before : {"source ", ". ", "source ./", ". ./"})
        for (const std::string_view after : {"\n", " ", ";", "\""})
          if (text->find(std::string(before) + name + std::string(after)) != std::string::npos)
            return true;
      return false;
    });
  }

  const LintSubject& subject_;
  bool npm_ = false;
  bool python_ = false;
  std::vector<std::string> scripts_;
};

// Another rule of the family is about this line already.
bool is_explained(const EnvFile& file, const DotenvEntry& entry) {
  if (!entry.value || entry.after_quote || entry.at_end_of_file || entry.is_comment_as_value() ||
      entry.style == Style::faulty || entry.style == Style::inherited || entry.key.empty())
    return true;
  const std::string_view text = file.source->text;
  const std::string_view raw = text.substr(entry.value_begin, entry.value_end - entry.value_begin);
  const std::size_t hash = entry.style == Style::unquoted ? raw.find('#') : raw.npos;
  const bool unclear = hash != raw.npos && hash > 0 &&
                       (raw[hash - 1] == '\t' || raw.substr(hash + 1, 1) == " ");  // ENV005
  const bool command = raw.find("$(") != raw.npos || raw.find('`') != raw.npos;    // ENV019
  const bool control = raw.find('\r') != raw.npos || !is_utf8(raw);                // ENV013
  const std::string_view rest =
      trim(text.substr(entry.value_end, line_end(text, entry.value_end) - entry.value_end));
  const bool followed = !rest.empty() && !rest.starts_with('#');  // ENV008
  return unclear || command || control || followed || changes_backslashes(file, entry);
}

bool has_reference(const EnvFile& file, const DotenvEntry& entry) {
  return std::string_view(file.source->text)
             .substr(entry.value_begin, entry.value_end - entry.value_begin)
             .find('$') != std::string_view::npos;
}

struct Reading {
  DotenvReader reader;
  ReaderView view;
};

// "npm dotenv reads x": of a secret, only that it differs.
std::string difference(const Reading& one, const DotenvEntry& entry, bool hidden) {
  const auto found = one.view.values.find(entry.key);
  const std::string who(description(one.reader));
  if (found == one.view.values.end()) {
    const auto remark = one.view.remarks.find(entry.key);
    return remark == one.view.remarks.end()
               ? fmt::format("{} gets no value", who)
               : fmt::format("{} gets no value ({})", who,
                             hidden ? "not a plain assignment" : remark->second);
  }
  return hidden ? fmt::format("{} gets another value", who)
                : fmt::format("{} gets \"{}\"", who, printable(found->second.substr(0, 60)));
}

void report(const LintSubject& subject, const EnvFile& file, const DotenvEntry& entry,
            const std::vector<Reading>& readings, Findings& findings) {
  const bool hidden = subject.resolved.names.is_confidential(entry.key);
  std::vector<std::string> differing;
  for (const Reading& one : readings) {
    // dotenv-expand is nearly always beside npm's dotenv: who knows about references.
    if (one.reader == DotenvReader::npm && has_reference(file, entry)) continue;
    if (!one.view.refusal.empty() && !one.view.values.contains(entry.key)) continue;
    const auto found = one.view.values.find(entry.key);
    if (found == one.view.values.end() || found->second != *entry.value)
      differing.push_back(difference(one, entry, hidden));
  }
  if (differing.empty()) return;
  const std::string ours =
      hidden ? std::string("Compose gets one value")
             : fmt::format("Compose gets \"{}\"", printable(entry.value->substr(0, 60)));
  Diagnostic& found = findings.add(
      "ENV016", entry.value_span,
      fmt::format("readers disagree about {}: {}, {}", entry.key, ours, join(differing, ", ")),
      has_reference(file, entry)
          ? "${NAME} and ${NAME:-default} without quotes are what most readers know"
          : "in single quotes all of them read the same");
  found.subject = entry.key;
  const bool plain = entry.value->find_first_of("'\\\n\r") == std::string::npos &&
                     entry.value->find("${") == std::string::npos;
  if (plain && !has_reference(file, entry))
    found.fix = Fix{"put the value in single quotes",
                    {{file.source, entry.value_begin, entry.value_end, "'" + *entry.value + "'"}},
                    {}};
}

}  // namespace

void reader_differences(const LintSubject& subject, Findings& findings) {
  const Plausible plausible(subject);
  const Lookup process = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = subject.request.process_environment.find(std::string(name));
    if (found == subject.request.process_environment.end()) return std::nullopt;
    return found->second;
  };
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::layer) || file.is(EnvFileRole::example)) continue;
    std::vector<DotenvReader> readers = plausible.of(file);
    const bool known = !readers.empty();
    if (!known) readers = {DotenvReader::npm, DotenvReader::python};
    std::vector<Reading> readings;
    for (const DotenvReader reader : readers)
      readings.push_back({reader, read_as(reader, file.source->text, process)});
    std::map<std::string_view, const DotenvEntry*> last;  // the others only matter to ENV006
    for (const DotenvEntry& entry : file.entries) last[entry.key] = &entry;
    for (const DotenvEntry& entry : file.entries)
      if (last[entry.key] == &entry && !is_explained(file, entry) &&
          (known || !has_reference(file, entry)))
        report(subject, file, entry, readings, findings);
  }
}

}  // namespace exai::config
