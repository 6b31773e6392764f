#include "daemon/tools/registry.hpp"

#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "daemon/tools/conversation.hpp"
#include "daemon/tools/prompts.hpp"
#include "daemon/tools/retired.hpp"
#include "daemon/tools/table.hpp"
#include "daemon/tools/workflow.hpp"

namespace exai::tools {
namespace {

tl::unexpected<Error> unknown(std::string_view kind, const std::string& name,
                              const std::vector<std::string>& names) {
  const auto meant = closest(name, names);
  return fail(Errc::not_found, "no {} named \"{}\"{}", kind, printable(name),
              meant ? ", did you mean \"" + *meant + "\"?" : std::string());
}

Supervised supervision(Host& host) {
  return host.stack() ? Supervised::yes : Supervised::no;
}

}  // namespace

std::vector<Definition> read_definitions() {
  std::vector<Definition> all;
  for (const Row& row : kTools)
    all.push_back(parse_definition(row.description, embedded::tool_workflow_frame));
  return all;
}

mcp::ToolResult failure(std::string text) {
  mcp::ToolResult result;
  result.text = std::move(text);
  result.is_error = true;
  return result;
}

mcp::ToolResult report(json::object structured) {
  mcp::ToolResult result;
  result.text = to_pretty_text(structured);
  result.structured = std::move(structured);
  return result;
}

Registry::Registry(Context context, Duration call_limit, const Selection& selection)
    : context_(std::move(context)),
      definitions_(read_definitions()),
      resources_(context_, context_.host.stack() && selection.operations >= Scope::read) {
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    const Definition& tool = definitions_[i];
    off_.push_back(reason_off(tool, selection, supervision(context_.host)));
    if (!off_.back().empty()) continue;
    catalog_.tools.push_back(tool.info);
    if (tool.workflow) catalog_.prompts.push_back(prompt_info(tool));
    offered_.push_back(
        {tool.workflow ? run_step : kTools[i].handler, ArgumentCheck(tool.info.input_schema)});
  }
  resources_.describe(catalog_);
  context_.call_limit = call_limit;
  context_.tools = &catalog_.tools;
  context_.definitions = &definitions_;
  context_.journal = &journal_;
  context_.uploads = &uploads_;
  context_.changed = [this](const std::string& id) { conversation_changed(id); };
}

Result<std::size_t> Registry::index_of(const std::string& name) const {
  const auto& tools = catalog_.tools;
  const auto found = std::ranges::find(tools, name, &mcp::ToolInfo::name);
  if (found != tools.end()) return static_cast<std::size_t>(found - tools.begin());
  for (std::size_t i = 0; i < definitions_.size(); ++i)
    if (definitions_[i].info.name == name)
      return fail(Errc::not_found, "the tool \"{}\" is off: {}", name, off_[i]);
  for (const RetiredTool& retired : kRetiredTools)
    if (retired.name == name)
      return fail(Errc::not_found, "the tool \"{}\" is gone: {}", name, retired.advice);
  std::vector<std::string> names;
  for (const mcp::ToolInfo& tool : tools) names.push_back(tool.name);
  return unknown("tool", name, names);
}

std::string Registry::today(const std::string& name) const {
  const auto had = [&](const Definition& tool) { return contains(tool.info.earlier_names, name); };
  const auto found = std::ranges::find_if(definitions_, had);
  return found == definitions_.end() ? name : found->info.name;
}

Task<Result<mcp::ToolResult>> Registry::call(mcp::Call call) {
  call.name = today(call.name);
  JournalEntry entry;
  entry.tool = printable(call.name.substr(0, 64));
  entry.request_id = call.request_id;
  entry.session_id = call.session_id;
  const Time begin = context_.clock.now();
  std::vector<std::string> panel = panel_in(call.arguments);
  auto result = co_await checked(std::move(call));
  if (result && !panel.empty())
    if (const auto id = find_string(result->structured, "continuation_id"))
      panels_.learn(*id, std::move(panel));
  entry.time = context_.clock.wall();
  entry.took = std::chrono::duration_cast<Duration>(context_.clock.now() - begin);
  if (!result) entry.error = context_.host.redact(result.error().message());
  if (result && result->is_error) entry.error = context_.host.redact(result->text);
  journal_.add(std::move(entry));
  co_return result;
}

Task<Result<mcp::ToolResult>> Registry::checked(mcp::Call call) {
  const auto index = index_of(call.name);
  if (!index) co_return fail(index.error());
  const Offered& tool = offered_[*index];
  const std::string name = call.name;
  const std::vector<std::string> wrong = tool.check.problems(call.arguments);
  if (!wrong.empty()) co_return failure(fmt::format("{}: {}", name, join(wrong, "; ")));
  Task<Result<mcp::ToolResult>> working = run(tool.handler, std::move(call));
  const Duration limit = context_.call_limit;
  auto result = co_await with_timeout(context_.clock, std::move(working), limit);
  if (result || result.error().code() != Errc::timeout) co_return result;
  co_return failure(
      fmt::format("{}: stopped after {}. What to do: ask for less at once, or raise "
                  "WORKFLOW_TOOL_TIMEOUT_SECS",
                  name, format_duration(limit)));
}

mcp::Needs Registry::needs(const std::string& name, const json::object& arguments) const {
  mcp::Needs needs;
  needs.conversation = find_string(arguments, "continuation_id").value_or("");
  const auto index = index_of(today(name));
  if (!index) return needs;
  const auto tool = std::ranges::find(definitions_, catalog_.tools[*index].name,
                                      [](const Definition& one) { return one.info.name; });
  needs.provider =
      provider_asked(*tool, arguments, context_.router, panels_, context_.experts_by_default);
  return needs;
}

std::string Registry::scope(std::string_view method, const std::string& name) const {
  if (method == "resources/read") return name.starts_with("exai://logs/") ? "read" : "";
  const auto tool =
      method == "tools/call"
          ? std::ranges::find(definitions_, name,
                              [](const Definition& definition) { return definition.info.name; })
          : definitions_.end();
  if (tool == definitions_.end() || tool->scope == Scope::none) return {};
  return tool->scope == Scope::change ? "change" : "read";
}

Task<Result<mcp::ToolResult>> Registry::run(Handler handler, mcp::Call call) {
  mcp::ToolResult result = co_await handler(context_, std::move(call));
  co_return result;
}

Task<Result<json::object>> Registry::read(mcp::Call call) {
  return resources_.read(std::move(call.name), std::move(call.caller));
}

const Definition* Registry::offered_workflow(const std::string& name) const {
  for (std::size_t i = 0; i < definitions_.size(); ++i)
    if (definitions_[i].info.name == name && definitions_[i].workflow && off_[i].empty())
      return &definitions_[i];
  return nullptr;
}

Task<Result<json::object>> Registry::prompt(mcp::Call call) {
  if (const Definition* tool = offered_workflow(call.name))
    co_return prompt_result(*tool, call.arguments);
  std::vector<std::string> names;
  for (const mcp::PromptInfo& prompt : catalog_.prompts) names.push_back(prompt.name);
  co_return unknown("prompt", call.name, names);
}

Result<std::vector<std::string>> Registry::complete(const mcp::Completing& completing) const {
  if (completing.of_resource) return resources_.complete(completing);
  if (const Definition* tool = offered_workflow(completing.name))
    return complete_prompt(*tool, context_.router, completing.argument, completing.value);
  return fail(Errc::not_found, "there is no prompt \"{}\"", printable(completing.name));
}

void Registry::on_change(std::function<void(const mcp::Change&)> listener) {
  listener_ = std::move(listener);
}

void Registry::conversation_changed(const std::string& id) const {
  if (listener_ && is_plain_id(id))
    listener_({mcp::Change::Kind::resource_updated, conversation_uri(id)});
}

}  // namespace exai::tools
