#include "daemon/tools/arguments.hpp"

#include <fmt/format.h>

#include "core/base/text.hpp"

namespace exai::tools {
namespace {

bool has_type(const json::value& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  return true;
}

void check_number(const std::string& name, const json::object& schema, double value,
                  std::vector<std::string>& wrong) {
  const auto minimum = find_number(schema, "minimum");
  const auto maximum = find_number(schema, "maximum");
  if (minimum && value < *minimum) wrong.push_back(fmt::format("{} must be at least {}", name, *minimum));
  if (maximum && value > *maximum) wrong.push_back(fmt::format("{} must be at most {}", name, *maximum));
}

void check_text(const std::string& name, const json::object& schema, std::string_view value,
                std::vector<std::string>& wrong) {
  const auto characters = static_cast<std::int64_t>(code_points(value));
  const auto minimum = find_integer(schema, "minLength");
  const auto maximum = find_integer(schema, "maxLength");
  if (minimum && characters < *minimum)
    wrong.push_back(*minimum == 1 ? name + " is empty"
                                  : fmt::format("{} is shorter than {} characters", name, *minimum));
  if (maximum && characters > *maximum)
    wrong.push_back(fmt::format("{} has {} characters, at most {} are allowed", name, characters, *maximum));
}

void check_value(const std::string& name, const json::object& schema, const json::value& value,
                 std::vector<std::string>& wrong) {
  const std::string type = find_string(schema, "type").value_or("");
  if (!has_type(value, type)) {
    const std::string_view got = json::to_string(value.kind());
    wrong.push_back(fmt::format("{} must be of type {}, not {}", name, type, got));
    return;
  }
  if (value.is_number()) check_number(name, schema, value.to_number<double>(), wrong);
  if (value.is_string()) check_text(name, schema, value.get_string(), wrong);
}

}  // namespace

std::vector<std::string> check_arguments(const json::object& schema, const json::object& arguments) {
  std::vector<std::string> wrong;
  const json::object none;
  const json::object* properties = find_object(schema, "properties");
  if (properties == nullptr) properties = &none;
  std::vector<std::string> known;
  for (const auto& property : *properties) known.emplace_back(property.key());

  if (const json::array* required = find_array(schema, "required"))
    for (const json::value& name : *required) {
      const json::value* given = find(arguments, name.get_string());
      if (given == nullptr || given->is_null())
        wrong.push_back(fmt::format("{} is missing", std::string_view(name.get_string())));
    }
  for (const auto& argument : arguments) {
    const std::string name(argument.key());
    const json::object* property = find_object(*properties, name);
    if (property == nullptr) {
      const auto meant = closest(name, known);
      wrong.push_back(fmt::format("no argument is named \"{}\"{}", printable(name),
                                  meant ? ", did you mean \"" + *meant + "\"?" : std::string()));
    } else if (!argument.value().is_null()) {
      check_value(name, *property, argument.value(), wrong);
    }
  }
  return wrong;
}

}  // namespace exai::tools
