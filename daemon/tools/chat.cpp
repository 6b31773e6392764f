#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"
#include "daemon/tools/attachments.hpp"

namespace exai::tools {
namespace {

std::vector<std::string> names_in(const json::object& arguments, std::string_view key) {
  std::vector<std::string> names;
  if (const json::array* list = find_array(arguments, key))
    for (const json::value& one : *list) names.emplace_back(one.get_string());
  return names;
}

// What is remembered of the question: files by their names.
std::string remembered(const std::string& prompt, const Attachments& attached) {
  if (attached.names.empty()) return prompt;
  return fmt::format("{}\n(with {})", prompt, join(attached.names, ", "));
}

mcp::ToolResult success(const providers::Route& route, const providers::ChatReply& reply) {
  mcp::ToolResult result;
  result.text = reply.text;
  if (reply.finish_reason == "length")
    result.text += "\n\n[the answer stops here: the model's output limit]";
  result.structured = facts_of(route, reply);
  if (!reply.reasoning.empty()) result.structured["reasoning"] = reply.reasoning;
  return result;
}

}  // namespace

Task<mcp::ToolResult> chat(Context& context, mcp::Call call) {
  const auto attached = read_attachments(context.file_roots, names_in(call.arguments, "files"),
                                         names_in(call.arguments, "images"));
  if (!attached) co_return failure("chat: " + attached.error().message());
  const auto route = context.router.route(find_string(call.arguments, "model").value_or(""));
  if (!route) co_return failure("chat: " + route.error().message());

  auto thread =
      co_await open_thread(context, find_string(call.arguments, "continuation_id").value_or(""));
  if (!thread) co_return failure("chat: " + thread.error().message());
  Conversation& conversation = thread->conversation;
  if (auto system = find_string(call.arguments, "system_prompt")) conversation.system = *system;

  std::function<void(const providers::Delta&)> on_delta = [](const providers::Delta&) {};
  if (find_bool(call.arguments, "stream").value_or(true))
    on_delta = AnswerProgress(context.clock, call.progress);
  const std::string prompt = find_string(call.arguments, "prompt").value_or("");
  providers::ChatRequest request = to_request(conversation, prompt + attached->text, *route);
  request.messages.back().images = attached->images;
  request.temperature = find_number(call.arguments, "temperature");
  request.thinking_mode = find_string(call.arguments, "thinking_mode").value_or("");
  const bool deaf = !request.thinking_mode.empty() && !thinks_as_told(*route);
  auto reply = co_await route->provider->chat(std::move(request), std::move(on_delta));
  if (!reply) co_return provider_failure(*route, reply.error());
  if (reply->text.empty())
    co_return failure(fmt::format("chat: {} gave an empty answer (finish reason: {})", route->model,
                                  reply->finish_reason));

  mcp::ToolResult result = success(*route, *reply);
  if (deaf) result.structured["ignored"] = json::array{"thinking_mode"};
  conversation.turns.push_back({remembered(prompt, *attached), reply->text});
  auto stored = co_await save_conversation(context, thread->id, std::move(conversation));
  tell_kept(result.structured, thread->id, stored);
  co_return result;
}

}  // namespace exai::tools
