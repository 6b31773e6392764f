#include "core/base/text.hpp"
#include "daemon/providers/models.hpp"
#include "daemon/providers/openai.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {
namespace {

std::string tokens(std::int64_t count) {
  return count == 0 ? "?" : std::to_string(count);
}

json::object to_json(const providers::Model& model) {
  json::object object{{"id", model.id}};
  if (model.context != 0) object["context_tokens"] = model.context;
  if (model.max_output != 0) object["max_output_tokens"] = model.max_output;
  json::array aliases;
  for (const std::string& alias : model.aliases) aliases.push_back(json::value(alias));
  object["aliases"] = std::move(aliases);
  return object;
}

// One provider, as markdown and as data. `configured` is none for a preset without its key.
void describe(const providers::Preset& preset, const providers::ProviderInfo* configured,
              mcp::ToolResult& result, json::array& out) {
  const auto models = configured ? configured->models : providers::known_models(preset.name);
  result.text +=
      fmt::format("## {} ({})\n", preset.title,
                  configured ? "configured" : "off: set " + std::string(preset.key_option));
  if (configured && !configured->default_model.empty())
    result.text += fmt::format("default: {}\n", configured->default_model);
  json::array list;
  if (!models.empty())
    result.text += "\n| model | context | output | aliases |\n|---|---|---|---|\n";
  for (const providers::Model& model : models) {
    result.text += fmt::format("| {} | {} | {} | {} |\n", model.id, tokens(model.context),
                               tokens(model.max_output), join(model.aliases, ", "));
    list.push_back(to_json(model));
  }
  result.text += "\n";
  out.push_back(json::object{{"name", preset.name},
                             {"title", preset.title},
                             {"configured", configured != nullptr},
                             {"default_model", configured ? configured->default_model : ""},
                             {"models", std::move(list)}});
}

}  // namespace

Task<mcp::ToolResult> listmodels(Context& context, mcp::Call) {
  mcp::ToolResult result;
  json::array list;
  for (const providers::Preset& preset : providers::presets()) {
    const providers::ProviderInfo* configured = nullptr;
    for (const providers::Provider* provider : context.router.providers())
      if (provider->info().name == preset.name) configured = &provider->info();
    describe(preset, configured, result, list);
  }
  result.structured["providers"] = std::move(list);
  const auto route = context.router.route("");
  result.structured["default_model"] = route ? route->model : "";
  result.text +=
      route ? fmt::format("Without a model, a call goes to {} ({}).\n", route->model, route->reason)
            : route.error().message() + "\n";
  co_return result;
}

}  // namespace exai::tools
