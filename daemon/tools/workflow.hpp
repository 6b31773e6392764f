#pragma once
// The step-wise tools (analyze, debug, codereview, …): one engine, and for each tool its data
// (Workflow in definition.hpp). The client's model does the work and reports each step; the engine
// keeps the steps in the conversation, says what to do next, and asks another model when that is
// wanted. Nothing else of it needs a provider.
//
//   step 1 ──▶ in progress ──step n+1──▶ in progress ──next_step_required: false──▶ complete
//     ▲            │  ▲                                        │
//     │            │  └─ backtrack_from_step k: steps k, k+1, … are dropped
//     └─ step 1 again: begins anew                             └─ an expert is asked, perhaps
//
// A step that was reported already replaces itself and what came after it, so a call that is made
// twice does no harm. The step is kept before an expert is asked; when nobody answers, the step
// stands, and the result says what went wrong: a failing expert never ends a workflow.
//
// The first half is pure; run_step() does the rest.

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/tools/conversation.hpp"

namespace exai::tools {

// One call, read.
struct StepReport {
  Step step;
  std::int64_t total = 1;  // at least step.number; one more when there is a next step
  bool more = false;
  std::optional<std::int64_t> backtrack;
};
StepReport read_step(std::string_view tool, const json::object& arguments);

// The conversation with the step in it. Errors: invalid, when it does not follow what was reported,
// with the step to call instead.
Result<Conversation> with_step(Conversation conversation, const StepReport& report);

// Why a call asks no other model, as far as its arguments tell; empty: it may ask. Of arguments
// that have not been validated, too. `by_default`: when the call does not say.
std::string reason_not_to_ask(const Definition& tool, const json::object& arguments,
                              bool by_default);

// Whom to ask, and what; or why nobody.
struct ExpertQuestion {
  bool ask = false;
  std::string why_not;
  std::string model;  // empty: the default
  std::string prompt;
  Conversation context;  // what the expert sees
};
// Errors: invalid, a model that is named too often.
Result<ExpertQuestion> expert_question(const Definition& tool, const Conversation& conversation,
                                       const StepReport& report, const json::object& arguments,
                                       bool by_default);

// What to do after the step.
std::string next_action(const Definition& tool, const StepReport& report, const std::string& id);

// The structured result but for what the expert said.
json::object step_result(const Definition& tool, const Conversation& conversation,
                         const StepReport& report, const std::string& id);

// The handler of every step-wise tool.
Task<mcp::ToolResult> run_step(Context& context, mcp::Call call);

}  // namespace exai::tools
