// The EXAI protocol without I/O: what is sent again, cancelled or refused.
#include <catch2/catch.hpp>

#include "tests/unit/mcp/exai_says.hpp"

namespace exai::mcp::exai_test {
namespace {

TEST_CASE("a request that is sent again gets the result that it had, also on a new connection") {
  World world;
  auto first = world.session();
  say(*first, call("1"));
  const std::string result = finish(*first, "1", said("done"));
  CHECK(say(*first, call("1")) == Lines{"→ " + result});
  first.reset();
  const auto second = world.session();
  CHECK(say(*second, call("1")) == Lines{"→ " + result});
  const auto stranger = world.session("bob");
  CHECK(say(*stranger, call("1")) == Lines{"start 1 echo {}"});  // nobody else's
  world.clock.advance(601s);
  CHECK(say(*second, call("1")) == Lines{"start 1 echo {}"});
}

TEST_CASE("a tool is called by the name that it had once, and runs under its own") {
  World world;
  const auto session = world.session();
  CHECK(say(*session, call("1", "smart_keep")) == Lines{"start 1 keep {}"});
}

TEST_CASE("a failure is replayed to its own request, and not shared") {
  World world;
  const auto session = world.session();
  ToolResult failed;
  failed.text = "no";
  failed.is_error = true;
  say(*session, call("1", "chat"));
  const std::string result = finish(*session, "1", Outcome(failed));
  CHECK(say(*session, call("1", "chat")) == Lines{"→ " + result});
  CHECK(say(*session, call("2", "chat")) == Lines{"start 2 chat {}"});
}

TEST_CASE(
    "equal calls of a tool that asks a provider run once; of others, of those excepted, and of "
    "those "
    "that change something, each time") {
  World world;
  const auto session = world.session();
  const auto [tool, shared] = GENERATE(table<std::string, bool>(
      {{"chat", true}, {"echo", false}, {"search", false}, {"keep", false}}));
  CAPTURE(tool);
  say(*session, call("1", tool, R"({"a":1,"b":[{"x":1,"y":null}]})"));
  const std::string same = R"({"b":[{"x":1}],"a":1})";
  const auto meanwhile = say(*session, call("2", tool, same));
  if (shared) {
    CHECK(code_in(meanwhile[0]) == "DUPLICATE");
    CHECK(meanwhile[0].find(R"("original_request_id":"1")") != std::string::npos);
  } else {
    CHECK(meanwhile == Lines{fmt::format("start 2 {} {}", tool, same)});
  }
  finish(*session, "1", said("done"));
  const auto after = say(*session, call("3", tool, same));
  if (shared)
    CHECK(
        after ==
        Lines{
            R"(→ {"op":"call_tool_res","request_id":"3","outputs":[{"type":"text","text":"done"}],"text":"done","from_cache":true})"});
  else
    CHECK(after == Lines{fmt::format("start 3 {} {}", tool, same)});
  CHECK(say(*session, call("4", tool, R"({"a":2})")).at(0).starts_with("start 4"));
}

TEST_CASE("a request that runs is recognised: a note on its connection, an error on another") {
  World world;
  const auto one = world.session();
  const auto two = world.session();
  say(*one, call("1"));
  CHECK(
      say(*one, call("1")) ==
      Lines{
          R"(→ {"op":"progress","request_id":"1","name":"echo","t":0E0,"note":"a duplicate: this request is running already"})"});
  CHECK(code_in(say(*two, call("1"))[0]) == "DUPLICATE");
}

TEST_CASE(
    "defect: a call refused over capacity was in flight for ever, and its retry a duplicate") {
  World world;
  const auto session = world.session();
  say(*session, call("1", "chat"));
  CHECK(
      finish(*session, "1", over_capacity()) ==
      R"({"op":"call_tool_res","request_id":"1","outputs":[],"text":"","error":{"code":"OVER_CAPACITY","message":"full","limit":"global","retry_after":1E0}})");
  CHECK(say(*session, call("1", "chat")) == Lines{"start 1 chat {}"});
  finish(*session, "1", over_capacity());
  CHECK(say(*session, call("2", "chat")) == Lines{"start 2 chat {}"});
}

TEST_CASE("defect: what ran when its connection went stayed a duplicate for ever") {
  World world;
  auto first = world.session();
  say(*first, call("1", "chat"));
  CHECK(world.ledger.running() == 2);
  first.reset();
  CHECK(world.ledger.running() == 0);
  const auto second = world.session();
  CHECK(say(*second, call("1", "chat")) == Lines{"start 1 chat {}"});
}

TEST_CASE("defect: cancel was answered, and cancelled nothing") {
  World world;
  const auto session = world.session();
  say(*session, call("1", "chat"));
  CHECK(say(*session, R"({"op":"cancel","request_id":"1"})") ==
        Lines{R"(→ {"op":"cancelled","request_id":"1","ok":true,"timestamp":0E0})", "cancel 1"});
  CHECK(say(*session, R"({"op":"cancel","request_id":"1"})").size() == 1);  // once
  CHECK_FALSE(session->heartbeat("1"));
  CHECK(code_in(finish(*session, "1", said("too late"))) == "CANCELLED");
  CHECK(say(*session, call("1", "chat")) == Lines{"start 1 chat {}"});  // and may be sent again
}

TEST_CASE("a connection has a most of calls, and says so") {
  World world;
  const auto session = world.session();
  for (const auto* id : {"1", "2", "3"}) say(*session, call(id));
  CHECK(code_in(say(*session, call("4"))[0]) == "OVER_CAPACITY");
  finish(*session, "1", said(""));
  CHECK(say(*session, call("4")) == Lines{"start 4 echo {}"});
}

TEST_CASE("equal values have one canonical text") {
  const auto canonical = [](std::string_view text) { return canonical_json(*parse_json(text)); };
  CHECK(canonical(R"({"b":[1,{"d":2,"c":"x"}],"a":null,"e":true})") ==
        R"({"b":[1,{"c":"x","d":2}],"e":true})");
  CHECK(canonical(R"({"e":true,"b":[1,{"c":"x","d":2}]})") ==
        R"({"b":[1,{"c":"x","d":2}],"e":true})");
}

TEST_CASE("the ledger stays within its limits") {
  ExaiLedger ledger({600s, 3, 100, 50});
  const Time now{};
  ledger.keep("s", "big", "", std::string(51, 'x'), now);
  CHECK(ledger.results() == 0);
  for (const auto* id : {"1", "2", "3", "4"}) ledger.keep("s", id, "", "result", now);
  CHECK(ledger.results() == 3);
  CHECK_FALSE(ledger.result_of_request("s", "1", now));
  CHECK(*ledger.result_of_request("s", "4", now) == "result");
  ledger.keep("s", "5", "", std::string(50, 'x'), now);
  ledger.keep("s", "6", "", std::string(50, 'x'), now);
  CHECK(ledger.results() == 1);  // 100 bytes, names among them
  CHECK_FALSE(ledger.result_of_request("s", "6", now + 600s));
  CHECK(ledger.results() == 0);
}

}  // namespace
}  // namespace exai::mcp::exai_test
