#include "core/config/compose_files.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

// Lines as `docker run --env-file` takes them: everything behind the first = is the value.
std::vector<DotenvEntry> parse_raw(const SourcePtr& source, const Lookup& environment) {
  std::vector<DotenvEntry> entries;
  Places places(source);
  const std::string_view text = source->text;
  for (std::size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
       begin < text.size();) {
    const std::size_t end = line_end(text, begin);
    const std::size_t first = std::min(text.find_first_not_of(" \t\r", begin), end);
    const std::size_t stop = end > first && text[end - 1] == '\r' ? end - 1 : end;
    if (first < stop && text[first] != '#') {
      const std::size_t equals = text.substr(first, stop - first).find('=');
      const std::size_t key_end = equals == text.npos ? stop : first + equals;
      DotenvEntry entry;
      entry.key = text.substr(first, key_end - first);
      entry.key_span = places.span(first, key_end);
      entry.value_begin = std::min(key_end + 1, stop);
      entry.value_end = stop;
      if (equals == text.npos) {
        entry.style = DotenvEntry::Style::inherited;
        entry.value = environment(entry.key);
      } else {
        entry.value = std::string(text.substr(entry.value_begin, stop - entry.value_begin));
        entry.value_span = places.span(entry.value_begin, stop);
      }
      entries.push_back(std::move(entry));
    }
    begin = end + 1;
  }
  return entries;
}

class NamedFiles {
 public:
  NamedFiles(ComposeProject& project, const ComposeRequest& request, const ComposeReader& reader,
             const Facilities& world)
      : project_(project), request_(request), reader_(reader), world_(world) {}

  void run() {
    for (ComposeService& service : project_.services) {
      std::map<std::string, std::string> earlier;
      for (ComposeEnvFile& file : service.env_files) read(service, file, earlier);
      read_labels(service);
      if (service.build) read_dockerfile(*service.build);
    }
  }

 private:
  struct Known {
    std::shared_ptr<Source> source;                   // none: not there
    std::optional<std::vector<DotenvEntry>> entries;  // when they are the same for everybody
  };

  void read(const ComposeService& service, ComposeEnvFile& file,
            std::map<std::string, std::string>& earlier) {
    Known& known = open(file);
    if (!known.source)
      return missing(file, "create it, or write required: false if it may be missing");
    file.found = true;
    file.source = known.source;
    if (known.entries) {
      file.entries = *known.entries;
    } else {
      bool asked = false;
      file.entries = parse(service, file, *known.source, earlier, asked);
      if (!asked) known.entries = file.entries;
    }
    for (const DotenvEntry& entry : file.entries)
      if (entry.value) earlier[entry.key] = *entry.value;
  }

  // What labels: says itself stays.
  void read_labels(ComposeService& service) {
    std::map<std::string, PlacedText> labels;
    std::map<std::string, std::string> earlier;
    for (ComposeEnvFile& file : service.label_files) {
      Known& known = open(file);
      if (!known.source) {
        missing(file, "create it, or take it out of label_file");
        continue;
      }
      read(service, file, earlier);
      for (const DotenvEntry& entry : file.entries)
        if (entry.value) labels[entry.key] = {*entry.value, entry.value_span};
    }
    service.labels.merge(labels);
  }

  Known& open(const ComposeEnvFile& file) {
    const auto [known, is_new] = files_.try_emplace({file.file, file.raw});
    if (is_new)
      if (auto text = world_.read(file.file))
        known->second.source = std::make_shared<Source>(
            Source{reader_.shown(file.file), std::move(*text), file.file, {}});
    return known->second;
  }

  // References see the project's environment, then what the service's environment: says, then
  // the lines and files before.
  std::vector<DotenvEntry> parse(const ComposeService& service, const ComposeEnvFile& file,
                                 Source& source, const std::map<std::string, std::string>& earlier,
                                 bool& asked) {
    const Lookup outer = [&](std::string_view name) -> std::optional<std::string> {
      asked = true;
      if (const auto found = reader_.environment().find(name)) return found->value;
      for (auto one = service.environment.rbegin(); one != service.environment.rend(); ++one)
        if (one->name == name) return one->value;
      return std::nullopt;
    };
    const Lookup before = [&](std::string_view name) -> std::optional<std::string> {
      const auto found = earlier.find(std::string(name));
      if (found == earlier.end()) return std::nullopt;
      return found->second;
    };
    if (file.raw) return parse_raw(file.source, outer);
    Dotenv dotenv = parse_dotenv(file.source, outer, before);
    if (reported_.insert(&source).second) {
      std::move(dotenv.diagnostics.begin(), dotenv.diagnostics.end(),
                std::back_inserter(project_.diagnostics));
      for (const DotenvEntry& entry : dotenv.entries)
        if (request_.is_secret && request_.is_secret(entry.key))
          source.hidden.push_back({entry.value_begin, entry.value_end});
    }
    return std::move(dotenv.entries);
  }

  void missing(const ComposeEnvFile& file, std::string help) {
    if (!file.required) return;
    Diagnostic one =
        problem("CMP017", file.span, fmt::format("there is no file {}", printable(file.path)),
                std::move(help));
    one.cause = "there is no file " + printable(file.path);
    project_.diagnostics.push_back(std::move(one));
  }

  void read_dockerfile(ComposeBuild& build) {
    if (build.file.empty() || build.inline_dockerfile) return;
    auto text = world_.read(build.file);
    if (!text) {
      const bool named = static_cast<bool>(build.dockerfile.span);
      Diagnostic one = problem("CMP017",
                               named                ? build.dockerfile.span
                               : build.context.span ? build.context.span
                                                    : build.span,
                               fmt::format("there is no {}", printable(reader_.shown(build.file))),
                               "create it, or name another one with dockerfile:");
      project_.diagnostics.push_back(std::move(one));
      return;
    }
    std::map<std::string, std::string> arguments;
    for (const auto& [name, value] : build.arguments) arguments[name] = value.value;
    build.parsed =
        parse_dockerfile(std::make_shared<const Source>(
                             Source{reader_.shown(build.file), std::move(*text), build.file, {}}),
                         arguments);
    for (const Diagnostic& one : build.parsed->diagnostics) project_.diagnostics.push_back(one);
  }

  ComposeProject& project_;
  const ComposeRequest& request_;
  const ComposeReader& reader_;
  const Facilities& world_;
  std::map<std::pair<Path, bool>, Known> files_;
  std::set<const Source*> reported_;
};

}  // namespace

void read_named_files(ComposeProject& project, const ComposeRequest& request,
                      const ComposeReader& reader, const Facilities& world) {
  NamedFiles(project, request, reader, world).run();
}

}  // namespace exai::config
