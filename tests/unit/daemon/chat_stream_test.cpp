// The wire side of the OpenAI chat API against what servers really send.
#include "daemon/providers/chat_stream.hpp"

#include <catch2/catch.hpp>

#include "daemon/providers/openai.hpp"

namespace exai::providers {
namespace {

using Reply = tl::expected<ChatReply, ProviderError>;

// The whole answer to a stream that arrives in pieces of `cut` bytes, and its deltas as one text.
Reply answer_to(std::string_view body, std::size_t cut, std::string* streamed = nullptr,
                Framing framing = Framing::events) {
  ChatStream stream(framing);
  for (std::size_t at = 0; at < body.size() && !stream.done(); at += cut)
    for (const Delta& delta : stream.feed(body.substr(at, cut)))
      if (streamed != nullptr) *streamed += delta.reasoning + delta.text;
  return stream.finish();
}

ChatReply reply(std::string text, std::string finish = "stop") {
  ChatReply reply;
  reply.text = std::move(text);
  reply.finish_reason = std::move(finish);
  return reply;
}

TEST_CASE("a stream gives its text however it is cut and framed") {
  struct Row {
    const char* what;
    std::string body;
    ChatReply expected;
  };
  ChatReply full = reply("Grüße");
  full.reasoning = "hm";
  full.model = "kimi-k2.6";
  full.usage = Usage{7, 2, 3};
  ChatReply thinking = reply("42");
  thinking.reasoning = "6*7";
  ChatReply counted = reply("a");
  counted.usage = Usage{5, 1, 4};

  const auto row = GENERATE_COPY(values<Row>({
      {"the documented way",
       "data: "
       "{\"model\":\"kimi-k2.6\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null,"
       "\"reasoning_content\":\"hm\"}}]}\n\n"
       "data: {\"choices\":[{\"delta\":{\"content\":\"Grü\"}}]}\n\n"
       "data: {\"choices\":[{\"delta\":{\"content\":\"ße\"},\"finish_reason\":\"stop\"}]}\n\n"
       "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,"
       "\"prompt_tokens_details\":{\"cached_tokens\":3}}}\n\n"
       "data: [DONE]\n\n",
       full},
      {"CRLF, comments and no blank after the colon",
       ": keep-alive\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n"
       ": "
       "ping\r\ndata:{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\ndata:[DONE]"
       "\r\n\r\n",
       reply("a")},
      {"no [DONE]",
       "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
       reply("a")},
      {"no blank line before the end",
       "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}\n",
       reply("a", "length")},
      {"[DONE] without a finish reason",
       "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n", reply("a", "")},
      {"thinking under its other name",
       "data: {\"choices\":[{\"delta\":{\"reasoning\":\"6*7\"}}]}\n\n"
       "data: {\"choices\":[{\"delta\":{\"content\":\"42\"},\"finish_reason\":\"stop\"}]}\n\n",
       thinking},
      {"usage in the choice and again on top: counted once",
       "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\",\"usage\":"
       "{\"prompt_tokens\":5,\"completion_tokens\":1,\"cached_tokens\":4}}]}\n\n"
       "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,"
       "\"cached_tokens\":4}}\n\ndata: [DONE]\n\n",
       counted},
      {"error: null is no error, unknown members are ignored",
       "data: {\"error\":null,\"x\":[1],\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
       "\"finish_reason\":\"stop\"}]}\n\n",
       reply("a")},
  }));
  CAPTURE(row.what);
  for (const std::size_t cut : {1UL, 7UL, 100'000UL}) {
    std::string streamed;
    const Reply got = answer_to(row.body, cut, &streamed);
    REQUIRE(got.has_value());
    CHECK(*got == row.expected);
    if (row.body.ends_with("\n\n")) CHECK(streamed == row.expected.reasoning + row.expected.text);
  }
}

TEST_CASE("a stream that goes wrong is an error, whatever its status was") {
  struct Row {
    const char* what;
    std::string body;
    ProviderError expected;
  };
  const std::string begin = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
  const auto row = GENERATE_COPY(values<Row>({
      {"cut after a chunk", begin, {Failure::truncated, "the answer ended in the middle"}},
      {"cut within a chunk",
       begin + "data: {\"choices\":[{\"del",
       {Failure::truncated, "the answer ended in the middle"}},
      {"nothing at all", "", {Failure::truncated, "the answer ended before its first word"}},
      {"an error in the stream",
       begin + "data: {\"error\":{\"type\":\"engine_overloaded_error\",\"message\":\"busy\"}}\n\n",
       {Failure::overloaded, "busy"}},
      {"an error in the stream with the status it should have had",
       "data: {\"error\":{\"code\":429,\"message\":\"slow down\"}}\n\n",
       {Failure::rate_limited, "slow down"}},
      {"an error that is only text",
       "data: {\"error\":\"out of memory\"}\n\n",
       {Failure::server, "out of memory"}},
      {"no JSON",
       "data: <html>\n\ndata: [DONE]\n\n",
       {Failure::server, "a chunk of the stream is not JSON"}},
      {"the provider lost its own stream",
       begin + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"network_error\"}]}\n\n",
       {Failure::network, "the provider lost its own stream"}},
  }));
  CAPTURE(row.what);
  const Reply got = answer_to(row.body, 11);
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error() == row.expected);
}

TEST_CASE("a server that does not stream is understood too") {
  const Reply got = answer_to(
      R"({"model":"m","choices":[{"message":{"content":"all at once"},"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":1,"completion_tokens":2}})",
      9, nullptr, Framing::whole_body);
  ChatReply expected = reply("all at once");
  expected.model = "m";
  expected.usage = Usage{1, 2, 0};
  REQUIRE(got.has_value());
  CHECK(*got == expected);
  CHECK(answer_to("{\"choi", 9, nullptr, Framing::whole_body).error().failure ==
        Failure::truncated);
}

TEST_CASE("an error's class comes from its code, and else from the status") {
  struct Row {
    int status;
    const char* body;
    ProviderError expected;
  };
  const auto row = GENERATE(values<Row>({
      {400, R"({"error":{"type":"content_filter","message":"no"}})", {Failure::invalid, "no"}},
      {401, R"({"error":{"message":"bad key"}})", {Failure::auth, "bad key"}},
      {402, R"({"error":{"message":"pay"}})", {Failure::exhausted, "pay"}},
      {404, R"({"error":{"message":"no such model"}})", {Failure::invalid, "no such model"}},
      {429,
       R"({"error":{"type":"rate_limit_reached_error","message":"please try again after 3 seconds"}})",
       {Failure::rate_limited, "please try again after 3 seconds", 3s}},
      {429,
       R"({"error":{"type":"exceeded_current_quota_error","message":"q"}})",
       {Failure::exhausted, "q"}},
      {429,
       R"({"error":{"type":"engine_overloaded_error","message":"o"}})",
       {Failure::overloaded, "o"}},
      {429,
       R"({"error":{"code":"1113","message":"no balance"}})",
       {Failure::exhausted, "no balance"}},
      {429, R"({"error":{"code":"1302","message":"c"}})", {Failure::rate_limited, "c"}},
      {429, R"({"error":{"code":1305,"message":"full"}})", {Failure::overloaded, "full"}},
      {429, R"({"error":{"code":"1308","message":"window"}})", {Failure::exhausted, "window"}},
      {400, R"({"error":{"code":"1211","message":"model"}})", {Failure::invalid, "model"}},
      {400, R"({"code":"1002","msg":"x","message":"token"})", {Failure::auth, "token"}},
      {429, "", {Failure::rate_limited, "no reason given"}},
      {500, "boom", {Failure::server, "boom"}},
      {503, "<html>", {Failure::overloaded, "<html>"}},
      {502, R"({"error":"upstream"})", {Failure::server, "upstream"}},
      // The words are not the class: "500" and "rate limit" in a text mean nothing.
      {400,
       R"({"error":{"message":"500 words over the rate limit"}})",
       {Failure::invalid, "500 words over the rate limit"}},
  }));
  CAPTURE(row.status, row.body);
  CHECK(classify(row.status, {}, row.body) == row.expected);
}

TEST_CASE("the server's Retry-After header wins over the message") {
  const HeaderMap headers{{"retry-after", "12"}};
  CHECK(classify(429, headers, R"({"error":{"message":"again after 3 seconds"}})").retry_after ==
        12s);
}

TEST_CASE("the request carries the conversation, and a temperature only when there is one") {
  ChatRequest request;
  request.model = "m";
  request.messages = {{"system", "be brief"}, {"user", "hi \"you\""}};
  CHECK(
      chat_body(request) ==
      R"({"model":"m","messages":[{"role":"system","content":"be brief"},)"
      R"({"role":"user","content":"hi \"you\""}],"stream":true,"stream_options":{"include_usage":true}})");
  request.temperature = 0.5;
  CHECK(find_number(*parse_json_object(chat_body(request)), "temperature") == 0.5);
}

TEST_CASE("images stand behind the text of their message") {
  ChatRequest request;
  request.model = "m";
  request.messages = {{"user", "what is this?", {"data:image/png;base64,AA=="}}};
  CHECK(to_text(*find(*parse_json_object(chat_body(request)), "messages")) ==
        R"([{"role":"user","content":[{"type":"text","text":"what is this?"},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}])");
}

TEST_CASE("each model is told in its own way how long to think") {
  struct Row {
    const char* provider;
    const char* model;
    const char* mode;
    const char* told;
  };
  const Row rows[] = {
      {"kimi", "kimi-k3", "minimal", R"({"reasoning_effort":"low"})"},
      {"kimi", "kimi-k3", "medium", R"({"reasoning_effort":"high"})"},
      {"glm", "glm-5.3", "max", R"({"reasoning_effort":"max"})"},
      {"glm", "glm-4.6", "minimal", R"({"thinking":{"type":"disabled"}})"},
      {"glm", "glm-4.6", "low", R"({"thinking":{"type":"enabled"}})"},
      {"glm", "glm-4.6", "", "{}"},
      {"kimi", "moonshot-v1-8k", "max", "{}"},
      {"kimi", "kimi-of-tomorrow", "max", "{}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.model, row.mode);
    ProviderSettings settings;
    settings.name = row.provider;
    ChatRequest request;
    request.model = row.model;
    request.thinking_mode = row.mode;
    const json::object shown = preview(settings, std::move(request));
    json::object told;
    for (const char* key : {"thinking", "reasoning_effort"})
      if (const json::value* value = find(*find_object(shown, "body"), key)) told[key] = *value;
    CHECK(to_text(told) == row.told);
  }
}

}  // namespace
}  // namespace exai::providers
