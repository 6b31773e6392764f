#include "core/config/option_values.hpp"

#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"

namespace exai::config {

namespace {

std::string plain_number(double value) {
  return fmt::format("{:.15g}", value);
}

std::string not_this(const Option& option, std::string_view text) {
  return option.secret ? "" : fmt::format(", not \"{}\"", printable(text));
}

bool is_url(std::string_view text) {
  const auto has_host = [&](std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size() && text[scheme.size()] != '/';
  };
  return (has_host("http://") || has_host("https://")) && text.find(' ') == text.npos;
}

std::optional<ValueProblem> check_type(const Option& option, std::string_view text) {
  std::string expected;
  if (option.type == OptionType::integer && !parse_integer(text)) expected = "a whole number";
  if (option.type == OptionType::number && !parse_number(text)) expected = "a number";
  if (option.type == OptionType::boolean && !parse_bool(text)) expected = "true or false";
  if (option.kind == "url" && !is_url(text)) expected = "a URL like https://host/path";
  if (expected.empty()) return std::nullopt;
  const std::string help = option.type == OptionType::text || option.type == OptionType::boolean ||
                                   option.unit.empty() || option.unit == "port"
                               ? ""
                               : fmt::format("its unit is {}, which is not written", option.unit);
  return ValueProblem{"CFG003",
                      fmt::format("{} must be {}{}", option.name, expected, not_this(option, text)),
                      help};
}

std::optional<ValueProblem> check_range(const Option& option, std::string_view text) {
  const auto value = parse_number(text);
  if (option.type == OptionType::text || option.type == OptionType::boolean || !value)
    return std::nullopt;
  if ((!option.minimum || *value >= *option.minimum) &&
      (!option.maximum || *value <= *option.maximum))
    return std::nullopt;
  return ValueProblem{
      "CFG004",
      fmt::format("{} must be {}{}", option.name, describe_range(option), not_this(option, text)),
      ""};
}

std::optional<ValueProblem> check_choice(const Option& option, std::string_view text) {
  const auto& choices = option.choices;
  if (choices.empty() || contains(choices, text)) return std::nullopt;
  const auto meant = closest(text, choices);
  return ValueProblem{"CFG005",
                      fmt::format("{} must be one of {}{}", option.name, join(choices, ", "),
                                  not_this(option, text)),
                      meant ? fmt::format("did you mean \"{}\"?", *meant) : "", meant};
}

}  // namespace

std::string describe_range(const Option& option) {
  if (option.minimum && option.maximum)
    return fmt::format("between {} and {}", plain_number(*option.minimum),
                       plain_number(*option.maximum));
  if (option.minimum) return "at least " + plain_number(*option.minimum);
  if (option.maximum) return "at most " + plain_number(*option.maximum);
  return "";
}

std::optional<ValueProblem> check_value(const Option& option, std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (auto problem = check_type(option, text)) return problem;
  if (auto problem = check_range(option, text)) return problem;
  if (auto problem = check_choice(option, text)) return problem;
  const std::size_t length = code_points(text);
  if (!option.min_length || length >= *option.min_length) return std::nullopt;
  return ValueProblem{"CFG004",
                      fmt::format("{} is too short: {}, at least {} are needed", option.name,
                                  count_of(length, "character"), *option.min_length),
                      ""};
}

}  // namespace exai::config
