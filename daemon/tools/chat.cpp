#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"

namespace exai::tools {
namespace {

// What is remembered of the question: files by their names.
std::string remembered(const std::string& prompt, const std::vector<std::string>& names) {
  if (names.empty()) return prompt;
  return fmt::format("{}\n(with {})", prompt, join(names, ", "));
}

mcp::ToolResult success(const providers::Route& route, const providers::ChatReply& reply) {
  mcp::ToolResult result;
  result.text = reply.text;
  if (reply.finish_reason == "length")
    result.text += "\n\n[the answer stops here: the model's output limit]";
  result.structured = facts_of(route, reply);
  if (!reply.reasoning.empty()) result.structured["reasoning"] = reply.reasoning;
  if (!reply.web_results.empty()) result.structured["web_results"] = reply.web_results;
  return result;
}

}  // namespace

Task<mcp::ToolResult> converse(Context& context, mcp::Call call, Talk talk) {
  const auto route = context.router.route(find_string(call.arguments, "model").value_or(""));
  if (!route) co_return failure(fmt::format("{}: {}", call.name, route.error().message()));
  auto thread = co_await open_thread(context, thread_of(call));
  if (!thread) co_return failure(fmt::format("{}: {}", call.name, thread.error().message()));
  Conversation& conversation = thread->conversation;
  if (!talk.system.empty()) conversation.system = talk.system;

  providers::ChatRequest request = to_request(conversation, talk.prompt, *route);
  auto prepared = co_await prepare(context, std::move(talk.wishes), *route, std::move(request));
  if (!prepared) co_return failure(fmt::format("{}: {}", call.name, prepared.error().message()));
  std::function<void(const providers::Delta&)> on_delta = [](const providers::Delta&) {};
  if (find_bool(call.arguments, "stream").value_or(true))
    on_delta = AnswerProgress(context.clock, call.progress);
  auto reply = co_await route->provider->chat(std::move(prepared->request), std::move(on_delta));
  if (!reply) co_return provider_failure(*route, reply.error());
  if (reply->text.empty())
    co_return failure(fmt::format("{}: {} gave an empty answer (finish reason: {})", call.name,
                                  route->model, reply->finish_reason));

  mcp::ToolResult result = success(*route, *reply);
  if (!prepared->ignored.empty()) result.structured["ignored"] = prepared->ignored;
  conversation.turns.push_back({remembered(talk.prompt, prepared->names), reply->text});
  auto stored = co_await save_conversation(context, thread->ref, std::move(conversation));
  tell_kept(result.structured, thread->ref.id, stored);
  co_return result;
}

Task<mcp::ToolResult> chat(Context& context, mcp::Call call) {
  Talk talk;
  talk.prompt = find_string(call.arguments, "prompt").value_or("");
  talk.system = find_string(call.arguments, "system_prompt").value_or("");
  talk.wishes = read_wishes(call);
  co_return co_await converse(context, std::move(call), std::move(talk));
}

}  // namespace exai::tools
