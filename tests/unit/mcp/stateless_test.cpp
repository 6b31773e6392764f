// Requests of the stateless era as transcripts.
#include "daemon/mcp/stateless.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/mcp/test_source.hpp"

using namespace exai;
using namespace exai::mcp;
using Catch::Contains;

namespace {

const ServerInfo kInfo{"exai", "", "1.2.3", "Call status first."};
const std::string kMeta =
    R"("resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":)"
    R"({"name":"exai","version":"1.2.3"}})";

Catalog catalog() {
  Catalog all;
  all.tools.resize(1);
  all.tools[0].name = "echo";
  all.resources = {{"test://a", "a", "", ""}};
  all.prompts = {{"greet", "says hello", {}}};
  all.changes = true;
  return all;
}

struct World {
  test::TestSource source{catalog()};
  Sealer sealer;
  mutable TaskTable tasks{TaskTable::Limits{}};
  Stateless::Server server{kInfo, source, sealer, tasks};
  Moment now{};

  // Without headers, as over a WebSocket.
  Stateless request(TaskOwner caller = {}) const {
    return Stateless(server, std::nullopt, now, std::move(caller));
  }
};

std::string meta(std::string_view more = "", std::string_view capabilities = "{}") {
  return fmt::format(R"("_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                     R"("io.modelcontextprotocol/clientCapabilities":{}{}}})",
                     capabilities, more);
}

std::string text(std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":7,"method":"{}","params":{{{}}}}})", method, params);
}

std::string call(std::string_view more = "", std::string_view capabilities = "{}") {
  return text("tools/call",
              R"("name":"echo","arguments":{"x":1},)" + meta("", capabilities) + std::string(more));
}

std::string reply_to(Stateless request, std::string_view message) {
  const auto outputs = request.receive(message);
  REQUIRE(outputs.size() == 1);
  return std::get<Reply>(outputs.front()).text;
}

int code_of(Stateless request, std::string_view message) {
  const auto outputs = request.receive(message);
  REQUIRE(outputs.size() == 1);
  return std::get<Reply>(outputs.front()).code;
}

// Runs `echo`, which asks for a name, then for a colour.
std::string ask_twice(const World& world, const std::string& message, TaskOwner caller = {}) {
  Stateless request = world.request(std::move(caller));
  const auto outputs = request.receive(message);
  REQUIRE(outputs.size() == 1);
  if (const auto* reply = std::get_if<Reply>(&outputs.front())) return reply->text;
  ToolResult result;
  for (const char* key : {"name", "colour"}) {
    const auto asked = request.ask(rpc::Id(7), {key, "elicitation/create", {{"message", key}}});
    if (!asked) break;
    result.text += to_text(std::get<json::object>(*asked));
  }
  return request.finish(rpc::Id(7), Outcome(result))->text;
}

std::string state_in(const std::string& reply) {
  return *find_string(*find_object(*parse_json_object(reply), "result"), "requestState");
}

std::string retry(std::string_view key, std::string_view state) {
  return call(fmt::format(R"(,"inputResponses":{{"{}":{{"action":"accept","content":"{}"}}}},)"
                          R"("requestState":"{}")",
                          key, key, state),
              R"({"elicitation":{}})");
}

}  // namespace

TEST_CASE("discover says what there is; every result names its type and the server") {
  const World world;
  CHECK(reply_to(world.request(), text("server/discover", meta())) ==
        R"({"jsonrpc":"2.0","id":7,"result":{"supportedVersions":["2026-07-28"],)"
        R"("capabilities":{"logging":{},"tools":{"listChanged":true},)"
        R"("resources":{"listChanged":true,"subscribe":true},)"
        R"("prompts":{"listChanged":true},"completions":{}},)"
        R"("instructions":"Call status first.","ttlMs":60000,"cacheScope":"private",)" +
            kMeta + "}}");
  CHECK_THAT(reply_to(world.request(), text("resources/list", meta())),
             Contains(R"({"resources":[{"uri":"test://a","name":"a"}],"ttlMs":60000,)"
                      R"("cacheScope":"private",)" +
                      kMeta));
  Stateless request = world.request();
  CHECK(request.receive(call()).size() == 1);
  ToolResult result;
  result.text = "hi";
  CHECK(request.finish(rpc::Id(7), Outcome(result))->text ==
        R"({"jsonrpc":"2.0","id":7,"result":{)" + kMeta +
            R"(,"content":[{"type":"text","text":"hi"}]}})");
}

TEST_CASE("what is wrong with a request decides the code of its refusal") {
  const auto [code, message] = GENERATE(table<int, std::string>({
      {-32700, "{"},
      {-32600, R"({"jsonrpc":"2.0","id":1,"result":{}})"},
      {-32602, text("tools/list", "")},
      {-32602, text("tools/list", R"("_meta":{})")},
      {-32602, text("tools/list", R"("_meta":{"io.modelcontextprotocol/protocolVersion":"x"})")},
      {-32602, text("tools/call", meta())},
      {-32602, text("tools/list", R"("cursor":"x",)" + meta())},
      {-32602, text("subscriptions/listen", meta())},
      {-32601, text("initialize", meta())},
      {-32601, text("ping", meta())},
      {-32601, text("logging/setLevel", meta())},
      {-32601, text("resources/subscribe", meta())},
      {-32601, text("no/such", meta())},
      {-32602, call(R"(,"inputResponses":null)")},
      {-32602, call(R"(,"requestState":"forged")")},
      {-32602, call(R"(,"requestState":7)")},
  }));
  CAPTURE(message);
  const World world;
  CHECK(code_of(world.request(), message) == code);
}

TEST_CASE("an unknown version is refused with the one we speak") {
  const World world;
  const std::string other = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"v999",)"
                            R"("io.modelcontextprotocol/clientCapabilities":{}})";
  CHECK(reply_to(world.request(), text("tools/list", other)) ==
        R"({"jsonrpc":"2.0","id":7,"error":{"code":-32022,"message":)"
        R"("this server does not speak that version",)"
        R"("data":{"supported":["2026-07-28"],"requested":"v999"}}})");
}

TEST_CASE("a notification leads to nothing, and errors of the source to their codes") {
  const World world;
  CHECK(world.request().receive(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})").empty());
  const auto [failure, code] = GENERATE(table<Errc, int>({{Errc::not_found, -32602},
                                                          {Errc::unavailable, -31001},
                                                          {Errc::conflict, -31002},
                                                          {Errc::internal, -32603}}));
  Stateless request = world.request();
  request.receive(text("resources/read", R"("uri":"test://b",)" + meta()));
  const auto reply = request.finish(rpc::Id(7), fail(Error(failure, "why")));
  CHECK(reply->text ==
        fmt::format(R"({{"jsonrpc":"2.0","id":7,"error":{{"code":{},"message":"why",)"
                    R"("data":{{"uri":"test://b"}}}}}})",
                    code));
}

TEST_CASE("logs are sent when the request says from which level on, and only then") {
  const World world;
  Stateless silent = world.request();
  silent.receive(call());
  CHECK_FALSE(silent.log(rpc::Id(7), {Severity::emergency, "", "hm"}));
  Stateless open = world.request();
  open.receive(text("tools/call",
                    R"("name":"echo",)" + meta(R"(,"io.modelcontextprotocol/logLevel":"error")")));
  CHECK_FALSE(open.log(rpc::Id(7), {Severity::warning, "", "hm"}));
  CHECK(open.log(rpc::Id(7), {Severity::error, "", "hm"}));
}

TEST_CASE("what only the client can answer is asked by the result, round by round") {
  World world;
  const std::string first = ask_twice(world, call("", R"({"elicitation":{}})"));
  CHECK_THAT(first, Contains(R"("inputRequests":{"name":{"method":"elicitation/create",)"
                             R"("params":{"message":"name"}}},"requestState":")"));
  CHECK_THAT(first, Contains(R"("resultType":"input_required")"));
  const std::string second = ask_twice(world, retry("name", state_in(first)));
  CHECK_THAT(second, Contains(R"("inputRequests":{"colour":{)"));
  const std::string last = ask_twice(world, retry("colour", state_in(second)));
  CHECK_THAT(last, Contains(R"({\"action\":\"accept\",\"content\":\"name\"})"
                            R"({\"action\":\"accept\",\"content\":\"colour\"})"));
  CHECK_THAT(last, Contains(R"("resultType":"complete")"));
}

TEST_CASE("what is missing or no answer is asked again; what was not asked is ignored") {
  const World world;
  const auto responses = GENERATE(as<std::string>{}, "{}", R"({"name":7})", R"({"name":{}})",
                                  R"({"other":{"action":"accept"}})");
  const std::string again =
      ask_twice(world, call(R"(,"inputResponses":)" + responses, R"({"elicitation":{}})"));
  CHECK_THAT(again, Contains(R"("inputRequests":{"name":{)"));
}

TEST_CASE("a request state is good for its request, for an hour, unchanged") {
  World world;
  const std::string state = state_in(ask_twice(world, call("", R"({"elicitation":{}})")));
  const std::string other_arguments =
      text("tools/call", R"("name":"echo","arguments":{"x":2},)" + meta() +
                             fmt::format(R"(,"requestState":"{}")", state));
  CHECK(code_of(world.request(), other_arguments) == -32602);
  CHECK(code_of(world.request(), retry("name", state + "-TAMPERED")) == -32602);
  CHECK(code_of(world.request(), retry("name", state.substr(1))) == -32602);
  const World elsewhere;  // another key
  CHECK(code_of(elsewhere.request(), retry("name", state)) == -32602);
  world.now.wall += 1h;
  CHECK_THAT(ask_twice(world, retry("name", state)), Contains("colour"));
  world.now.wall += 1s;
  CHECK(code_of(world.request(), retry("name", state)) == -32602);
}

// Who came upon the state of somebody else could answer in his place.
TEST_CASE("a request state is good for the caller that it was given to, and for no other") {
  const World world;
  const TaskOwner me{"https://idp anna", "192.0.2.1"};
  const std::string state = state_in(ask_twice(world, call("", R"({"elicitation":{}})"), me));
  for (const TaskOwner& other : {TaskOwner{"https://idp bert", "192.0.2.1"}, TaskOwner{}}) {
    Stateless request = world.request(other);
    const auto outputs = request.receive(retry("name", state));
    REQUIRE(outputs.size() == 1);
    const auto& reply = std::get<Reply>(outputs.front());
    CHECK(reply.code == -32602);
    CHECK(reply.text == reply_to(world.request(other), retry("name", "forged")));
  }
  const TaskOwner elsewhere{me.principal, "192.0.2.7"};
  CHECK_THAT(ask_twice(world, retry("name", state), elsewhere), Contains("colour"));
  const std::string of_nobody = state_in(ask_twice(world, call("", R"({"elicitation":{}})")));
  CHECK(code_of(world.request(me), retry("name", of_nobody)) == -32602);
}

TEST_CASE("a capability that the client does not declare is an error that names it") {
  const World world;
  CHECK_THAT(ask_twice(world, call()),
             Contains(R"("code":-32021)") &&
                 Contains(R"("data":{"requiredCapabilities":{"elicitation":{}}})"));
  CHECK(Stateless::http_status(-32021) == 400);
  CHECK(Stateless::http_status(-32601) == 404);
  CHECK(Stateless::http_status(-31001) == 200);
}

TEST_CASE("a subscription is acknowledged, tells what was asked for, and ends with a result") {
  const World world;
  Stateless request = world.request();
  const auto outputs =
      request.receive(text("subscriptions/listen",
                           R"("notifications":{"toolsListChanged":true,"promptsListChanged":false,)"
                           R"("resourceSubscriptions":["test://a"]},)" +
                               meta()));
  REQUIRE(outputs.size() == 1);
  const std::string tag = R"("_meta":{"io.modelcontextprotocol/subscriptionId":7})";
  CHECK(std::get<Listen>(outputs.front()).acknowledgement ==
        R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)"
        R"({"notifications":{"toolsListChanged":true,"resourceSubscriptions":["test://a"]},)" +
            tag + "}}");
  CHECK(request.changed({Change::Kind::tools, ""}) ==
        R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{)" + tag + "}}");
  CHECK(request.changed({Change::Kind::resource_updated, "test://a"}));
  CHECK_FALSE(request.changed({Change::Kind::resource_updated, "test://b"}));
  CHECK_FALSE(request.changed({Change::Kind::prompts, ""}));
  CHECK_THAT(request.end_listening(),
             Contains(R"("resultType":"complete")") &&
                 Contains(R"("io.modelcontextprotocol/subscriptionId":7)"));
}

TEST_CASE("headers must say what the body says") {
  Catalog with_header = catalog();
  with_header.tools[0].input_schema = *parse_json_object(
      R"({"properties":{"region":{"x-mcp-header":"Region"},"n":{"x-mcp-header":"N"},)"
      R"("in":{"properties":{"deep":{"x-mcp-header":"Deep"}}}}})");
  const auto request = [](std::string_view arguments) {
    return std::get<rpc::Request>(*rpc::parse(
        text("tools/call", fmt::format(R"("name":"echo","arguments":{},)", arguments) + meta())));
  };
  const HeaderMap good = {
      {"mcp-protocol-version", "2026-07-28"}, {"mcp-method", "tools/call"}, {"mcp-name", " echo "}};
  const auto wrong = [&](std::string_view arguments, HeaderMap more) {
    more.insert(good.begin(), good.end());
    return header_mismatch(request(arguments), more, with_header).value_or("");
  };
  CHECK(wrong("{}", {}) == "");
  CHECK(wrong("{}", {{"mcp-name", "=?base64?ZWNobw==?="}}) == "");
  CHECK(wrong("{}", {{"mcp-name", "other"}}) ==
        R"(the header Mcp-Name says "other", the body "echo")");
  CHECK(wrong("{}", {{"mcp-name", "=?base64?ZWNobw?="}}) == "the header Mcp-Name is badly encoded");
  CHECK(wrong("{}", {{"mcp-method", "TOOLS/CALL"}}) ==
        R"(the header Mcp-Method says "TOOLS/CALL", the body "tools/call")");
  CHECK(wrong("{}", {{"mcp-protocol-version", "2025-11-25"}}) ==
        R"(the header MCP-Protocol-Version says "2025-11-25", the body "2026-07-28")");
  CHECK(wrong(R"({"region":"eu"})", {}) == "the header Mcp-Param-Region is missing");
  CHECK(wrong(R"({"region":null})", {}) == "");
  CHECK(wrong(R"({"region":"eu"})", {{"mcp-param-region", "eu"}}) == "");
  CHECK(wrong(R"({"region":"eu"})", {{"mcp-param-region", "e\xc3\xbc"}}) ==
        "the header Mcp-Param-Region is badly encoded");
  CHECK(wrong(R"({"n":42})", {{"mcp-param-n", "42.0"}}) == "");
  CHECK(wrong(R"({"n":42})", {{"mcp-param-n", "43"}}) != "");
  CHECK(wrong(R"({"in":{"deep":true}})", {{"mcp-param-deep", "true"}}) == "");
  CHECK(wrong(R"({"in":{"deep":true}})", {}) == "the header Mcp-Param-Deep is missing");
  CHECK(header_mismatch(request("{}"), {}, with_header) ==
        "the header MCP-Protocol-Version is missing");
}

TEST_CASE("what is sealed opens again, and nothing else does") {
  const Sealer sealer;
  const std::string sealed = sealer.seal("state");
  CHECK(sealer.open(sealed) == "state");
  CHECK(sealer.seal("state") != sealed);
  CHECK(sealer.open(sealer.seal("")) == "");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(sealer.open(changed));
  }
  for (const char* junk : {"", "A", "====", "not base64!"}) CHECK_FALSE(sealer.open(junk));
  CHECK_FALSE(Sealer().open(sealed));
}
