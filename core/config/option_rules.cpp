#include "core/config/option_rules.hpp"

#include <algorithm>
#include <optional>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"
#include "core/config/option_values.hpp"
#include "core/config/options.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

using From = OptionValue::From;

void add_names(std::vector<std::string>& names, const std::vector<OptionCondition>& conditions) {
  for (const OptionCondition& one : conditions) names.push_back(one.name);
}

// "sk-test-123", "testing": a word of its own between other signs.
bool is_of_tests(std::string_view value) {
  if (is_placeholder(value)) return false;  // SEC005
  const std::string text = to_lower(value);
  std::string word;
  for (const char c : text + "-") {
    if (is_lower(c)) {
      word += c;
      continue;
    }
    if (word == "test" || word == "tests" || word == "testing") return true;
    word.clear();
  }
  return false;
}

// Of one rule, in one environment.
class Evaluation {
 public:
  Evaluation(const OptionTable& table, std::string_view environment, const OptionValues& values,
             std::vector<BrokenRule>& broken)
      : table_(table), environment_(environment), values_(values), broken_(broken) {}

  void run(const OptionRule& rule) {
    const auto here = [&](const OptionCondition& one) { return holds(one, values_(one.name)); };
    const auto& environments = rule.environments;
    const bool applies =
        (environments.empty() || contains(environments, environment_)) &&
        std::all_of(rule.when.begin(), rule.when.end(), here) &&
        (rule.unless.empty() || !std::all_of(rule.unless.begin(), rule.unless.end(), here));
    if (applies) std::visit([&](const auto& what) { check(rule, what); }, rule.what);
  }

 private:
  bool is_given(const std::string& name) const { return values_(name).from == From::given; }

  // "KIMI_TIMEOUT_SECS (120 s)", "… (120 s by default)"
  std::string shown(const std::string& name) const {
    const Option& option = *table_.find(name);
    const OptionValue value = values_(name);
    const std::string unit = option.unit.empty() || option.unit == "port" ? "" : " " + option.unit;
    return fmt::format("{} ({}{}{})", name, printable(trim(value.text)), unit,
                       value.from == From::default_value ? " by default" : "");
  }

  // "EXAI_STORE=redis"; only the name when nobody may see the value.
  std::string with_value(const std::string& name) const {
    return table_.find(name)->secret ? name
                                     : fmt::format("{}={}", name, printable(values_(name).text));
  }

  std::string in_environment(const OptionRule& rule) const {
    return rule.environments.empty() ? "" : fmt::format(" in {}", environment_);
  }

  // Milliseconds when it is a time; none when it is not set, or set to something else.
  std::optional<double> number(const std::string& name) const {
    const Option& option = *table_.find(name);
    const OptionValue value = values_(name);
    if (value.text.empty() || check_value(option, value.text)) return std::nullopt;
    if (const auto duration = duration_of(option, value.text))
      return static_cast<double>(duration->count());
    return parse_number(value.text);
  }

  // A number as one writes it for that option, rounded up.
  std::string written(const std::string& name, double value) const {
    const Option& option = *table_.find(name);
    const double unit =
        option.is_duration() ? static_cast<double>(duration_of(option, "1")->count()) : 1;
    const double count = value / unit;
    const auto whole = static_cast<std::int64_t>(count);
    return std::to_string(static_cast<double>(whole) < count ? whole + 1 : whole);
  }

  void add(const OptionRule& rule, std::string code, std::vector<std::string> options,
           std::string message, std::string help) {
    // The first that somebody set is where the finding is.
    const auto first = std::find_if(options.begin(), options.end(),
                                    [this](const std::string& name) { return is_given(name); });
    if (first != options.end()) std::rotate(options.begin(), first, first + 1);
    BrokenRule broken{std::move(code),
                      options.front(),
                      message + ": " + rule.why,
                      std::move(help),
                      {options.begin() + 1, options.end()}};
    broken_.push_back(std::move(broken));
  }

  void check(const OptionRule& rule, const LessRule& less) {
    const auto inner = number(less.inner);
    const auto outer = number(less.outer);
    if (!inner || !outer) return;
    const double least = *inner * less.factor;
    const bool order_holds = *inner < *outer;
    if (order_holds && *outer >= least) return;
    const std::string raise = less.factor > 1
                                  ? fmt::format("raise {} to at least {}, or lower {}", less.outer,
                                                written(less.outer, least), less.inner)
                                  : fmt::format("raise {} or lower {}", less.outer, less.inner);
    if (!order_holds)
      return add(rule, rule.code, {less.inner, less.outer},
                 fmt::format("{} must be less than {}", shown(less.inner), shown(less.outer)),
                 raise);
    add(rule, rule.code == "TMO001" ? "TMO002" : rule.code, {less.outer, less.inner},
        fmt::format("{} should be at least {} times {}", shown(less.outer), less.factor,
                    shown(less.inner)),
        raise);
  }

  void check(const OptionRule& rule, const AttemptsRule& what) {
    const auto attempts = number(what.attempts);
    const auto each = number(what.each);
    const auto pause = number(what.pause);
    const auto within = number(what.within);
    if (!attempts || !each || !pause || !within) return;
    const double needed = *attempts * *each + (*attempts - 1) * *pause;
    if (needed <= *within) return;
    add(rule, rule.code, {what.attempts, what.each, what.within, what.pause},
        fmt::format("{} times {} with pauses of {} make {}, more than {}", shown(what.attempts),
                    shown(what.each), shown(what.pause),
                    format_duration(Duration(static_cast<std::int64_t>(needed))),
                    shown(what.within)),
        fmt::format("raise {} to at least {}, or lower one of the others", what.within,
                    written(what.within, needed)));
  }

  void check(const OptionRule& rule, const NeedsRule& what) {
    for (const std::string& name : what.any)
      if (holds({name, "*"}, values_(name))) return;
    std::vector<std::string> subject;
    for (const auto* conditions : {&rule.when, &rule.unless})
      for (const OptionCondition& one : *conditions) subject.push_back(one.name);
    const std::string who = subject.empty() ? "this configuration" : with_value(subject.front());
    if (subject.empty()) subject = what.any;
    add(rule, rule.code, subject,
        fmt::format("{} needs {}{}", who, join(what.any, " or "), in_environment(rule)),
        fmt::format("set {}", join(what.any, ", or ")));
  }

  void check(const OptionRule& rule, const ForbidRule& what) {
    for (const OptionCondition& one : what.values) {
      if (!holds(one, values_(one.name))) continue;
      const bool secret = table_.find(one.name)->secret;
      add(rule, rule.code, {one.name},
          secret || one.value.starts_with('@')
              ? fmt::format("{} has a value of the tests{}", one.name, in_environment(rule))
              : fmt::format("{} must not be {}{}", one.name, one.value, in_environment(rule)),
          secret ? "put the real one there" : fmt::format("remove it, or set another value"));
    }
  }

  const OptionTable& table_;
  std::string_view environment_;
  const OptionValues& values_;
  std::vector<BrokenRule>& broken_;
};

}  // namespace

std::vector<std::string> OptionRule::names() const {
  std::vector<std::string> names;
  add_names(names, when);
  add_names(names, unless);
  if (const auto* less = std::get_if<LessRule>(&what)) {
    names.insert(names.end(), {less->inner, less->outer});
  } else if (const auto* tries = std::get_if<AttemptsRule>(&what)) {
    names.insert(names.end(), {tries->attempts, tries->each, tries->pause, tries->within});
  } else if (const auto* needs = std::get_if<NeedsRule>(&what)) {
    names.insert(names.end(), needs->any.begin(), needs->any.end());
  } else if (const auto* forbid = std::get_if<ForbidRule>(&what)) {
    add_names(names, forbid->values);
  }
  return names;
}

bool holds(const OptionCondition& condition, const OptionValue& value) {
  if (value.from == From::generated) return condition.value == "*";
  if (value.from == From::nowhere || value.text.empty()) return false;
  if (condition.value == "*") return true;
  if (condition.value == "@loopback") return is_loopback(value.text);
  if (condition.value == "@test") return is_of_tests(value.text);
  return value.text == condition.value;
}

std::vector<BrokenRule> broken_rules(const OptionTable& table, std::string_view environment,
                                     const OptionValues& values) {
  std::vector<BrokenRule> broken;
  Evaluation evaluation(table, environment, values, broken);
  for (const OptionRule& rule : table.rules()) evaluation.run(rule);
  return broken;
}

}  // namespace exai::config
