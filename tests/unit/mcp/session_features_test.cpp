// What a session offers beside tools: resources, prompts, completion, logging, questions, changes.
#include "tests/unit/mcp/session_says.hpp"

using namespace exai;
using namespace exai::mcp;

namespace {

std::string request(std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":9,"method":"{}","params":{}}})", method, params);
}

Session open_full_session(std::string_view capabilities = "{}") {
  Session session(kServer, kEverything, 10);
  session.receive(fmt::format(
      R"({{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"2025-11-25",)"
      R"("capabilities":{}}}}})",
      capabilities));
  session.receive(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  return session;
}

}  // namespace

TEST_CASE("what a server has is what it declares, lists and completes") {
  Session session(kServer, kEverything, 10);
  CHECK_THAT(say(session, initialize("2025-11-25")).front(),
             Catch::Contains(R"("capabilities":{"logging":{},"tools":{"listChanged":true},)"
                             R"("resources":{"listChanged":true,"subscribe":true},)"
                             R"("prompts":{"listChanged":true},"completions":{}})"));
  CHECK(say(session, request("resources/list", "{}")) ==
        Lines{R"(→ {"jsonrpc":"2.0","id":9,"result":{"resources":[)"
              R"({"uri":"test://a","name":"a","mimeType":"text/plain"}]}})"});
  CHECK(say(session, request("resources/templates/list", "{}")) ==
        Lines{R"(→ {"jsonrpc":"2.0","id":9,"result":{"resourceTemplates":[)"
              R"({"uriTemplate":"test://{id}","name":"any"}]}})"});
  CHECK(say(session, request("prompts/list", "{}")) ==
        Lines{R"(→ {"jsonrpc":"2.0","id":9,"result":{"prompts":[{"name":"greet",)"
              R"("description":"says hello","arguments":[)"
              R"({"name":"who","description":"whom","required":true}]}]}})"});
  const auto completed =
      say(session, request("completion/complete", R"({"ref":{"type":"ref/prompt","name":"greet"},)"
                                                  R"("argument":{"name":"who","value":"wo"}})"));
  CHECK_THAT(completed.front(), Catch::Contains(R"("who=wo"],"total":120,"hasMore":true})"));
}

TEST_CASE("completion says what is wrong with its parameters") {
  const auto params = GENERATE(as<std::string>{}, "{}", R"({"ref":{"type":"ref/tool"}})",
                               R"({"ref":{"type":"ref/prompt","name":"greet"}})",
                               R"({"ref":{"type":"ref/prompt","name":"other"},)"
                               R"("argument":{"name":"who","value":""}})");
  Session session = open_full_session();
  CHECK(code_of(session, request("completion/complete", params)) == -32602);
}

TEST_CASE("reading a resource and getting a prompt are calls, and answer in their own shapes") {
  Session session = open_full_session();
  CHECK(say(session, request("resources/read", R"({"uri":"test://a"})")) ==
        Lines{"start 9 test://a {}"});
  const auto read = session.finish(rpc::Id(9), json::object{{"contents", json::array{}}});
  CHECK(read->text == R"({"jsonrpc":"2.0","id":9,"result":{"contents":[]}})");
  session.receive(request("resources/read", R"({"uri":"test://b"})"));
  CHECK(session.finish(rpc::Id(9), fail(Errc::not_found, "gone"))->code == -32002);
  CHECK(say(session, request("prompts/get", R"({"name":"greet","arguments":{"who":"us"}})")) ==
        Lines{R"(start 9 greet {"who":"us"})"});
  CHECK(session.finish(rpc::Id(9), fail(Errc::not_found, "gone"))->code == -32602);
}

TEST_CASE("a tool's content items follow its text") {
  Session session = open_session();
  ToolResult result = said("");
  result.content.push_back(json::object{{"type", "image"}});
  session.receive(call(1));
  CHECK_THAT(session.finish(rpc::Id(1), result)->text,
             Catch::Contains(R"("content":[{"type":"image"}])"));
  result.text = "see";
  session.receive(call(1));
  CHECK_THAT(session.finish(rpc::Id(1), result)->text,
             Catch::Contains(R"("content":[{"type":"text","text":"see"},{"type":"image"}])"));
}

TEST_CASE("log messages come from the level on that the client has set") {
  Session session = open_session();
  session.receive(call(1));
  const auto log = [&](Severity level) { return session.log(rpc::Id(1), {level, "tool", "hm"}); };
  CHECK_FALSE(log(Severity::emergency));  // it has set none
  CHECK(code_of(session, request("logging/setLevel", R"({"level":"warning"})")) == 0);
  CHECK_FALSE(log(Severity::notice));
  CHECK(log(Severity::warning) == R"({"jsonrpc":"2.0","method":"notifications/message","params":)"
                                  R"({"level":"warning","logger":"tool","data":"hm"}})");
  session.finish(rpc::Id(1), said(""));
  CHECK_FALSE(log(Severity::error));
}

TEST_CASE("a client is asked what it can answer, and its answer finds its question") {
  Session session = open_full_session(R"({"sampling":{}})");
  session.receive(call(1));
  const auto refused = session.ask(rpc::Id(1), {"k", "elicitation/create", {}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::denied);

  const auto asked = session.ask(rpc::Id(1), {"k", "sampling/createMessage", {{"maxTokens", 1}}});
  REQUIRE(asked);
  CHECK(std::get<SentQuestion>(*asked).text ==
        R"({"jsonrpc":"2.0","id":"ask-1","method":"sampling/createMessage",)"
        R"("params":{"maxTokens":1}})");
  CHECK(say(session, R"({"jsonrpc":"2.0","id":"ask-1","result":{"model":"m"}})") ==
        Lines{R"(answered "ask-1" {"model":"m"})"});
  CHECK(say(session, R"({"jsonrpc":"2.0","id":"ask-1","result":{}})").empty());  // only once
  CHECK_FALSE(session.give_up(rpc::Id("ask-1")));
}

TEST_CASE("a client may refuse a question, and a question that nobody waits for is taken back") {
  Session session = open_full_session(R"({"roots":{}})");
  session.receive(call(1));
  REQUIRE(session.ask(rpc::Id(1), {"k", "roots/list", {}}));
  CHECK(say(session, R"({"jsonrpc":"2.0","id":"ask-1","error":{"code":-1,"message":"no"}})") ==
        Lines{R"(answered "ask-1" the client refused: no)"});
  REQUIRE(session.ask(rpc::Id(1), {"k", "roots/list", {}}));
  CHECK(session.give_up(rpc::Id("ask-2")) ==
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":)"
        R"({"requestId":"ask-2","reason":"the call has ended"}})");
  CHECK(say(session, R"({"jsonrpc":"2.0","id":"ask-2","result":{}})").empty());
}

TEST_CASE("changes of lists are told to all, of a resource to those who subscribed to it") {
  Session session = open_full_session();
  const Change tools{Change::Kind::tools, ""};
  const Change resource{Change::Kind::resource_updated, "test://a"};
  CHECK(session.changed(tools) ==
        R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  CHECK_FALSE(session.changed(resource));
  CHECK(code_of(session, request("resources/subscribe", R"({"uri":"test://a"})")) == 0);
  CHECK(session.changed(resource) ==
        R"({"jsonrpc":"2.0","method":"notifications/resources/updated",)"
        R"("params":{"uri":"test://a"}})");
  CHECK(code_of(session, request("resources/unsubscribe", R"({"uri":"test://a"})")) == 0);
  CHECK_FALSE(session.changed(resource));
  const Session fresh(kServer, kEverything, 10);
  CHECK_FALSE(fresh.changed(tools));
}
