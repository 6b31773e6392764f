#include "cli/sarif.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "cli/annotations.hpp"
#include "cli/baseline.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"
#include "core/base/version.hpp"
#include "core/config/lint/lint.hpp"
#include "core/config/places.hpp"

namespace exai::cli {

using config::Diagnostic;
using config::Edit;

namespace {

std::string_view level_of(config::Severity severity) {
  constexpr std::array<std::string_view, 3> kLevels = {"error", "warning", "note"};
  return kLevels.at(static_cast<std::size_t>(severity));
}

json::object text_of(std::string_view text) {
  return {{"text", text}};
}

json::object rule_json(const config::Rule& rule) {
  return {
      {"id", rule.code},
      {"name", rule.name},
      {"shortDescription", text_of(rule.summary)},
      {"fullDescription", text_of(rule.docs)},
      {"help", text_of(fmt::format("{}\nMore: exai validate --explain {}", rule.docs, rule.code))},
      // Names the rule wherever its page is: docs/RULES.md of the version that was used.
      {"helpUri", fmt::format("urn:exai:rule:{}", rule.code)},
      {"defaultConfiguration", json::object{{"level", level_of(rule.severity)}}},
      {"properties", json::object{{"evidence", config::name(rule.evidence)},
                                  {"fixing", config::name(rule.fixing)}}}};
}

// Paths are relative references of URIs: anything but the plain characters is escaped.
std::string uri_of(const std::string& path) {
  return (path.starts_with('/') ? "file://" : "") + percent_encoded(path, "/");
}

json::object artifact_of(const config::Source& source, const config::Path& root) {
  return {{"uri", uri_of(path_from(root, source))}};
}

// Columns count code points and the end is one past the last, as ours do.
json::object region_of(const config::Span& span) {
  json::object region{{"startLine", span.begin.line}, {"startColumn", span.begin.column}};
  if (span.end > span.begin) {
    region["endLine"] = span.end.line;
    region["endColumn"] = span.end.column;
  }
  return region;
}

json::object location_of(const config::Span& span, const config::Path& root) {
  return {{"physicalLocation", json::object{{"artifactLocation", artifact_of(*span.source, root)},
                                            {"region", region_of(span)}}}};
}

json::array related_of(const Diagnostic& finding, const config::Path& root) {
  json::array list;
  for (const config::Related& related : finding.related) {
    json::object one;
    if (related.span) one = location_of(related.span, root);
    one["id"] = list.size() + 1;
    one["message"] = text_of(related.message);
    list.push_back(std::move(one));
  }
  return list;
}

bool shows_secret(const Edit& edit) {
  const config::Source& source = *edit.source;
  return std::any_of(source.hidden.begin(), source.hidden.end(), [&](config::ByteRange range) {
    if (range.begin <= edit.end && edit.begin <= range.end) return true;
    const std::string_view whole =
        std::string_view(source.text)
            .substr(std::min(range.begin, source.text.size()), range.end - range.begin);
    const std::string_view secret = trim(whole);
    return !secret.empty() && edit.text.find(secret) != std::string::npos;
  });
}

json::object replacement_of(const Edit& edit, config::Places& places) {
  const config::Span span = places.span(edit.begin, edit.end);
  json::object replacement{{"deletedRegion", json::object{{"startLine", span.begin.line},
                                                          {"startColumn", span.begin.column},
                                                          {"endLine", span.end.line},
                                                          {"endColumn", span.end.column}}}};
  if (!edit.text.empty()) replacement["insertedContent"] = text_of(edit.text);
  return replacement;
}

// Nothing: there is no fix of texts, or it would show a secret.
std::optional<json::object> fix_of(const Diagnostic& finding, const config::Path& root) {
  if (!finding.fix || finding.fix->edits.empty()) return std::nullopt;
  std::map<config::SourcePtr, json::array> replacements;
  for (const Edit& edit : finding.fix->edits) {
    if (edit.source == nullptr || shows_secret(edit)) return std::nullopt;
    config::Places places(edit.source);
    replacements[edit.source].push_back(replacement_of(edit, places));
  }
  json::array changes;
  for (auto& [source, list] : replacements)
    changes.push_back(json::object{{"artifactLocation", artifact_of(*source, root)},
                                   {"replacements", std::move(list)}});
  return json::object{{"description", text_of(finding.fix->title)},
                      {"artifactChanges", std::move(changes)}};
}

std::size_t index_of(std::string_view code) {
  const auto all = config::rules();
  return static_cast<std::size_t>(config::find_rule(code) - all.data());
}

json::object result_of(const Diagnostic& finding, const std::string& fingerprint,
                       const config::Path& root) {
  std::string message = finding.message;
  if (!finding.help.empty()) message += "\n" + finding.help;
  json::object result{{"ruleId", finding.code},
                      {"ruleIndex", index_of(finding.code)},
                      {"level", level_of(finding.severity)},
                      {"message", text_of(message)}};
  if (finding.span) result["locations"] = json::array{location_of(finding.span, root)};
  if (auto related = related_of(finding, root); !related.empty())
    result["relatedLocations"] = std::move(related);
  result["partialFingerprints"] = json::object{{"exaiFinding/v1", fingerprint}};
  if (auto fix = fix_of(finding, root)) result["fixes"] = json::array{*std::move(fix)};
  return result;
}

}  // namespace

json::object sarif(const std::vector<Validated>& all, const config::Path& root) {
  json::array rules;
  for (const config::Rule& rule : config::rules()) rules.push_back(rule_json(rule));
  json::array results;
  for (const Validated& one : all) {
    const auto prints = fingerprints(one.loaded.diagnostics);
    for (std::size_t i = 0; i < prints.size(); ++i)
      results.push_back(result_of(one.loaded.diagnostics[i], prints[i], root));
  }
  json::object driver{{"name", "exai"}, {"version", kVersion}, {"rules", std::move(rules)}};
  json::object run{{"tool", json::object{{"driver", std::move(driver)}}},
                   {"columnKind", "unicodeCodePoints"},
                   {"results", std::move(results)}};
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", json::array{std::move(run)}}};
}

}  // namespace exai::cli
