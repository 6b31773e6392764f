#include "cli/env_files.hpp"

#include <algorithm>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "core/config/env_layout.hpp"
#include "core/config/places.hpp"
#include "core/config/resolve.hpp"

namespace exai::cli {

namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20U;

const config::Names& known_names() {
  static const config::Names names{&config::OptionTable::shipped(), {}, {}};
  return names;
}

EnvFile parse_file(std::string name, std::string text, const Environment& environment,
                   const std::map<std::string, std::string, std::less<>>& earlier) {
  const auto in = [](const auto& values) {
    return [&values](std::string_view wanted) -> std::optional<std::string> {
      const auto found = values.find(wanted);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    };
  };
  // Not const until the secrets in it are hidden.
  const auto source = std::make_shared<config::Source>(config::Source{name, std::move(text), name});
  config::Dotenv parsed = config::parse_dotenv(source, in(environment), in(earlier));
  config::hide_secrets(*source, parsed.entries, known_names());
  return {std::move(name), source, std::move(parsed)};
}

// What is confidential to Compose, values of faulty lines too.
void hide_values(Context& context, const EnvFile& file) {
  const std::string_view text = file.source->text;
  for (const config::DotenvEntry& entry : file.parsed.entries) {
    if (!is_confidential(entry.key)) continue;
    if (entry.value) hide_value(context, entry.key, *entry.value);
    const std::size_t end = config::line_end(text, entry.value_end);
    hide_value(context, entry.key, text.substr(entry.value_begin, end - entry.value_begin));
  }
}

}  // namespace

// Readers disagree about where a value begins and ends, so that what one takes for a secret is a
// name, or the value of another name, to the next. Hidden: what stands there, each of its lines,
// and what stands before and behind a "=", without quotes at the ends.
void hide_value(Context& context, std::string_view name, std::string_view value) {
  constexpr std::string_view kEnds = " \t\r\n\"'`";
  const auto hide = [&](std::string_view part) {
    const std::size_t begin = part.find_first_not_of(kEnds);
    if (begin == std::string_view::npos) return;
    part = part.substr(begin, part.find_last_not_of(kEnds) - begin + 1);
    context.redactor->add(name, Secret(std::string(part)));
  };
  hide(value);
  for (const std::string& line : split(value, '\n')) {
    hide(line);
    if (const std::size_t equals = line.find('='); equals != std::string::npos) {
      hide(std::string_view(line).substr(0, equals));
      hide(std::string_view(line).substr(equals + 1));
    }
  }
}

std::optional<std::vector<EnvFile>> read_env_files(Context& context,
                                                   const std::vector<std::string>& names) {
  std::vector<EnvFile> files;
  std::map<std::string, std::string, std::less<>> values;
  for (const std::string& name : names) {
    auto text = read_file(name, kMostBytes);
    if (!text) {
      complain(context, Exit::bad_input, text.error().message());
      return std::nullopt;
    }
    files.push_back(parse_file(name, *std::move(text), context.environment, values));
    hide_values(context, files.back());
    for (const config::DotenvEntry& entry : files.back().parsed.entries)
      if (entry.value) values.insert_or_assign(entry.key, *entry.value);
  }
  return files;
}

EnvFile parse_env_file(const Context& context, std::string name, std::string text) {
  return parse_file(std::move(name), std::move(text), context.environment, {});
}

bool is_confidential(std::string_view name) {
  return known_names().is_confidential(name);
}

bool report_env_files(Context& context, const std::vector<EnvFile>& files) {
  const auto accepted = [](const EnvFile& file) { return file.parsed.accepted; };
  const bool all = std::all_of(files.begin(), files.end(), accepted);
  for (const EnvFile& file : files) {
    config::Diagnostics diagnostics = file.parsed.diagnostics;
    for (config::Diagnostic& one : diagnostics)  // a reference to nothing is no reason to refuse
      if (file.parsed.accepted) one.severity = config::Severity::warning;
    context.err.write(config::render(diagnostics, diagnostic_colours(context.err)));
  }
  return all;
}

std::vector<EnvValue> env_values(const std::vector<EnvFile>& files) {
  std::vector<EnvValue> values;
  std::map<std::string_view, std::size_t> places;
  for (const EnvFile& file : files)
    for (const config::DotenvEntry& entry : file.parsed.entries) {
      if (!entry.value) continue;
      const auto [place, is_new] = places.emplace(entry.key, values.size());
      if (is_new) values.emplace_back();
      values[place->second] = {entry.key, *entry.value, file.name, entry.key_span.begin.line};
    }
  return values;
}

namespace {

std::optional<std::string> example_of(const std::string& file) {
  const std::string beside = file + ".example";
  if (is_file(beside)) return beside;
  const std::string common = (Path(file).parent_path() / ".env.example").string();
  if (is_file(common) && common != file) return common;
  return std::nullopt;
}

// Files of this folder that have an example, by name.
std::vector<std::string> files_with_example() {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(".", ignored))
    if (const auto live = config::live_name(entry.path().filename().string());
        live && live->find(".env") != std::string::npos && is_file(*live))
      files.push_back(*live);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace

std::optional<std::vector<EnvPair>> read_env_pairs(Context& context,
                                                   const std::vector<std::string>& given,
                                                   const std::string& example) {
  const std::vector<std::string> files = given.empty() ? files_with_example() : given;
  if (files.empty()) {
    complain(context, Exit::bad_input,
             "no environment file here has an example beside it; name the file, and the example "
             "with --example");
    return std::nullopt;
  }
  std::vector<EnvPair> pairs;
  for (const std::string& file : files) {
    const auto reference = example.empty() ? example_of(file) : std::optional(example);
    if (!reference) {
      complain(context, Exit::bad_input,
               fmt::format("{} has no example: there is neither {}.example nor a .env.example "
                           "beside it; name one with --example",
                           file, file));
      return std::nullopt;
    }
    // Each by itself: neither sees the values of the other.
    auto one = read_env_files(context, {*reference});
    auto other = read_env_files(context, {file});
    if (!one || !other) return std::nullopt;
    if (!one->front().parsed.accepted || !other->front().parsed.accepted) {
      report_env_files(context, one->front().parsed.accepted ? *other : *one);
      return std::nullopt;
    }
    pairs.push_back({std::move(one->front()), std::move(other->front())});
  }
  return pairs;
}

}  // namespace exai::cli
