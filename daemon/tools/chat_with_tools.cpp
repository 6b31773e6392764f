// A chat as the API has it: all of its messages come with the call, nothing is remembered, and the
// model may call functions, which the caller runs.
#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"

namespace exai::tools {
namespace {

providers::ChatMessage read_message(const json::object& given) {
  providers::ChatMessage message;
  for (const auto& member : given) {
    const std::string key(member.key());
    if (key == "role")
      message.role = std::string(member.value().get_string());
    else if (key == "content" && member.value().is_string())
      message.content = std::string(member.value().get_string());
    else if (!member.value().is_null())
      message.extra[key] = member.value();
  }
  return message;
}

}  // namespace

Task<mcp::ToolResult> chat_with_tools(Context& context, mcp::Call call) {
  const auto route = context.router.route(find_string(call.arguments, "model").value_or(""));
  if (!route) co_return failure("chat_with_tools: " + route.error().message());
  providers::ChatRequest request;
  request.model = route->model;
  for (const json::value& one : *find_array(call.arguments, "messages"))
    request.messages.push_back(read_message(one.as_object()));
  const Wishes wishes = read_wishes(call);
  auto prepared = co_await prepare(context, wishes, *route, std::move(request));
  if (!prepared) co_return failure("chat_with_tools: " + prepared.error().message());
  if (const json::array* tools = find_array(call.arguments, "tools"))
    prepared->request.tools = *tools;
  if (const json::value* choice = find(call.arguments, "tool_choice"))
    prepared->request.tool_choice = *choice;
  std::function<void(const providers::Delta&)> on_delta =
      AnswerProgress(context.clock, call.progress);
  auto reply = co_await route->provider->chat(std::move(prepared->request), std::move(on_delta));
  if (!reply) co_return provider_failure(*route, reply.error());

  mcp::ToolResult result;
  result.structured = facts_of(*route, *reply);
  result.text = reply->text;
  for (const json::value& one : reply->tool_calls) {
    const json::object& function = one.as_object().at("function").as_object();
    result.text += fmt::format("{}[the model calls {} with {}]", result.text.empty() ? "" : "\n",
                               find_string(function, "name").value_or(""),
                               find_string(function, "arguments").value_or(""));
  }
  json::object message{{"role", "assistant"}, {"content", reply->text}};
  if (!reply->tool_calls.empty()) message["tool_calls"] = std::move(reply->tool_calls);
  if (!reply->reasoning.empty()) message["reasoning_content"] = reply->reasoning;
  result.structured["message"] = std::move(message);
  if (!reply->web_results.empty()) result.structured["web_results"] = reply->web_results;
  co_return result;
}

}  // namespace exai::tools
