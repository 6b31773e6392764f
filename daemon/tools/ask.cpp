#include "daemon/tools/ask.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::tools {
namespace {

using providers::Failure;

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

}  // namespace

void AnswerProgress::operator()(const providers::Delta& delta) {
  if (!delta.text.empty()) return send(delta.text);
  if (clock_.now() < next_thought_) return;
  next_thought_ = clock_.now() + 1s;
  send("(thinking)");
}

void AnswerProgress::send(std::string message) {
  mcp::Progress progress;
  progress.progress = ++count_;
  progress.message = std::move(message);
  out_(std::move(progress));
}

providers::ChatRequest to_request(const Conversation& conversation, std::string prompt,
                                  const providers::Route& route) {
  providers::ChatRequest request;
  request.model = route.model;
  std::string system = conversation.system;
  if (const std::string found = steps_as_text(conversation, ""); !found.empty())
    system += (system.empty() ? "" : "\n\n") + ("What was found so far, step by step:\n\n" + found);
  if (!system.empty()) request.messages.push_back({"system", std::move(system)});
  for (const Turn& turn : conversation.turns) {
    request.messages.push_back({"user", turn.user});
    request.messages.push_back({"assistant", turn.assistant});
  }
  request.messages.push_back({"user", std::move(prompt)});
  return request;
}

bool thinks_as_told(const providers::Route& route) {
  const auto& models = route.provider->info().models;
  const auto known = std::ranges::find(models, route.model, &providers::Model::id);
  return known != models.end() && known->thinking != providers::Thinking::fixed;
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

json::object facts_of(const providers::Route& route, const providers::ChatReply& reply) {
  json::object out{{"provider", route.provider->info().name},
                   {"model", route.model},
                   {"route", route.reason},
                   {"finish_reason", reply.finish_reason}};
  if (reply.usage)
    out["usage"] = json::object{{"input_tokens", reply.usage->input},
                                {"output_tokens", reply.usage->output},
                                {"cached_tokens", reply.usage->cached}};
  return out;
}

}  // namespace exai::tools
