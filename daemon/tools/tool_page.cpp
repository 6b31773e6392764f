#include "daemon/tools/tool_page.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/tools/retired.hpp"

namespace exai::tools {
namespace {

constexpr std::string_view kHead =
    "# Tools\n\n"
    "Made from schemas/tools/*.json; do not edit, run `ninja -C build/dev generated`.\n\n"
    "`TOOL_PROFILE` says which tools clients see: lean (those marked essential and core), "
    "standard\n"
    "(the default: also advanced) or full (also hidden). `ENABLED_TOOLS` names them instead,\n"
    "`DISABLED_TOOLS` takes some away. Tools with a scope are there where exai runs the daemon "
    "and\n"
    "`EXAI_OPERATIONS_SCOPE` grants it.\n\n";

constexpr std::string_view kStepwise =
    "\n## Step by step\n\n"
    "These tools share one frame. The client's model does the work and calls the tool after each\n"
    "step; the tool keeps the steps under `continuation_id`, says in `next_action` what to do "
    "next,\n"
    "and asks another model in the last step if `use_assistant_model` is true. A model that does "
    "not\n"
    "answer ends nothing: `expert` says what went wrong. For each there is a prompt of the same "
    "name.\n"
    "chat can go on under the same `continuation_id`, and `exai://conversations/{id}` shows "
    "it.\n\n";

bool is_required(const json::object& schema, std::string_view name) {
  if (const json::array* required = find_array(schema, "required"))
    for (const json::value& one : *required)
      if (one.is_string() && one.get_string() == name) return true;
  return false;
}

void add_rows(std::string& page, const json::object& schema, const json::object* but) {
  const json::object* properties = find_object(schema, "properties");
  if (properties == nullptr) return;
  std::string rows;
  for (const auto& property : *properties) {
    const std::string name(property.key());
    const json::object& facts = property.value().as_object();
    if (but != nullptr && find(*but, name) != nullptr && *find(*but, name) == property.value())
      continue;
    rows += fmt::format("| `{}`{} | {} | {} |\n", name, is_required(schema, name) ? " *" : "",
                        find_string(facts, "type").value_or(""),
                        find_string(facts, "description").value_or(""));
  }
  if (!rows.empty()) page += "\n| argument | is | |\n|---|---|---|\n" + rows;
}

void add_tool(std::string& page, const Definition& tool, const json::object* frame) {
  page +=
      fmt::format("\n### {}\n\n{}\n\n{}", tool.info.name, tool.info.description, name(tool.tier));
  if (tool.scope != Scope::none)
    page += fmt::format(", scope {}", tool.scope == Scope::change ? "change" : "read");
  page += tool.info.read_only ? "; changes nothing\n" : "\n";
  add_rows(page, tool.info.input_schema, frame);
  for (const Example& example : tool.examples)
    page += fmt::format("\n{}:\n\n```json\n{}\n```\n", example.title, to_text(example.arguments));
}

void add_earlier_names(std::string& page, const std::vector<Definition>& tools) {
  page +=
      "\n## Names of the system before this one\n\n"
      "All of its other tools have the names that they had.\n\n| then | now |\n|---|---|\n";
  for (const Definition& tool : tools)
    for (const std::string& name : tool.info.earlier_names)
      page += fmt::format("| `{}` | `{}`; the old name works, too |\n", name, tool.info.name);
  for (const RetiredTool& gone : kRetiredTools)
    page += fmt::format("| `{}` | {} |\n", gone.name, gone.advice);
}

}  // namespace

std::string tool_page(const std::vector<Definition>& tools) {
  std::string page(kHead);
  page += "| tool | profile | |\n|---|---|---|\n";
  for (const Definition& tool : tools)
    page += fmt::format("| `{}` | {} | {} |\n", tool.info.name, name(tool.tier), tool.info.title);
  for (const Definition& tool : tools)
    if (!tool.workflow) add_tool(page, tool, nullptr);

  // The frame as the first one that asks a model has it.
  const auto first = std::ranges::find_if(tools, [](const Definition& one) {
    return one.workflow && one.workflow->expert == Workflow::Expert::at_end;
  });
  if (first != tools.end()) {
    page += kStepwise;
    page += "Arguments of all of them (* must be given):\n";
    add_rows(page, first->info.input_schema, nullptr);
    const json::object* frame = find_object(first->info.input_schema, "properties");
    for (const Definition& tool : tools)
      if (tool.workflow) add_tool(page, tool, frame);
  }
  add_earlier_names(page, tools);
  return page;
}

}  // namespace exai::tools
