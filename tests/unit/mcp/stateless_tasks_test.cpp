// What clients of the stateless era say and hear about tasks, and the questions that a client can
// be asked at all.
#include <catch2/catch.hpp>

#include "daemon/mcp/stateless.hpp"
#include "tests/unit/mcp/test_source.hpp"

using namespace exai;
using namespace exai::mcp;
using Catch::Contains;

namespace {

const ServerInfo kInfo{"exai", "", "1.2.3", ""};
const std::string kTakesTasks = R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})";
const rpc::Id kId = std::int64_t{7};

Catalog catalog() {
  Catalog all;
  for (const auto& [name, use] :
       {std::pair{"plain", TaskUse::never}, std::pair{"slow", TaskUse::may},
        std::pair{"job", TaskUse::at_once}, std::pair{"late", TaskUse::when_it_says}}) {
    ToolInfo tool;
    tool.name = name;
    tool.tasks = use;
    all.tools.push_back(std::move(tool));
  }
  return all;
}

struct World {
  test::TestSource source{catalog()};
  Sealer sealer;
  TaskTable tasks{TaskTable::Limits{}};
  Stateless::Server server{kInfo, source, sealer, tasks};

  Stateless request(std::optional<HeaderMap> headers = std::nullopt,
                    std::string principal = "") const {
    return Stateless(server, std::move(headers), Moment{}, {std::move(principal), ""});
  }
  const TaskEntry& begin(const std::string& id, std::string principal = "") {
    return **tasks.create(id, {std::move(principal), ""}, Moment{});
  }
  std::vector<Output> outputs(std::string_view message, std::string principal = "") const {
    return request(std::nullopt, std::move(principal)).receive(message);
  }
  std::string reply(std::string_view message, std::string principal = "") const {
    const auto said = outputs(message, std::move(principal));
    REQUIRE(!said.empty());
    return std::get<Reply>(said.front()).text;
  }
  int code(std::string_view message, std::string principal = "") const {
    return std::get<Reply>(outputs(message, std::move(principal)).at(0)).code;
  }
};

std::string text(std::string_view method, std::string_view params,
                 std::string_view capabilities = kTakesTasks) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":7,"method":"{}","params":{{{}{}"_meta":)"
                     R"({{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                     R"("io.modelcontextprotocol/clientCapabilities":{}}}}}}})",
                     method, params, params.empty() ? "" : ",", capabilities);
}

std::string about(std::string_view method, std::string_view task, std::string_view more = "") {
  return text(method, fmt::format(R"("taskId":"{}"{})", task, more));
}

}  // namespace

TEST_CASE("discover offers the extension where a tool can use it") {
  World world;
  const std::string found = world.reply(text("server/discover", ""));
  CHECK_THAT(found, Contains(R"("extensions":{"io.modelcontextprotocol/tasks":{}})"));
  World none;
  none.source = test::TestSource(Catalog{});
  CHECK_THAT(none.reply(text("server/discover", "")), !Contains("extensions"));
  CHECK(none.code(about("tasks/get", "t")) == rpc::kMethodNotFound);
}

TEST_CASE("only calls of clients that take tasks may become some") {
  const World world;
  const auto use = [&](std::string_view tool, std::string_view capabilities) {
    const auto said =
        world.outputs(text("tools/call", fmt::format(R"("name":"{}")", tool), capabilities));
    return std::get<StartCall>(said.at(0)).tasks;
  };
  CHECK(use("plain", kTakesTasks) == TaskUse::never);
  CHECK(use("slow", kTakesTasks) == TaskUse::may);
  CHECK(use("job", kTakesTasks) == TaskUse::at_once);
  CHECK(use("late", kTakesTasks) == TaskUse::when_it_says);
  CHECK(use("unknown", kTakesTasks) == TaskUse::never);
  CHECK(use("slow", "{}") == TaskUse::never);
  CHECK(use("slow", R"({"extensions":{}})") == TaskUse::never);
  CHECK_THAT(world.reply(text("tools/call", R"("name":"job")", "{}")),
             Contains(R"("code":-32021)") &&
                 Contains(R"("data":{"requiredCapabilities":)"
                          R"({"extensions":{"io.modelcontextprotocol/tasks":{}}}})"));
  CHECK(world.code(text("tools/call", R"("name":"late")", "{}")) == kMissingCapability);
}

TEST_CASE("a call that becomes a task is answered with it, and over for its request") {
  World world;
  Stateless request = world.request();
  request.receive(text("tools/call", R"("name":"slow")"));
  const auto reply = request.become_task(kId, world.begin("t"));
  REQUIRE(reply);
  CHECK_THAT(reply->text,
             Catch::StartsWith(R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"task",)") &&
                 Contains(R"("taskId":"t","status":"working")") && Contains(R"("ttlMs":3600000)"));
  CHECK_FALSE(request.finish(kId, Outcome(ToolResult())));
}

TEST_CASE("tasks/get, update and cancel: of the caller's tasks alone") {
  World world;
  world.begin("t", "ada");
  CHECK_THAT(world.reply(about("tasks/get", "t"), "ada"),
             Contains(R"("result":{"resultType":"complete","_meta":{)") &&
                 Contains(R"(},"taskId":"t","status":"working")"));
  const auto cancelled = world.outputs(about("tasks/cancel", "t"), "ada");
  REQUIRE(cancelled.size() == 2);
  const std::string acknowledged =
      R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","_meta":)"
      R"({"io.modelcontextprotocol/serverInfo":{"name":"exai","version":"1.2.3"}}}})";
  CHECK(std::get<Reply>(cancelled[0]).text == acknowledged);
  CHECK(std::get<CancelCall>(cancelled[1]) == CancelCall{kTaskCall, "task/t"});

  const std::string key = world.tasks.ask("t", {"q", "elicitation/create", {}}, {});
  const auto update = [&](std::string_view responses) {
    return about("tasks/update", "t", fmt::format(R"(,"inputResponses":{})", responses));
  };
  CHECK(world.code(update("7"), "ada") == rpc::kInvalidParams);
  CHECK(world.code(update(R"({"q-1":{}})"), "ada") == rpc::kInvalidParams);
  CHECK(world.outputs(update(R"({"other":{"action":"accept"}})"), "ada").size() == 1);
  const auto answered = world.outputs(update(R"({"q-1":{"action":"accept"}})"), "ada");
  REQUIRE(answered.size() == 2);
  CHECK(std::get<Reply>(answered[0]).text == acknowledged);
  CHECK(std::get<Answered>(answered[1]) ==
        Answered{rpc::Id(key), json::object{{"action", "accept"}}, "task/t"});

  for (const char* method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
    CHECK_THAT(world.reply(about(method, "t"), "eve"),
               Contains(R"("code":-32602,"message":"there is no task \"t\")"));
    CHECK(world.code(text(method, ""), "ada") == rpc::kInvalidParams);
    CHECK(world.code(text(method, R"("taskId":"t")", "{}"), "ada") == kMissingCapability);
  }
  CHECK(world.code(about("tasks/list", "t"), "ada") == rpc::kMethodNotFound);
  CHECK(world.code(about("tasks/result", "t"), "ada") == rpc::kMethodNotFound);
}

TEST_CASE("who listens to tasks hears how they are, and each change") {
  World world;
  const TaskEntry& task = world.begin("t");
  world.begin("other");
  world.begin("eve's", "eve");
  const auto listen = [](std::string_view capabilities) {
    return text("subscriptions/listen", R"("notifications":{"taskIds":["t","eve's","none",7,"t"]})",
                capabilities);
  };
  CHECK(world.code(listen("{}")) == kMissingCapability);
  Stateless request = world.request();
  const auto said = request.receive(listen(kTakesTasks));
  const auto& begun = std::get<Listen>(said.at(0));
  CHECK_THAT(begun.acknowledgement, Contains(R"("notifications":{"taskIds":["t"]})"));
  const std::string working = begun.now.at(0);
  CHECK(begun.now.size() == 1);
  CHECK_THAT(working,
             Catch::StartsWith(R"({"jsonrpc":"2.0","method":"notifications/tasks",)"
                               R"("params":{"taskId":"t","status":"working")") &&
                 Catch::EndsWith(R"("_meta":{"io.modelcontextprotocol/subscriptionId":7}}})"));
  CHECK(request.changed(task) == working);
  CHECK_FALSE(request.changed(*world.tasks.find("other", "", {})));
}

TEST_CASE("over HTTP, Mcp-Name names the task") {
  World world;
  world.begin("t");
  const auto code = [&](std::string_view method, HeaderMap more) {
    HeaderMap headers{{"mcp-protocol-version", "2026-07-28"}, {"mcp-method", std::string(method)}};
    headers.merge(more);
    const auto said = world.request(headers).receive(about(method, "t"));
    return std::get<Reply>(said.at(0)).code;
  };
  CHECK(code("tasks/get", {{"mcp-name", "t"}}) == 0);
  CHECK(code("tasks/get", {{"mcp-name", "u"}}) == kHeaderMismatch);
  CHECK(code("tasks/cancel", {}) == kHeaderMismatch);
  CHECK(code("tasks/result", {}) == rpc::kMethodNotFound);
}

TEST_CASE(
    "a question needs the capability, and the mode of elicitation, that the client declares") {
  struct Row {
    std::string declared, method, mode, missing;
  };
  const std::vector<Row> rows = {
      {R"({"elicitation":{}})", "elicitation/create", "", "{}"},
      {R"({"elicitation":{}})", "elicitation/create", "form", "{}"},
      {R"({"elicitation":{}})", "elicitation/create", "url", R"({"elicitation":{"url":{}}})"},
      {R"({"elicitation":{"url":{}}})", "elicitation/create", "url", "{}"},
      {R"({"elicitation":{"url":{}}})", "elicitation/create", "", R"({"elicitation":{"form":{}}})"},
      {R"({"elicitation":{"url":{},"form":{}}})", "elicitation/create", "form", "{}"},
      {R"({"elicitation":true})", "elicitation/create", "url", R"({"elicitation":{"url":{}}})"},
      {"{}", "elicitation/create", "url", R"({"elicitation":{"url":{}}})"},
      {"{}", "elicitation/create", "", R"({"elicitation":{}})"},
      {R"({"sampling":{}})", "sampling/createMessage", "", "{}"},
      {R"({"sampling":{}})", "roots/list", "", R"({"roots":{}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.declared, row.method, row.mode);
    json::object params;
    if (!row.mode.empty()) params["mode"] = row.mode;
    const auto declared = parse_json_object(row.declared);
    CHECK(to_text(missing_capability(*declared, {"k", row.method, params})) == row.missing);
  }
}

TEST_CASE("a URL is sent to a client that opens URLs, and to no other") {
  const World world;
  const Question open{"pay",
                      "elicitation/create",
                      {{"mode", "url"},
                       {"message", "Pay"},
                       {"url", "https://pay.example/1"},
                       {"elicitationId", "1"}}};
  const auto outcome = [&](std::string_view capabilities) {
    Stateless request = world.request();
    request.receive(text("tools/call", R"("name":"plain")", capabilities));
    const auto asked = request.ask(kId, open);
    REQUIRE_FALSE(asked);
    return request.finish(kId, fail(asked.error()))->text;
  };
  CHECK_THAT(outcome(R"({"elicitation":{"url":{}}})"),
             Contains(R"("inputRequests":{"pay":{"method":"elicitation/create","params":)"
                      R"({"mode":"url","message":"Pay","url":"https://pay.example/1")"));
  CHECK_THAT(outcome(R"({"elicitation":{}})"),
             Contains(R"("code":-32021)") &&
                 Contains(R"("requiredCapabilities":{"elicitation":{"url":{}}})"));
}
