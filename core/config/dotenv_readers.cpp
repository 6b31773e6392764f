#include "core/config/dotenv_readers.hpp"

#include "core/config/dotenv.hpp"
#include "core/config/readers/readers.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;

ReaderView read_as_compose(std::string_view text, const Lookup& environment) {
  const auto source = std::make_shared<const Source>(Source{"", std::string(text)});
  const Dotenv file =
      parse_dotenv(source, environment, [](std::string_view) { return std::nullopt; });
  ReaderView view;
  for (const DotenvEntry& entry : file.entries)
    if (entry.value) view.values.insert_or_assign(entry.key, *entry.value);
  for (const DotenvEntry& entry : file.entries)
    if (!view.values.contains(entry.key)) view.remarks.emplace(entry.key, "inherited, and not set");
  for (const Diagnostic& one : file.diagnostics)
    if (!file.accepted && view.refusal.empty() && one.code != "ENV018") view.refusal = one.message;
  if (!file.accepted && view.refusal.empty()) view.refusal = "something required is not set";
  return view;
}

}  // namespace

std::string_view name(DotenvReader reader) {
  constexpr std::array<std::string_view, kDotenvReaders.size()> kNames = {
      "compose", "python", "npm", "bash", "docker", "systemd"};
  return kNames.at(static_cast<std::size_t>(reader));
}

std::string_view description(DotenvReader reader) {
  constexpr std::array<std::string_view, kDotenvReaders.size()> kDescriptions = {
      "Docker Compose", "python-dotenv",         "npm dotenv",
      "bash source",    "docker run --env-file", "systemd EnvironmentFile"};
  return kDescriptions.at(static_cast<std::size_t>(reader));
}

std::optional<DotenvReader> dotenv_reader(std::string_view wanted) {
  for (const DotenvReader reader : kDotenvReaders)
    if (name(reader) == wanted) return reader;
  return std::nullopt;
}

std::optional<std::size_t> closing_quote(std::string_view text, std::size_t open) {
  const char quote = text[open];
  std::optional<std::size_t> last;
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    if (text[at] == quote) return at;
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == quote) last = ++at;
  }
  return last;
}

ReaderView read_as(DotenvReader reader, std::string_view text, const Lookup& environment) {
  if (text.size() > kMaxBytes) return {{}, {}, "the file is larger than 1 MiB"};
  switch (reader) {
    case DotenvReader::python:
      return read_as_python(text, environment);
    case DotenvReader::npm:
      return read_as_npm(text);
    case DotenvReader::bash:
      return read_as_bash(text, environment);
    case DotenvReader::docker:
      return read_as_docker(text, environment);
    case DotenvReader::systemd:
      return read_as_systemd(text);
    case DotenvReader::compose:
      break;
  }
  return read_as_compose(text, environment);
}

}  // namespace exai::config
