// The table of tasks: what becomes of each, who sees it, and how much is kept.
#include "daemon/mcp/tasks.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::mcp;
using Catch::Contains;

namespace {

constexpr Duration kTtl = 1min;
const Question kQuestion{"name", "elicitation/create", {{"message", "Who?"}}};

struct World {
  explicit World(TaskTable::Limits limits = {10, 3, 1000, kTtl, 1s}) : tasks(limits) {
    tasks.on_change([this](const TaskEntry& task) { heard.push_back(task.id); });
  }

  void begin(const std::string& id, TaskOwner owner = {"", "here"}) {
    REQUIRE(tasks.create(id, std::move(owner), now));
  }
  std::string begin_in_vain(const std::string& id, TaskOwner owner = {"", "here"}) {
    const auto created = tasks.create(id, std::move(owner), now);
    return created ? "created" : created.error().message();
  }
  TaskStatus status(std::string_view id) {
    const auto* task = tasks.find(id, "", now.steady);
    REQUIRE(task);
    return task->status;
  }
  std::string shown(std::string_view id, TaskTable::Show show = TaskTable::Show::all) {
    const auto* task = tasks.find(id, "", now.steady);
    return task ? "{" + tasks.members(*task, show) + "}" : "gone";
  }
  void finish(std::string_view id, std::string text = "done") {
    ToolResult result;
    result.text = std::move(text);
    tasks.finish(id, Outcome(std::move(result)), now.wall);
  }
  void wait(Duration time) {
    now.steady += time;
    now.wall += time;
  }

  TaskTable tasks;
  Moment now{};
  std::vector<std::string> heard;
};

}  // namespace

TEST_CASE("a task works, asks, is answered and completes; each change is told") {
  World world;
  world.begin("t");
  CHECK(world.shown("t") ==
        R"({"taskId":"t","status":"working","createdAt":"1970-01-01T00:00:00.000Z",)"
        R"("lastUpdatedAt":"1970-01-01T00:00:00.000Z","ttlMs":60000,"pollIntervalMs":1000})");
  world.wait(1s);
  const std::string key = world.tasks.ask("t", kQuestion, world.now.wall);
  CHECK(world.shown("t") ==
        R"({"taskId":"t","status":"input_required","statusMessage":"Who?",)"
        R"("createdAt":"1970-01-01T00:00:00.000Z","lastUpdatedAt":"1970-01-01T00:00:01.000Z",)"
        R"("ttlMs":60000,"pollIntervalMs":1000,"inputRequests":{"name-1":)"
        R"({"method":"elicitation/create","params":{"message":"Who?"}}}})");
  CHECK_THAT(world.shown("t", TaskTable::Show::summary), !Contains("inputRequests"));
  const json::object accepted{{"action", "accept"}};
  const auto taken = world.tasks.answer("t", {{key, accepted}, {"x", 1}}, world.now.wall);
  REQUIRE(taken);
  CHECK(*taken == std::vector<Answered>{{rpc::Id(key), accepted, "task/t"}});
  CHECK(world.status("t") == TaskStatus::working);
  world.finish("t");
  CHECK_THAT(world.shown("t"), Contains(R"("status":"completed","createdAt")") &&
                                   Contains(R"(,"result":{"resultType":"complete",)"
                                            R"("content":[{"type":"text","text":"done"}]}})"));
  CHECK(world.heard == std::vector<std::string>(3, "t"));
}

TEST_CASE("how a call ends decides what becomes of its task") {
  ToolResult failed;
  failed.text = "no";
  failed.is_error = true;
  struct Row {
    Result<Outcome> outcome;
    bool cancelled;
    std::string shown;
  };
  const std::vector<Row> rows = {
      {Outcome(failed), false, R"("status":"completed")"},  // the tool's failure is a result
      {Outcome(failed), true, R"("status":"completed")"},  // it was done before it could be stopped
      {fail(Errc::cancelled, "stopped"), true, R"("status":"cancelled")"},
      {fail(Errc::cancelled, "the daemon ends"), false, R"("error":{"code":-31001,)"},
      {fail(Errc::internal, "a bug"), false, R"("error":{"code":-32603,"message":"a bug"})"},
      {fail(Errc::timeout, "late"), false, R"("status":"failed","statusMessage":"late")"},
      {Outcome(Refusal{"global", "full", 2s}), false,
       R"("error":{"code":-31002,"message":"full","data":{"limit":"global","retryAfter":2E0}})"},
  };
  for (const Row& row : rows) {
    World world;
    world.begin("t");
    world.tasks.ask("t", kQuestion, world.now.wall);
    if (row.cancelled) world.tasks.cancel("t");
    world.tasks.finish("t", row.outcome, world.now.wall);
    CHECK_THAT(world.shown("t"), Contains(row.shown) && !Contains("inputRequests"));
    world.finish("t", "once more");  // nothing happens after the end
    world.tasks.cancel("t");
    CHECK_THAT(world.shown("t"), Contains(row.shown) && !Contains("once more"));
  }
}

TEST_CASE(
    "tasks are counted: those that run by how they are, those that are over by how they ended") {
  World world({10, 10, 1000, kTtl, 1s});
  for (const char* id : {"a", "b", "c", "d"}) world.begin(id);
  world.tasks.ask("a", kQuestion, world.now.wall);
  CHECK(world.tasks.tally() == TaskTable::Tally{3, 1, 0, 0, 0});
  world.finish("b");
  world.tasks.finish("c", fail(Errc::timeout, "late"), world.now.wall);
  world.tasks.cancel("d");
  CHECK(world.tasks.tally() == TaskTable::Tally{1, 1, 1, 1, 0});  // it has not stopped yet
  world.tasks.finish("d", fail(Errc::cancelled, "stopped"), world.now.wall);
  world.finish("d", "once more");
  CHECK(world.tasks.tally() == TaskTable::Tally{0, 1, 1, 1, 1});
  world.wait(1h);
  world.tasks.expire(world.now.steady);
  CHECK(world.tasks.tally() == TaskTable::Tally{0, 1, 1, 1, 1});
}

TEST_CASE("a task asks several things; each key is new, and only what is open takes an answer") {
  World world;
  world.begin("t");
  const auto now = world.now.wall;
  CHECK(world.tasks.ask("t", kQuestion, now) == "name-1");
  CHECK(world.tasks.ask("t", {"model", "sampling/createMessage", {}}, now) == "model-2");
  const json::object accepted{{"action", "accept"}};
  const auto wrong = world.tasks.answer("t", {{"name-1", accepted}, {"model-2", accepted}}, now);
  CHECK(wrong.error().message() == "\"model-2\" is no answer to sampling/createMessage");
  CHECK_FALSE(world.tasks.answer("t", {{"name-1", "Ada"}}, now));
  CHECK_THAT(world.shown("t"), Contains("name-1") && Contains("model-2"));  // nothing was taken

  CHECK(world.tasks.answer("t", {{"name-1", accepted}}, now)->size() == 1);
  CHECK(world.status("t") == TaskStatus::input_required);
  CHECK_THAT(world.shown("t"), !Contains("name-1") && Contains("model-2"));
  CHECK(world.tasks.answer("t", {{"name-1", accepted}}, now)->empty());  // it has one
  world.tasks.withdraw("t", "model-2", now);
  CHECK(world.status("t") == TaskStatus::working);
  CHECK(world.tasks.ask("t", kQuestion, now) == "name-3");
}

TEST_CASE("a task is there for its time, and for its owner alone") {
  World world;
  world.begin("mine", {"ada", "here"});
  CHECK(world.tasks.find("mine", "ada", world.now.steady));
  CHECK_FALSE(world.tasks.find("mine", "eve", world.now.steady));
  CHECK_FALSE(world.tasks.find("mine", "", world.now.steady));
  CHECK_FALSE(world.tasks.find("min", "ada", world.now.steady));

  world.begin("ends");
  world.begin("runs");
  world.finish("ends");
  world.wait(kTtl - 1ms);
  CHECK(world.status("ends") == TaskStatus::completed);
  world.wait(1ms);
  CHECK(world.shown("ends") == "gone");
  CHECK(world.status("runs") == TaskStatus::working);
  world.finish("runs");
  CHECK(world.shown("runs") == "gone");
  CHECK(world.tasks.bytes() == 0);
  world.finish("ends");  // what has gone is forgotten
  CHECK(world.tasks.ask("ends", kQuestion, world.now.wall).empty());
}

TEST_CASE("tasks are bounded in all, of each client, and in the bytes of their results") {
  World world;
  for (const char* id : {"a1", "a2", "a3"}) world.begin(id, {"", "a"});
  CHECK(world.begin_in_vain("a4", {"", "a"}) ==
        "over capacity: this client has 3 tasks, the most it may");
  for (const char* id : {"b1", "b2", "b3"}) world.begin(id, {"", "b"});
  for (const char* id : {"c1", "c2", "c3"}) world.begin(id, {"ada", "b"});
  world.begin("d1", {"", "d"});
  CHECK(world.begin_in_vain("e1", {"", "e"}) ==
        "over capacity: there are 10 tasks, the most there may be");

  for (const char* id : {"a1", "a2", "a3", "d1"}) world.finish(id, "");
  world.wait(kTtl);
  world.begin("a4", {"", "a"});  // there is room again
  CHECK(world.tasks.size() == 7);
  world.finish("a4", std::string(600, 'x'));
  CHECK(world.begin_in_vain("a5", {"", "a"}) ==
        "over capacity: the results of earlier tasks take too much memory");
  world.finish("b1", std::string(600, 'x'));
  CHECK(world.shown("b1") == "gone");  // its time was over, too
  world.wait(kTtl);
  CHECK(world.tasks.expire(world.now.steady) == 1);
  CHECK(world.tasks.bytes() == 0);
}

TEST_CASE("a result too large to be kept is said to be, and does not push out others") {
  World world;
  world.begin("small");
  world.begin("large");
  world.finish("small", std::string(300, 'x'));
  world.finish("large", std::string(800, 'x'));
  CHECK(world.status("small") == TaskStatus::completed);
  CHECK_THAT(world.shown("large"),
             Contains(R"("status":"failed")") && Contains(R"("data":{"limit":"memory","bytes":8)"));
  CHECK(world.tasks.bytes() < 1000);
}
