#include "daemon/providers/router.hpp"

#include <algorithm>
#include <optional>

#include "core/base/text.hpp"
#include "daemon/providers/models.hpp"
#include "daemon/providers/openai.hpp"

namespace exai::providers {
namespace {

std::string key_options() {
  std::vector<std::string> options;
  for (const Preset& preset : presets()) options.emplace_back(preset.key_option);
  return join(options, ", ");
}

std::optional<std::string> id_in(const std::vector<Model>& models, const std::string& wanted) {
  for (const Model& model : models) {
    if (to_lower(model.id) == wanted) return model.id;
    if (std::ranges::count(model.aliases, wanted) != 0) return model.id;
  }
  return std::nullopt;
}

bool has_prefix(const Preset& preset, std::string_view model) {
  if (preset.prefixes.empty()) return false;
  const std::vector<std::string> prefixes = split(preset.prefixes, ' ');
  return std::ranges::any_of(prefixes, [&](const std::string& p) { return model.starts_with(p); });
}

}  // namespace

Router::Router(std::vector<Provider*> providers, std::string default_model)
    : providers_(std::move(providers)), default_model_(std::move(default_model)) {}

Result<Route> Router::route(std::string_view model) const {
  if (providers_.empty())
    return fail(Errc::unavailable,
                "no AI provider is configured: set one of {} (everything else works without)",
                key_options());
  if (!model.empty()) return named(model, "named in the call");
  if (!default_model_.empty()) {
    auto chosen = named(default_model_, "DEFAULT_MODEL");
    if (!chosen) return fail(chosen.error().within("DEFAULT_MODEL"));
    return chosen;
  }
  for (Provider* provider : providers_)
    if (!provider->info().default_model.empty())
      return Route{provider, provider->info().default_model,
                   "default model of the first configured provider"};
  return fail(Errc::invalid,
              "the call names no model, and neither DEFAULT_MODEL nor CUSTOM_MODELS is set");
}

Result<Route> Router::named(std::string_view model, std::string_view reason) const {
  const std::string wanted = to_lower(trim(model));
  if (const std::size_t slash = wanted.find('/'); slash != std::string::npos)
    if (Provider* provider = configured(wanted.substr(0, slash)))
      return Route{provider, std::string(trim(model).substr(slash + 1)), std::string(reason)};
  for (Provider* provider : providers_)
    if (auto id = id_in(provider->info().models, wanted))
      return Route{provider, *id, std::string(reason)};

  // Nobody lists it. A provider may still own it: by its prefix, or being known but switched off.
  for (const Preset& preset : presets()) {
    const bool known = id_in(known_models(preset.name), wanted).has_value();
    if (!known && !has_prefix(preset, wanted)) continue;
    if (Provider* provider = configured(preset.name))
      return Route{provider, std::string(trim(model)), std::string(reason)};
    return fail(Errc::unavailable, "model {} belongs to {}, which is not configured: set {}", model,
                preset.title, preset.key_option);
  }
  std::vector<std::string> names;
  for (const Provider* provider : providers_)
    for (const Model& candidate : provider->info().models) names.push_back(candidate.id);
  const auto meant = closest(wanted, names);
  return fail(Errc::not_found, "no provider has a model \"{}\"{}; listmodels shows all", model,
              meant ? ", did you mean \"" + *meant + "\"?" : std::string());
}

Provider* Router::configured(std::string_view provider) const {
  const auto found = std::ranges::find_if(
      providers_, [&](const Provider* candidate) { return candidate->info().name == provider; });
  return found == providers_.end() ? nullptr : *found;
}

}  // namespace exai::providers
