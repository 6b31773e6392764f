// Sessions as transcripts: what the client says, and what the session has its transport do.
#include "tests/unit/mcp/session_says.hpp"

using namespace exai;
using namespace exai::mcp;

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
        R"("this session has 2 calls in flight, the most it may; wait for one to end",)"
        R"("data":{"limit":"calls","retryAfter":1}}})");
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
