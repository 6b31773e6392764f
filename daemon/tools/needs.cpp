#include "daemon/tools/needs.hpp"

#include <algorithm>

#include "daemon/tools/workflow.hpp"

namespace exai::tools {
namespace {

using providers::WebSearch;

std::string of_model(const providers::Router& router, const std::string& model) {
  const auto route = router.route(model);
  return route ? route->provider->info().name : std::string();
}

bool takes(const Definition& tool, std::string_view argument) {
  const json::object* properties = find_object(tool.info.input_schema, "properties");
  return properties != nullptr && find(*properties, argument) != nullptr;
}

// The panel's member for this step; empty: it has fewer.
std::string member(const std::vector<std::string>& panel, std::int64_t step) {
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(step, 1) - 1);
  return index < panel.size() ? panel[index] : std::string();
}

std::string of_panel(const json::object& arguments, const providers::Router& router,
                     const Panels& panels) {
  const std::int64_t step = find_integer(arguments, "step_number").value_or(1);
  const std::string id = find_string(arguments, "continuation_id").value_or("");
  const std::vector<std::string> named = panel_in(arguments);
  if (named.empty() && step <= 1) return "";
  const std::optional<std::string> model =
      named.empty() ? panels.model_of(id, step) : member(named, step);
  if (model && model->empty()) return "";
  return of_model(router, model.value_or(""));
}

}  // namespace

providers::Provider* searching_provider(const providers::Router& router, std::string_view named) {
  for (const WebSearch how : {WebSearch::built_in, WebSearch::echoed})
    for (providers::Provider* provider : router.providers())
      if (provider->info().web_search == how && (named == "auto" || named == provider->info().name))
        return provider;
  return nullptr;
}

void Panels::learn(const std::string& conversation, std::vector<std::string> models) {
  if (!panels_.contains(conversation)) order_.push_back(conversation);
  panels_[conversation] = std::move(models);
  if (order_.size() <= kMost) return;
  panels_.erase(order_.front());
  order_.pop_front();
}

std::optional<std::string> Panels::model_of(const std::string& conversation,
                                            std::int64_t step) const {
  const auto found = panels_.find(conversation);
  if (found == panels_.end()) return std::nullopt;
  return member(found->second, step);
}

std::vector<std::string> panel_in(const json::object& arguments) {
  std::vector<std::string> models;
  if (const json::array* panel = find_array(arguments, "models"))
    for (const json::value& one : *panel)
      if (const json::object* member = one.if_object())
        models.push_back(find_string(*member, "model").value_or(""));
  return models;
}

std::string provider_asked(const Definition& tool, const json::object& arguments,
                           const providers::Router& router, const Panels& panels,
                           bool experts_by_default) {
  if (!tool.info.open_world) return "";
  if (tool.workflow) {
    if (tool.workflow->expert == Workflow::Expert::each_step)
      return of_panel(arguments, router, panels);
    if (!reason_not_to_ask(tool, arguments, experts_by_default).empty()) return "";
    return of_model(router, find_string(arguments, "model").value_or(""));
  }
  const auto provider = find_string(arguments, "provider");
  if (takes(tool, "search_query")) {
    const auto* searching = searching_provider(router, provider.value_or("auto"));
    return searching ? searching->info().name : std::string();
  }
  const auto model = find_string(arguments, "model");
  if (takes(tool, "provider") && provider && *provider != "auto" && !model) {
    const auto& all = router.providers();
    const bool configured = std::ranges::any_of(
        all, [&](const providers::Provider* one) { return one->info().name == *provider; });
    return configured ? *provider : std::string();
  }
  return takes(tool, "model") ? of_model(router, model.value_or("")) : std::string();
}

}  // namespace exai::tools
