// The real exaid: what it serves, how it starts and how it ends.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/daemon_bench.hpp"
#include "tests/integration/fake_server.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

// promtool's verdict on a text: empty when there is nothing to say.
std::string promtool_says(const std::string& text) {
  Command command;
  command.arguments = {"promtool", "check", "metrics"};
  command.input = text;
  const Outcome outcome = run(std::move(command));
  return outcome.exit == 0 ? outcome.out + outcome.err
                           : fmt::format("exit {}: {}{}", outcome.exit, outcome.out, outcome.err);
}

Environment with_redis(const RealRedis& redis) {
  return {{"EXAI_STORE", "redis"},
          {"REDIS_PORT", std::to_string(redis.port())},
          {"REDIS_PASSWORD", redis.password()}};
}

Outcome run_exaid(std::vector<std::string> arguments, Environment environment = {}) {
  Command command;
  command.arguments = {EXAID};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.environment = std::move(environment);
  return run(std::move(command));
}

std::size_t calls_in_flight(McpClient& client) {
  const Answer status = client.call("status");
  const json::object* calls = find_object(status.structured, "calls");
  return calls == nullptr ? 0
                          : static_cast<std::size_t>(find_integer(*calls, "in_flight").value_or(0));
}

}  // namespace

TEST_CASE("with nothing but the binary: health, tools and metrics all work") {
  Exaid exaid;
  CHECK(exaid.health("live").status == 200);
  CHECK(exaid.health("ready").status == 200);
  const HttpResponse whole = exaid.health();
  CHECK(whole.status == 200);
  const json::object report = parsed(whole);
  CHECK(find_string(*find_object(*find_object(report, "components"), "storage"), "backend") ==
        "memory");
  CHECK_THAT(find_string(report, "time_local").value(),
             Contains("+1"));  // Melbourne, +1000 or +1100

  McpClient client = exaid.client();
  CHECK(client.call("test_echo", {{"message", "hello"}}).text == "hello");
  const Answer status = client.call("status");
  CHECK(find_string(status.structured, "environment") == "dev");
  CHECK(to_text(*find(status.structured, "providers_configured")) == "[]");
  CHECK(client.call("health").structured.contains("components"));
  CHECK(client.call("no_such_tool").failure != "");

  const HttpResponse metrics = exaid.metrics();
  CHECK(metrics.status == 200);
  CHECK(promtool_says(metrics.body) == "");
  CHECK_THAT(metrics.body, Contains("mcp_tool_calls_total{tool=\"test_echo\",outcome=\"ok\"} 1\n"));
  CHECK_THAT(
      metrics.body,
      Contains("mcp_requests_total{method=\"GET\",endpoint=\"/health/live\",status=\"200\"} 1\n"));
  CHECK_THAT(metrics.body, Contains("mcp_sessions{transport=\"http\"} 1\n"));
  CHECK_THAT(
      metrics.body,
      Contains(
          "mcp_storage_operations_total{operation=\"ping\",backend=\"memory\",result=\"ok\"}"));
  for (const char* name :
       {"process_resident_memory_bytes", "exai_loop_lag_seconds", "exai_build_info"})
    CHECK_THAT(metrics.body, Contains(name));

  exaid.process().signal(SIGTERM);
  const auto ended = exaid.process().wait();
  REQUIRE(ended.has_value());
  CHECK(describe(*ended) == "exit code 0");
}

TEST_CASE("chat without a key says which options to set; everything else works") {
  Exaid exaid;
  McpClient client = exaid.client();
  const Answer chat = client.call("chat", {{"prompt", "hi"}});
  CHECK(chat.is_error);
  CHECK(chat.text ==
        "chat: no AI provider is configured: set one of KIMI_API_KEY, GLM_API_KEY, CUSTOM_API_URL "
        "(everything else works without)");
  CHECK_FALSE(client.call("listmodels").is_error);
  CHECK(exaid.health("ready").status == 200);
}

TEST_CASE("redis is killed: live stays 200, ready names storage, and both recover by themselves") {
  RealRedis redis;
  Exaid exaid(with_redis(redis));
  REQUIRE(wait_until([&] { return exaid.health("ready").status == 200; }));

  redis.kill();
  REQUIRE(wait_until([&] { return exaid.health("ready").status == 503; }));
  CHECK(exaid.health("live").status == 200);
  const json::object report = parsed(exaid.health("ready"));
  CHECK(find_string(report, "status") == "fail");
  CHECK_THAT(find_string(report, "reason").value(), Contains("storage: redis 127.0.0.1:"));
  CHECK_THAT(find_string(report, "reason").value(), Contains("last good"));
  const json::object* storage = find_object(*find_object(report, "components"), "storage");
  CHECK(find_integer(*storage, "last_good_age_ms").value_or(-1) >= 0);
  McpClient client = exaid.client();
  CHECK(client.call("test_echo", {{"message", "still here"}}).text == "still here");
  CHECK(promtool_says(exaid.metrics().body) == "");

  redis.start();
  CHECK(wait_until([&] { return exaid.health("ready").status == 200; }));
  CHECK_THAT(exaid.process().err(), !Contains(redis.password()));
}

TEST_CASE("a redis that hangs delays nobody") {
  RealRedis redis;
  Exaid exaid(with_redis(redis));
  McpClient client = exaid.client();
  REQUIRE(wait_until([&] { return exaid.health("ready").status == 200; }));
  redis.freeze();
  REQUIRE(wait_until([&] {
    const auto begin = std::chrono::steady_clock::now();
    client.call("test_echo", {{"message", "x"}});
    const int ready = exaid.health("ready").status;
    CHECK(std::chrono::steady_clock::now() - begin < 900ms);  // a command's timeout is 1 s
    return ready == 503;
  }));
  redis.thaw();
  CHECK(wait_until([&] { return exaid.health("ready").status == 200; }));
}

TEST_CASE("the wrong redis password is not hidden behind a connection error") {
  RealRedis redis;
  Environment options = with_redis(redis);
  options["REDIS_PASSWORD"] = "not-the-password";
  Exaid exaid(options);
  REQUIRE(wait_until(
      [&] { return exaid.health("ready").body.find("WRONGPASS") != std::string::npos; }));
  CHECK(exaid.health("ready").status == 503);
}

TEST_CASE("SIGTERM: not ready at once, the running call finishes, exit 0") {
  Exaid exaid;
  McpClient watcher = exaid.client();
  Background call(exaid.client(), "test_echo", {{"message", "done"}, {"delay_ms", 2000}});
  REQUIRE(wait_until([&] { return calls_in_flight(watcher) == 2; }));  // the status call counts too

  exaid.process().signal(SIGTERM);
  REQUIRE(wait_until([&] { return exaid.health("ready").status == 503; }, 1s));
  CHECK(find_string(parsed(exaid.health("ready")), "reason") ==
        "draining: this daemon is going down");
  CHECK(exaid.health("live").status == 200);
  CHECK(watcher.call("test_echo", {{"message", "no"}}).failure != "");

  CHECK(call.wait().text == "done");
  CHECK(exaid.process().wait().value().code == 0);
}

TEST_CASE("a call that outlasts the shutdown timeout is cut, and the exit is still clean") {
  Exaid exaid(Environment{{"EXAI_SHUTDOWN_TIMEOUT_SECS", "1"}});
  McpClient watcher = exaid.client();
  Background call(exaid.client(), "test_echo", {{"message", "never"}, {"delay_ms", 60'000}});
  REQUIRE(wait_until([&] { return calls_in_flight(watcher) == 2; }));
  exaid.process().signal(SIGTERM);
  CHECK(exaid.process().wait(5s).value().code == 0);
  CHECK(call.wait().text != "never");
}

TEST_CASE("a second signal ends it now") {
  Exaid exaid;
  McpClient watcher = exaid.client();
  Background call(exaid.client(), "test_echo", {{"message", "never"}, {"delay_ms", 60'000}});
  REQUIRE(wait_until([&] { return calls_in_flight(watcher) == 2; }));
  exaid.process().signal(SIGTERM);
  REQUIRE(wait_until([&] { return exaid.health("ready").status == 503; }));
  exaid.process().signal(SIGTERM);
  CHECK(exaid.process().wait(5s).value().code == 1);
}

TEST_CASE("a token keeps strangers out") {
  Exaid exaid(Environment{{"EXAI_WS_TOKEN", "0123456789abcdef"}});
  CHECK(exaid.client().status() == 401);
  CHECK(exaid.client("0123456789abcdef").call("test_echo", {{"message", "in"}}).text == "in");
}

TEST_CASE("wrong options: everything that is wrong is said at once, and nothing starts") {
  const Outcome outcome = run_exaid({}, {{"EXAI_WS_PORT", "abc"},
                                         {"REDIS_DB", "99"},
                                         {"LOG_LEVEL", "loud"},
                                         {"EXAI_WS_TOKEN", "short"},
                                         {"HEALTH_CHECK_PORT", "8000"},
                                         {"KIMI_API_KEY_FILE", "/no/such/file"}});
  CHECK(outcome.exit == 2);
  CHECK(outcome.out == "");
  for (const char* word :
       {"EXAI_WS_PORT", "REDIS_DB", "LOG_LEVEL", "EXAI_WS_TOKEN", "KIMI_API_KEY_FILE",
        "HEALTH_CHECK_PORT and METRICS_PORT are both 8000", "6 errors"})
    CHECK_THAT(outcome.err, Contains(word));
  CHECK(run_exaid({"--check"}, {{"REDIS_DB", "99"}}).exit == 2);
  const Outcome tools = run_exaid({}, {{"DISABLED_TOOLS", "debgu"}});
  CHECK(tools.exit == 2);
  CHECK_THAT(tools.err,
             Contains("names \"debgu\", which is no tool") && Contains("did you mean \"debug\"?"));
  CHECK(run_exaid({"--check"}).exit == 0);
}

TEST_CASE("--version and --help print and end; anything else is refused") {
  CHECK_THAT(run_exaid({"--version"}).out, Catch::StartsWith("exaid "));
  CHECK_THAT(run_exaid({"--help"}).out, Contains("usage: exaid"));
  CHECK(run_exaid({"--versoin"}).exit == 2);
}

TEST_CASE("a port in use: exit 1, naming the port, its owner and the option") {
  const FakeServer occupant([](FakeConnection&) {});
  for (const char* option : {"EXAI_WS_PORT", "HEALTH_CHECK_PORT", "METRICS_PORT"}) {
    Environment environment{{"EXAI_WS_PORT", std::to_string(free_port())},
                            {"HEALTH_CHECK_PORT", std::to_string(free_port())},
                            {"METRICS_PORT", std::to_string(free_port())}};
    environment[option] = std::to_string(occupant.port());
    const Outcome outcome = run_exaid({}, environment);
    CHECK(outcome.exit == 1);
    CHECK_THAT(outcome.err, Contains(fmt::format("port {} is in use by", occupant.port())));
    CHECK_THAT(outcome.err, Contains(fmt::format("(pid {})", ::getpid())));
    CHECK_THAT(outcome.err, Contains(fmt::format("or set {} to a free port", option)));
  }
}

TEST_CASE("150 concurrent calls all succeed") {
  Exaid exaid;
  std::vector<McpClient> clients;
  for (int i = 0; i < 15; ++i) clients.push_back(exaid.client());
  std::vector<std::unique_ptr<Background>> calls;
  for (int i = 0; i < 150; ++i)
    calls.push_back(std::make_unique<Background>(
        clients[static_cast<std::size_t>(i) % clients.size()], "test_echo",
        json::object{{"message", "x"}, {"delay_ms", 100}}));
  int succeeded = 0;
  for (const auto& call : calls) succeeded += call->wait().text == "x" ? 1 : 0;
  CHECK(succeeded == 150);
}

TEST_CASE("a workflow over the wire: steps, its transcript, who listens, and its prompt") {
  Exaid exaid;
  McpClient client = exaid.client();
  json::object step{{"step", "look"},
                    {"step_number", 1},
                    {"total_steps", 2},
                    {"next_step_required", true},
                    {"findings", "a hint"}};
  const Answer first = client.call("debug", step);
  const std::string id = find_string(first.structured, "continuation_id").value();
  CHECK_THAT(first.text, Contains("debug: step 1 of 2 noted"));
  step["step_number"] = 2;
  step["next_step_required"] = false;
  step["continuation_id"] = id;
  step["use_assistant_model"] = true;
  const Answer last = client.call("debug", step);
  CHECK(find_string(last.structured, "status") == "complete");
  CHECK_THAT(last.text, Contains("No second opinion: no AI provider is configured"));

  const std::string uri = "exai://conversations/" + id;
  const std::string transcript = client.ask("resources/read", {{"uri", uri}});
  CHECK_THAT(transcript, Contains("a hint") && Contains(R"(\"number\": 2)"));
  CHECK_THAT(client.ask("resources/read", {{"uri", "exai://conversations/nobody"}}),
             Contains("there is no conversation nobody"));
  CHECK_THAT(client.ask("resources/templates/list"), Contains("exai://conversations/{id}"));
  CHECK_THAT(client.ask("prompts/list"), Contains(R"("name":"codereview")"));
  CHECK_THAT(client.ask("prompts/get", {{"name", "debug"}, {"arguments", {{"task", "It hangs."}}}}),
             Contains("It hangs.") && Contains("find the root cause"));
}

TEST_CASE("TOOL_PROFILE and DISABLED_TOOLS decide what clients see") {
  Exaid exaid(Environment{{"TOOL_PROFILE", "lean"}, {"DISABLED_TOOLS", "chat"}});
  McpClient client = exaid.client();
  const std::string list = client.ask("tools/list");
  CHECK_THAT(list, Contains(R"("name":"debug")") && !Contains(R"("name":"chat")") &&
                       !Contains(R"("name":"tracer")"));
  CHECK_THAT(client.call("tracer").failure, Contains("TOOL_PROFILE lean leaves it out"));
}
