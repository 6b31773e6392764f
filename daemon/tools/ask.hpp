#pragma once
// Asking a model on behalf of a tool: the pieces of its answer as progress, and what became of it
// as a result that says what to do. chat and the step-wise tools share it.

#include "daemon/providers/router.hpp"
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

// Whether the model can be told how long to think.
bool thinks_as_told(const providers::Route& route);

// "Kimi (kimi-k3): HTTP 429: slow down. What to do: call again later (after 3s)"
mcp::ToolResult provider_failure(const providers::Route& route,
                                 const providers::ProviderError& error);

// provider, model, route, finish_reason, usage: what is told of every answer.
json::object facts_of(const providers::Route& route, const providers::ChatReply& reply);

}  // namespace exai::tools
