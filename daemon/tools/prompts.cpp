#include "daemon/tools/prompts.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/mcp/content.hpp"

namespace exai::tools {
namespace {

constexpr std::size_t kLongestArgument = 100'000;

// The panel's models are several; a tool that asks nobody takes none.
bool takes_model(const Definition& tool) {
  return tool.workflow->expert != Workflow::Expert::never;
}

std::vector<std::string> argument_names(const mcp::PromptInfo& prompt) {
  std::vector<std::string> names;
  for (const auto& argument : prompt.arguments) names.push_back(argument.name);
  return names;
}

Result<> check(const mcp::PromptInfo& prompt, const json::object& arguments) {
  const auto names = argument_names(prompt);
  for (const auto& given : arguments) {
    const std::string name(given.key());
    if (std::ranges::count(names, name) == 0) {
      const auto meant = closest(name, names);
      return fail(Errc::invalid, "the prompt \"{}\" has no argument \"{}\"{}", prompt.name,
                  printable(name), meant ? ", did you mean \"" + *meant + "\"?" : std::string());
    }
    if (!given.value().is_string())
      return fail(Errc::invalid, "the argument \"{}\" must be a string", name);
    if (given.value().get_string().size() > kLongestArgument)
      return fail(Errc::invalid, "the argument \"{}\" has more than {} bytes", name,
                  kLongestArgument);
  }
  for (const auto& argument : prompt.arguments)
    if (argument.required && find_string(arguments, argument.name).value_or("").empty())
      return fail(Errc::invalid, "the prompt \"{}\" needs the argument \"{}\": {}", prompt.name,
                  argument.name, argument.description);
  return {};
}

std::string about_the_end(const Definition& tool, const std::string& model) {
  if (model.empty()) return "";
  if (tool.workflow->expert == Workflow::Expert::each_step)
    return fmt::format("In step 1 name the models to ask in models, {} among them.\n", model);
  return fmt::format(
      "In that last step set use_assistant_model to true and model to {}: it gives a second "
      "opinion.\n",
      model);
}

}  // namespace

mcp::PromptInfo prompt_info(const Definition& tool) {
  mcp::PromptInfo prompt;
  prompt.name = tool.info.name;
  prompt.description = tool.info.description;
  prompt.arguments = {{"task", tool.workflow->task, true},
                      {"files", "Files or folders to begin with.", false}};
  if (takes_model(tool))
    prompt.arguments.push_back({"model", "A model to ask, too: one of listmodels.", false});
  return prompt;
}

Result<json::object> prompt_result(const Definition& tool, const json::object& arguments) {
  const mcp::PromptInfo prompt = prompt_info(tool);
  if (auto sound = check(prompt, arguments); !sound) return fail(sound.error());
  const Workflow& workflow = *tool.workflow;
  std::string text = fmt::format("{}\n\n", find_string(arguments, "task").value_or(""));
  if (const auto files = find_string(arguments, "files"); files && !files->empty())
    text += fmt::format("Begin with: {}\n\n", *files);
  text += fmt::format(
      "The aim is to {}. Work step by step with the tool \"{}\" of this server. First: {}\n"
      "After each step call the tool: step (what you did), findings (what you found, with "
      "evidence), step_number, total_steps (your estimate) and next_step_required. Pass the "
      "continuation_id of its answer in the next call, and do what its next_action says. When "
      "there is nothing left to look at, set next_step_required to false.\n",
      workflow.goal, tool.info.name, workflow.actions.front());
  text += about_the_end(tool, find_string(arguments, "model").value_or(""));
  text += fmt::format("Then: {}", workflow.finish);
  json::array messages;
  messages.push_back(mcp::prompt_message("user", mcp::text_content(std::move(text))));
  return json::object{{"description", prompt.description}, {"messages", std::move(messages)}};
}

Result<std::vector<std::string>> complete_prompt(const Definition& tool,
                                                 const providers::Router& router,
                                                 std::string_view argument,
                                                 std::string_view value) {
  const auto names = argument_names(prompt_info(tool));
  if (std::ranges::count(names, argument) == 0)
    return fail(Errc::not_found, "the prompt \"{}\" has no argument \"{}\"", tool.info.name,
                printable(argument));
  std::vector<std::string> values;
  if (argument != "model") return values;
  for (const providers::Provider* provider : router.providers())
    for (const providers::Model& model : provider->info().models)
      if (model.id.starts_with(value)) values.push_back(model.id);
  return values;
}

}  // namespace exai::tools
