#pragma once
// Rules between options, as data in schemas/options.schema.json: one evaluation for `exai validate`
// and for every program that starts, so they say the same. Each is one of
//
//   {"code": "TMO001", "less": [INNER, OUTER], "factor": 1.5}      OUTER > INNER, and >= 1.5 × it
//   {"code": "TMO003", "attempts": N, "each": T, "pause": P, "within": OUTER}
//                                                                  N×T + (N-1)×P <= OUTER
//   {"code": "CFG002", "needs": [A, B]}                            one of them is set
//   {"code": "CFG013", "forbid": {"LOG_LEVEL": "debug"}}           none of these holds
//
// with "why" (the end of its message) and when it applies: "when", "unless" (conditions, all of
// them), "environments". A condition is NAME: value, "*" (set to anything), "@loopback" (an address
// of this machine) or "@test" (a word of tests in it). A factor that is missed, while the order
// holds, is TMO002. Pure.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace exai::config {

class OptionTable;

struct OptionCondition {
  std::string name;
  std::string value;
};

struct LessRule {
  std::string inner;
  std::string outer;
  double factor = 1;
};
struct AttemptsRule {
  std::string attempts;
  std::string each;
  std::string pause;
  std::string within;
};
struct NeedsRule {
  std::vector<std::string> any;
};
struct ForbidRule {
  std::vector<OptionCondition> values;
};

struct OptionRule {
  std::string code;
  std::string why;
  std::vector<OptionCondition> when;
  std::vector<OptionCondition> unless;
  std::vector<std::string> environments;  // none: all
  std::variant<LessRule, AttemptsRule, NeedsRule, ForbidRule> what;

  std::vector<std::string> names() const;  // of all options in it, some maybe twice
};

// What an option is set to when the rules are asked.
struct OptionValue {
  enum class From { nowhere, default_value, given, generated };
  std::string text;  // unknown when it is generated
  From from = From::nowhere;
};
using OptionValues = std::function<OptionValue(std::string_view name)>;

bool holds(const OptionCondition& condition, const OptionValue& value);

struct BrokenRule {
  std::string code;
  std::string option;  // whose place is the place of the finding: given, when one is
  std::string message;
  std::string help;
  std::vector<std::string> others;  // options that have a part in it
};

// Those that do not hold. Values that are wrong by themselves (no number, say) break no rule.
std::vector<BrokenRule> broken_rules(const OptionTable& table, std::string_view environment,
                                     const OptionValues& values);

}  // namespace exai::config
