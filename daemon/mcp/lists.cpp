// The lists of what a server offers, page by page, and the capabilities that follow from them.
#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "daemon/mcp/protocol.hpp"
#include "daemon/mcp/tasks.hpp"

namespace exai::mcp {

namespace {

constexpr std::size_t kPageSize = 50;
constexpr std::string_view kCursorPrefix = "after-";

json::object described(const ToolInfo& tool) {
  json::object description{{"name", tool.name}};
  if (!tool.title.empty()) description["title"] = tool.title;
  description["description"] = tool.description;
  description["inputSchema"] = tool.input_schema;
  if (!tool.output_schema.empty()) description["outputSchema"] = tool.output_schema;
  description["annotations"] = {{"readOnlyHint", tool.read_only},
                                {"openWorldHint", tool.open_world}};
  return description;
}

json::object resource_description(const ResourceInfo& resource, std::string_view uri_key) {
  json::object description{{uri_key, resource.uri}, {"name", resource.name}};
  if (!resource.description.empty()) description["description"] = resource.description;
  if (!resource.mime_type.empty()) description["mimeType"] = resource.mime_type;
  return description;
}

json::object described(const PromptInfo& prompt) {
  json::array arguments;
  for (const auto& argument : prompt.arguments)
    arguments.push_back(json::object{{"name", argument.name},
                                     {"description", argument.description},
                                     {"required", argument.required}});
  json::object description{{"name", prompt.name}, {"description", prompt.description}};
  if (!arguments.empty()) description["arguments"] = std::move(arguments);
  return description;
}

// "after-50" → 50; nothing when we cannot have written it.
std::optional<std::size_t> offset_of(std::string_view cursor, std::size_t count) {
  if (cursor.empty()) return 0;
  if (!cursor.starts_with(kCursorPrefix)) return std::nullopt;
  const auto offset = parse_integer(cursor.substr(kCursorPrefix.size()));
  if (!offset || *offset <= 0 || static_cast<std::size_t>(*offset) >= count) return std::nullopt;
  return static_cast<std::size_t>(*offset);
}

template <class Item, class Describe>
Result<json::object> page_of(const std::vector<Item>& items, std::string_view key,
                             std::string_view cursor, Describe describe) {
  const auto begin = offset_of(cursor, items.size());
  if (!begin)
    return fail(Errc::invalid, "this server gave out no cursor \"{}\"", printable(cursor));
  const std::size_t end = std::min(*begin + kPageSize, items.size());
  json::array page;
  for (std::size_t i = *begin; i < end; ++i) page.emplace_back(describe(items[i]));
  json::object result{{key, std::move(page)}};
  if (end < items.size()) result["nextCursor"] = fmt::format("{}{}", kCursorPrefix, end);
  return result;
}

bool has_resources(const Catalog& catalog) {
  return !catalog.resources.empty() || !catalog.templates.empty();
}

json::object capabilities(const Catalog& catalog) {
  const json::object list = catalog.changes ? json::object{{"listChanged", true}} : json::object{};
  json::object all{{"logging", json::object{}}, {"tools", list}};
  if (has_resources(catalog)) {
    json::object resources = list;
    resources["subscribe"] = true;
    all["resources"] = std::move(resources);
  }
  if (!catalog.prompts.empty()) all["prompts"] = list;
  if (offers(catalog, "completion/complete")) all["completions"] = json::object{};
  return all;
}

}  // namespace

bool has_tasks(const Catalog& catalog) {
  return std::ranges::any_of(catalog.tools,
                             [](const ToolInfo& tool) { return tool.tasks != TaskUse::never; });
}

bool offers(const Catalog& catalog, std::string_view method) {
  if (method.starts_with("tasks/")) return has_tasks(catalog);
  if (method.starts_with("resources/")) return has_resources(catalog);
  if (method.starts_with("prompts/")) return !catalog.prompts.empty();
  if (method == "completion/complete")
    return !catalog.prompts.empty() || !catalog.templates.empty();
  return true;
}

bool is_about_task(std::string_view method) {
  return method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel";
}

bool is_list(std::string_view method) {
  constexpr std::array<std::string_view, 4> kLists = {"tools/list", "resources/list",
                                                      "resources/templates/list", "prompts/list"};
  return std::ranges::find(kLists, method) != kLists.end();
}

Result<json::object> list_page(const Catalog& catalog, std::string_view method,
                               const json::object& params) {
  std::string cursor;
  if (const auto* given = find(params, "cursor")) {
    if (!given->is_string()) return fail(Errc::invalid, "\"cursor\" must be a string");
    cursor = given->get_string();
  }
  if (method == "resources/list")
    return page_of(catalog.resources, "resources", cursor, [](const ResourceInfo& resource) {
      return resource_description(resource, "uri");
    });
  if (method == "resources/templates/list")
    return page_of(catalog.templates, "resourceTemplates", cursor, [](const ResourceInfo& one) {
      return resource_description(one, "uriTemplate");
    });
  if (method == "prompts/list")
    return page_of(catalog.prompts, "prompts", cursor,
                   [](const PromptInfo& prompt) { return described(prompt); });
  return page_of(catalog.tools, "tools", cursor,
                 [](const ToolInfo& tool) { return described(tool); });
}

json::object server_info(const ServerInfo& server) {
  json::object info{{"name", server.name}, {"version", server.version}};
  if (!server.title.empty()) info["title"] = server.title;
  return info;
}

json::object initialize_result(const ServerInfo& server, std::string_view version,
                               const Catalog& catalog) {
  json::object result{{"protocolVersion", version},
                      {"capabilities", capabilities(catalog)},
                      {"serverInfo", server_info(server)}};
  if (!server.instructions.empty()) result["instructions"] = server.instructions;
  return result;
}

json::object discover_result(const ServerInfo& server, const Catalog& catalog) {
  json::object result{{"supportedVersions", json::array{kFirstModernVersion}},
                      {"capabilities", capabilities(catalog)}};
  if (has_tasks(catalog))
    result["capabilities"].get_object()["extensions"] = {{kTasksExtension, json::object()}};
  if (!server.instructions.empty()) result["instructions"] = server.instructions;
  return result;
}

}  // namespace exai::mcp
