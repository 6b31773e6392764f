// The pure half of workflow.hpp.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/contains.hpp"
#include "daemon/tools/workflow.hpp"

namespace exai::tools {
namespace {

// What the arguments say about the call and not about the work.
constexpr std::array<std::string_view, 9> kAboutTheCall = {
    "step_number",         "total_steps", "next_step_required",  "continuation_id",
    "use_assistant_model", "model",       "backtrack_from_step", "images",
    "thinking_mode"};

constexpr std::size_t kMostShownFiles = 200;
constexpr int kMostOfOneKind = 2;  // the same model with the same stance

std::int64_t last_number(const Conversation& conversation, std::string_view tool) {
  for (auto step = conversation.steps.rbegin(); step != conversation.steps.rend(); ++step)
    if (step->tool == tool) return step->number;
  return 0;
}

const Step* first_step(const Conversation& conversation, std::string_view tool) {
  const auto found = std::ranges::find(conversation.steps, tool, &Step::tool);
  return found == conversation.steps.end() ? nullptr : &*found;
}

std::string stance_of(const json::object& model) {
  return find_string(model, "stance").value_or("neutral");
}

// The panel as this call names it, or as the first step did.
json::array panel_of(const Conversation& conversation, const StepReport& report) {
  if (const json::array* models = find_array(report.step.said, "models")) return *models;
  const Step* first = first_step(conversation, report.step.tool);
  const json::array* models = first ? find_array(first->said, "models") : nullptr;
  return models ? *models : json::array();
}

Result<> check_panel(const json::array& panel) {
  std::map<std::pair<std::string, std::string>, int> seen;
  for (const json::value& one : panel) {
    const std::string model = find_string(one.as_object(), "model").value_or("");
    if (++seen[{model, stance_of(one.as_object())}] > kMostOfOneKind)
      return fail(Errc::invalid, "models names {} ({}) more than twice: give it another stance",
                  model, stance_of(one.as_object()));
  }
  return {};
}

std::string stance_words(const std::string& stance) {
  if (stance == "for") return "Argue for it, as well as it honestly can be argued for.";
  if (stance == "against") return "Argue against it, as well as it honestly can be argued against.";
  return "Weigh both sides.";
}

// One of several models, which does not see what the others said.
Result<ExpertQuestion> panel_question(const Definition& tool, const Conversation& conversation,
                                      const StepReport& report) {
  const json::array panel = panel_of(conversation, report);
  if (auto sound = check_panel(panel); !sound) return fail(sound.error());
  ExpertQuestion question;
  const auto index = static_cast<std::size_t>(report.step.number - 1);
  if (index >= panel.size()) {
    question.why_not =
        panel.empty() ? "models names nobody to ask" : "every model of the panel has been asked";
    return question;
  }
  const json::object& member = panel[index].as_object();
  const Step* first = first_step(conversation, report.step.tool);
  question.ask = true;
  question.model = find_string(member, "model").value_or("");
  question.prompt = first ? find_string(first->said, "step").value_or("") : "";
  if (first)
    if (const auto findings = find_string(first->said, "findings"); findings && !findings->empty())
      question.prompt += "\n\nWhat is known:\n" + *findings;
  question.prompt += "\n\n" + stance_words(stance_of(member));
  if (const auto words = find_string(member, "stance_prompt")) question.prompt += "\n" + *words;
  question.context.system = tool.workflow->expert_prompt;
  return question;
}

void count_issues(const json::object& said, std::map<std::string, std::int64_t>& counts) {
  if (const json::array* issues = find_array(said, "issues_found"))
    for (const json::value& issue : *issues)
      ++counts[find_string(issue.as_object(), "severity").value_or("?")];
}

void collect(const json::object& said, std::string_view key, std::set<std::string>& names) {
  if (const json::array* list = find_array(said, key))
    for (const json::value& item : *list)
      if (item.is_string()) names.emplace(item.get_string());
}

}  // namespace

StepReport read_step(std::string_view tool, const json::object& arguments) {
  StepReport report;
  report.step.tool = std::string(tool);
  report.step.number = find_integer(arguments, "step_number").value_or(1);
  report.more = find_bool(arguments, "next_step_required").value_or(false);
  report.backtrack = find_integer(arguments, "backtrack_from_step");
  for (const auto& argument : arguments) {
    const std::string_view key(argument.key().data(), argument.key().size());
    if (!contains(kAboutTheCall, key) && !argument.value().is_null())
      report.step.said[key] = argument.value();
  }
  report.total = std::max(find_integer(arguments, "total_steps").value_or(1),
                          report.step.number + (report.more ? 1 : 0));
  return report;
}

Result<Conversation> with_step(Conversation conversation, const StepReport& report) {
  const std::string& tool = report.step.tool;
  const std::int64_t number = report.step.number;
  const std::int64_t last = last_number(conversation, tool);
  if (last == 0 && number > 1)
    return fail(Errc::invalid,
                "step {} follows nothing: pass the continuation_id of the step before it, or begin "
                "with step_number 1",
                number);
  if (number > last + 1)
    return fail(Errc::invalid, "step {} cannot follow step {}: call step {} next", number, last,
                last + 1);
  if (report.backtrack && *report.backtrack > last)
    return fail(Errc::invalid, "backtrack_from_step {}: there are {} steps", *report.backtrack,
                last);
  const std::int64_t from = std::min(number, report.backtrack.value_or(number));
  std::erase_if(conversation.steps,
                [&](const Step& step) { return step.tool == tool && step.number >= from; });
  conversation.steps.push_back(report.step);
  return conversation;
}

std::string reason_not_to_ask(const Definition& tool, const json::object& arguments,
                              bool by_default) {
  const Workflow& workflow = *tool.workflow;
  if (workflow.expert == Workflow::Expert::each_step) return "";
  if (workflow.expert == Workflow::Expert::never) return "this tool asks no model";
  if (find_bool(arguments, "next_step_required").value_or(false)) return "the work is not done yet";
  if (!find_bool(arguments, "use_assistant_model").value_or(by_default))
    return "use_assistant_model is false";
  if (find_string(arguments, "confidence") == "certain") return "your confidence is certain";
  return "";
}

Result<ExpertQuestion> expert_question(const Definition& tool, const Conversation& conversation,
                                       const StepReport& report, const json::object& arguments,
                                       bool by_default) {
  const Workflow& workflow = *tool.workflow;
  if (workflow.expert == Workflow::Expert::each_step)
    return panel_question(tool, conversation, report);
  ExpertQuestion question;
  question.why_not = reason_not_to_ask(tool, arguments, by_default);
  if (!question.why_not.empty()) return question;
  question.ask = true;
  question.model = find_string(arguments, "model").value_or("");
  question.context = conversation;
  question.context.system = workflow.expert_prompt;
  std::erase_if(question.context.steps,
                [&](const Step& step) { return step.tool != tool.info.name; });
  question.prompt = fmt::format(
      "The aim is to {}. Say what of this is right, what is wrong, what was missed, and what to do "
      "next, the most important first.",
      workflow.goal);
  return question;
}

std::string next_action(const Definition& tool, const StepReport& report, const std::string& id) {
  const Workflow& workflow = *tool.workflow;
  if (!report.more) return workflow.finish;
  const auto index =
      std::min(static_cast<std::size_t>(report.step.number), workflow.actions.size());
  return fmt::format("{} Then call {} with step_number {}, total_steps {} and continuation_id {}.",
                     workflow.actions[index - 1], tool.info.name, report.step.number + 1,
                     report.total, id);
}

json::object step_result(const Definition& tool, const Conversation& conversation,
                         const StepReport& report, const std::string& id) {
  std::set<std::string> checked;
  std::set<std::string> relevant;
  std::map<std::string, std::int64_t> issues;
  std::int64_t kept = 0;
  for (const Step& step : conversation.steps) {
    if (step.tool != tool.info.name) continue;
    ++kept;
    collect(step.said, "files_checked", checked);
    collect(step.said, "relevant_files", relevant);
    count_issues(step.said, issues);
  }
  json::array shown;
  for (const std::string& file : relevant)
    if (shown.size() < kMostShownFiles) shown.push_back(json::value(file));
  json::object counts;
  for (const auto& [severity, count] : issues) counts[severity] = count;

  json::object out{{"status", report.more ? "in_progress" : "complete"},
                   {"tool", tool.info.name},
                   {"step_number", report.step.number},
                   {"total_steps", report.total},
                   {"next_step_required", report.more},
                   {"steps_kept", kept},
                   {"files_checked", checked.size()},
                   {"relevant_files", std::move(shown)},
                   {"issues", std::move(counts)},
                   {"next_action", next_action(tool, report, id)}};
  if (auto confidence = find_string(report.step.said, "confidence"))
    out["confidence"] = *std::move(confidence);
  return out;
}

}  // namespace exai::tools
