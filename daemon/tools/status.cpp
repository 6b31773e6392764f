#include <algorithm>

#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {
namespace {

json::array names_of(const std::vector<std::string>& names) {
  json::array array;
  for (const std::string& name : names) array.push_back(json::value(name));
  return array;
}

json::array last_errors(const Journal& journal, std::size_t most) {
  std::vector<JournalEntry> failed;
  for (JournalEntry& entry : journal.last(Journal::kMost))
    if (!entry.error.empty()) failed.push_back(std::move(entry));
  json::array errors;
  for (std::size_t i = failed.size() - std::min(failed.size(), most); i < failed.size(); ++i)
    errors.push_back(to_json(failed[i]));
  return errors;
}

// What to do next, the most important first.
json::array next_steps(Context& context, std::string_view health) {
  json::array steps;
  if (health != "pass") steps.push_back("health says which component is not well, and why");
  if (context.router.providers().empty())
    steps.push_back("chat needs a provider: listmodels says which option switches one on");
  if (steps.empty()) steps.push_back("nothing: all is well");
  return steps;
}

}  // namespace

Task<mcp::ToolResult> status(Context& context, mcp::Call call) {
  const Host::Facts facts = context.host.facts();
  std::vector<std::string> tools;
  for (const mcp::ToolInfo& tool : *context.tools) tools.push_back(tool.name);
  std::vector<std::string> configured;
  std::size_t models = 0;
  for (const providers::Provider* provider : context.router.providers()) {
    configured.push_back(provider->info().name);
    models += provider->info().models.size();
  }
  const json::object report = context.host.health();
  const json::object* components = find_object(report, "components");
  const json::object* storage =
      components == nullptr ? nullptr : find_object(*components, "storage");

  mcp::ToolResult result;
  json::object& out = result.structured;
  out["version"] = kVersion;
  out["environment"] = facts.environment;
  out["timezone"] = facts.timezone;
  out["time_utc"] = format_utc(context.clock.wall());
  out["time_local"] = format_local(context.clock.wall());
  out["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(facts.uptime).count();
  out["status"] = find_string(report, "status").value_or("");
  out["providers_configured"] = names_of(configured);
  out["models_available"] = models;
  out["tools"] = names_of(tools);
  if (storage != nullptr) out["storage"] = *storage;
  out["sessions"] =
      json::object{{"http", facts.http_sessions}, {"websocket", facts.websocket_sessions}};
  out["calls"] = json::object{{"in_flight", facts.calls_in_flight},
                              {"total", facts.calls_total},
                              {"failed", facts.calls_failed}};
  if (find_bool(call.arguments, "doctor").value_or(false)) {
    const auto most = find_integer(call.arguments, "tail_lines").value_or(3);
    out["last_errors"] = last_errors(*context.journal, static_cast<std::size_t>(most));
    out["next_steps"] = next_steps(context, find_string(report, "status").value_or(""));
  }
  result.text = to_pretty_text(out);
  co_return result;
}

}  // namespace exai::tools
