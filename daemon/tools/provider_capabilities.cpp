#include "core/base/text.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {
namespace {

json::object described(const providers::Preset& preset, const providers::ProviderInfo* info) {
  json::object object{{"name", preset.name},
                      {"title", preset.title},
                      {"configured", info != nullptr},
                      {"switched_on_by", preset.key_option}};
  if (info == nullptr) return object;
  object["base_url"] = info->base_url;
  object["default_model"] = info->default_model;
  object["models"] = info->models.size();
  return object;
}

json::array options_of(Context& context, bool all) {
  json::array options;
  for (const Host::OptionView& option : context.host.options())
    if (all || option.group == "providers" || option.group == "tools")
      options.push_back(json::object{{"name", option.name},
                                     {"group", option.group},
                                     {"value", option.value},
                                     {"unit", option.unit},
                                     {"from", option.from}});
  return options;
}

}  // namespace

Task<mcp::ToolResult> provider_capabilities(Context& context, mcp::Call call) {
  json::object out;
  json::array list;
  for (const providers::Preset& preset : providers::presets()) {
    const providers::ProviderInfo* info = nullptr;
    for (const providers::Provider* provider : context.router.providers())
      if (provider->info().name == preset.name) info = &provider->info();
    list.push_back(described(preset, info));
  }
  out["providers"] = std::move(list);
  const auto route = context.router.route("");
  out["default_route"] = route ? fmt::format("{}/{}", route->provider->info().name, route->model)
                               : route.error().message();
  out["options"] = options_of(context, find_bool(call.arguments, "show_advanced").value_or(false));
  if (find_bool(call.arguments, "include_tools").value_or(true)) {
    json::array tools;
    for (const mcp::ToolInfo& tool : *context.tools) tools.push_back(json::value(tool.name));
    out["tools"] = std::move(tools);
  }
  std::string text = context.host.redact(to_pretty_text(out));
  mcp::ToolResult result = report(parse_json_object(text).value_or(std::move(out)));
  co_return result;
}

}  // namespace exai::tools
