#include "daemon/tools/arguments.hpp"

#include <fmt/format.h>

namespace exai::tools {
namespace {

using config::Node;

Node to_node(const json::value& value);

Node to_node(const json::object& object) {
  Node::Table members;
  for (const auto& member : object)
    if (!member.value().is_null())
      members.push_back({std::string(member.key()), {}, to_node(member.value())});
  return {std::move(members), {}};
}

Node to_node(const json::array& array) {
  Node::List list;
  for (const json::value& item : array) list.push_back(to_node(item));
  return {std::move(list), {}};
}

Node to_node(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return {};
    case json::kind::bool_:
      return {value.get_bool(), {}};
    case json::kind::int64:
      return {value.get_int64(), {}};
    case json::kind::uint64:  // beyond int64: a number is all that one can say of it
    case json::kind::double_:
      return {value.to_number<double>(), {}};
    case json::kind::string:
      return {std::string(value.get_string()), {}};
    case json::kind::array:
      return to_node(value.get_array());
    case json::kind::object:
      return to_node(value.get_object());
  }
  return {};
}

// A tool's schema is part of the program: a test keeps it sound.
config::Schema compiled(const json::object& input_schema) {
  json::object properties{{"arguments", input_schema}};
  auto schema = config::Schema::compile(
      json::object{{"type", "object"}, {"properties", std::move(properties)}});
  EXAI_ASSERT(schema.has_value());
  return std::move(*schema);
}

}  // namespace

ArgumentCheck::ArgumentCheck(const json::object& input_schema) : schema_(compiled(input_schema)) {}

std::vector<std::string> ArgumentCheck::problems(const json::object& arguments) const {
  Node document = to_node(json::object());
  std::get<Node::Table>(document.value).push_back({"arguments", {}, to_node(arguments)});
  std::vector<std::string> problems;
  for (const config::Diagnostic& found : config::check_schema(schema_, document))
    problems.push_back(found.help.empty() ? found.message
                                          : fmt::format("{} ({})", found.message, found.help));
  return problems;
}

}  // namespace exai::tools
