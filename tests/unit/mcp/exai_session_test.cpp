// The EXAI protocol without I/O: hello, ops and calls. Cases that name a defect are of the system
// that EXAI replaces.
#include <catch2/catch.hpp>

#include "tests/unit/mcp/exai_says.hpp"

namespace exai::mcp::exai_test {
namespace {

ExaiGuard guard(std::string token) {
  return [token = Secret(std::move(token))](const Secret& shown, const Secret& jwt) -> std::string {
    if (jwt.reveal() == "expired") return "jwt_required";
    return token.empty() || shown == token ? "" : "unauthorized";
  };
}

TEST_CASE("the first frame decides who comes in, and with which close code others go") {
  const auto [frame, reply, code] = GENERATE(table<std::string, std::string, int>({
      {R"({"op":"hello","token":"0123456789abcdef"})",
       R"({"op":"hello_ack","ok":true,"session_id":"fresh"})", 0},
      {R"({"op":"hello","token":"0123456789abcdef","session_id":"my-session_1"})",
       R"({"op":"hello_ack","ok":true,"session_id":"my-session_1"})", 0},
      {R"({"op":"hello","token":"0123456789abcdef","session_id":"no spaces"})",
       R"({"op":"hello_ack","ok":true,"session_id":"fresh"})", 0},
      {R"({"op":"hello","token":"0123456789abcdef","session_id":"ab"})",
       R"({"op":"hello_ack","ok":true,"session_id":"fresh"})", 0},
      {R"({"op":"hello","token":"0123456789abcdeF"})",
       R"({"op":"hello_ack","ok":false,"error":"unauthorized"})", 4003},
      {R"({"op":"hello"})", R"({"op":"hello_ack","ok":false,"error":"unauthorized"})", 4003},
      {R"({"op":"hello","token":7})", R"({"op":"hello_ack","ok":false,"error":"invalid_hello"})",
       4001},
      {R"({"op":"hello","token":"0123456789abcdef","jwt":"expired"})",
       R"({"op":"hello_ack","ok":false,"error":"jwt_required"})", 4003},
      {R"({"op":"hello","token":"0123456789abcdef","jwt":[]})",
       R"({"op":"hello_ack","ok":false,"error":"invalid_hello"})", 4001},
      {R"({"op":"list_tools"})", R"({"op":"hello_ack","ok":false,"error":"missing_hello"})", 4001},
      {R"([1])", R"({"op":"hello_ack","ok":false,"error":"missing_hello"})", 4001},
      {R"(hello)", R"({"op":"hello_ack","ok":false,"error":"invalid_hello"})", 4000},
  }));
  const auto greeting = greet_exai(frame, guard("0123456789abcdef"), "fresh");
  CHECK(greeting.reply == reply);
  CHECK(greeting.close_code == code);
}

TEST_CASE("defect: initialize as the first frame went around token and JWT") {
  const auto greeting = greet_exai(R"({"jsonrpc":"2.0","id":5,"method":"initialize","params":{}})",
                                   guard(""), "fresh");
  CHECK(greeting.close_code == 4001);
  const auto reply = parse_json_object(greeting.reply).value();
  CHECK(find_integer(reply, "id") == 5);
  CHECK(find_integer(*find_object(reply, "error"), "code") == -32000);
}

TEST_CASE("without a token everybody comes in") {
  CHECK(greet_exai(R"({"op":"hello","token":"whatever"})", guard(""), "fresh").close_code == 0);
  CHECK(greet_exai(R"({"op":"hello"})", guard(""), "fresh").close_code == 0);
}

TEST_CASE("each op has its answer") {
  World world;
  const auto session = world.session();
  const auto [frame, answer] = GENERATE(table<std::string, std::string>({
      {R"({"op":"ping","request_id":"p"})", R"(→ {"op":"pong","request_id":"p","timestamp":0E0})"},
      {R"({"op":"health"})",
       R"(→ {"op":"health_res","request_id":null,"ok":true,"health":{"sessions":1}})"},
      {R"({"op":"rotate_token","old":"old","new":"new"})",
       R"(→ {"op":"rotate_token_res","request_id":null,"ok":true})"},
      {R"({"op":"rotate_token","old":"no","new":"new"})",
       R"(→ {"op":"rotate_token_res","request_id":null,"ok":false,"error":"unauthorized","message":"no"})"},
      {R"({"op":"rotate_token","old":"old"})",
       R"(→ {"op":"rotate_token_res","request_id":null,"ok":false,"error":"missing_params","message":"\"old\" and \"new\" must be strings"})"},
      {R"({"op":"cancel","request_id":"7"})",
       R"(→ {"op":"cancelled","request_id":"7","ok":false,"timestamp":0E0,"error":{"code":"NOT_FOUND","message":"no such call is running on this connection"}})"},
  }));
  CHECK(say(*session, frame) == Lines{answer});
}

TEST_CASE("list_tools shows what there is") {
  World world;
  const auto session = world.session();
  const auto lines = say(*session, R"({"op":"list_tools","request_id":"1"})");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with(
      R"(→ {"op":"list_tools_res","request_id":"1","tools":[{"name":"echo","description":"says it again","inputSchema":{"type":"object"}},)"));
}

TEST_CASE("defect: error frames without op and request_id left the client waiting") {
  World world;
  const auto session = world.session();
  const auto [frame, op, id, code] =
      GENERATE(table<std::string, std::string, std::string, std::string>({
          {R"(garbage)", "error", "null", "INVALID_REQUEST"},
          {R"([])", "error", "null", "INVALID_REQUEST"},
          {R"({"request_id":"1"})", "error", "\"1\"", "INVALID_REQUEST"},
          {R"({"op":7,"request_id":"1"})", "error", "\"1\"", "INVALID_REQUEST"},
          {R"({"op":"dance","request_id":"1"})", "error", "\"1\"", "INVALID_REQUEST"},
          {R"({"op":"hello","request_id":"1"})", "error", "\"1\"", "PROTOCOL_ERROR"},
          {R"({"op":"cancel"})", "error", "null", "INVALID_REQUEST"},
          {R"({"op":"call_tool","request_id":"1"})", "call_tool_res", "\"1\"", "INVALID_REQUEST"},
          {R"({"op":"call_tool","request_id":"1","name":""})", "call_tool_res", "\"1\"",
           "INVALID_REQUEST"},
          {R"({"op":"call_tool","request_id":1,"name":"echo"})", "call_tool_res", "1",
           "INVALID_REQUEST"},
          {R"({"op":"call_tool","request_id":{},"name":"echo"})", "call_tool_res", "null", "none"},
          {R"({"op":"call_tool","request_id":"1","name":"echo","arguments":[]})", "call_tool_res",
           "\"1\"", "VALIDATION_ERROR"},
          {R"({"op":"call_tool","request_id":"1","name":"ecko"})", "call_tool_res", "\"1\"",
           "TOOL_NOT_FOUND"},
      }));
  CAPTURE(frame);
  const auto lines = say(*session, frame);
  REQUIRE(lines.size() == 1);
  if (code == "none") return;  // an id that is no id: the call runs, and is given one
  const auto answer = parse_json_object(lines[0].substr(lines[0].find('{'))).value();
  CHECK(find_string(answer, "op") == op);
  CHECK(to_text(answer.at("request_id")) == id);
  CHECK(code_in(lines[0]) == code);
}

TEST_CASE("the life of a call: acknowledged once, progress, one result") {
  World world;
  const auto session = world.session();
  CHECK(say(*session, call("1", "echo", R"({"a":1})")) == Lines{R"(start 1 echo {"a":1})"});
  CHECK(
      session->waiting("1", "kimi is asked by 6 calls at a time") ==
      R"({"op":"progress","request_id":"1","name":"echo","t":0E0,"note":"waiting for its turn: kimi is asked by 6 calls at a time"})");
  CHECK(session->admitted("1", 450s) ==
        R"({"op":"call_tool_ack","request_id":"1","accepted":true,"timeout":4.5E2,"name":"echo"})");
  CHECK_FALSE(session->admitted("1", 450s));
  CHECK(session->heartbeat("1") == R"({"op":"progress","request_id":"1","name":"echo","t":0E0})");
  CHECK(
      session->progress("1", {1, {}, "half"}) ==
      R"({"op":"progress","request_id":"1","name":"echo","t":0E0,"message":"half","level":"info"})");
  CHECK(
      finish(*session, "1", said("done")) ==
      R"({"op":"call_tool_res","request_id":"1","outputs":[{"type":"text","text":"done"}],"text":"done"})");
  CHECK(finish(*session, "1", said("twice")) == "nothing");  // defect: results came twice
  CHECK_FALSE(session->heartbeat("1"));
  CHECK(world.ledger.running() == 0);
}

TEST_CASE("names that clients of the old system use are understood") {
  World world;
  const auto session = world.session();
  const auto name =
      GENERATE("echo_EXAI-WS", "echo-EXAI-WS", "echo_EXAI_WS", "echo-EXAI_WS", "echo");
  CHECK(say(*session, call("1", name)) == Lines{"start 1 echo {}"});
}

TEST_CASE("the other form of a call is understood") {
  World world;
  const auto session = world.session();
  CHECK(say(*session, R"({"op":"tool_call","request_id":"1","tool":{"name":"echo"}})") ==
        Lines{"start 1 echo {}"});
}

TEST_CASE("defect: calls without a request_id were all called \"unknown\" and collided") {
  World world;
  const auto one = world.session();
  const auto two = world.session();
  const std::string frame = R"({"op":"call_tool","name":"echo"})";
  CHECK(say(*one, frame) == Lines{"start unnamed-1-1 echo {}"});
  CHECK(say(*one, frame) == Lines{"start unnamed-1-2 echo {}"});
  CHECK(say(*two, frame) == Lines{"start unnamed-2-1 echo {}"});
}

TEST_CASE("outcomes and their codes") {
  World world;
  const auto session = world.session();
  ToolResult failed;
  failed.text = "no";
  failed.is_error = true;
  ToolResult of_provider = failed;
  of_provider.structured = {{"provider", "kimi"}};
  const std::vector<std::pair<Result<Outcome>, std::string>> cases = {
      {said("ok"), "none"},
      {Outcome(failed), "TOOL_EXECUTION_ERROR"},
      {Outcome(of_provider), "PROVIDER_ERROR"},
      {over_capacity(), "OVER_CAPACITY"},
      {fail(Errc::timeout, "late"), "TIMEOUT"},
      {fail(Errc::internal, "bug"), "EXEC_ERROR"},
      {fail(Errc::unavailable, "going down"), "SERVICE_UNAVAILABLE"},
      {fail(Errc::invalid, "bad"), "VALIDATION_ERROR"},
      {fail(Errc::not_found, "gone"), "TOOL_NOT_FOUND"},
  };
  int id = 0;
  for (const auto& [outcome, code] : cases) {
    say(*session, call(std::to_string(++id)));
    CHECK(code_in(finish(*session, std::to_string(id), outcome)) == code);
  }
}

TEST_CASE("an empty result has one empty text, several have all of them") {
  World world;
  const auto session = world.session();
  say(*session, call("1"));
  CHECK(
      finish(*session, "1", said("")) ==
      R"({"op":"call_tool_res","request_id":"1","outputs":[{"type":"text","text":""}],"text":""})");
  ToolResult two;
  two.text = "a";
  two.content = {json::object{{"type", "text"}, {"text", "b"}}};
  say(*session, call("2"));
  CHECK(
      finish(*session, "2", Outcome(two)) ==
      R"({"op":"call_tool_res","request_id":"2","outputs":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"text":"a\n\nb"})");
  world.options.compat_text = false;
  say(*session, call("3"));
  CHECK(finish(*session, "3", said("x")) ==
        R"({"op":"call_tool_res","request_id":"3","outputs":[{"type":"text","text":"x"}]})");
}

}  // namespace
}  // namespace exai::mcp::exai_test
