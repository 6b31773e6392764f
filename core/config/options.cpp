#include "core/config/options.hpp"

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "embedded/options_schema.hpp"

namespace exai::config {

namespace {

struct TimeUnit {
  std::string_view name;
  double milliseconds;
};
constexpr std::array<TimeUnit, 4> kTimeUnits = {
    {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}}};

const TimeUnit* time_unit(std::string_view name) {
  const auto* found = std::find_if(kTimeUnits.begin(), kTimeUnits.end(),
                                   [&](const TimeUnit& unit) { return unit.name == name; });
  return found == kTimeUnits.end() ? nullptr : found;
}

// "A_*_B": what stands before the star, and what behind it.
bool matches(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == name;
  const std::string_view front = pattern.substr(0, star);
  const std::string_view back = pattern.substr(star + 1);
  return name.size() > front.size() + back.size() && name.starts_with(front) &&
         name.ends_with(back);
}

}  // namespace

std::optional<std::string> Option::default_for(std::string_view environment) const {
  const auto own = environment_defaults.find(environment);
  return own == environment_defaults.end() ? default_value : std::optional(own->second);
}

bool Option::is_read_by(std::string_view reader) const {
  return contains(readers, reader);
}

const OptionAlias* Option::alias(std::string_view called) const {
  const auto found = std::find_if(aliases.begin(), aliases.end(),
                                  [&](const OptionAlias& one) { return one.name == called; });
  return found == aliases.end() ? nullptr : &*found;
}

bool Option::is_duration() const {
  return (type == OptionType::integer || type == OptionType::number) && time_unit(unit) != nullptr;
}

OptionTable::OptionTable(std::vector<Option> options, std::vector<OptionRule> rules,
                         std::vector<RetiredOption> retired)
    : options_(std::move(options)), rules_(std::move(rules)), retired_(std::move(retired)) {
  for (const Option& option : options_)
    if (!contains(groups_, option.group)) groups_.push_back(option.group);
  const auto rank = [this](const Option& option) {
    const auto group = std::find(groups_.begin(), groups_.end(), option.group);
    return std::pair(group - groups_.begin(), option.order);
  };
  std::stable_sort(options_.begin(), options_.end(),
                   [&](const Option& a, const Option& b) { return rank(a) < rank(b); });
  for (std::size_t i = 0; i < options_.size(); ++i) {
    index_.emplace(options_[i].name, i);
    for (const OptionAlias& alias : options_[i].aliases) index_.emplace(alias.name, i);
  }
}

const OptionTable& OptionTable::shipped() {
  static const OptionTable table = [] {
    auto parsed = parse(options_schema_text());
    EXAI_ASSERT(parsed.has_value());
    return std::move(*parsed);
  }();
  return table;
}

std::string_view options_schema_text() {
  return embedded::options_schema;
}

const Option* OptionTable::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &options_[found->second];
}

const RetiredOption* OptionTable::find_retired(std::string_view name) const {
  if (find(name) != nullptr) return nullptr;
  const auto found = std::find_if(retired_.begin(), retired_.end(), [&](const RetiredOption& one) {
    return matches(one.pattern, name);
  });
  return found == retired_.end() ? nullptr : &*found;
}

std::optional<Duration> duration_of(const Option& option, std::string_view value) {
  const auto number = parse_number(value);
  if (!number || !option.is_duration()) return std::nullopt;
  return Duration(static_cast<std::int64_t>(*number * time_unit(option.unit)->milliseconds));
}

std::string alias_message(const Option& option, const OptionAlias& alias) {
  return fmt::format("{} is an old name of {}{}{}", alias.name, option.name,
                     alias.message.empty() ? "" : ": ", alias.message);
}

}  // namespace exai::config
