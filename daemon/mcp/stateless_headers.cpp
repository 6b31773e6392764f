#include "daemon/mcp/stateless_headers.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/mcp/protocol.hpp"
#include "daemon/mcp/seal.hpp"

namespace exai::mcp {

namespace {

constexpr std::string_view kEncodedBegin = "=?base64?";
constexpr std::string_view kEncodedEnd = "?=";

// The value that a header stands for; nothing when it is badly encoded or has control characters.
std::optional<std::string> decoded(std::string_view value) {
  const bool encoded = value.size() >= kEncodedBegin.size() + kEncodedEnd.size() &&
                       value.starts_with(kEncodedBegin) && value.ends_with(kEncodedEnd);
  if (encoded) {
    value.remove_prefix(kEncodedBegin.size());
    value.remove_suffix(kEncodedEnd.size());
    return decode_base64(value);
  }
  const auto is_printable = [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; };
  if (!std::ranges::all_of(value, is_printable)) return std::nullopt;
  return std::string(value);
}

bool is_same(const std::string& value, const json::value& expected) {
  if (expected.is_string()) return value == expected.get_string();
  if (!expected.is_number()) return value == to_text(expected);
  const auto number = parse_json(value);  // "42.0" is 42
  return number && number->is_number() &&
         number->to_number<double>() == expected.to_number<double>();
}

std::optional<std::string> compare(const HeaderMap& headers, const std::string& name,
                                   const json::value& expected) {
  const auto found = headers.find(to_lower(name));
  if (found == headers.end()) return fmt::format("the header {} is missing", name);
  const auto value = decoded(trim(found->second));
  if (!value) return fmt::format("the header {} is badly encoded", name);
  if (is_same(*value, expected)) return std::nullopt;
  return fmt::format("the header {} says \"{}\", the body {}", name, printable(*value),
                     printable(to_text(expected)));
}

// Which parameter says what the request is about; empty: none.
std::string_view naming_parameter(std::string_view method) {
  if (method == "resources/read") return "uri";
  if (is_about_task(method)) return "taskId";
  return is_call(method) ? "name" : "";
}

// The arguments that headers repeat, down through nested objects.
std::optional<std::string> compare_arguments(const json::object& schema, const json::object& given,
                                             const HeaderMap& headers) {
  const auto* properties = find_object(schema, "properties");
  if (!properties) return std::nullopt;
  for (const auto& [name, property] : *properties) {
    const auto* value = find(given, name);
    if (!property.is_object() || !value || value->is_null()) continue;
    const auto header = find_string(property.get_object(), "x-mcp-header");
    auto wrong = header ? compare(headers, "Mcp-Param-" + *header, *value) : std::nullopt;
    if (!wrong && value->is_object())
      wrong = compare_arguments(property.get_object(), value->get_object(), headers);
    if (wrong) return wrong;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> header_mismatch(const rpc::Request& request, const HeaderMap& headers,
                                           const Catalog& catalog) {
  const auto* version = modern_version(request);
  if (!version) return std::nullopt;  // that is another error
  if (auto wrong = compare(headers, "MCP-Protocol-Version", *version)) return wrong;
  if (auto wrong = compare(headers, "Mcp-Method", json::value(request.method))) return wrong;
  const auto naming = naming_parameter(request.method);
  const auto* name = naming.empty() ? nullptr : find(request.params, naming);
  if (!name || !name->is_string()) return std::nullopt;
  if (auto wrong = compare(headers, "Mcp-Name", *name)) return wrong;
  const std::string tool_name(name->get_string());
  const auto tool = std::ranges::find(catalog.tools, tool_name, &ToolInfo::name);
  const auto* arguments = find_object(request.params, "arguments");
  if (request.method != "tools/call" || tool == catalog.tools.end() || !arguments)
    return std::nullopt;
  return compare_arguments(tool->input_schema, *arguments, headers);
}

}  // namespace exai::mcp
