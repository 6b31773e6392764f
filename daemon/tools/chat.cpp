#include <algorithm>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {
namespace {

using providers::ChatMessage;
using providers::Failure;

// A conversation as the store keeps it, under "thread:<id>":
//   {"system": "…", "turns": [{"user": "…", "assistant": "…"}, …]}
struct Conversation {
  std::string system;
  std::vector<std::pair<std::string, std::string>> turns;
};

std::string key_of(const std::string& id) {
  return "thread:" + id;
}

std::string to_text(const Conversation& conversation, std::size_t most_turns) {
  json::array turns;
  const std::size_t count = conversation.turns.size();
  for (std::size_t i = count - std::min(count, most_turns); i < count; ++i)
    turns.push_back(json::object{{"user", conversation.turns[i].first},
                                 {"assistant", conversation.turns[i].second}});
  return exai::to_text(json::object{{"system", conversation.system}, {"turns", std::move(turns)}});
}

Result<Conversation> parse_conversation(std::string_view text) {
  TRY(object, parse_json_object(text));
  Conversation conversation;
  conversation.system = find_string(object, "system").value_or("");
  const json::array* turns = find_array(object, "turns");
  if (turns == nullptr) return fail(Errc::internal, "it has no turns");
  for (const json::value& turn : *turns)
    if (const json::object* sides = turn.if_object())
      conversation.turns.emplace_back(find_string(*sides, "user").value_or(""),
                                      find_string(*sides, "assistant").value_or(""));
  return conversation;
}

Task<Result<Conversation>> load(Context& context, std::string id) {
  auto text = co_await context.store.get(key_of(id));
  if (!text) co_return fail(text.error());
  if (!text->has_value()) co_return Conversation();
  co_return parse_conversation(**text);
}

providers::ChatRequest to_request(const Conversation& conversation, const json::object& arguments,
                                  const std::string& model) {
  providers::ChatRequest request;
  request.model = model;
  if (!conversation.system.empty()) request.messages.push_back({"system", conversation.system});
  for (const auto& turn : conversation.turns) {
    request.messages.push_back({"user", turn.first});
    request.messages.push_back({"assistant", turn.second});
  }
  request.messages.push_back({"user", find_string(arguments, "prompt").value_or("")});
  request.temperature = find_number(arguments, "temperature");
  return request;
}

// The answer's pieces as progress. Thinking is not shown, but keeps the client waiting: once a
// second.
class Progress {
 public:
  Progress(Clock& clock, std::function<void(mcp::Progress)> out)
      : clock_(clock), out_(std::move(out)) {}

  void operator()(const providers::Delta& delta) {
    if (!delta.text.empty()) return send(delta.text);
    if (clock_.now() < next_thought_) return;
    next_thought_ = clock_.now() + 1s;
    send("(thinking)");
  }

 private:
  void send(std::string message) {
    mcp::Progress progress;
    progress.progress = ++count_;
    progress.message = std::move(message);
    out_(std::move(progress));
  }

  Clock& clock_;
  std::function<void(mcp::Progress)> out_;
  double count_ = 0;
  Time next_thought_{};
};

std::string_view advice(Failure failure) {
  switch (failure) {
    case Failure::rate_limited:
      return "call again later";
    case Failure::exhausted:
      return "quota or balance is used up: recharge, or name another provider's model";
    case Failure::auth:
      return "check the API key and what it may do";
    case Failure::invalid:
      return "change the request; the same one will fail again";
    case Failure::overloaded:
      return "the provider has no capacity now: call again later, or name another model";
    case Failure::server:
      return "the provider failed: call again, or name another provider's model";
    case Failure::network:
      return "check the base URL and the network: exai doctor";
    case Failure::truncated:
      return "the answer is incomplete: call again";
  }
  return "";
}

mcp::ToolResult provider_failure(const providers::Route& route,
                                 const providers::ProviderError& error) {
  std::string text = fmt::format("{} ({}): {}. What to do: {}", route.provider->info().title,
                                 route.model, error.message, advice(error.failure));
  if (error.retry_after) text += fmt::format(" (after {})", format_duration(*error.retry_after));
  mcp::ToolResult result = failure(std::move(text));
  result.structured["error"] = providers::name(error.failure);
  result.structured["provider"] = route.provider->info().name;
  result.structured["model"] = route.model;
  if (error.retry_after) result.structured["retry_after_ms"] = error.retry_after->count();
  return result;
}

mcp::ToolResult success(const providers::Route& route, const providers::ChatReply& reply) {
  mcp::ToolResult result;
  result.text = reply.text;
  if (reply.finish_reason == "length")
    result.text += "\n\n[the answer stops here: the model's output limit]";
  json::object& out = result.structured;
  out["provider"] = route.provider->info().name;
  out["model"] = route.model;
  out["route"] = route.reason;
  out["finish_reason"] = reply.finish_reason;
  if (!reply.reasoning.empty()) out["reasoning"] = reply.reasoning;
  if (reply.usage)
    out["usage"] = json::object{{"input_tokens", reply.usage->input},
                                {"output_tokens", reply.usage->output},
                                {"cached_tokens", reply.usage->cached}};
  return result;
}

}  // namespace

Task<mcp::ToolResult> chat(Context& context, mcp::Call call) {
  const auto route = context.router.route(find_string(call.arguments, "model").value_or(""));
  if (!route) co_return failure("chat: " + route.error().message());

  Conversation conversation;
  std::string id = find_string(call.arguments, "continuation_id").value_or("");
  if (id.empty()) {
    id = random_hex(16);
  } else {
    auto loaded = co_await load(context, id);
    if (!loaded)
      co_return failure(
          fmt::format("chat: conversation {} cannot be read: {}. What to do: call "
                      "without continuation_id, or again when storage is back",
                      id, loaded.error().message()));
    conversation = *std::move(loaded);
  }
  if (auto system = find_string(call.arguments, "system_prompt")) conversation.system = *system;

  std::function<void(const providers::Delta&)> on_delta = [](const providers::Delta&) {};
  if (find_bool(call.arguments, "stream").value_or(true))
    on_delta = Progress(context.clock, call.progress);
  providers::ChatRequest request = to_request(conversation, call.arguments, route->model);
  const std::string prompt = request.messages.back().content;
  auto reply = co_await route->provider->chat(std::move(request), std::move(on_delta));
  if (!reply) co_return provider_failure(*route, reply.error());
  if (reply->text.empty())
    co_return failure(fmt::format("chat: {} gave an empty answer (finish reason: {})", route->model,
                                  reply->finish_reason));

  mcp::ToolResult result = success(*route, *reply);
  conversation.turns.emplace_back(prompt, reply->text);
  const ConversationLimits limits = context.conversations;
  std::string saved = to_text(conversation, limits.turns);
  std::string key = key_of(id);
  auto stored = co_await context.store.put(std::move(key), std::move(saved), limits.keep);
  if (stored)
    result.structured["continuation_id"] = id;
  else
    result.structured["not_remembered"] = stored.error().message();
  co_return result;
}

}  // namespace exai::tools
