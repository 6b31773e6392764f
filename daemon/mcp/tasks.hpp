#pragma once
// Calls that outlive their requests: the tasks extension of MCP (io.modelcontextprotocol/tasks),
// without any I/O. Pure: `now` is an argument, ids come from outside.
//
//   tools/call ──ends soon──▶ its result, as ever
//       │
//       └─ the tool is always a task, asks its client, or has run for some time (call_runner.hpp)
//       ▼
//    working ◀──asks, is answered──▶ input_required       tasks/get     how it is; its result
//       │                               │                 tasks/update  answers to what it asks
//       ├───────────┬─────────────┬─────┘                 tasks/cancel  it should stop
//       ▼           ▼             ▼
//   completed     failed      cancelled ── `ttl` after its creation ──▶ gone
//
//   completed    the tool gave a result, which may be is_error
//   failed       an error of the protocol: no turn in time, the limit of calls, a bug, the daemon's
//                end, or a result too large to be kept
//   cancelled    its client wanted it, and the tool has really stopped; a tool that is done before
//                that has completed
//
// A task belongs to whoever's call it was: to all others there is no such task. Where all clients
// share one token, the id, which nobody can guess, is what keeps them apart.
//
// Bounded: so many tasks in all and of one client, and so many bytes of results. Nothing is given
// up before its time to make room: while half of the bytes are taken no task begins, and calls go
// on as ordinary ones. Tasks live as long as the process.

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/mcp/front_end.hpp"

namespace exai::mcp {

inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

enum class TaskStatus { working, input_required, completed, failed, cancelled };

struct Moment {
  Time steady{};
  WallTime wall{};
};

// Who a task belongs to.
struct TaskOwner {
  std::string principal;  // may see it; empty: who is let in is all that is known
  std::string client;     // whose share of the tasks it takes

  friend bool operator==(const TaskOwner&, const TaskOwner&) = default;
};

struct TaskEntry {
  std::string id;
  TaskOwner owner;
  Time expires;
  WallTime created;
  WallTime updated;
  TaskStatus status = TaskStatus::working;
  std::string message = {};              // what it does or waits for, for people
  std::vector<Question> questions = {};  // unanswered; no key comes twice in a task's life
  std::size_t asked = 0;                 // ever
  std::string result = {};               // of one that has completed: the members of its result
  std::optional<rpc::ErrorObject> error = {};  // of one that has failed
  bool cancelling = false;

  bool is_running() const {
    return status == TaskStatus::working || status == TaskStatus::input_required;
  }
};

class TaskTable {
 public:
  struct Limits {
    std::size_t tasks = 1000;
    std::size_t per_client = 200;
    std::size_t bytes = 64U << 20U;  // of results
    Duration ttl = 1h;
    Duration poll = 1s;  // how often clients are told to ask
  };
  explicit TaskTable(Limits limits) : limits_(limits) {}
  TaskTable(const TaskTable&) = delete;
  TaskTable& operator=(const TaskTable&) = delete;

  // Hears of every change. It must not change the table.
  void on_change(std::function<void(const TaskEntry&)> listener) {
    listener_ = std::move(listener);
  }

  // `id` is new and cannot be guessed. Errors: conflict, in words, when there is no room.
  Result<const TaskEntry*> create(std::string id, TaskOwner owner, Moment now);
  // nullptr: unknown, its time is over, or it is another's.
  const TaskEntry* find(std::string_view id, std::string_view principal, Time now);
  std::size_t expire(Time now);  // returns how many

  // Of the call. What concerns a task that is not there any more is forgotten.
  std::string ask(std::string_view id, Question question, WallTime now);  // the question's key
  void withdraw(std::string_view id, std::string_view key, WallTime now);
  void say(std::string_view id, std::string message, WallTime now);
  void finish(std::string_view id, const Result<Outcome>& outcome, WallTime now);

  // Of the client. Answers to what is not asked are left out. Errors: invalid, for an answer that
  // is none; then nothing was taken.
  Result<std::vector<Answered>> answer(std::string_view id, const json::object& answers,
                                       WallTime now);
  void cancel(std::string_view id);  // finish() is still expected

  // The members of a task on the wire, with what it asks and gave, or without (`summary`).
  enum class Show { summary, all };
  std::string members(const TaskEntry& task, Show show) const;

  // How it is with all of them, and how those that are over ended.
  struct Tally {
    std::size_t working = 0;
    std::size_t input_required = 0;
    std::uint64_t completed = 0;
    std::uint64_t failed = 0;
    std::uint64_t cancelled = 0;
    friend bool operator==(const Tally&, const Tally&) = default;
  };
  Tally tally() const;

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  using Entries = std::list<TaskEntry>;
  TaskEntry* entry(std::string_view id);
  void changed(TaskEntry& task, WallTime now);
  void erase(Entries::iterator task);
  Result<> has_room(const TaskOwner& owner) const;

  Limits limits_;
  Entries entries_;                                                // the oldest first
  std::unordered_map<std::string_view, Entries::iterator> by_id_;  // keys live in the entries
  std::unordered_map<std::string, std::size_t> of_client_;
  std::size_t bytes_ = 0;
  Tally ended_;  // ever
  std::function<void(const TaskEntry&)> listener_;
};

// The call of a task, to the runner: what it says goes into the table, not to a connection.
// Lifetime: table and clock outlive it.
class TaskFrontEnd final : public FrontEnd {
 public:
  TaskFrontEnd(TaskTable& tasks, const Clock& clock, std::string id, json::object capabilities);

  std::vector<Output> receive(std::string_view) override { return {}; }
  // Tasks have none of the two.
  std::optional<std::string> progress(const rpc::Id&, const Progress&) override { return {}; }
  std::optional<std::string> log(const rpc::Id&, const LogMessage&) const override { return {}; }
  std::optional<std::string> waiting(const rpc::Id&, std::string_view for_what) override;
  std::optional<std::string> admitted(const rpc::Id&, Duration) override;
  const json::object& capabilities() const override { return capabilities_; }
  Result<Asked> ask(const rpc::Id&, const Question& question) override;
  std::optional<std::string> give_up(const rpc::Id& question) override;
  std::optional<Reply> finish(const rpc::Id&, const Result<Outcome>& outcome) override;

 private:
  TaskTable& tasks_;
  const Clock& clock_;
  std::string id_;
  json::object capabilities_;  // of the client whose call it was
};

// The session of a task's call, which has no connection, and the call's id in it.
inline constexpr std::string_view kTaskSession = "task/";
inline const rpc::Id kTaskCall = std::int64_t{0};

}  // namespace exai::mcp
