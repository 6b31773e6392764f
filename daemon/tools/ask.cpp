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

namespace {

// Whether the model can be told how long to think.
bool thinks_as_told(const providers::Route& route) {
  const auto& models = route.provider->info().models;
  const auto known = std::ranges::find(models, route.model, &providers::Model::id);
  return known != models.end() && known->thinking != providers::Thinking::fixed;
}

std::vector<std::string> texts_in(const json::object& arguments, std::string_view key) {
  std::vector<std::string> texts;
  if (const json::array* list = find_array(arguments, key))
    for (const json::value& one : *list) texts.emplace_back(one.get_string());
  return texts;
}

}  // namespace

Wishes read_wishes(const mcp::Call& call) {
  const json::object& arguments = call.arguments;
  Wishes wishes;
  wishes.attached.caller = call.caller;
  wishes.attached.files = texts_in(arguments, "files");
  wishes.attached.images = texts_in(arguments, "images");
  wishes.attached.file_ids = texts_in(arguments, "file_ids");
  wishes.thinking_mode = find_string(arguments, "thinking_mode").value_or("");
  wishes.temperature = find_number(arguments, "temperature");
  wishes.search_web = find_bool(arguments, "use_websearch").value_or(false);
  return wishes;
}

Task<Result<Prepared>> prepare(Context& context, Wishes wishes, providers::Route route,
                               providers::ChatRequest request) {
  if (wishes.search_web && route.provider->info().web_search == providers::WebSearch::none)
    co_return fail(Errc::invalid,
                   "{} cannot search the web. What to do: name a model of Kimi or GLM, or leave "
                   "use_websearch out",
                   route.provider->info().title);
  auto attached = co_await read_attachments(context, std::move(wishes.attached), route.provider);
  if (!attached) co_return fail(attached.error());
  Prepared prepared;
  prepared.names = std::move(attached->names);
  if (!wishes.thinking_mode.empty() && !thinks_as_told(route))
    prepared.ignored.push_back("thinking_mode");
  providers::ChatMessage question = std::move(request.messages.back());
  request.messages.pop_back();
  for (std::string& document : attached->documents)
    request.messages.push_back({"system", std::move(document)});
  question.content += attached->text;
  question.images = std::move(attached->images);
  request.messages.push_back(std::move(question));
  request.thinking_mode = std::move(wishes.thinking_mode);
  request.temperature = wishes.temperature;
  request.search_web = wishes.search_web;
  prepared.request = std::move(request);
  co_return prepared;
}

std::string failure_text(std::string_view who, const providers::ProviderError& error) {
  std::string text =
      fmt::format("{}: {}. What to do: {}", who, error.message, advice(error.failure));
  if (error.retry_after) text += fmt::format(" (after {})", format_duration(*error.retry_after));
  return text;
}

mcp::ToolResult provider_failure(const providers::Route& route,
                                 const providers::ProviderError& error) {
  const std::string who = fmt::format("{} ({})", route.provider->info().title, route.model);
  mcp::ToolResult result = failure(failure_text(who, error));
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
