#include "daemon/mcp/tasks.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"
#include "daemon/mcp/protocol.hpp"

namespace exai::mcp {

namespace {

constexpr std::array<std::string_view, 5> kStatusNames = {"working", "input_required", "completed",
                                                          "failed", "cancelled"};
constexpr std::size_t kLongestMessage = 300;

std::string share_of(const TaskOwner& owner) {
  return owner.principal + "\n" + owner.client;
}

void append_member(std::string& out, std::string_view name, const json::value& value) {
  if (!out.empty()) out += ',';
  out += fmt::format("\"{}\":{}", name, to_text(value));
}

json::object requests_of(const TaskEntry& task) {
  json::object requests;
  for (const Question& question : task.questions)
    requests[question.key] = {{"method", question.method}, {"params", question.params}};
  return requests;
}

json::object described(const rpc::ErrorObject& error) {
  json::object object{{"code", error.code}, {"message", error.message}};
  if (!error.data.is_null()) object["data"] = error.data;
  return object;
}

rpc::ErrorObject error_in(const Result<Outcome>& outcome) {
  if (!outcome) return call_error(outcome.error());
  if (const auto* refusal = std::get_if<Refusal>(&*outcome)) return over_capacity(*refusal);
  return {rpc::kInternalError, "the call of a tool gave something else", nullptr};
}

}  // namespace

TaskEntry* TaskTable::entry(std::string_view id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &*found->second;
}

void TaskTable::changed(TaskEntry& task, WallTime now) {
  task.updated = now;
  if (listener_) listener_(task);
}

void TaskTable::erase(Entries::iterator task) {
  bytes_ -= task->result.size();
  const auto share = of_client_.find(share_of(task->owner));
  if (--share->second == 0) of_client_.erase(share);
  by_id_.erase(task->id);
  entries_.erase(task);
}

Result<> TaskTable::has_room(const TaskOwner& owner) const {
  const auto share = of_client_.find(share_of(owner));
  if (entries_.size() >= limits_.tasks)
    return fail(Errc::conflict, "over capacity: there are {} tasks, the most there may be",
                entries_.size());
  if (share != of_client_.end() && share->second >= limits_.per_client)
    return fail(Errc::conflict, "over capacity: this client has {} tasks, the most it may",
                share->second);
  if (bytes_ >= limits_.bytes / 2)
    return fail(Errc::conflict, "over capacity: the results of earlier tasks take too much memory");
  return {};
}

Result<const TaskEntry*> TaskTable::create(std::string id, TaskOwner owner, Moment now) {
  expire(now.steady);
  EXAI_ASSERT(!by_id_.contains(id));
  if (auto room = has_room(owner); !room) return fail(std::move(room).error());
  ++of_client_[share_of(owner)];
  const auto task = entries_.insert(
      entries_.end(),
      TaskEntry{std::move(id), std::move(owner), now.steady + limits_.ttl, now.wall, now.wall});
  by_id_.emplace(task->id, task);
  return &*task;
}

const TaskEntry* TaskTable::find(std::string_view id, std::string_view principal, Time now) {
  expire(now);
  const TaskEntry* task = entry(id);
  return task && task->owner.principal == principal ? task : nullptr;
}

// One that runs stays: the limit of calls ends it before its time, or soon after.
std::size_t TaskTable::expire(Time now) {
  std::size_t gone = 0;
  for (auto task = entries_.begin(); task != entries_.end() && task->expires <= now;) {
    const auto current = task++;
    if (current->is_running()) continue;
    erase(current);
    ++gone;
  }
  return gone;
}

std::string TaskTable::ask(std::string_view id, Question question, WallTime now) {
  TaskEntry* task = entry(id);
  if (!task) return {};
  question.key = fmt::format("{}-{}", question.key, ++task->asked);
  std::string key = question.key;
  task->message = find_string(question.params, "message").value_or("");
  task->message = printable(std::string_view(task->message).substr(0, kLongestMessage));
  task->questions.push_back(std::move(question));
  task->status = TaskStatus::input_required;
  changed(*task, now);
  return key;
}

void TaskTable::withdraw(std::string_view id, std::string_view key, WallTime now) {
  TaskEntry* task = entry(id);
  if (!task || std::erase_if(task->questions,
                             [&](const Question& question) { return question.key == key; }) == 0)
    return;
  if (task->questions.empty() && task->is_running()) {
    task->status = TaskStatus::working;
    task->message.clear();
  }
  changed(*task, now);
}

void TaskTable::say(std::string_view id, std::string message, WallTime now) {
  TaskEntry* task = entry(id);
  if (!task || task->message == message) return;
  task->message = std::move(message);
  changed(*task, now);
}

void TaskTable::finish(std::string_view id, const Result<Outcome>& outcome, WallTime now) {
  TaskEntry* task = entry(id);
  if (!task || !task->is_running()) return;
  task->questions.clear();
  task->message.clear();
  const auto* tool = outcome ? std::get_if<ToolResult>(&*outcome) : nullptr;
  if (tool) {
    std::string result = result_members(*tool);
    if (bytes_ + result.size() <= limits_.bytes) {
      bytes_ += result.size();
      task->result = std::move(result);
      task->status = TaskStatus::completed;
    } else {
      task->error = {
          kOverCapacity,
          "over capacity: the result is too large to be kept beside those of other tasks",
          json::object{{"limit", "memory"}, {"bytes", result.size()}}};
    }
  } else if (task->cancelling) {
    task->status = TaskStatus::cancelled;
    task->message = "its client wanted it";
  } else {
    task->error = error_in(outcome);
  }
  if (task->error) {
    task->status = TaskStatus::failed;
    task->message = task->error->message;
  }
  if (task->status == TaskStatus::completed) ++ended_.completed;
  if (task->status == TaskStatus::failed) ++ended_.failed;
  if (task->status == TaskStatus::cancelled) ++ended_.cancelled;
  changed(*task, now);
}

TaskTable::Tally TaskTable::tally() const {
  Tally tally = ended_;
  for (const TaskEntry& task : entries_) {
    if (task.status == TaskStatus::working) ++tally.working;
    if (task.status == TaskStatus::input_required) ++tally.input_required;
  }
  return tally;
}

Result<std::vector<Answered>> TaskTable::answer(std::string_view id, const json::object& answers,
                                                WallTime now) {
  TaskEntry* task = entry(id);
  std::vector<Answered> taken;
  if (!task) return taken;
  for (const Question& question : task->questions) {
    const json::value* given = exai::find(answers, question.key);
    if (!given) continue;
    if (!given->is_object() || !is_answer(question, given->get_object()))
      return fail(Errc::invalid, "\"{}\" is no answer to {}", printable(question.key),
                  question.method);
    taken.push_back(
        {rpc::Id(question.key), given->get_object(), std::string(kTaskSession).append(id)});
  }
  if (taken.empty()) return taken;
  std::erase_if(task->questions,
                [&](const Question& question) { return answers.contains(question.key); });
  if (task->questions.empty()) {
    task->status = TaskStatus::working;
    task->message.clear();
  }
  changed(*task, now);
  return taken;
}

void TaskTable::cancel(std::string_view id) {
  TaskEntry* task = entry(id);
  if (task && task->is_running()) task->cancelling = true;
}

std::string TaskTable::members(const TaskEntry& task, Show show) const {
  std::string out;
  append_member(out, "taskId", json::value(task.id));
  append_member(out, "status", json::value(kStatusNames.at(static_cast<std::size_t>(task.status))));
  if (!task.message.empty()) append_member(out, "statusMessage", json::value(task.message));
  append_member(out, "createdAt", json::value(format_utc(task.created)));
  append_member(out, "lastUpdatedAt", json::value(format_utc(task.updated)));
  append_member(out, "ttlMs", limits_.ttl / 1ms);
  append_member(out, "pollIntervalMs", limits_.poll / 1ms);
  if (show == Show::summary) return out;
  if (task.status == TaskStatus::input_required)
    append_member(out, "inputRequests", requests_of(task));
  if (task.status == TaskStatus::completed)
    out += fmt::format(R"(,"result":{{"resultType":"complete",{}}})", task.result);
  if (task.error) append_member(out, "error", described(*task.error));
  return out;
}

TaskFrontEnd::TaskFrontEnd(TaskTable& tasks, const Clock& clock, std::string id,
                           json::object capabilities)
    : tasks_(tasks), clock_(clock), id_(std::move(id)), capabilities_(std::move(capabilities)) {}

std::optional<std::string> TaskFrontEnd::waiting(const rpc::Id&, std::string_view for_what) {
  tasks_.say(id_, fmt::format("waits for its turn: {}", for_what), clock_.wall());
  return std::nullopt;
}

std::optional<std::string> TaskFrontEnd::admitted(const rpc::Id&, Duration) {
  tasks_.say(id_, {}, clock_.wall());
  return std::nullopt;
}

Result<Asked> TaskFrontEnd::ask(const rpc::Id&, const Question& question) {
  if (!missing_capability(capabilities_, question).empty()) return refuse_to_ask(question);
  std::string key = tasks_.ask(id_, question, clock_.wall());
  if (key.empty()) return fail(Errc::cancelled, "the task is gone");
  return SentQuestion{std::move(key), {}};
}

std::optional<std::string> TaskFrontEnd::give_up(const rpc::Id& question) {
  tasks_.withdraw(id_, std::get<std::string>(question), clock_.wall());
  return std::nullopt;
}

std::optional<Reply> TaskFrontEnd::finish(const rpc::Id&, const Result<Outcome>& outcome) {
  tasks_.finish(id_, outcome, clock_.wall());
  return std::nullopt;
}

}  // namespace exai::mcp
