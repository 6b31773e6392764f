#include "cli/baseline.hpp"

#include <map>

#include "core/base/hash.hpp"
#include "core/config/allow.hpp"

namespace exai::cli {

namespace {

constexpr std::int64_t kVersion = 1;

std::string file_of(const config::Diagnostic& finding) {
  return finding.span.source == nullptr ? "" : finding.span.source->name;
}

const std::string& about(const config::Diagnostic& finding) {
  return finding.subject.empty() ? finding.message : finding.subject;
}

}  // namespace

std::vector<std::string> fingerprints(const config::Diagnostics& findings) {
  std::vector<std::string> prints;
  std::map<std::string, std::size_t> seen;
  for (const config::Diagnostic& one : findings) {
    std::string key = fmt::format("{}\n{}\n{}", one.code, file_of(one), about(one));
    const std::size_t before = seen[key]++;
    if (before > 0) key += fmt::format("\n{}", before);
    prints.push_back(fmt::format("{:016x}", fnv1a(key)));
  }
  return prints;
}

json::object baseline_json(const std::vector<const config::Diagnostics*>& findings) {
  json::array list;
  std::set<std::string> seen;
  for (const config::Diagnostics* some : findings) {
    const auto prints = fingerprints(*some);
    for (std::size_t i = 0; i < prints.size(); ++i) {
      const config::Diagnostic& one = (*some)[i];
      if (!config::can_be_allowed(one) || !seen.insert(prints[i]).second) continue;
      list.push_back(json::object{{"fingerprint", prints[i]},
                                  {"code", one.code},
                                  {"file", file_of(one)},
                                  {"about", about(one)}});
    }
  }
  return {{"version", kVersion}, {"findings", std::move(list)}};
}

Result<Baseline> parse_baseline(std::string_view text) {
  TRY(root, parse_json_object(text));
  const json::array* list = find_array(root, "findings");
  if (find_integer(root, "version") != kVersion || list == nullptr)
    return fail(Errc::invalid, "this is no baseline; make one with --write-baseline FILE");
  Baseline baseline;
  for (const json::value& one : *list)
    if (const json::object* object = one.if_object())
      if (auto print = find_string(*object, "fingerprint")) baseline.insert(*std::move(print));
  return baseline;
}

std::size_t ignore_known(const Baseline& baseline, config::Diagnostics& findings) {
  const auto prints = fingerprints(findings);
  config::Diagnostics unknown;
  for (std::size_t i = 0; i < prints.size(); ++i)
    if (!baseline.contains(prints[i]) || !config::can_be_allowed(findings[i]))
      unknown.push_back(std::move(findings[i]));
  findings = std::move(unknown);
  return prints.size() - findings.size();
}

}  // namespace exai::cli
