#include "core/config/options.hpp"

#include <algorithm>
#include <array>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/option_values.hpp"
#include "embedded/options_schema.hpp"

namespace exai::config {

namespace {

std::vector<std::string> texts(const json::object& object, std::string_view key) {
  std::vector<std::string> result;
  if (const json::array* array = find_array(object, key))
    for (const json::value& item : *array)
      if (item.is_string()) result.emplace_back(item.get_string());
  return result;
}

Result<OptionType> parse_type(const json::object& schema) {
  const std::string type = find_string(schema, "type").value_or("");
  if (type == "string") return OptionType::text;
  if (type == "integer") return OptionType::integer;
  if (type == "number") return OptionType::number;
  if (type == "boolean") return OptionType::boolean;
  return fail(Errc::invalid, "\"type\" is none of string, integer, number, boolean");
}

std::optional<std::string> default_text(const json::object& schema) {
  const json::value* value = find(schema, "default");
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_double()) return fmt::format("{}", value->get_double());
  return to_text(*value);
}

Result<Option> parse_option(std::string_view name, const json::value& value) {
  if (!value.is_object()) return fail(Errc::invalid, "no object");
  const json::object& schema = value.get_object();
  const json::object* extra = find_object(schema, "x-exai");
  if (extra == nullptr) return fail(Errc::invalid, "no \"x-exai\"");
  TRY(type, parse_type(schema));
  Option option;
  option.name = name;
  option.type = type;
  option.description = find_string(schema, "description").value_or("");
  option.default_value = default_text(schema);
  option.choices = texts(schema, "enum");
  option.minimum = find_number(schema, "minimum");
  option.maximum = find_number(schema, "maximum");
  if (const auto length = find_integer(schema, "minLength"))
    option.min_length = static_cast<std::size_t>(*length);
  option.group = find_string(*extra, "group").value_or("");
  option.order = static_cast<int>(find_integer(*extra, "order").value_or(0));
  option.unit = find_string(*extra, "unit").value_or("");
  option.secret = find_bool(*extra, "secret").value_or(false);
  option.aliases = texts(*extra, "aliases");
  option.readers = texts(*extra, "readers");
  if (option.group.empty()) return fail(Errc::invalid, "no group");
  if (option.description.empty()) return fail(Errc::invalid, "no description");
  return option;
}

}  // namespace

const OptionTable& OptionTable::shipped() {
  static const OptionTable table = [] {
    auto parsed = parse(embedded::options_schema);
    EXAI_ASSERT(parsed.has_value());
    return std::move(*parsed);
  }();
  return table;
}

Result<OptionTable> OptionTable::parse(std::string_view schema) {
  TRY(root, parse_json_object(schema));
  const json::object* properties = exai::find_object(root, "properties");
  if (properties == nullptr) return fail(Errc::invalid, "the option table has no \"properties\"");
  OptionTable table;
  std::vector<std::string> names;
  for (const auto& property : *properties) {
    auto option = parse_option(property.key(), property.value());
    if (!option) return fail(option.error().within("option " + std::string(property.key())));
    names.push_back(option->name);
    names.insert(names.end(), option->aliases.begin(), option->aliases.end());
    if (std::find(table.groups_.begin(), table.groups_.end(), option->group) == table.groups_.end())
      table.groups_.push_back(option->group);
    table.options_.push_back(std::move(*option));
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return fail(Errc::invalid, "the name {} is given twice", *twice);
  const auto rank = [&](const Option& option) {
    const auto group = std::find(table.groups_.begin(), table.groups_.end(), option.group);
    return std::pair(group - table.groups_.begin(), option.order);
  };
  std::stable_sort(table.options_.begin(), table.options_.end(),
                   [&](const Option& a, const Option& b) { return rank(a) < rank(b); });
  return table;
}

const Option* OptionTable::find(std::string_view name) const {
  const auto is_called = [&](const Option& option) {
    return option.name == name ||
           std::find(option.aliases.begin(), option.aliases.end(), name) != option.aliases.end();
  };
  const auto found = std::find_if(options_.begin(), options_.end(), is_called);
  return found == options_.end() ? nullptr : &*found;
}

namespace {

// "whole number of s, between 1 and 3600; default 120", "text; secret; also MOONSHOT_API_KEY"
std::string describe(const Option& option) {
  constexpr std::array<std::string_view, 4> kTypes = {"text", "whole number", "number",
                                                      "true or false"};
  std::string text(kTypes.at(static_cast<std::size_t>(option.type)));
  if (!option.choices.empty()) text = "one of " + join(option.choices, ", ");
  if (option.unit == "port" || option.unit == "url" || option.unit == "path")
    text = option.unit;
  else if (!option.unit.empty())
    text += " of " + option.unit;
  if (const std::string range = describe_range(option); !range.empty()) text += ", " + range;
  if (option.min_length && *option.min_length > 1)
    text += fmt::format(", at least {} characters", *option.min_length);
  text += option.default_value ? "; default " + *option.default_value : "; unset by default";
  if (option.secret) text += "; secret";
  if (!option.aliases.empty()) text += "; also " + join(option.aliases, ", ");
  return text;
}

}  // namespace

std::string env_example(const OptionTable& table) {
  std::string text =
      "# Every option of EXAI with its default, from schemas/options.schema.json; do not edit, "
      "run\n"
      "# `ninja -C build/dev env_example`. To change one: copy the line into configs/.env, which "
      "git\n"
      "# ignores and every environment reads last, and remove the \"#\" in front of the name.\n";
  std::string group;
  for (const Option& option : table.options()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n# ---- {} ----\n", group);
    }
    text += fmt::format("\n# {}\n# {}\n#{}={}\n", option.description, describe(option), option.name,
                        option.default_value.value_or(""));
  }
  return text;
}

}  // namespace exai::config
