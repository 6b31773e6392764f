#include "daemon/tools/workflow.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"

namespace exai::tools {
namespace {

constexpr Duration kLongestPanelAnswer = 120s;

struct Opinion {
  json::object told;  // state answered, failed or not_asked, and why
  std::string text;   // of the answer
};

Opinion not_asked(const ExpertQuestion& question) {
  return {{{"state", "not_asked"}, {"why", question.why_not}}, ""};
}

Opinion failed(std::string why) {
  return {{{"state", "failed"}, {"why", std::move(why)}}, ""};
}

Opinion answered(const providers::Route& route, providers::ChatReply reply) {
  Opinion opinion;
  opinion.told = facts_of(route, reply);
  opinion.told["state"] = "answered";
  opinion.told["text"] = reply.text;
  opinion.text = std::move(reply.text);
  return opinion;
}

// The provider's answer or failure, as what with_timeout wants.
Task<Result<Opinion>> ask_route(providers::Route route, providers::ChatRequest request,
                                std::function<void(const providers::Delta&)> on_delta) {
  auto reply = co_await route.provider->chat(std::move(request), std::move(on_delta));
  if (!reply) co_return failed(provider_failure(route, reply.error()).text);
  if (reply->text.empty())
    co_return failed(fmt::format("{} gave an empty answer (finish reason: {})", route.model,
                                 reply->finish_reason));
  co_return answered(route, *std::move(reply));
}

// A failure is an opinion too: the step stands without an answer.
Task<Opinion> ask_expert(Context& context, ExpertQuestion question, Wishes wishes, Duration limit,
                         std::function<void(mcp::Progress)> progress) {
  const auto route = context.router.route(question.model);
  if (!route) co_return failed(route.error().message());
  providers::ChatRequest plain = to_request(question.context, question.prompt, *route);
  auto prepared = co_await prepare(context, std::move(wishes), *route, std::move(plain));
  if (!prepared) co_return failed(prepared.error().message());
  providers::ChatRequest request = std::move(prepared->request);
  std::function<void(const providers::Delta&)> on_delta =
      AnswerProgress(context.clock, std::move(progress));
  Task<Result<Opinion>> asking = ask_route(*route, std::move(request), std::move(on_delta));
  auto opinion = co_await with_timeout(context.clock, std::move(asking), limit);
  if (!opinion)
    co_return failed(
        fmt::format("{}: {}. What to do: name a faster model, or raise "
                    "WORKFLOW_TOOL_TIMEOUT_SECS",
                    route->model, opinion.error().message()));
  if (!prepared->ignored.empty()) opinion->told["ignored"] = prepared->ignored;
  co_return *std::move(opinion);
}

std::string words_for(const json::object& result, const Opinion& opinion) {
  std::string text =
      fmt::format("{}: step {} of {} noted{}.", find_string(result, "tool").value_or(""),
                  find_integer(result, "step_number").value_or(0),
                  find_integer(result, "total_steps").value_or(0),
                  find_string(result, "status") == "complete" ? ", the last one" : "");
  if (const auto id = find_string(result, "continuation_id"))
    text += fmt::format(" continuation_id: {}", *id);
  if (const auto why = find_string(result, "not_remembered"))
    text += fmt::format(" It will not be remembered: {}.", *why);
  const std::string state = find_string(opinion.told, "state").value_or("");
  if (state == "answered")
    text += fmt::format("\n\n{} says:\n{}", find_string(opinion.told, "model").value_or(""),
                        opinion.text);
  if (state == "failed")
    text += fmt::format("\n\nNo second opinion: {}", find_string(opinion.told, "why").value_or(""));
  return text + "\n\nNext: " + find_string(result, "next_action").value_or("");
}

const Definition& definition_of(const Context& context, const std::string& name) {
  const auto found = std::ranges::find(*context.definitions, name,
                                       [](const Definition& one) { return one.info.name; });
  EXAI_ASSERT(found != context.definitions->end() && found->workflow.has_value());
  return *found;
}

}  // namespace

Task<mcp::ToolResult> run_step(Context& context, mcp::Call call) {
  const Definition& tool = definition_of(context, call.name);
  const StepReport report = read_step(tool.info.name, call.arguments);
  auto thread = co_await open_thread(context, thread_of(call));
  if (!thread) co_return failure(fmt::format("{}: {}", tool.info.name, thread.error().message()));
  const std::string& id = thread->ref.id;
  auto with = with_step(std::move(thread->conversation), report);
  if (!with) co_return failure(fmt::format("{}: {}", tool.info.name, with.error().message()));
  Conversation conversation = *std::move(with);
  auto question =
      expert_question(tool, conversation, report, call.arguments, context.experts_by_default);
  if (!question)
    co_return failure(fmt::format("{}: {}", tool.info.name, question.error().message()));

  auto saved = co_await save_conversation(context, thread->ref, conversation);
  Opinion opinion = not_asked(*question);
  if (question->ask) {
    Duration limit = context.call_limit * 9 / 10;
    if (tool.workflow->expert == Workflow::Expert::each_step)
      limit = std::min(limit, kLongestPanelAnswer);
    Wishes wishes = read_wishes(call);
    opinion =
        co_await ask_expert(context, *std::move(question), std::move(wishes), limit, call.progress);
    if (!opinion.text.empty()) {
      conversation.steps.back().expert = opinion.text;
      saved = co_await save_conversation(context, thread->ref, conversation);
    }
  }

  mcp::ToolResult result;
  result.structured = step_result(tool, conversation, report, id);
  tell_kept(result.structured, id, saved);
  result.text = words_for(result.structured, opinion);
  result.structured["expert"] = std::move(opinion.told);
  co_return result;
}

}  // namespace exai::tools
