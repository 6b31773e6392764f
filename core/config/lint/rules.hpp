#pragma once
// What rules see and what they write into, and the families of rules. For the files of rules.

#include <array>

#include "core/config/config.hpp"
#include "core/config/lint/lint.hpp"
#include "core/config/project.hpp"
#include "core/config/resolve.hpp"

namespace exai::config {

// A rule looks at what it is about and passes over what is not there: without a stack file,
// `resolved` has an empty tree and no assignments; without a compose file, project.compose is null.
struct LintSubject {
  const Resolved& resolved;
  const Project& project;
  const OptionTable& options;
  const Facilities& world;
  const LoadRequest& request;
};

// Collects up to kMost errors and as many of what is milder: nobody reads more. What is dropped is
// counted. A flood of warnings never hides an error.
class Findings {
 public:
  static constexpr std::size_t kMost = 200;

  explicit Findings(Diagnostics& diagnostics);

  // Returns: the diagnostic, to add related places, a fix, what it is about. It has the severity of
  // its row; a rule may make it a milder one.
  Diagnostic& add(std::string_view code, Span span, std::string message, std::string help = {});
  void add(Diagnostic diagnostic);

  // Another error would be dropped, and the verdict is out: a rule may stop looking.
  bool full() const { return kept_.errors >= kMost; }
  const FindingCount& dropped() const { return dropped_; }

 private:
  // Whether there is room for one more of this severity; counts it either way.
  bool take(Severity severity);

  Diagnostics& diagnostics_;
  FindingCount kept_;
  FindingCount dropped_;
  Diagnostic nowhere_;  // what a rule may still add to when its finding was dropped
};

// All rules of the table over the subject. Returns: how many findings were dropped, at least.
FindingCount lint(const LintSubject& subject, Diagnostics& diagnostics);

// In a strict environment a warning is an error, unless it is a guess.
void make_strict(Diagnostics& diagnostics);

// The families, each sorted by code.
std::span<const Rule> cfg_rules();
std::span<const Rule> cmp_rules();
std::span<const Rule> dep_rules();
std::span<const Rule> env_rules();
std::span<const Rule> prt_rules();
std::span<const Rule> sec_rules();
std::span<const Rule> tmo_rules();

// For the static_assert of each family: sorted by code, and no guess is an error.
template <std::size_t N>
constexpr bool is_sound(const std::array<Rule, N>& rules) {
  for (std::size_t i = 0; i < N; ++i) {
    if (i > 0 && !(rules[i - 1].code < rules[i].code)) return false;
    if (rules[i].evidence == Evidence::heuristic && rules[i].severity == Severity::error)
      return false;
    if (rules[i].summary.empty() || rules[i].docs.empty()) return false;
  }
  return true;
}

}  // namespace exai::config
