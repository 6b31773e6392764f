// Restarts a service, and only after the user said yes to this very restart.
#include "core/base/text.hpp"
#include "daemon/tools/stack_tools.hpp"

namespace exai::tools {
namespace {

mcp::Question confirmation(const std::string& service, const json::array* needed_by) {
  std::string message = fmt::format("Restart the service \"{}\"?", service);
  if (needed_by != nullptr && !needed_by->empty()) {
    std::vector<std::string> names;
    for (const json::value& one : *needed_by) names.emplace_back(one.get_string());
    message += fmt::format(" These need it: {}.", join(names, ", "));
  }
  const json::object schema{
      {"type", "object"},
      {"properties",
       {{"restart", {{"type", "boolean"}, {"description", "Stop it and start it again"}}}}},
      {"required", json::array{"restart"}}};
  return {"restart", "elicitation/create",
          json::object{{"message", std::move(message)}, {"requestedSchema", schema}}};
}

bool said_yes(const json::object& answer) {
  const json::object* content = find_object(answer, "content");
  return find_string(answer, "action") == "accept" && content != nullptr &&
         find_bool(*content, "restart").value_or(false);
}

// The services that need `service`.
json::array dependents(const json::object& status, const std::string& service) {
  json::array names;
  const json::array* services = find_array(status, "services");
  if (services == nullptr) return names;
  for (const json::value& one : *services)
    if (const json::array* needs = find_array(one.as_object(), "needs"))
      for (const json::value& need : *needs)
        if (need.is_string() && need.get_string() == service)
          names.push_back(one.as_object().at("name"));
  return names;
}

}  // namespace

Task<mcp::ToolResult> service_restart(Context& context, mcp::Call call) {
  const std::string service = find_string(call.arguments, "service").value_or("");
  Stack& stack = *context.host.stack();
  if (service == stack.own_service())
    co_return failure(
        "service_restart: that is this daemon itself, which could not answer any more. What to do: "
        "exai restart " +
        service);
  std::string named = service;
  auto known = co_await stack.status(std::move(named));
  if (!known) co_return stack_failure("service_restart", known.error());
  auto all = co_await stack.status(std::string());
  const json::array needed_by = all ? dependents(*all, service) : json::array();

  std::vector<mcp::Question> questions;
  questions.push_back(confirmation(service, &needed_by));
  auto answers = co_await call.client->ask(std::move(questions));
  if (!answers)
    co_return failure(
        fmt::format("service_restart: the user must agree, and {}. What to do: "
                    "exai restart {}",
                    answers.error().message(), service));
  if (!said_yes(answers->front())) {
    mcp::ToolResult refused =
        failure(fmt::format("service_restart: the user said no; {} runs on", service));
    co_return refused;
  }
  std::string restarted = service;
  auto status = co_await stack.restart(std::move(restarted));
  if (!status) co_return stack_failure("service_restart", status.error());
  mcp::ToolResult result;
  result.text = fmt::format("{} is being restarted; stack_status says when it is ready", service);
  result.structured = json::object{{"service", service}, {"restarting", true}};
  co_return result;
}

}  // namespace exai::tools
