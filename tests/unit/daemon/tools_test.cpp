#include <algorithm>
#include <catch2/catch.hpp>

#include "core/config/schema.hpp"
#include "daemon/tools/conversation.hpp"
#include "tests/unit/daemon/tool_bench.hpp"

namespace exai::tools {
namespace {

TEST_CASE("the tools are listed in a fixed order, each with a schema and a description") {
  Bench bench;
  for (const mcp::ToolInfo& info : bench.registry.tools()) {
    CHECK_FALSE(info.description.empty());
    CHECK_FALSE(info.title.empty());
    CHECK(find_string(info.input_schema, "type") == "object");
  }
  CHECK(join(bench.tool_names(), " ") ==
        "version status health listmodels chat chat_with_tools web_search file_upload file_list "
        "file_download file_query file_delete glm_payload_preview config_explain test_echo planner "
        "analyze codereview debug refactor testgen thinkdeep precommit secaudit docgen tracer "
        "consensus");
}

TEST_CASE("the schemas of the tools promise only what the walker checks") {
  Bench bench;
  const auto known = config::schema_keywords();
  for (const Definition& tool : bench.registry.definitions()) {
    const mcp::ToolInfo& info = tool.info;
    std::vector<json::object> schemas{info.input_schema};
    for (const auto& property : *find_object(info.input_schema, "properties"))
      schemas.push_back(property.value().as_object());
    for (const json::object& schema : schemas)
      for (const auto& keyword : schema) {
        CAPTURE(info.name, std::string(keyword.key()));
        CHECK(std::ranges::count(known, std::string_view(keyword.key())) == 1);
      }
  }
}

TEST_CASE("a tool that does not exist is an error with a suggestion") {
  Bench bench;
  const auto result = bench.call("test_eco", {});
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error() ==
        Error(Errc::not_found, "no tool named \"test_eco\", did you mean \"test_echo\"?"));
}

TEST_CASE("all that is wrong with the arguments is said at once") {
  Bench bench;
  const auto result = bench.call("chat", {{"promt", "hi"}, {"temperature", 3}, {"stream", "yes"}});
  REQUIRE(result.has_value());
  CHECK(result->is_error);
  CHECK(result->text ==
        "chat: unknown key \"promt\" in arguments (did you mean \"prompt\"?); "
        "arguments.temperature must be between 0 and 1, not 3; "
        "arguments.stream must be true or false, not \"yes\"");
  CHECK(bench.call("chat", {{"prompt", nullptr}})->text ==
        "chat: arguments has no \"prompt\" (prompt: The question.)");
  CHECK(bench.call("chat", {{"prompt", ""}})->text == "chat: arguments.prompt must not be empty");
  CHECK(bench.call("chat", {{"prompt", std::string(100'001, 'x')}})->text ==
        "chat: arguments.prompt must have at most 100000 characters");
  CHECK(bench.kimi.asked.empty());
}

TEST_CASE("test_echo waits as long as it is told, and gives back what it got") {
  Bench bench;
  CHECK(bench.call("test_echo", {{"message", "hello"}})->text == "hello");
  CHECK(bench.call("test_echo", {{"prompt", "also"}, {"delay_ms", nullptr}})->text == "also");
  CHECK(bench.call("test_echo", {})->text == "test_echo: message (or prompt) is missing");

  const auto described = bench.call("test_echo", {{"message", "hé"}, {"include_metadata", true}});
  CHECK(find_integer(described->structured, "bytes") == 3);
  CHECK(find_string(described->structured, "request_id") == "r1");

  TaskGroup tasks(bench.loop, Log());
  bool done = false;
  mcp::Call call;
  call.name = "test_echo";
  call.arguments = {{"message", "late"}, {"delay_ms", 60'000}};
  const auto run = [](Registry& registry, mcp::Call later, bool& ended) -> Task<> {
    auto result = co_await registry.call(std::move(later));
    ended = result.has_value();
  };
  tasks.spawn("echo", run(bench.registry, std::move(call), done));
  bench.clock.advance(59'999ms);
  CHECK_FALSE(done);
  bench.clock.advance(1ms);
  CHECK(done);
}

TEST_CASE("status tells the facts and no key") {
  Bench bench;
  const auto result = bench.call("status", {});
  const json::object& facts = result->structured;
  CHECK(find_string(facts, "environment") == "test");
  CHECK(find_integer(facts, "uptime_seconds") == 90);
  CHECK(to_text(*find(facts, "providers_configured")) == "[\"kimi\"]");
  CHECK(find_array(facts, "tools")->size() == bench.registry.tools().size());
}

TEST_CASE("listmodels says of each provider whether it is on, and what switches it on") {
  Bench bench;
  const auto result = bench.call("listmodels", {});
  CHECK(result->text.find("## Kimi (configured)") != std::string::npos);
  CHECK(result->text.find("## GLM (off: set GLM_API_KEY)") != std::string::npos);
  CHECK(result->text.find("| kimi-k2.6 | 262144 | 262144 | kimi-k2, k2.6 |") != std::string::npos);
  CHECK(find_string(result->structured, "default_model") == "kimi-k2.6");
}

TEST_CASE("the pieces of an answer are progress, thinking once a second") {
  Bench bench;
  bench.kimi.deltas = {{"", "h"}, {"", "m"}, {"Hel", ""}, {"lo", ""}};
  bench.kimi.answer->text = "Hello";
  const auto result = bench.call("chat", {{"prompt", "hi"}});
  CHECK(result->text == "Hello");
  CHECK(bench.progress == std::vector<std::string>{"(thinking)", "Hel", "lo"});

  bench.progress.clear();
  bench.call("chat", {{"prompt", "hi"}, {"stream", false}});
  CHECK(bench.progress.empty());
}

TEST_CASE("a conversation goes on under its id, with its instructions, for 20 turns") {
  Bench bench;
  const auto first = bench.call("chat", {{"prompt", "q0"}, {"system_prompt", "be brief"}});
  const std::string id = find_string(first->structured, "continuation_id").value();
  CHECK(bench.store.values.count("thread:" + id) == 1);

  for (int i = 1; i <= 21; ++i)
    bench.call("chat", {{"prompt", "q" + std::to_string(i)}, {"continuation_id", id}});
  const auto& messages = bench.kimi.asked.back().messages;
  REQUIRE(messages.size() == 1 + 2 * 20 + 1);
  CHECK(messages.front().role == "system");
  CHECK(messages.front().content == "be brief");
  CHECK(messages[1].content == "q1");  // q0 has been forgotten
  CHECK(messages.back().content == "q21");
}

TEST_CASE("a conversation is its caller's: to all others its id is unused") {
  Bench bench;
  bench.caller = "issuer ann";
  const auto first = bench.call("chat", {{"prompt", "q0"}});
  const std::string id = find_string(first->structured, "continuation_id").value();
  const auto messages_of = [&](const std::string& caller) {
    bench.caller = caller;
    bench.call("chat", {{"prompt", "q1"}, {"continuation_id", id}});
    return bench.kimi.asked.back().messages.size();
  };
  CHECK(messages_of("issuer bob") == 1);
  CHECK(messages_of("") == 1);
  CHECK(messages_of("issuer ann") == 3);
  CHECK(messages_of("issuer bob") == 3);  // what bob said under that id is bob's
  CHECK(messages_of("issuer ann") == 5);
  CHECK(bench.store.values.size() == 3);

  const std::string uri = "exai://conversations/" + id;
  CHECK(bench.read(uri).has_value());
  bench.caller = "issuer eve";
  CHECK(bench.read(uri).error().code() == Errc::not_found);

  // No id gets from one into another's.
  CHECK(key_of({"b:c", "a"}) != key_of({"c", "a:b"}));
  CHECK(key_of({key_of({"c", "a"}), ""}) != key_of({"c", "a"}));
}

TEST_CASE(
    "without storage a new conversation is answered but not remembered, an old one is refused") {
  Bench bench;
  bench.store.down = Error(Errc::unavailable, "redis 127.0.0.1:6379: Connection refused");
  const auto fresh = bench.call("chat", {{"prompt", "hi"}});
  CHECK(fresh->text == "yes");
  CHECK_FALSE(fresh->is_error);
  CHECK(find_string(fresh->structured, "not_remembered") ==
        "redis 127.0.0.1:6379: Connection refused");

  const auto old = bench.call("chat", {{"prompt", "hi"}, {"continuation_id", "abc"}});
  CHECK(old->is_error);
  CHECK(old->text ==
        "chat: conversation abc cannot be read: redis 127.0.0.1:6379: Connection refused. What to "
        "do: "
        "call without continuation_id, or again when storage is back");
  CHECK(bench.kimi.asked.size() == 1);
}

TEST_CASE("a provider's failure says who, why and what to do") {
  Bench bench;
  bench.kimi.answer = tl::unexpected(
      providers::ProviderError{providers::Failure::rate_limited, "HTTP 429: slow down", 3s});
  const auto result = bench.call("chat", {{"prompt", "hi"}, {"model", "k3"}});
  CHECK(result->is_error);
  CHECK(result->text ==
        "Kimi (kimi-k3): HTTP 429: slow down. What to do: call again later (after 3s)");
  CHECK(find_string(result->structured, "error") == "rate_limited");
  CHECK(find_integer(result->structured, "retry_after_ms") == 3000);
}

TEST_CASE("an answer without a word is not a success") {
  Bench bench;
  bench.kimi.answer->text = "";
  bench.kimi.answer->finish_reason = "sensitive";
  const auto result = bench.call("chat", {{"prompt", "hi"}});
  CHECK(result->is_error);
  CHECK(result->text == "chat: kimi-k2.6 gave an empty answer (finish reason: sensitive)");
}

}  // namespace
}  // namespace exai::tools
