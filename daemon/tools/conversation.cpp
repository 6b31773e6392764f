#include "daemon/tools/conversation.hpp"

#include <algorithm>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "daemon/store/sha256.hpp"

namespace exai::tools {
namespace {

json::object to_json(const Conversation& conversation) {
  json::array turns;
  for (const Turn& turn : conversation.turns)
    turns.push_back(json::object{{"user", turn.user}, {"assistant", turn.assistant}});
  json::object object{{"system", conversation.system}, {"turns", std::move(turns)}};
  if (conversation.steps.empty()) return object;
  json::array steps;
  for (const Step& step : conversation.steps) {
    json::object one{{"tool", step.tool}, {"number", step.number}, {"said", step.said}};
    if (!step.expert.empty()) one["expert"] = step.expert;
    steps.push_back(std::move(one));
  }
  object["steps"] = std::move(steps);
  object["forgotten_steps"] = conversation.forgotten_steps;
  return object;
}

Step parse_step(const json::object& object) {
  const json::object* said = find_object(object, "said");
  return {find_string(object, "tool").value_or(""), find_integer(object, "number").value_or(0),
          said ? *said : json::object(), find_string(object, "expert").value_or("")};
}

// "Files checked: a.cpp, b.cpp"
void add_list(std::string& text, std::string_view title, const json::array* list) {
  if (list == nullptr || list->empty()) return;
  std::vector<std::string> items;
  for (const json::value& item : *list)
    if (item.is_string()) items.emplace_back(item.get_string());
  text += fmt::format("{}: {}\n", title, join(items, ", "));
}

void add_issues(std::string& text, const json::array* issues) {
  if (issues == nullptr) return;
  for (const json::value& issue : *issues)
    if (const json::object* one = issue.if_object())
      text += fmt::format("- [{}] {}\n", find_string(*one, "severity").value_or("?"),
                          find_string(*one, "description").value_or(""));
}

void add_text(std::string& text, std::string_view title, const json::object& said,
              std::string_view key) {
  if (const auto value = find_string(said, key); value && !value->empty())
    text += fmt::format("{}: {}\n", title, *value);
}

std::string as_text(const Step& step) {
  const json::object& said = step.said;
  std::string text = fmt::format("## {}, step {}\n{}\n", step.tool, step.number,
                                 find_string(said, "step").value_or(""));
  add_text(text, "Findings", said, "findings");
  add_text(text, "Hypothesis", said, "hypothesis");
  add_text(text, "Confidence", said, "confidence");
  add_list(text, "Files checked", find_array(said, "files_checked"));
  add_list(text, "Relevant files", find_array(said, "relevant_files"));
  add_list(text, "Relevant places", find_array(said, "relevant_context"));
  add_issues(text, find_array(said, "issues_found"));
  if (!step.expert.empty()) text += fmt::format("Asked, a model said:\n{}\n", step.expert);
  return text;
}

}  // namespace

std::string stored_text(Conversation conversation, std::size_t most_turns, std::size_t most_bytes) {
  const auto drop_first = [](auto& list, std::size_t count) {
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
  };
  auto& turns = conversation.turns;
  auto& steps = conversation.steps;
  drop_first(turns, turns.size() - std::min(turns.size(), most_turns));
  std::string text = to_text(to_json(conversation));
  while (text.size() > most_bytes && !conversation.empty()) {
    if (steps.size() > 1 || turns.empty()) {
      drop_first(steps, 1);
      ++conversation.forgotten_steps;
    } else {
      drop_first(turns, 1);
    }
    text = to_text(to_json(conversation));
  }
  return text;
}

Result<Conversation> parse_conversation(std::string_view text) {
  TRY(object, parse_json_object(text));
  Conversation conversation;
  conversation.system = find_string(object, "system").value_or("");
  conversation.forgotten_steps = find_integer(object, "forgotten_steps").value_or(0);
  const json::array* turns = find_array(object, "turns");
  if (turns == nullptr) return fail(Errc::internal, "it has no turns");
  for (const json::value& turn : *turns)
    if (const json::object* sides = turn.if_object())
      conversation.turns.push_back({find_string(*sides, "user").value_or(""),
                                    find_string(*sides, "assistant").value_or("")});
  if (const json::array* steps = find_array(object, "steps"))
    for (const json::value& step : *steps)
      if (const json::object* one = step.if_object())
        conversation.steps.push_back(parse_step(*one));
  return conversation;
}

std::string steps_as_text(const Conversation& conversation, std::string_view tool) {
  std::string text;
  if (conversation.forgotten_steps > 0)
    text += fmt::format("({} before these, not kept)\n\n",
                        count_of(static_cast<std::size_t>(conversation.forgotten_steps), "step"));
  for (const Step& step : conversation.steps)
    if (tool.empty() || step.tool == tool) text += as_text(step) + "\n";
  return text;
}

std::string new_conversation_id() {
  return random_hex(16);
}

bool is_plain_id(std::string_view id) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !id.empty() && id.size() <= 200 && id.find_first_not_of(kPlain) == std::string_view::npos;
}

ThreadRef thread_of(const mcp::Call& call) {
  return {find_string(call.arguments, "continuation_id").value_or(""), call.caller};
}

std::string key_of(const ThreadRef& ref) {
  if (ref.caller.empty()) return "thread:" + ref.id;
  store::Sha256 name;
  name.add(ref.caller);
  return fmt::format("thread-of:{}:{}", name.hex(), ref.id);
}

Task<Result<Conversation>> load_conversation(Context& context, ThreadRef ref) {
  std::string key = key_of(ref);
  auto text = co_await context.store.get(std::move(key));
  if (!text) co_return fail(text.error());
  if (!text->has_value()) co_return Conversation();
  co_return parse_conversation(**text);
}

Task<Result<>> save_conversation(Context& context, ThreadRef ref, Conversation conversation) {
  std::string text = stored_text(std::move(conversation), context.conversations.turns);
  std::string key = key_of(ref);
  const Duration keep = context.conversations.keep;
  auto saved = co_await context.store.put(std::move(key), std::move(text), keep);
  if (saved && context.changed) context.changed(ref.id);
  co_return saved;
}

Task<Result<Thread>> open_thread(Context& context, ThreadRef ref) {
  if (ref.id.empty()) {
    ref.id = new_conversation_id();
    co_return Thread{std::move(ref), {}};
  }
  auto loaded = co_await load_conversation(context, ref);
  if (!loaded)
    co_return fail(loaded.error().code(),
                   "conversation {} cannot be read: {}. What to do: call without continuation_id, "
                   "or again when storage is back",
                   printable(ref.id), loaded.error().message());
  co_return Thread{std::move(ref), *std::move(loaded)};
}

void tell_kept(json::object& structured, const std::string& id, const Result<>& saved) {
  if (saved)
    structured["continuation_id"] = id;
  else
    structured["not_remembered"] = saved.error().message();
}

}  // namespace exai::tools
