// The tools that tell of the daemon itself.
#include <catch2/catch.hpp>

#include "daemon/tools/journal.hpp"
#include "tests/unit/daemon/tool_bench.hpp"

namespace exai::tools {
namespace {

using Catch::Contains;

Selection full() {
  Selection selection;
  selection.profile = "full";
  return selection;
}

TEST_CASE("the journal keeps the last 500 calls, and of an error its first line") {
  Journal journal;
  for (int i = 0; i < 502; ++i) {
    JournalEntry entry;
    entry.tool = i % 2 == 0 ? "even" : "odd";
    entry.request_id = std::to_string(i);
    if (i == 501) entry.error = "first line\nsecond " + std::string(1000, 'x');
    journal.add(std::move(entry));
  }
  CHECK(journal.last(1000).size() == 500);
  CHECK(journal.forgotten() == 2);
  CHECK(journal.last(1).front().error == "first line");
  CHECK(journal.last(2, "even").back().request_id == "500");
  CHECK(journal.last(2, "even").front().request_id == "498");
}

TEST_CASE("the last calls are shown with their outcome, without arguments and without secrets") {
  Bench bench(full());
  bench.call("test_echo", {{"message", "private words"}});
  bench.call("chat", {{"prompt", "hi"}, {"model", "s3cret-model"}});
  bench.call("no_such_tool", {});
  const auto result = bench.call("toolcall_log_tail", {{"n", 10}});
  const json::array& calls = *find_array(result->structured, "calls");
  REQUIRE(calls.size() == 3);
  CHECK(find_string(calls[0].as_object(), "outcome") == "ok");
  CHECK(find_string(calls[1].as_object(), "error") ==
        "chat: no provider has a model \"[KEY]-model\"; listmodels shows all");
  CHECK(find_string(calls[2].as_object(), "tool") == "no_such_tool");
  CHECK_THAT(to_text(result->structured), !Contains("private words"));
  CHECK(find_array(bench.call("toolcall_log_tail", {{"tool", "chat"}})->structured, "calls")
            ->size() == 1);
}

TEST_CASE("a call that was stopped stands in the journal, as one that did not end") {
  Bench bench(full());
  TaskGroup tasks(bench.loop, Log());
  mcp::Call call;
  call.name = "test_echo";
  call.arguments = {{"message", "late"}, {"delay_ms", 60'000}};
  const auto run = [](Registry& registry, mcp::Call late) -> Task<> {
    co_await registry.call(std::move(late));
  };
  tasks.spawn("call", run(bench.registry, std::move(call)));
  bench.clock.advance(2s);
  tasks.cancel();
  bench.clock.advance(0ms);
  REQUIRE(tasks.running() == 0);
  const auto shown = bench.call("toolcall_log_tail", {{"n", 10}});
  const json::array& calls = *find_array(shown->structured, "calls");
  REQUIRE(calls.size() == 1);
  CHECK(find_string(calls[0].as_object(), "error") == "stopped before its end");
  CHECK(find_integer(calls[0].as_object(), "took_ms") == 2000);
}

TEST_CASE("activity is the log where one is kept, else the calls; filtered") {
  Bench alone(full());
  alone.call("test_echo", {{"message", "x"}});
  alone.call("test_echo", {});
  CHECK_THAT(alone.call("activity", {{"filter", "failed"}})->text,
             Catch::StartsWith("the last calls of tools that this daemon answered, 1 line\n") &&
                 Contains("test_echo failed"));
  CHECK(find_integer(alone.call("activity", {{"lines", 2}})->structured, "count") == 2);
  CHECK(find_integer(alone.call("activity", {{"since", "2030-01-01T00:00:00Z"}})->structured,
                     "count") == 0);
  CHECK_THAT(alone.call("activity", {{"source", "server"}})->text,
             Contains("nobody keeps the log") && Contains("source activity"));
  CHECK(alone.call("activity", {{"filter", "("}})->is_error);
  CHECK_THAT(alone.call("activity", {{"since", "yesterday"}})->text, Contains("no UTC time"));

  Bench supervised(full(), Supervised::yes);
  const auto log = supervised.call("activity", {{"structured", true}});
  CHECK(log->text ==
        "the log of this daemon, 2 lines\nexaid says one\nexaid says [KEY]\\x1b[31m\n");
  CHECK(find_array(log->structured, "lines")->size() == 2);
  supervised.stack.down = Error(Errc::unavailable, "no supervisor listens there");
  CHECK_THAT(supervised.call("activity", {})->text, Contains("no supervisor listens there"));
}

TEST_CASE("self-check names what is not well, and what to do") {
  Bench bench(full());
  CHECK(find_string(bench.call("self-check", {})->structured, "status") == "pass");
  bench.host.health_report = {
      {"status", "fail"},
      {"components", {{"storage", {{"status", "fail"}, {"detail", "redis: refused"}}}}}};
  for (int i = 0; i < 5; ++i) bench.call("test_echo", {});
  const auto result = bench.call("self-check", {{"log_lines", 5}});
  CHECK(find_string(result->structured, "status") == "fail");
  CHECK_THAT(result->text, Contains("fail  storage: redis: refused (look at its service") &&
                               Contains("warn  calls: 5 of the last 6 failed") &&
                               Contains("Its log: nobody keeps it where it could be read."));
  Bench supervised(full(), Supervised::yes);
  CHECK_THAT(supervised.call("self-check", {{"log_lines", 5}})->text, Contains("exaid says one"));
}

TEST_CASE("provider_capabilities shows whether a key is set, and no key") {
  Bench bench(full());
  const auto result = bench.call("provider_capabilities", {{"show_advanced", true}});
  CHECK_THAT(result->text, Contains("\"KIMI_API_KEY_FILE\"") && Contains("TOOL_PROFILE") &&
                               Contains("https://u:[KEY]@kimi.example"));
  CHECK_THAT(result->text + to_text(result->structured), !Contains("s3cret"));
  CHECK(find(bench.call("provider_capabilities", {{"include_tools", false}})->structured,
             "tools") == nullptr);
}

TEST_CASE("the preview for GLM is what would be sent, without the key") {
  Bench bench;
  const auto result = bench.call(
      "glm_payload_preview", {{"prompt", "hi"}, {"system_prompt", "be brief"}, {"model", "glm"}});
  const json::object& shown = result->structured;
  CHECK(find_string(shown, "url") == "https://glm.example/v4/chat/completions");
  CHECK(to_text(*find(shown, "body")) ==
        R"({"model":"glm-5.3","messages":[{"role":"system","content":"be brief"},)"
        R"({"role":"user","content":"hi"}],"temperature":3E-1,"stream":true,)"
        R"("stream_options":{"include_usage":true}})");
  CHECK(find_string(*find_object(shown, "headers"), "authorization") == "Bearer [key]");
  CHECK(find_bool(shown, "sent") == false);
  CHECK_THAT(result->text, !Contains("s3cret"));
}

TEST_CASE("config_explain says what an option is, and where its value comes from") {
  Bench bench;
  const auto result = bench.call("config_explain", {{"name", "TOOL_PROFILE"}});
  CHECK(find_string(result->structured, "value") == "standard");
  CHECK(find_string(result->structured, "from") == "default");
  CHECK(to_text(*find(result->structured, "choices")) == R"(["lean","standard","full"])");
  CHECK(find_string(bench.call("config_explain", {{"name", "MOONSHOT_API_KEY"}})->structured,
                    "value") == "(secret)");
  CHECK(bench.call("config_explain", {{"name", "TOOL_PROFIL"}})->text ==
        "config_explain: there is no option TOOL_PROFIL, did you mean TOOL_PROFILE?");
  CHECK_THAT(bench.call("config_explain", {{"name", "REDIS_URL"}})->text,
             Contains("REDIS_URL is gone: set REDIS_HOST"));
}

TEST_CASE("status tells on request what failed last and what to do next") {
  Bench bench;
  for (int i = 0; i < 5; ++i) bench.call("test_echo", {});
  const auto result = bench.call("status", {{"doctor", true}, {"tail_lines", 2}});
  CHECK(find_array(result->structured, "last_errors")->size() == 2);
  CHECK(to_text(*find(result->structured, "next_steps")) == R"(["nothing: all is well"])");
}

TEST_CASE("challenge gives the words back inside of a demand to think") {
  Bench bench(full());
  CHECK_THAT(bench.call("challenge", {{"prompt", "Really?"}})->text,
             Contains("\"Really?\"") && Contains("do not agree in order to please"));
}

}  // namespace
}  // namespace exai::tools
