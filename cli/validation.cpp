#include "cli/validation.hpp"

#include <algorithm>
#include <map>

#include "cli/baseline.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"

namespace exai::cli {

using config::Diagnostic;
using config::Diagnostics;
using config::Severity;

std::size_t count(const Validated& one, Severity severity) {
  const Diagnostics& all = one.loaded.diagnostics;
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const Diagnostic& d) { return d.severity == severity; }));
}

int verdict(const std::vector<Validated>& all, Severity fail_on) {
  int worst = 0;
  for (const Validated& one : all) {
    if (!one.loaded.is_valid()) worst = 2;
    for (const Diagnostic& finding : one.loaded.diagnostics)
      if (finding.severity <= fail_on) worst = std::max(worst, 1);
  }
  return worst;
}

namespace {

// "38 × ENV018, 2 × CFG002"
std::string kinds_of(const std::vector<const Diagnostic*>& findings) {
  std::map<std::string_view, std::size_t> counts;
  for (const Diagnostic* one : findings) ++counts[one->code];
  std::vector<std::string> parts;
  for (const auto& [code, count] : counts) parts.push_back(fmt::format("{} × {}", count, code));
  return join(parts, ", ");
}

Diagnostic with_note(const Diagnostic& finding, std::string note) {
  Diagnostic told = finding;
  told.related.push_back({{}, std::move(note)});
  return told;
}

// Findings by what explains them.
using Causes = std::map<std::string, std::vector<const Diagnostic*>>;

std::string followers_text(const std::vector<const Diagnostic*>& followers) {
  return fmt::format("{} from this: {}; --all shows {}",
                     followers.size() == 1
                         ? "1 more finding follows"
                         : fmt::format("{} more findings follow", followers.size()),
                     kinds_of(followers), followers.size() == 1 ? "it" : "them");
}

}  // namespace

std::string findings_text(const Diagnostics& findings, Telling telling, config::Colour colour) {
  if (telling == Telling::everything) return render(findings, colour);
  Causes causes;
  for (const Diagnostic& one : findings)
    if (!one.cause.empty()) causes[one.cause].push_back(&one);
  if (causes.empty()) return render(findings, colour);
  std::string text;
  Causes orphans = causes;  // whose root is not among the findings: allowed, or in the baseline
  for (const Diagnostic& one : findings) orphans.erase(as_cause(one));
  for (const Diagnostic& one : findings) {
    const auto followers = one.cause.empty() ? causes.find(as_cause(one)) : causes.end();
    const auto orphan = orphans.find(one.cause);
    if (followers != causes.end()) {
      text += render(with_note(one, followers_text(followers->second)), colour);
    } else if (one.cause.empty()) {
      text += render(one, colour);
    } else if (orphan != orphans.end() && orphan->second.front() == &one) {
      std::string note = "because of " + one.cause;
      const std::vector<const Diagnostic*> others(orphan->second.begin() + 1, orphan->second.end());
      if (!others.empty())
        note += fmt::format("; so {} more: {}; --all shows them", others.size(), kinds_of(others));
      text += render(with_note(one, std::move(note)), colour);
    }
  }
  return text;
}

namespace {

constexpr std::size_t kNamedFiles = 8;

std::string read_text(const std::vector<std::string>& files) {
  if (files.empty()) return {};
  if (files.size() <= kNamedFiles) return fmt::format("read {}\n", join(files, ", "));
  const std::vector<std::string> first(files.begin(), files.begin() + kNamedFiles);
  return fmt::format("read {} and {} more\n", join(first, ", "), files.size() - kNamedFiles);
}

// What stays unsaid above: dropped, allowed, in the baseline.
std::string unsaid(const Validated& one) {
  std::string text;
  if (one.loaded.allowed > 0) text += fmt::format(", {} allowed", one.loaded.allowed);
  if (one.ignored > 0) text += fmt::format(", {} in the baseline", one.ignored);
  if (one.loaded.dropped.all() > 0)
    text += fmt::format(", and at least {} more that are not shown", one.loaded.dropped.all());
  return text;
}

}  // namespace

std::string validation_summary(const Validated& one) {
  const config::Loaded& loaded = one.loaded;
  const std::size_t warnings = count(one, Severity::warning);
  const std::size_t infos = count(one, Severity::info);
  const std::string remarks = infos > 0 ? ", " + count_of(infos, "remark") : "";
  std::string text = read_text(loaded.files);
  if (!loaded.is_valid())
    return text + fmt::format("{} is not valid: {}, {}{}{}\n", one.label,
                              count_of(count(one, Severity::error), "error"),
                              count_of(warnings, "warning"), remarks, unsaid(one));
  text += fmt::format("{} is valid: ", one.label);
  if (loaded.stack != nullptr)
    text += fmt::format("{}, {}, ", count_of(loaded.stack->services.size(), "service"),
                        count_of(loaded.layers, "layer"));
  else
    text += count_of(loaded.files.size(), "file") + ", ";
  if (warnings > 0)
    text += count_of(warnings, "warning") + remarks;
  else
    text += infos > 0 ? count_of(infos, "remark") : "0 problems";
  return text + unsaid(one) + "\n";
}

namespace {

json::object finding_json(const Diagnostic& finding, const std::string& fingerprint,
                          const std::string* project) {
  json::object object = to_json(finding);
  if (const config::Rule* rule = config::find_rule(finding.code)) {
    object["name"] = rule->name;
    object["evidence"] = config::name(rule->evidence);
  }
  if (!finding.subject.empty()) object["subject"] = finding.subject;
  if (!finding.cause.empty()) object["cause"] = finding.cause;
  if (finding.fix) object["fix"] = json::object{{"title", finding.fix->title}};
  object["fingerprint"] = fingerprint;
  if (project != nullptr) object["project"] = *project;
  return object;
}

}  // namespace

json::object validation_json(const std::vector<Validated>& all) {
  bool valid = true;
  std::map<std::string_view, std::size_t> counts;
  json::array files;
  json::array diagnostics;
  for (const Validated& one : all) {
    valid = valid && one.loaded.is_valid();
    counts["errors"] += count(one, Severity::error);
    counts["warnings"] += count(one, Severity::warning);
    counts["infos"] += count(one, Severity::info);
    counts["allowed"] += one.loaded.allowed;
    counts["ignored"] += one.ignored;
    counts["dropped"] += one.loaded.dropped.all();
    for (const std::string& path : one.loaded.files) files.push_back(json::object{{"path", path}});
    const auto prints = fingerprints(one.loaded.diagnostics);
    for (std::size_t i = 0; i < prints.size(); ++i)
      diagnostics.push_back(finding_json(one.loaded.diagnostics[i], prints[i],
                                         all.size() > 1 ? &one.label : nullptr));
  }
  json::object object{{"valid", valid}};
  for (const std::string_view key :
       {"errors", "warnings", "infos", "allowed", "ignored", "dropped"})
    object[key] = counts[key];
  object["files"] = std::move(files);
  object["diagnostics"] = std::move(diagnostics);
  return object;
}

}  // namespace exai::cli
