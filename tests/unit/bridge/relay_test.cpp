#include "cli/mcp/relay.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"

using namespace exai;
using namespace exai::bridge;
using Catch::Contains;

namespace {

constexpr std::string_view kTools =
    R"({"jsonrpc":"2.0","id":"own-tools","result":{"tools":[)"
    R"({"name":"read","annotations":{"readOnlyHint":true}},)"
    R"({"name":"again","annotations":{"readOnlyHint":false,"idempotentHint":true}},)"
    R"({"name":"write","annotations":{"readOnlyHint":false}},{"name":"bare"}]}})";
const Error kGone(Errc::unavailable, "end of stream");

// A relay and its two sides. What it does is kept as lines: "> " to the daemon, "< " to the client.
struct Bench {
  explicit Bench(Limits limits = {}) : relay("ws://here", "own-", limits) {}

  std::string did(Actions actions) {
    std::string said;
    for (const Action& action : actions) {
      if (const auto* line = std::get_if<ToClient>(&action)) said += "< " + line->line + "\n";
      if (const auto* text = std::get_if<ToDaemon>(&action)) said += "> " + text->text + "\n";
      if (const auto* drop = std::get_if<Drop>(&action)) said += "drop: " + drop->why + "\n";
      if (const auto* end = std::get_if<End>(&action)) said += "end: " + end->why + "\n";
    }
    return said;
  }
  std::string client(std::string_view line) { return did(relay.from_client(line, now)); }
  std::string daemon(std::string_view text) { return did(relay.from_daemon(text)); }
  std::string request(std::string_view id, std::string_view method,
                      std::string_view params = "{}") {
    return client(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", id,
                              method, params));
  }
  std::string call(std::string_view id, std::string_view tool) {
    return request(id, "tools/call", fmt::format(R"({{"name":"{}"}})", tool));
  }
  std::string result(std::string_view id, std::string_view value = "{}") {
    return daemon(fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id, value));
  }
  std::string connect() { return did(relay.connected()); }
  std::string lose() { return did(relay.lost(kGone, now)); }
  // Connected, and the tools are known.
  std::string open() {
    connect();
    return daemon(kTools);
  }
  // Open, with a session that the client has begun.
  void begin_session() {
    open();
    request("0", "initialize",
            R"({"protocolVersion":"2025-06-18","capabilities":{"roots":{}},"clientInfo":{}})");
    result("0",
           R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}}})");
    client(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  }

  Time now{};
  Relay relay;
};

std::string methods_in(const std::string& said) {
  std::vector<std::string> methods;
  for (const std::string& line : split(said, '\n')) {
    if (line.empty()) continue;
    const auto message = parse_json_object(std::string_view(line).substr(2));
    const std::string kind = line.substr(0, 1);
    if (!message) {
      methods.push_back(line);
    } else if (const auto method = find_string(*message, "method")) {
      methods.push_back(kind + *method);
    } else {
      methods.push_back(kind + to_text(message->at("id")) +
                        (message->contains("error") ? " error" : ""));
    }
  }
  return join(methods, ", ");
}

}  // namespace

TEST_CASE("relay: what comes before the daemon waits, in its order, until the tools are known") {
  Bench bench;
  CHECK(bench.request("1", "ping") == "");
  CHECK(bench.call("2", "write") == "");
  CHECK(bench.call("\"3\"", "read") == "");
  CHECK(bench.relay.waiting() == 3);
  CHECK(methods_in(bench.connect()) == ">tools/list");
  CHECK(bench.relay.state() == Relay::State::learning);
  CHECK(methods_in(bench.daemon(kTools)) == ">ping, >tools/call, >tools/call");
  CHECK(bench.relay.state() == Relay::State::open);
  CHECK(bench.result("\"3\"") == "< {\"jsonrpc\":\"2.0\",\"id\":\"3\",\"result\":{}}\n");
  bench.result("1");
  bench.result("2");
  CHECK(bench.relay.is_idle());
}

TEST_CASE(
    "relay: all pages of the tools are read; a daemon that has none of it is used all the same") {
  Bench bench;
  bench.connect();
  CHECK_THAT(
      bench.daemon(R"({"jsonrpc":"2.0","id":"own-tools","result":{"tools":[],"nextCursor":"c2"}})"),
      Contains(R"("cursor":"c2")"));
  bench.daemon(kTools);
  CHECK(bench.relay.state() == Relay::State::open);
  Bench old;
  old.connect();
  old.daemon(
      R"({"jsonrpc":"2.0","id":"own-tools","error":{"code":-32600,"message":"initialize first"}})");
  CHECK(old.relay.state() == Relay::State::open);
  old.call("1", "read");
  CHECK_THAT(old.lose(), Contains("-31003"));
}

TEST_CASE("relay: what becomes of a request that was sent when the connection is lost") {
  const auto [method, params, again] = GENERATE(table<std::string, std::string, bool>({
      {"ping", "{}", true},
      {"initialize", "{}", true},
      {"tools/list", "{}", true},
      {"resources/read", R"({"uri":"a:b"})", true},
      {"prompts/get", R"({"name":"p"})", true},
      {"completion/complete", "{}", true},
      {"subscriptions/listen", "{}", true},
      {"server/discover", "{}", true},
      {"tools/call", R"({"name":"read"})", true},
      {"tools/call", R"({"name":"again"})", true},
      {"tools/call", R"({"name":"write"})", false},
      {"tools/call", R"({"name":"bare"})", false},
      {"tools/call", R"({"name":"unknown"})", false},
      {"tools/call", "{}", false},
      {"tasks/cancel", "{}", false},
      {"something/else", "{}", false},
  }));
  CAPTURE(method, params);
  Bench bench;
  bench.open();
  const std::string sent = bench.request("1", method, params);
  CHECK(sent.starts_with("> "));
  const std::string said = bench.lose();
  CHECK((said.empty() && !bench.relay.is_idle()) == again);
  if (again) {
    CHECK(bench.open() == sent);
  } else {
    CHECK_THAT(said, Contains(R"("code":-31003)"));
    CHECK_THAT(said, Contains(R"("outcome":"unknown")"));
    CHECK(bench.relay.is_idle());
    CHECK(bench.open() == "");
  }
}

TEST_CASE("relay: a lost call says that nobody knows whether it ran") {
  Bench bench;
  bench.open();
  bench.call("7", "write");
  CHECK(bench.lose() ==
        R"(< {"jsonrpc":"2.0","id":7,"error":{"code":-31003,"message":"tools/call write: the )"
        R"(connection to exaid was lost while it ran (end of stream), and nobody knows whether it )"
        R"(has had its effect; find out before you call it again","data":{"outcome":"unknown",)"
        R"("method":"tools/call","tool":"write"}}})"
        "\n");
  // An answer that comes after all belongs to nobody.
  bench.open();
  CHECK(bench.result("7") == "");
}

TEST_CASE("relay: what ends every daemon is not sent for ever") {
  Bench bench;
  bench.open();
  CHECK(methods_in(bench.call("1", "read")) == ">tools/call");
  for (int i = 0; i < 3; ++i) {
    CHECK(bench.lose() == "");
    CHECK(methods_in(bench.open()) == ">tools/call");
  }
  CHECK_THAT(bench.lose(), Contains("sent 4 times"));
  CHECK(bench.relay.is_idle());
}

TEST_CASE("relay: nobody waits longer than the patience, and is told what is wrong") {
  Bench bench;
  bench.request("1", "ping");
  bench.now += 10s;
  bench.request("2", "ping");
  CHECK(bench.relay.deadline() == Time{} + 30s);
  CHECK(bench.did(bench.relay.failed({Errc::unavailable, "connection refused"}, bench.now)) == "");
  bench.now += 20s;
  CHECK(
      bench.did(bench.relay.expire(bench.now)) ==
      R"(< {"jsonrpc":"2.0","id":1,"error":{"code":-31001,"message":"exaid at ws://here cannot be )"
      R"(reached: connection refused. Start it: exai up. What is wrong: exai doctor"}})"
      "\n");
  CHECK(bench.relay.deadline() == Time{} + 40s);
  CHECK(methods_in(bench.open()) == ">ping");
  CHECK(bench.relay.deadline() == Time::max());
}

TEST_CASE("relay: a token that is refused is said at once") {
  Bench bench;
  bench.request("1", "ping");
  CHECK_THAT(bench.did(bench.relay.failed({Errc::denied, "HTTP 401: no"}, bench.now)),
             Contains("HTTP 401: no"));
  CHECK(bench.relay.is_idle());
}

TEST_CASE("relay: a session is begun again for the client, which hears nothing of it") {
  Bench bench;
  bench.begin_session();
  bench.request("1", "logging/setLevel", R"({"level":"info"})");
  bench.result("1");
  bench.request("2", "resources/subscribe", R"({"uri":"log:a"})");
  bench.result("2");
  bench.request("3", "resources/subscribe", R"({"uri":"log:b"})");
  bench.result("3");
  bench.request("4", "resources/unsubscribe", R"({"uri":"log:a"})");
  bench.result("4");
  bench.request("5", "tools/list");
  CHECK(bench.lose() == "");
  const std::string hello = bench.open();
  CHECK(methods_in(hello) == ">initialize");
  CHECK_THAT(hello, Contains(R"("protocolVersion":"2025-06-18")") && Contains(R"("roots":{})"));
  CHECK(bench.request("6", "ping") == "");  // not before the session is there
  const std::string restored =
      bench.result(R"("own-session")", R"({"protocolVersion":"2025-06-18","capabilities":{}})");
  CHECK(methods_in(restored) ==
        ">notifications/initialized, >logging/setLevel, >resources/subscribe, "
        "<notifications/tools/list_changed, <notifications/resources/updated, >tools/list, >ping");
  CHECK_THAT(restored, Contains(R"({"level":"info"})") && Contains("log:b") && !Contains("log:a"));
  CHECK(bench.result(R"("own-setting")") == "");
}

TEST_CASE(
    "relay: a daemon of another version cannot go on with the session, and one that refuses is "
    "left") {
  Bench bench;
  bench.begin_session();
  bench.lose();
  bench.open();
  CHECK(
      bench.daemon(R"({"jsonrpc":"2.0","id":"own-session","error":{"code":1,"message":"full"}})") ==
      "drop: it refuses to continue the session: full\n");
  bench.lose();
  bench.open();
  CHECK_THAT(bench.result(R"("own-session")", R"({"protocolVersion":"2025-11-25"})"),
             Contains("end: exaid at ws://here does not speak MCP 2025-06-18 any more"));
}

TEST_CASE("relay: without a handshake there is no session to begin again") {
  Bench bench;
  bench.open();
  bench.call("1", "read");
  bench.lose();
  CHECK(methods_in(bench.open()) == ">tools/call");
}

TEST_CASE("relay: an id in use is refused, and the first request keeps its answer") {
  Bench bench;
  bench.open();
  bench.call("1", "write");
  CHECK_THAT(bench.request("1", "ping"), Contains("the id is in use") && Contains("-32600"));
  CHECK(methods_in(bench.result("1")) == "<1");
  CHECK(bench.result("1") == "");  // none doubled
}

TEST_CASE("relay: a number and a text are different ids") {
  Bench bench;
  bench.open();
  bench.request("1", "ping");
  bench.request("\"1\"", "ping");
  CHECK(methods_in(bench.result("\"1\"")) == "<\"1\"");
  CHECK(methods_in(bench.result("1")) == "<1");
}

TEST_CASE("relay: cancelled requests get no answer, wherever they are") {
  const auto cancel = [](Bench& bench) {
    return bench.client(
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  };
  Bench waiting;
  waiting.request("1", "ping");
  CHECK(cancel(waiting) == "");
  CHECK(waiting.open() == "");
  Bench sent;
  sent.open();
  sent.call("1", "write");
  CHECK(methods_in(cancel(sent)) == ">notifications/cancelled");
  CHECK(sent.result("1") == "");
  CHECK(sent.lose() == "");
  CHECK(cancel(sent) == "");  // known to nobody
}

TEST_CASE("relay: questions of the daemon go under an id of ours, and end with their connection") {
  Bench bench;
  bench.begin_session();
  const std::string question = R"({"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"a":1}})";
  CHECK_THAT(bench.daemon(question), Contains(R"("id":"own-1")") && Contains(R"("a":1)"));
  CHECK(bench.client(R"({"jsonrpc":"2.0","id":"own-1","result":{"roots":[]}})") ==
        "> {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"roots\":[]}}\n");
  CHECK(bench.client(R"({"jsonrpc":"2.0","id":"own-1","result":{}})") == "");

  bench.daemon(question);
  CHECK_THAT(bench.lose(), Contains("notifications/cancelled") && Contains("own-2"));
  bench.open();
  bench.result(R"("own-session")", R"({"protocolVersion":"2025-06-18"})");
  CHECK_THAT(bench.daemon(question), Contains("own-3"));
  // The answer to the old one must not become that of the new one, which has the same id.
  CHECK(bench.client(R"({"jsonrpc":"2.0","id":"own-2","result":{}})") == "");
  CHECK_THAT(
      bench.daemon(
          R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"),
      Contains(R"("requestId":"own-3")"));
}

TEST_CASE("relay: progress never goes back, though the work begins again") {
  const auto progress = [](Bench& bench, int value) {
    return bench.daemon(fmt::format(
        R"({{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":"t","progress":{}}}}})",
        value));
  };
  Bench bench;
  bench.open();
  bench.request("1", "tools/call", R"({"name":"read","_meta":{"progressToken":"t"}})");
  CHECK(progress(bench, 1) != "");
  CHECK(progress(bench, 5) != "");
  bench.lose();
  bench.open();
  CHECK(progress(bench, 1) == "");
  CHECK(progress(bench, 5) == "");
  CHECK(progress(bench, 6) != "");
}

TEST_CASE("relay: who listens goes on listening, and is told to fetch again") {
  const std::string acknowledged =
      R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{)"
      R"("notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:b"]},)"
      R"("_meta":{"io.modelcontextprotocol/subscriptionId":1}}})";
  Bench bench;
  bench.open();
  bench.request("1", "subscriptions/listen");
  CHECK(methods_in(bench.daemon(acknowledged)) == "<notifications/subscriptions/acknowledged");
  bench.lose();
  bench.now += 1h;
  CHECK(bench.did(bench.relay.expire(bench.now)) == "");
  CHECK(methods_in(bench.open()) == ">subscriptions/listen");
  const std::string said = bench.daemon(acknowledged);
  CHECK(methods_in(said) == "<notifications/tools/list_changed, <notifications/resources/updated");
  CHECK_THAT(said, Contains(R"("io.modelcontextprotocol/subscriptionId":1)"));
  bench.relay.client_ended();
  CHECK(bench.relay.is_idle());
}

TEST_CASE("relay: a batch is answered as one, or as many errors") {
  const std::string batch = R"([{"jsonrpc":"2.0","id":1,"method":"ping"},)"
                            R"({"jsonrpc":"2.0","id":2,"method":"TOOL","params":{"name":"read"}}])";
  Bench bench;
  bench.open();
  CHECK(bench.client(replace_all(batch, "TOOL", "tools/call")).starts_with("> [{"));
  CHECK(bench.lose() == "");
  CHECK(bench.open().starts_with("> [{"));
  CHECK(
      bench.daemon(R"([{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}])")
          .starts_with("< [{"));
  CHECK(bench.relay.is_idle());
  bench.client(replace_all(batch, "TOOL", "tasks/cancel"));
  const std::string errors = bench.lose();
  CHECK(errors.starts_with("< [{"));
  CHECK_THAT(errors, Contains(R"("id":1)") && Contains(R"("id":2)"));
}

TEST_CASE("relay: what the client says wrong is answered here, and only that") {
  const auto [line, expected] = GENERATE(table<std::string, std::string>({
      {"nonsense", R"("id":null,"error":{"code":-32700)"},
      {"{\"a\":\"\xff\"}", R"("id":null,"error":{"code":-32700)"},
      {"17", R"("id":null,"error":{"code":-32600)"},
      {R"({"id":1,"method":"ping"})", R"("id":1,"error":{"code":-32600)"},
      {R"({"jsonrpc":"2.0","id":1})", R"("id":1,"error":{"code":-32600)"},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", R"("id":null,"error":{"code":-32600)"},
      {"[]", R"("id":null,"error":{"code":-32600)"},
      {std::string(200, '['), R"("id":null,"error":{"code":-32700)"},
  }));
  Bench bench;
  bench.open();
  const std::string said = bench.client(line);
  CHECK_THAT(said, Catch::StartsWith("< ") && Contains(expected));
  CHECK(bench.relay.is_idle());
}

TEST_CASE("relay: what the daemon says wrong never reaches the client") {
  Bench bench;
  bench.open();
  bench.request("1", "ping");
  CHECK_THAT(bench.daemon("nonsense"), Catch::StartsWith("drop: "));
  CHECK(bench.daemon("17") == "");
  CHECK(bench.daemon("[]") == "");
  CHECK(bench.daemon(R"({"jsonrpc":"2.0","id":99,"result":{}})") == "");
  CHECK(bench.daemon(R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}})") == "");
  CHECK(bench.daemon("{\"jsonrpc\":\"2.0\",\n\"id\":1,\r\n\"result\":{}}") ==
        "< {\"jsonrpc\":\"2.0\", \"id\":1,  \"result\":{}}\n");
}

TEST_CASE("relay: what it keeps has a limit") {
  Limits limits;
  limits.requests = 2;
  Bench bench(limits);
  bench.request("1", "ping");
  bench.request("2", "ping");
  CHECK_THAT(bench.request("3", "ping"), Contains("-31002") && Contains("2 requests unanswered"));
  limits = {};
  limits.bytes = 100;
  Bench small(limits);
  CHECK_THAT(small.request("1", "ping", "{\"a\":\"" + std::string(100, 'x') + "\"}"),
             Contains("-31002"));
  // What was sent and will not be sent again takes no room.
  small.open();
  for (int i = 0; i < 10; ++i) CHECK(small.call(std::to_string(i), "write").starts_with("> "));
}

TEST_CASE("relay: at the end everybody has an answer") {
  Bench bench;
  bench.open();
  bench.call("1", "write");
  bench.call("2", "read");
  bench.lose();
  bench.request("3", "ping");
  const std::string said = bench.did(bench.relay.give_up("exai mcp ends"));
  CHECK(methods_in(said) == "<2 error, <3 error");
  CHECK(bench.relay.is_idle());
}
