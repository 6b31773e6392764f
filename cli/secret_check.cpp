// exai secret check: everything that can be wrong with a store.
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cli/secret_store.hpp"
#include "core/base/spawn.hpp"
#include "core/base/text.hpp"
#include "core/config/secrecy.hpp"
#include "core/config/secret_age.hpp"

namespace exai::cli {

Exit secret_check(Context& context, Args& args);

namespace {

using config::Severity;

struct SecretFinding {
  std::string code;
  Severity severity = Severity::error;
  std::string message;
  std::string help;
};

using SecretFindings = std::vector<SecretFinding>;

bool is_weak(std::string_view value) {
  constexpr double kEnough = 48;  // of 16 random letters and digits: 55 and more
  return value.size() < 12 ||
         config::entropy(value) * static_cast<double>(value.size()) < kEnough * 0.75;
}

void check_values(const secrets::Values& values, SecretFindings& findings) {
  std::map<std::string_view, std::string> seen;
  for (const auto& [name, value] : values) {
    if (config::is_placeholder(value.reveal()))
      findings.push_back({"SEC005", Severity::error,
                          fmt::format("{} still has the value of an example", name),
                          fmt::format("exai secret set {}", name)});
    else if (is_weak(value.reveal()))
      findings.push_back({"SEC006", Severity::warning,
                          fmt::format("{} is easy to guess: short, or of few characters", name),
                          fmt::format("exai secret rotate {}, if you may choose it", name)});
    const auto [first, is_new] = seen.emplace(value.reveal(), name);
    if (!is_new)
      findings.push_back({"SEC007", Severity::warning,
                          fmt::format("{} and {} have the same value", first->second, name),
                          "give each purpose a secret of its own"});
  }
}

void check_dates(const config::DatesOfSecrets& all, WallTime now, SecretFindings& findings) {
  const config::OptionTable& options = config::OptionTable::shipped();
  for (const auto& [name, dates] : all) {
    const auto period = config::renewal_period(options, name);
    if (auto wrong = config::problem_of_age(name, dates, period, now))
      findings.push_back({"SEC014", wrong->severity, std::move(wrong->message),
                          fmt::format("exai secret rotate {}", name)});
  }
}

void check_rotations(const secrets::Metadata& metadata, SecretFindings& findings) {
  for (const auto& [name, facts] : metadata)
    if (facts.rotating)
      findings.push_back({"SEC014", Severity::warning,
                          fmt::format("the rotation of {} is not finished", name),
                          fmt::format("exai secret rotate {}", name)});
}

// Of the files, those that git knows.
std::set<std::string> tracked(const Environment& environment, const Path& folder,
                              const std::vector<Path>& files) {
  const auto program = find_program("git", program_search_path(environment));
  if (!program || files.empty()) return {};
  SpawnSpec spec;
  spec.command = {program->string(), "-C", folder.string(), "ls-files", "-z", "--full-name", "--"};
  for (const Path& file : files) spec.command.push_back(file.string());
  spec.environment = environment;
  const auto output = run_tool(std::move(spec), 10s);
  std::set<std::string> names;
  if (output && output->status.success())
    for (const std::string& name : split(output->out, '\0'))
      if (!name.empty()) names.insert(Path(name).filename().string());
  return names;
}

std::vector<Path> files_in(const Path& folder) {
  std::vector<Path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// The encrypted file belongs into git; keys and plain values do not.
void check_git(const Context& context, const secrets::Place& place, SecretFindings& findings) {
  std::vector<Path> files;
  Path folder = place.store;
  if (!place.is_encrypted())
    for (const Path& file : files_in(folder)) {
      if (secrets::is_secret_name(file.stem().string())) files.push_back(file);
    }
  const auto identity = secrets::identity_path(context.environment);
  if (place.is_encrypted() && identity) {
    files.push_back(*identity);
    folder = identity->parent_path();
  }
  for (const std::string& name : tracked(context.environment, folder, files))
    findings.push_back({"SEC010", Severity::error,
                        fmt::format("git keeps {}, and with it its history", name),
                        fmt::format("git rm --cached {}, then rotate what it holds", name)});
}

// Files of a plain store one by one, so that all are said at once.
void check_modes(const secrets::Place& place, SecretFindings& findings) {
  if (place.is_encrypted()) return;
  for (const Path& file : files_in(place.store)) {
    if (!secrets::is_secret_name(file.stem().string())) continue;
    const auto read = read_private_file(file);
    if (!read && read.error().code() == Errc::denied)
      findings.push_back({"SEC009", Severity::error, read.error().message(), ""});
  }
}

SecretFindings examine_store(Context& context, const StorePlace& where) {
  SecretFindings findings;
  const secrets::Place place = secrets::place_of(where.store);
  check_modes(place, findings);
  const auto content = secrets::read_content(place, context.environment);
  if (const auto metadata = secrets::read_metadata(place.store)) {
    config::DatesOfSecrets dates = secrets::dates_of(*metadata);
    if (content)  // also those that another program has put there
      for (const auto& [name, value] : content->current) dates.try_emplace(name);
    check_dates(dates, std::chrono::system_clock::now(), findings);
    check_rotations(*metadata, findings);
  } else {
    findings.push_back({"CFG022", Severity::error, metadata.error().message(), ""});
  }
  if (content) {
    for (const auto& [name, value] : content->current) context.redactor->add(name, value);
    check_values(content->current, findings);
  } else if (findings.empty() || findings.front().code != "SEC009") {
    const bool denied = content.error().code() == Errc::denied;
    findings.push_back(
        {denied ? "SEC009" : "CFG022", Severity::error, content.error().message(), ""});
  }
  check_git(context, place, findings);
  return findings;
}

void print_findings(Context& context, const StorePlace& place, const SecretFindings& findings) {
  if (context.json) {
    json::array list;
    for (const SecretFinding& one : findings)
      list.push_back(json::object{{"code", one.code},
                                  {"severity", config::name(one.severity)},
                                  {"message", one.message},
                                  {"help", one.help}});
    context.out.print_json(
        json::object{{"store", place.store.string()}, {"findings", std::move(list)}});
    return;
  }
  for (const SecretFinding& one : findings) {
    const Tone tone = one.severity == Severity::error     ? Tone::bad
                      : one.severity == Severity::warning ? Tone::warn
                                                          : Tone::plain;
    context.out.print(
        "{}: {}\n",
        context.out.paint(tone, fmt::format("{}[{}]", config::name(one.severity), one.code)),
        one.message);
    if (!one.help.empty()) context.out.print("  help: {}\n", one.help);
  }
  context.out.print("{}: {}\n", place.shown(),
                    findings.empty() ? "no problems" : count_of(findings.size(), "problem"));
}

}  // namespace

Exit secret_check(Context& context, Args& args) {
  args.about(
      "Looks at the environment's store: who may read its files, what has expired or will within\n"
      "two weeks, what is to be renewed, rotations that are not finished, values of examples,\n"
      "weak values, one value under two names, and what git keeps that it should not. Exit 1 when\n"
      "anything is found.\n\n"
      "  exai secret check --env prod\n"
      "  exai secret check --json | jq -r '.findings[].code'");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  const auto place = require_store(context);
  if (!place) return Exit::bad_input;
  const SecretFindings findings = examine_store(context, *place);
  print_findings(context, *place, findings);
  return findings.empty() ? Exit::ok : Exit::not_ok;
}

}  // namespace exai::cli
