// How models search the web and call functions: the wire, and the tools over it.
#include "daemon/providers/web_search.hpp"

#include <catch2/catch.hpp>

#include "daemon/providers/chat_stream.hpp"
#include "tests/unit/daemon/tool_bench.hpp"

namespace exai::tools {
namespace {

using Catch::Contains;
using providers::ChatReply;
using providers::ChatRequest;
using providers::Outcome;
using providers::WebSearch;

json::object call_of(const char* name, const char* arguments) {
  return {
      {"id", "c1"}, {"type", "function"}, {"function", {{"name", name}, {"arguments", arguments}}}};
}

ChatReply searching() {
  ChatReply reply{"", "hm", "tool_calls", "", providers::Usage{10, 2, 1}};
  reply.tool_calls.push_back(call_of("$web_search", R"({"q":"x"})"));
  return reply;
}

TEST_CASE("calls of functions are put together from their pieces, however they come") {
  struct Row {
    const char* what;
    std::string body;
    const char* calls;
  };
  const std::string end =
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
  const Row rows[] = {
      {"in pieces",
       R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function",)"
       R"("function":{"name":"f","arguments":""}}]}}]})"
       "\n\n"
       R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}},)"
       R"({"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]})"
       "\n\n"
       R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]})"
       "\n\n" +
           end,
       R"([{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},)"
       R"({"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}])"},
      {"indices out of order or out of bounds are dropped",
       R"(data: {"choices":[{"delta":{"tool_calls":[{"index":5,"function":{"name":"f"}},)"
       R"({"index":-1,"function":{"name":"g"}},7,{"index":0,"id":"a","function":{"name":"h"}}]}}]})"
       "\n\n" +
           end,
       R"([{"id":"a","type":"function","function":{"name":"h","arguments":""}}])"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    providers::ChatStream stream(providers::Framing::events);
    stream.feed(row.body);
    CHECK(to_text(stream.finish()->tool_calls) == row.calls);
  }
}

TEST_CASE("a search that is echoed: call and arguments go back, tokens are added up") {
  providers::EchoedSearch search(true);
  ChatRequest request;
  request.messages = {{"user", "news?"}};
  Outcome<ChatReply> first = searching();
  REQUIRE(search.goes_on(first, request));
  REQUIRE(request.messages.size() == 3);
  const json::object body = parse_json_object(providers::chat_body(request)).value();
  CHECK(to_text(body.at("messages").as_array()[1]) ==
        R"({"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function",)"
        R"("function":{"name":"$web_search","arguments":"{\"q\":\"x\"}"}}],)"
        R"("reasoning_content":"hm"})");
  CHECK(to_text(body.at("messages").as_array()[2]) ==
        R"({"role":"tool","content":"{\"q\":\"x\"}","tool_call_id":"c1","name":"$web_search"})");
  Outcome<ChatReply> second = ChatReply{"it rains", "", "stop", "", providers::Usage{30, 5, 0}};
  CHECK_FALSE(search.goes_on(second, request));
  CHECK(second->usage == providers::Usage{40, 7, 1});
}

TEST_CASE("a search ends: by an answer, another function, a failure, or after five rounds") {
  ChatRequest request;
  const auto goes_on = [&](Outcome<ChatReply> reply) {
    return providers::EchoedSearch(true).goes_on(reply, request);
  };
  CHECK(goes_on(searching()));
  ChatReply other = searching();
  other.tool_calls.push_back(call_of("weather", "{}"));
  CHECK_FALSE(goes_on(other));
  CHECK_FALSE(goes_on(tl::unexpected(providers::ProviderError{})));
  Outcome<ChatReply> off = searching();
  CHECK_FALSE(providers::EchoedSearch(false).goes_on(off, request));

  providers::EchoedSearch endless(true);
  int rounds = 0;
  Outcome<ChatReply> reply = searching();
  while (endless.goes_on(reply, request)) {
    ++rounds;
    reply = searching();
  }
  CHECK(rounds == 5);
  CHECK(reply.error().message == "the model searched and searched, and never answered");
}

TEST_CASE("each provider is asked to search in its own way") {
  json::array kimi;
  providers::add_search_tool(WebSearch::echoed, kimi);
  CHECK(to_text(kimi) == R"([{"type":"builtin_function","function":{"name":"$web_search"}}])");
  json::array glm;
  providers::add_search_tool(WebSearch::built_in, glm);
  CHECK(to_text(glm) == R"([{"type":"web_search","web_search":{"enable":true,)"
                        R"("search_engine":"search-prime","search_result":true}}])");
  CHECK(providers::search_request({"x", 3, "", "a.example", "oneDay"}).body ==
        R"({"search_engine":"search-prime","search_query":"x","count":3,)"
        R"("search_domain_filter":"a.example","search_recency_filter":"oneDay"})");
}

TEST_CASE("results are read, and an answer without them is no empty result") {
  const auto hits = providers::search_hits(
      R"({"search_result":[{"title":"T","link":"https://a.example","content":"C","media":"M"},7]})");
  REQUIRE(hits.has_value());
  CHECK(*hits == std::vector<providers::SearchHit>{{"T", "https://a.example", "C", "M", ""}});
  CHECK_FALSE(providers::search_hits("{}").has_value());
  CHECK_FALSE(providers::search_hits("<html>").has_value());
}

TEST_CASE("who cannot search says so, and who can is asked to") {
  Bench bench;
  bench.call("chat", {{"prompt", "news?"}, {"use_websearch", true}});
  CHECK(bench.kimi.asked.back().search_web);
  bench.call("chat", {{"prompt", "news?"}});
  CHECK_FALSE(bench.kimi.asked.back().search_web);

  providers::FakeProvider custom{"custom", "m"};
  const providers::Router only_custom({&custom}, "");
  Registry registry({bench.clock, bench.store, only_custom, bench.host});
  const auto call = [&](const char* tool, json::object arguments) {
    mcp::Call one;
    one.name = tool;
    one.arguments = std::move(arguments);
    one.progress = [](const mcp::Progress&) {};
    bench.loop.context().restart();
    return bench.loop.run_until_done(registry.call(std::move(one)))->text;
  };
  CHECK(call("chat", {{"prompt", "news?"}, {"use_websearch", true}}) ==
        "chat: Custom cannot search the web. What to do: name a model of Kimi or GLM, or leave "
        "use_websearch out");
  CHECK(call("web_search", {{"search_query", "news"}}) ==
        "web_search: no provider that can search the web is configured. What to do: set "
        "GLM_API_KEY or KIMI_API_KEY");
  CHECK(custom.asked.empty());
}

TEST_CASE("GLM's results are a list; without GLM, Kimi's model tells what it found") {
  Bench bench;
  bench.kimi.answer->text = "found it";
  const auto told = bench.call("web_search", {{"search_query", "x"}});
  CHECK(told->text == "found it");
  CHECK(bench.kimi.asked.back().search_web);

  providers::FakeProvider glm{"glm", "glm-5"};
  const providers::Router both({&bench.kimi, &glm}, "");
  Registry registry({bench.clock, bench.store, both, bench.host});
  mcp::Call call;
  call.name = "glm_web_search";
  call.arguments = {{"search_query", "x"}};
  bench.loop.context().restart();
  const auto listed = bench.loop.run_until_done(registry.call(std::move(call)));
  CHECK(listed->text == "1. x\n   https://a.example\n   a text\n");
  CHECK(find_string(listed->structured, "provider") == "glm");
  CHECK(registry.needs("web_search", {{"search_query", "x"}}).provider == "glm");
  CHECK(registry.needs("web_search", {{"provider", "kimi"}}).provider == "kimi");
}

TEST_CASE("a chat with functions gives the model's message as it is to be sent back") {
  Bench bench;
  bench.kimi.answer->text = "";
  bench.kimi.answer->tool_calls.push_back(call_of("weather", R"({"city":"Perth"})"));
  const json::array tools{{{"type", "function"}, {"function", {{"name", "weather"}}}}};
  const auto result =
      bench.call("chat_with_tools",
                 {{"messages",
                   {{{"role", "user"}, {"content", "?"}},
                    {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", json::array()}},
                    {{"role", "tool"}, {"content", "rain"}, {"tool_call_id", "c0"}}}},
                  {"tools", tools},
                  {"tool_choice", "auto"}});
  REQUIRE_FALSE(result->is_error);
  CHECK(result->text == R"([the model calls weather with {"city":"Perth"}])");
  CHECK(to_text(result->structured.at("message")) ==
        R"({"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function",)"
        R"("function":{"name":"weather","arguments":"{\"city\":\"Perth\"}"}}]})");
  const ChatRequest& asked = bench.kimi.asked.back();
  CHECK(asked.tools == tools);
  CHECK(to_text(asked.messages.back().extra) == R"({"tool_call_id":"c0"})");
  CHECK(bench.store.values.empty());
}

TEST_CASE("a choice of function is not sent without functions") {
  ChatRequest request;
  request.tool_choice = "auto";
  CHECK_THAT(providers::chat_body(request), !Contains("tool_choice"));
}

TEST_CASE("what is wanted is read from the model's JSON, with or without words around it") {
  Selection full;  // it is hidden in the others
  full.profile = "full";
  Bench all(full);
  all.kimi.answer->text = "```json\n{\"intent\": \"debug\"}\n```";
  const auto told = all.call("intent_analysis", {{"prompt", "why?"}, {"context", "C++"}});
  CHECK(to_text(told->structured.at("analysis")) == R"({"intent":"debug"})");
  CHECK_THAT(all.kimi.asked.back().messages.back().content, Contains("What is known:\nC++"));
}

}  // namespace
}  // namespace exai::tools
