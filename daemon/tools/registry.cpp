#include "daemon/tools/registry.hpp"

#include "core/base/text.hpp"
#include "daemon/tools/conversation.hpp"
#include "daemon/tools/prompts.hpp"
#include "daemon/tools/retired.hpp"
#include "daemon/tools/table.hpp"
#include "daemon/tools/workflow.hpp"

namespace exai::tools {
namespace {

Error unknown(std::string_view kind, const std::string& name,
              const std::vector<std::string>& names) {
  const auto meant = closest(name, names);
  return Error(Errc::not_found,
               fmt::format("no {} named \"{}\"{}", kind, printable(name),
                           meant ? ", did you mean \"" + *meant + "\"?" : std::string()));
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
    by_name_.emplace(tool.info.name, i);
    offered_.emplace_back();
    if (!off_.back().empty()) continue;
    catalog_.tools.push_back(tool.info);
    if (tool.workflow) catalog_.prompts.push_back(prompt_info(tool));
    offered_.back() = Offered{tool.workflow ? run_step : kTools[i].handler,
                              ArgumentCheck(tool.info.input_schema)};
  }
  for (std::size_t i = 0; i < definitions_.size(); ++i)
    for (const std::string& earlier : definitions_[i].info.earlier_names)
      by_name_.emplace(earlier, i);
  resources_.describe(catalog_);
  context_.call_limit = call_limit;
  context_.tools = &catalog_.tools;
  context_.definitions = &definitions_;
  context_.journal = &journal_;
  context_.uploads = &uploads_;
  context_.changed = [this](const std::string& id) { conversation_changed(id); };
}

std::optional<std::size_t> Registry::find_tool(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

bool Registry::has_tool(std::string_view name) const {
  const auto index = find_tool(name);
  return index && offered_[*index] && definitions_[*index].info.name == name;
}

// Why no such tool is offered.
Error Registry::no_tool(const std::string& name) const {
  if (const auto index = find_tool(name))
    return Error(Errc::not_found, fmt::format("the tool \"{}\" is off: {}",
                                              definitions_[*index].info.name, off_[*index]));
  for (const RetiredTool& retired : kRetiredTools)
    if (retired.name == name)
      return Error(Errc::not_found,
                   fmt::format("the tool \"{}\" is gone: {}", name, retired.advice));
  std::vector<std::string> names;
  for (const mcp::ToolInfo& tool : catalog_.tools) names.push_back(tool.name);
  return unknown("tool", name, names);
}

// A call's line in the journal, written when the call is over; one that was stopped never said how
// it went.
struct Registry::Journaled {
  Journaled(Registry& owner, const mcp::Call& call)
      : registry(owner), begin(owner.context_.clock.now()) {
    entry.tool = printable(call.name.substr(0, 64));
    entry.request_id = call.request_id;
    entry.session_id = call.session_id;
  }
  ~Journaled() {
    const Clock& clock = registry.context_.clock;
    if (!has_ended) entry.error = "stopped before its end";
    entry.time = clock.wall();
    entry.took = std::chrono::duration_cast<Duration>(clock.now() - begin);
    registry.journal_.add(std::move(entry));
  }
  Journaled(const Journaled&) = delete;
  Journaled& operator=(const Journaled&) = delete;

  Result<mcp::ToolResult> ended(Result<mcp::ToolResult> result) {
    Host& host = registry.context_.host;
    has_ended = true;
    if (!result) entry.error = host.redact(result.error().message());
    if (result && result->is_error) entry.error = host.redact(result->text);
    return result;
  }

  Registry& registry;
  Time begin;
  JournalEntry entry;
  bool has_ended = false;
};

Task<Result<mcp::ToolResult>> Registry::call(mcp::Call call) {
  const auto index = find_tool(call.name);
  if (index) call.name = definitions_[*index].info.name;
  Journaled journaled(*this, call);
  std::vector<std::string> panel = panel_in(call.arguments);
  if (!index || !offered_[*index]) co_return journaled.ended(fail(no_tool(call.name)));
  const Offered& tool = *offered_[*index];
  const std::vector<std::string> wrong = tool.check.problems(call.arguments);
  if (!wrong.empty())
    co_return journaled.ended(failure(fmt::format("{}: {}", call.name, join(wrong, "; "))));
  Task<mcp::ToolResult> working = tool.handler(context_, std::move(call));
  mcp::ToolResult result = co_await std::move(working);
  if (!panel.empty())
    if (const auto id = find_string(result.structured, "continuation_id"))
      panels_.learn(*id, std::move(panel));
  co_return journaled.ended(std::move(result));
}

mcp::Needs Registry::needs(const std::string& tool, const json::object& arguments) const {
  mcp::Needs needs;
  needs.conversation = find_string(arguments, "continuation_id").value_or("");
  const auto index = find_tool(tool);
  if (index && offered_[*index])
    needs.provider = provider_asked(definitions_[*index], arguments, context_.router, panels_,
                                    context_.experts_by_default);
  return needs;
}

std::string Registry::scope(std::string_view method, const std::string& name) const {
  if (method == "resources/read") return name.starts_with("exai://logs/") ? "read" : "";
  const auto index = method == "tools/call" ? find_tool(name) : std::nullopt;
  const Scope scope = index ? definitions_[*index].scope : Scope::none;
  if (scope == Scope::none) return {};
  return scope == Scope::change ? "change" : "read";
}

Task<Result<json::object>> Registry::read(mcp::Call call) {
  return resources_.read(std::move(call.name), std::move(call.caller));
}

const Definition* Registry::offered_workflow(const std::string& name) const {
  if (!has_tool(name)) return nullptr;
  const Definition& tool = definitions_[*find_tool(name)];
  return tool.workflow ? &tool : nullptr;
}

Task<Result<json::object>> Registry::prompt(mcp::Call call) {
  if (const Definition* tool = offered_workflow(call.name))
    co_return prompt_result(*tool, call.arguments);
  std::vector<std::string> names;
  for (const mcp::PromptInfo& prompt : catalog_.prompts) names.push_back(prompt.name);
  co_return fail(unknown("prompt", call.name, names));
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
