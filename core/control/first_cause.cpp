#include "core/control/first_cause.hpp"

#include <algorithm>
#include <set>

#include "core/base/contains.hpp"

namespace exai::control {

namespace {

using Names = std::set<std::string>;

// Everything that `service` needs, near and far. Cycles are harmless: each name enters once.
Names all_needs(const std::string& service, const Needs& needs) {
  Names seen;
  std::vector<std::string> open = {service};
  while (!open.empty()) {
    const std::string next = std::move(open.back());
    open.pop_back();
    const auto found = needs.find(next);
    if (found == needs.end()) continue;
    for (const std::string& name : found->second)
      if (seen.insert(name).second) open.push_back(name);
  }
  return seen;
}

bool may_be_symptom(const Finding& finding) {
  return finding.area >= Area::processes;
}

class Judge {
 public:
  Judge(const std::vector<Finding>& findings, const Needs& needs) : findings_(findings) {
    for (const Finding& finding : findings) {
      if (finding.level != Level::bad || finding.service.empty()) continue;
      bad_services_.insert(finding.service);
      reach_.emplace(finding.service, all_needs(finding.service, needs));
    }
  }

  bool is_candidate(const Finding& finding) const {
    if (finding.level != Level::bad) return false;
    if (!may_be_symptom(finding) || finding.service.empty()) return true;
    const Names& needed = reach_.at(finding.service);
    return std::none_of(bad_services_.begin(), bad_services_.end(), [&](const std::string& bad) {
      return bad != finding.service && needed.count(bad) > 0;
    });
  }

  bool explains(const Finding& cause, const Finding& other) const {
    if (&cause == &other) return true;
    if (cause.service.empty()) return may_be_symptom(other) || other.area == Area::engine;
    if (other.service.empty()) return false;
    if (!may_be_symptom(other)) return false;
    return other.service == cause.service || reach_.at(other.service).count(cause.service) > 0;
  }

  FirstCause with_consequences(std::size_t index) const {
    FirstCause result{index, {}, {}};
    const Finding& cause = findings_[index];
    for (std::size_t i = 0; i < findings_.size(); ++i) {
      const Finding& other = findings_[i];
      if (other.level != Level::bad) continue;
      if (!explains(cause, other)) {
        result.unexplained.push_back(i);
        continue;
      }
      auto& names = result.explains;
      if (other.service.empty() || other.service == cause.service) continue;
      if (!contains(names, other.service)) names.push_back(other.service);
    }
    return result;
  }

 private:
  const std::vector<Finding>& findings_;
  Names bad_services_;
  std::map<std::string, Names> reach_;
};

}  // namespace

std::string_view name(Area area) {
  switch (area) {
    case Area::configuration:
      return "configuration";
    case Area::disk:
      return "disk";
    case Area::ports:
      return "ports";
    case Area::engine:
      return "engine";
    case Area::processes:
      return "processes";
    case Area::dependencies:
      return "dependencies";
    case Area::mcp:
      return "mcp";
  }
  return "";
}

std::string_view name(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::note:
      return "note";
    case Level::bad:
      return "bad";
  }
  return "";
}

std::optional<FirstCause> first_cause(const std::vector<Finding>& findings, const Needs& needs) {
  const Judge judge(findings, needs);
  std::optional<FirstCause> best;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (!judge.is_candidate(findings[i])) continue;
    FirstCause next = judge.with_consequences(i);
    if (best) {
      const Area held = findings[best->finding].area;
      if (findings[i].area > held) continue;
      if (findings[i].area == held && next.explains.size() <= best->explains.size()) continue;
    }
    best = std::move(next);
  }
  // Services that need each other in a circle hide one another: then the first one stands for all.
  const auto bad = std::find_if(findings.begin(), findings.end(),
                                [](const Finding& f) { return f.level == Level::bad; });
  if (!best && bad != findings.end())
    best = judge.with_consequences(static_cast<std::size_t>(bad - findings.begin()));
  return best;
}

}  // namespace exai::control
