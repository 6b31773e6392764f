// Sessions as transcripts: what the client says, and what the session has its transport do.
#include "daemon/mcp/session.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/mcp/test_source.hpp"

using namespace exai;
using namespace exai::mcp;

namespace {

const ServerInfo kServer{"exai", "EXAI", "1.2.3", "Call status first."};

Catalog two_tools() {
  Catalog catalog;
  catalog.tools.resize(2);
  catalog.tools[0].name = "echo";
  catalog.tools[1].name = "wait";
  return catalog;
}

Catalog everything() {
  Catalog catalog = two_tools();
  catalog.resources = {{"test://a", "a", "", "text/plain"}};
  catalog.templates = {{"test://{id}", "any", "", ""}};
  catalog.prompts = {{"greet", "says hello", {{"who", "whom", true}}}};
  catalog.changes = true;
  return catalog;
}

const test::TestSource kTools{two_tools()};
const test::TestSource kEverything{everything()};

// Each output as one line: "→ text", "start id name arguments [progress]", "cancel id",
// "answered id text".
std::string line_of(const Output& output) {
  if (const auto* reply = std::get_if<Reply>(&output)) return "→ " + reply->text;
  if (const auto* cancel = std::get_if<CancelCall>(&output))
    return "cancel " + to_text(rpc::to_json(cancel->id));
  if (const auto* answered = std::get_if<Answered>(&output))
    return "answered " + to_text(rpc::to_json(answered->id)) + " " +
           (answered->answer ? to_text(*answered->answer) : answered->answer.error().message());
  const auto& call = std::get<StartCall>(output);
  return "start " + to_text(rpc::to_json(call.id)) + " " + call.name + " " +
         to_text(call.arguments) + (call.wants_progress ? " progress" : "");
}

std::vector<std::string> say(Session& session, std::string_view text) {
  std::vector<std::string> lines;
  for (const auto& output : session.receive(text)) lines.push_back(line_of(output));
  return lines;
}

int code_of(Session& session, std::string_view text) {
  const auto outputs = session.receive(text);
  REQUIRE(outputs.size() == 1);
  return std::get<Reply>(outputs.front()).code;
}

std::string initialize(std::string_view version) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{}",)"
      R"("capabilities":{{}},"clientInfo":{{"name":"test","version":"9"}}}}}})",
      version);
}

Session open_session(std::string_view version = "2025-11-25", std::size_t max_in_flight = 10) {
  Session session(kServer, kTools, max_in_flight);
  session.receive(initialize(version));
  session.receive(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  REQUIRE(session.state() == Session::State::open);
  return session;
}

std::string call(int id, std::string_view rest = R"("name":"echo")") {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{{}}}}})", id,
                     rest);
}

ToolResult said(std::string text) {
  ToolResult result;
  result.text = std::move(text);
  return result;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a session shakes hands, lists, calls and answers") {
  Session session(kServer, kTools, 10);
  CHECK(say(session, initialize("2025-06-18")) ==
        Lines{R"(→ {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18",)"
              R"("capabilities":{"logging":{},"tools":{}},)"
              R"("serverInfo":{"name":"exai","version":"1.2.3","title":"EXAI"},)"
              R"("instructions":"Call status first."}})"});
  CHECK(session.state() == Session::State::initializing);
  CHECK(session.client() == "test 9");
  CHECK(say(session, R"({"jsonrpc":"2.0","method":"notifications/initialized"})").empty());
  CHECK(session.state() == Session::State::open);

  CHECK(say(session, R"({"jsonrpc":"2.0","id":"p","method":"ping"})") ==
        Lines{R"(→ {"jsonrpc":"2.0","id":"p","result":{}})"});
  CHECK(say(session, call(1, R"("name":"echo","arguments":{"message":"hi"})")) ==
        Lines{R"(start 1 echo {"message":"hi"})"});
  CHECK(session.in_flight() == 1);
  const auto reply = session.finish(rpc::Id(1), said("hi"));
  REQUIRE(reply);
  CHECK(*reply ==
        Reply{R"({"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hi"}]}})",
              "tools/call", 0});
  CHECK(session.in_flight() == 0);
}

TEST_CASE("the client's version is taken when we know it, else it gets our newest") {
  const auto [asked, given] = GENERATE(table<std::string, std::string>({
      {"2025-11-25", "2025-11-25"},
      {"2025-06-18", "2025-06-18"},
      {"2025-03-26", "2025-03-26"},
      {"2024-11-05", "2024-11-05"},
      {"2024-10-07", "2025-11-25"},
      {"1.0", "2025-11-25"},
      {"2026-07-28", "2025-11-25"},
  }));
  Session session(kServer, kTools, 10);
  session.receive(initialize(asked));
  CHECK(session.version() == given);
}

TEST_CASE("a fresh session answers only ping and initialize") {
  Session session(kServer, kTools, 10);
  CHECK(code_of(session, R"({"jsonrpc":"2.0","id":1,"method":"ping"})") == 0);
  CHECK(code_of(session, R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})") == -32600);
  CHECK(code_of(session, call(3)) == -32600);
  CHECK(say(session, R"({"jsonrpc":"2.0","method":"notifications/initialized"})").empty());
  CHECK(session.state() == Session::State::fresh);
}

TEST_CASE("a request after initialize opens the session too, a ping does not") {
  Session session(kServer, kTools, 10);
  session.receive(initialize("2025-11-25"));
  session.receive(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  CHECK(session.state() == Session::State::initializing);
  session.receive(R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})");
  CHECK(session.state() == Session::State::open);
}

TEST_CASE("what is wrong with a message decides the code of its refusal") {
  const auto [code, text] = GENERATE(table<int, std::string>({
      {-32700, "{\"jsonrpc\":"},
      {-32700, ""},
      {-32700, "[1,"},
      {-32600, "42"},
      {-32600, R"({"id":1,"method":"ping"})"},
      {-32600, R"({"jsonrpc":"2.0","id":null,"method":"ping"})"},
      {-32600, R"({"jsonrpc":"2.0","id":1,"method":7})"},
      {-32600, R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})"},
      {-32601, R"({"jsonrpc":"2.0","id":1,"method":"no/such"})"},
      {-32601, R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x"}})"},
      {-32601, R"({"jsonrpc":"2.0","id":1,"method":"completion/complete"})"},
      {-32602, R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{}})"},
      {-32602, R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"x"}})"},
      {-32601, R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})"},
      {-32602, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}})"},
      {-32602, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":3}})"},
      {-32602, R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})"},
      {-32602, R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":3}})"},
      {-32602,
       R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":[]}})"},
      {-32602, R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)"
               R"({"name":"echo","_meta":{"progressToken":{}}}})"},
  }));
  CAPTURE(text);
  Session session = open_session();
  CHECK(code_of(session, text) == code);
  CHECK(session.in_flight() == 0);
}

TEST_CASE("initialize without a version is refused and leaves the session fresh") {
  Session session(kServer, kTools, 10);
  CHECK(code_of(session, R"({"jsonrpc":"2.0","id":1,"method":"initialize"})") == -32602);
  CHECK(session.state() == Session::State::fresh);
}

TEST_CASE("a call needs no arguments, and an empty cursor is the beginning") {
  Session session = open_session();
  CHECK(say(session, call(1)) == Lines{"start 1 echo {}"});
  CHECK(code_of(session,
                R"({"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":""}})") == 0);
}

TEST_CASE("responses and unknown notifications lead to nothing") {
  Session session = open_session();
  CHECK(say(session, R"({"jsonrpc":"2.0","id":1,"result":{}})").empty());
  CHECK(say(session, R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}})").empty());
  CHECK(say(session, R"({"jsonrpc":"2.0","method":"notifications/roots/list_changed"})").empty());
  CHECK(say(session, R"({"jsonrpc":"2.0","method":"notifications/cancelled"})").empty());
}

TEST_CASE("an id in flight cannot be used again until its call has ended") {
  Session session = open_session();
  session.receive(call(1));
  CHECK(code_of(session, call(1)) == -32600);
  CHECK(code_of(session, R"({"jsonrpc":"2.0","id":1,"method":"ping"})") == -32600);
  // The same digits as a string are another id.
  CHECK(code_of(session, R"({"jsonrpc":"2.0","id":"1","method":"ping"})") == 0);
  session.finish(rpc::Id(1), said("done"));
  CHECK(say(session, call(1)) == Lines{"start 1 echo {}"});
}

TEST_CASE("a session has a limit of calls in flight") {
  Session session = open_session("2025-11-25", 2);
  session.receive(call(1));
  session.receive(call(2));
  const auto refused = session.receive(call(3));
  REQUIRE(refused.size() == 1);
  CHECK(line_of(refused[0]) ==
        R"(→ {"jsonrpc":"2.0","id":3,"error":{"code":-31002,"message":)"
        R"("this session has 2 calls in flight, the most it may; wait for one to end"}})");
  session.finish(rpc::Id(1), said(""));
  CHECK(say(session, call(3)) == Lines{"start 3 echo {}"});
}

TEST_CASE("a cancelled call is stopped once and never answered") {
  Session session = open_session();
  session.receive(call(1));
  const std::string cancel =
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})";
  CHECK(say(session, cancel) == Lines{"cancel 1"});
  CHECK(say(session, cancel).empty());
  CHECK(session.in_flight() == 1);  // its id is in use until the tool has stopped
  CHECK_FALSE(session.finish(rpc::Id(1), said("too late")));
  CHECK(session.in_flight() == 0);
  CHECK(say(session, cancel).empty());
}

TEST_CASE("failures of the tool source become JSON-RPC errors") {
  const auto [failure, code] = GENERATE(table<Errc, int>({
      {Errc::not_found, -32602},
      {Errc::invalid, -32602},
      {Errc::unavailable, -31001},
      {Errc::cancelled, -31001},
      {Errc::conflict, -31002},
      {Errc::internal, -32603},
      {Errc::timeout, -32603},
  }));
  Session session = open_session();
  session.receive(call(1));
  const auto reply = session.finish(rpc::Id(1), tl::unexpected(Error(failure, "why")));
  REQUIRE(reply);
  CHECK(reply->code == code);
  CHECK(reply->text == fmt::format(R"({{"jsonrpc":"2.0","id":1,"error":{{"code":{},)"
                                   R"("message":"why"}}}})",
                                   code));
}

TEST_CASE("progress goes to the token that asked, grows, and stops with the call") {
  Session session = open_session();
  CHECK(say(session, call(1, R"("name":"wait","_meta":{"progressToken":"t"})")) ==
        Lines{"start 1 wait {} progress"});
  session.receive(call(2));
  CHECK(session.progress(rpc::Id(1), {0, std::nullopt, ""}));  // zero is a first value
  CHECK(session.progress(rpc::Id(1), {2, 10.0, "two"}));
  CHECK_FALSE(session.progress(rpc::Id(1), {2, 10.0, "again"}));
  CHECK_FALSE(session.progress(rpc::Id(1), {1, 10.0, "back"}));
  CHECK_FALSE(session.progress(rpc::Id(2), {1, 10.0, "nobody asked"}));
  session.finish(rpc::Id(1), said(""));
  CHECK_FALSE(session.progress(rpc::Id(1), {3, 10.0, "late"}));
}

TEST_CASE("a batch is answered by one reply when its last call has ended") {
  Session session = open_session("2025-03-26");
  const std::string batch = "[" + call(1) + R"(,{"jsonrpc":"2.0","id":2,"method":"ping"},)" +
                            R"({"jsonrpc":"2.0","method":"notifications/initialized"},7,)" +
                            call(3) + "]";
  CHECK(say(session, batch) == Lines{"start 1 echo {}", "start 3 echo {}"});
  CHECK_FALSE(session.finish(rpc::Id(3), said("three")));
  const auto reply = session.finish(rpc::Id(1), said("one"));
  REQUIRE(reply);
  CHECK(reply->method == "batch");
  const auto replies = parse_json(reply->text);
  REQUIRE(replies);
  CHECK(replies->as_array().size() == 4);  // the ping, the refused 7, three, one
}

TEST_CASE("a batch without calls is answered at once, one of notifications never") {
  Session session = open_session("2025-03-26");
  CHECK(say(session, R"([{"jsonrpc":"2.0","id":2,"method":"ping"}])") ==
        Lines{R"(→ [{"jsonrpc":"2.0","id":2,"result":{}}])"});
  CHECK(say(session, R"([{"jsonrpc":"2.0","method":"notifications/initialized"}])").empty());
}

TEST_CASE("a cancelled call is left out of its batch's reply") {
  Session session = open_session("2025-03-26");
  session.receive("[" + call(1) + "," + call(2) + "]");
  session.receive(
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  CHECK_FALSE(session.finish(rpc::Id(1), said("one")));
  const auto reply = session.finish(rpc::Id(2), said("two"));
  REQUIRE(reply);
  CHECK(parse_json(reply->text)->as_array().size() == 1);
}

TEST_CASE("batches are refused in every other version, and when empty") {
  const auto version = GENERATE(as<std::string>{}, "2025-11-25", "2025-06-18", "2024-11-05");
  Session session = open_session(version);
  CHECK(code_of(session, R"([{"jsonrpc":"2.0","id":2,"method":"ping"}])") == -32600);
  Session batching = open_session("2025-03-26");
  CHECK(code_of(batching, "[]") == -32600);
}

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
