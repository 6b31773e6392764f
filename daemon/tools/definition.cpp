#include "daemon/tools/definition.hpp"

#include <algorithm>
#include <array>

namespace exai::tools {
namespace {

std::string text_of(const json::object& object, std::string_view key) {
  return find_string(object, key).value_or("");
}

std::vector<std::string> texts_of(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  if (const json::array* list = find_array(object, key))
    for (const json::value& item : *list) texts.push_back(json::value_to<std::string>(item));
  return texts;
}

json::object object_of(const json::object& object, std::string_view key) {
  const json::object* found = find_object(object, key);
  return found ? *found : json::object();
}

mcp::TaskUse task_use(const json::object& object) {
  const std::string support = text_of(object_of(object, "execution"), "taskSupport");
  EXAI_ASSERT(support.empty() || support == "optional");
  return support.empty() ? mcp::TaskUse::never : mcp::TaskUse::may;
}

Tier parse_tier(std::string_view word) {
  constexpr std::array kTiers = {Tier::essential, Tier::core, Tier::advanced, Tier::hidden};
  const auto* const found =
      std::ranges::find_if(kTiers, [&](Tier tier) { return name(tier) == word; });
  EXAI_ASSERT(found != kTiers.end());
  return *found;
}

Workflow::Expert parse_expert(const std::string& word) {
  EXAI_ASSERT(word == "never" || word == "at_end" || word == "each_step");
  if (word == "never") return Workflow::Expert::never;
  return word == "at_end" ? Workflow::Expert::at_end : Workflow::Expert::each_step;
}

Workflow parse_workflow(const json::object& object) {
  Workflow workflow;
  workflow.goal = text_of(object, "goal");
  workflow.task = text_of(object, "task");
  workflow.actions = texts_of(object, "actions");
  workflow.finish = text_of(object, "finish");
  workflow.expert = parse_expert(text_of(object, "expert"));
  workflow.expert_prompt = text_of(object, "expert_prompt");
  EXAI_ASSERT(!workflow.goal.empty() && !workflow.task.empty() && !workflow.actions.empty() &&
              !workflow.finish.empty());
  EXAI_ASSERT(workflow.expert_prompt.empty() == (workflow.expert == Workflow::Expert::never));
  return workflow;
}

// What is about the one model that is asked at the end makes no sense elsewhere, and what a model
// is shown and told none where nobody is asked.
bool is_about_nobody(std::string_view property, Workflow::Expert expert) {
  if (expert == Workflow::Expert::at_end) return false;
  if (property == "use_assistant_model" || property == "model") return true;
  return expert == Workflow::Expert::never && (property == "images" || property == "thinking_mode");
}

// The frame with what is the tool's own: a property of the same name is the tool's.
json::object framed_schema(const json::object& frame, const json::object& own,
                           const Workflow& workflow) {
  json::object properties;
  for (const auto& property : object_of(frame, "properties"))
    if (!is_about_nobody(property.key(), workflow.expert))
      properties[property.key()] = property.value();
  for (const auto& property : object_of(own, "properties"))
    properties[property.key()] = property.value();
  json::object schema = frame;
  schema["properties"] = std::move(properties);
  return schema;
}

void apply_frame(Definition& definition, std::string_view frame_text) {
  const auto frame = parse_json_object(frame_text);
  EXAI_ASSERT(frame.has_value());
  mcp::ToolInfo& info = definition.info;
  info.input_schema =
      framed_schema(object_of(*frame, "inputSchema"), info.input_schema, *definition.workflow);
  info.output_schema = object_of(*frame, "outputSchema");
  info.read_only = false;  // it writes down what was found
  info.open_world = definition.workflow->expert != Workflow::Expert::never;
  if (info.open_world) info.tasks = task_use(*frame);
}

}  // namespace

std::string_view name(Tier tier) {
  switch (tier) {
    case Tier::essential:
      return "essential";
    case Tier::core:
      return "core";
    case Tier::advanced:
      return "advanced";
    case Tier::hidden:
      return "hidden";
  }
  return "";
}

std::optional<Scope> parse_scope(std::string_view word) {
  if (word == "none") return Scope::none;
  if (word == "read") return Scope::read;
  if (word == "change") return Scope::change;
  return std::nullopt;
}

Definition parse_definition(std::string_view text, std::string_view workflow_frame) {
  const Result<json::object> object = parse_json_object(text);
  EXAI_ASSERT(object.has_value());
  Definition definition;
  mcp::ToolInfo& info = definition.info;
  info.name = text_of(*object, "name");
  info.title = text_of(*object, "title");
  info.description = text_of(*object, "description");
  info.input_schema = object_of(*object, "inputSchema");
  info.output_schema = object_of(*object, "outputSchema");
  const json::object hints = object_of(*object, "annotations");
  info.read_only = find_bool(hints, "readOnlyHint").value_or(true);
  info.open_world = find_bool(hints, "openWorldHint").value_or(false);
  info.tasks = task_use(*object);
  EXAI_ASSERT(!info.name.empty() && !info.description.empty());

  info.earlier_names = texts_of(*object, "earlier_names");
  info.always_runs = find_bool(*object, "always_runs").value_or(false);
  definition.tier = parse_tier(text_of(*object, "tier"));
  definition.scope = parse_scope(text_of(*object, "scope")).value_or(Scope::none);
  if (const json::array* examples = find_array(*object, "examples"))
    for (const json::value& one : *examples)
      definition.examples.push_back({text_of(one.as_object(), "title"),
                                     object_of(one.as_object(), "arguments"),
                                     texts_of(one.as_object(), "shows")});
  if (const json::object* workflow = find_object(*object, "workflow")) {
    definition.workflow = parse_workflow(*workflow);
    apply_frame(definition, workflow_frame);
  }
  EXAI_ASSERT(!info.input_schema.empty());
  return definition;
}

}  // namespace exai::tools
