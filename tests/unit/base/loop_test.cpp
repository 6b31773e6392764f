#include "core/base/loop.hpp"
#include "core/base/secret.hpp"

using namespace exai;

namespace {

Task<> note_after(Clock& clock, Duration delay, std::vector<std::string>& notes, std::string note) {
  co_await clock.sleep_for(delay);
  notes.push_back(std::move(note));
}

Task<Result<int>> answer_after(Clock& clock, Duration delay, int answer) {
  co_await clock.sleep_for(delay);
  co_return answer;
}

Task<> ask(Clock& clock, Duration answer_time, Duration limit, std::optional<Result<int>>& out) {
  Task<Result<int>> question = answer_after(clock, answer_time, 42);
  out = co_await with_timeout(clock, std::move(question), limit);
}

Task<Result<int>> throw_instead() {
  throw std::runtime_error("broken");
  co_return 1;
}

Task<> ask_the_broken(Clock& clock, bool& thrown) {
  Task<Result<int>> question = throw_instead();
  try {
    co_await with_timeout(clock, std::move(question), 1h);
  } catch (const std::runtime_error&) {
    thrown = true;
  }
}

Task<Result<int>> answer_now() {
  co_return 42;
}

// What follows the answer runs before spawn() returns: nobody had to wait for it.
Task<> ask_and_note(Clock& clock, bool& answered) {
  Task<Result<int>> question = answer_now();
  const auto answer = co_await with_timeout(clock, std::move(question), 1h);
  answered = answer.has_value();
}

Task<> start_asking(TaskGroup& tasks, Clock& clock, bool& answered, bool& at_once) {
  tasks.spawn("ask", ask_and_note(clock, answered));
  at_once = answered;
  co_return;
}

struct Asked {
  TaskGroup::Handle task;
  bool cancelled = false;
};

Task<Result<int>> cancel_all_and_sleep(TaskGroup& tasks, Clock& clock) {
  tasks.cancel();
  co_await clock.sleep_for(1h);
  co_return 1;
}

Task<Result<int>> under_a_limit(Clock& clock, Task<Result<int>> work) {
  co_return co_await with_timeout(clock, std::move(work), 2h);
}

Task<> note_cancellation(Task<Result<int>> work, Asked& asked) {
  try {
    co_await std::move(work);
  } catch (const std::exception&) {
    asked.cancelled = true;
  }
}

Task<> throw_now() {
  throw std::runtime_error("broken");
  co_return;
}

Task<> join_and_note(TaskGroup& group, bool& joined) {
  co_await group.join();
  joined = true;
}

}  // namespace

TEST_CASE("sleepers wake in order of their deadlines when a fake clock moves") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  std::vector<std::string> notes;
  tasks.spawn("late", note_after(clock, 24h, notes, "late"));
  tasks.spawn("early", note_after(clock, 1s, notes, "early"));
  clock.advance(999ms);
  CHECK(notes.empty());
  clock.advance(1ms);
  CHECK(notes == std::vector<std::string>{"early"});
  clock.advance(24h);
  CHECK(notes == std::vector<std::string>{"early", "late"});
}

TEST_CASE("an answer in time is passed on") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  std::optional<Result<int>> result;
  tasks.spawn("ask", ask(clock, 1s, 2s, result));
  clock.advance(1s);
  REQUIRE(result);
  CHECK(*result == 42);
  CHECK(tasks.running() == 0);
}

TEST_CASE("an answer that is late is a timeout, and the work has ended") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  std::optional<Result<int>> result;
  tasks.spawn("ask", ask(clock, 10s, 2s, result));
  clock.advance(2s);
  REQUIRE(result);
  REQUIRE_FALSE(*result);
  CHECK(result->error() == Error(Errc::timeout, "no answer within 2s"));
  CHECK(tasks.running() == 0);
}

TEST_CASE("what throws under a limit throws at once, not when the limit is over") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  bool thrown = false;
  tasks.spawn("ask", ask_the_broken(clock, thrown));
  clock.advance(0s);
  CHECK(thrown);
  CHECK(tasks.running() == 0);
}

TEST_CASE("an answer that is there at once is passed on without a turn of the loop") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  bool answered = false;
  bool at_once = false;
  tasks.spawn("start", start_asking(tasks, clock, answered, at_once));
  clock.advance(0s);
  CHECK(at_once);
  CHECK(tasks.running() == 0);
}

TEST_CASE("who is cancelled while it waits under a limit ends its work, too") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  Asked asked;
  Task<Result<int>> work = answer_after(clock, 1h, 1);
  Task<Result<int>> limited = under_a_limit(clock, std::move(work));
  asked.task = tasks.spawn("ask", note_cancellation(std::move(limited), asked));
  clock.advance(1s);
  CHECK_FALSE(asked.cancelled);
  tasks.cancel(asked.task);
  clock.advance(0s);
  CHECK(asked.cancelled);
  CHECK(tasks.running() == 0);
}

TEST_CASE("work under a limit that has its own task cancelled before it waits hears of it") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  Asked asked;
  Task<Result<int>> work = cancel_all_and_sleep(tasks, clock);
  Task<Result<int>> limited = under_a_limit(clock, std::move(work));
  asked.task = tasks.spawn("ask", note_cancellation(std::move(limited), asked));
  clock.advance(0s);
  CHECK(asked.cancelled);
  CHECK(tasks.running() == 0);
}

TEST_CASE("cancelling a group ends its tasks and wakes who joins") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  TaskGroup waiters(loop, Log());
  std::vector<std::string> notes;
  std::optional<Result<int>> result;
  bool joined = false;
  tasks.spawn("sleep", note_after(clock, 1h, notes, "never"));
  tasks.spawn("ask", ask(clock, 1h, 2h, result));
  waiters.spawn("join", join_and_note(tasks, joined));
  clock.advance(1s);
  CHECK(tasks.running() == 2);
  CHECK_FALSE(joined);
  tasks.cancel();
  clock.advance(0s);
  CHECK(tasks.running() == 0);
  CHECK(joined);
  CHECK(notes.empty());
  CHECK_FALSE(result);
}

TEST_CASE("a task that throws ends alone") {
  Loop loop;
  FakeClock clock(loop);
  TaskGroup tasks(loop, Log());
  std::vector<std::string> notes;
  tasks.spawn("broken", throw_now());
  tasks.spawn("fine", note_after(clock, 1s, notes, "fine"));
  clock.advance(1s);
  CHECK(notes == std::vector<std::string>{"fine"});
  CHECK(tasks.running() == 0);
}

TEST_CASE("secrets are equal by value and empty after a move") {
  Secret one("correct horse");
  const Secret same("correct horse");
  CHECK(one == same);
  CHECK_FALSE(one == Secret("correct horsf"));
  CHECK_FALSE(one == Secret("correct"));
  const Secret moved = std::move(one);
  CHECK(moved.reveal() == "correct horse");
  CHECK(one.empty());  // NOLINT(bugprone-use-after-move): being empty is the promise
}
