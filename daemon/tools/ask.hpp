#pragma once
// Asking a model on behalf of a tool: what the call wants it to see and do, the pieces of its
// answer as progress, and what became of it as a result that says what to do. chat, its relatives
// and the step-wise tools share it.

#include "daemon/providers/router.hpp"
#include "daemon/tools/attachments.hpp"
#include "daemon/tools/conversation.hpp"

namespace exai::tools {

// The answer's pieces as progress. Thinking is not shown, but keeps the client waiting: once a
// second.
class AnswerProgress {
 public:
  AnswerProgress(Clock& clock, std::function<void(mcp::Progress)> out)
      : clock_(clock), out_(std::move(out)) {}
  void operator()(const providers::Delta& delta);

 private:
  void send(std::string message);

  Clock& clock_;
  std::function<void(mcp::Progress)> out_;
  double count_ = 0;
  Time next_thought_{};
};

// The conversation so far and the prompt; what the step-wise tools found stands in the system
// prompt.
providers::ChatRequest to_request(const Conversation& conversation, std::string prompt,
                                  const providers::Route& route);

// What a call wants of the model beyond its question: the arguments files, images, file_ids,
// thinking_mode, temperature and use_websearch.
struct Wishes {
  Wanted attached;
  std::string thinking_mode;
  std::optional<double> temperature;
  bool search_web = false;
};
Wishes read_wishes(const mcp::Call& call);

// A request that is ready to be sent.
struct Prepared {
  providers::ChatRequest request;
  std::vector<std::string> names;  // of what goes along, for people
  json::array ignored;             // arguments that this model cannot follow
};
// Puts the wishes into the request, whose last message is the question. Errors: those of
// read_attachments(); invalid, a search where the provider has none.
Task<Result<Prepared>> prepare(Context& context, Wishes wishes, providers::Route route,
                               providers::ChatRequest request);

// A question as a tool puts it, under the call's continuation_id.
struct Talk {
  std::string prompt;
  std::string system;  // empty: that of the conversation
  Wishes wishes;
};
// Asks, streams, remembers: what chat does.
Task<mcp::ToolResult> converse(Context& context, mcp::Call call, Talk talk);

// "Kimi (kimi-k3): HTTP 429: slow down. What to do: call again later (after 3s)"
std::string failure_text(std::string_view who, const providers::ProviderError& error);
mcp::ToolResult provider_failure(const providers::Route& route,
                                 const providers::ProviderError& error);

// provider, model, route, finish_reason, usage: what is told of every answer.
json::object facts_of(const providers::Route& route, const providers::ChatReply& reply);

}  // namespace exai::tools
