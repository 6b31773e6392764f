// The chat tool of the real exaid against a provider that answers as the test wants it.
#include <catch2/catch.hpp>

#include "tests/integration/daemon_bench.hpp"
#include "tests/integration/fake_server.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

constexpr const char* kKey = "sk-very-secret-0123456789";

std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return fmt::format(
      "data: {{\"model\":\"m\",\"choices\":[{{\"delta\":{},\"finish_reason\":{}}}]}}\n\n", delta,
      finish);
}

const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

// The model that is asked for decides what happens.
void provider(FakeConnection& peer) {
  const std::string request = peer.read_request().value_or("");
  const auto wants = [&](const char* model) {
    return request.find(fmt::format("\"model\":\"{}\"", model)) != std::string::npos;
  };
  if (wants("streams")) {
    peer.write(kStreamHead + chunk(R"({"reasoning_content":"hm"})") +
               chunk(R"({"content":"Hel"})"));
    peer.write(chunk(R"({"content":"lo"})") + chunk("{}", "\"stop\""));
    peer.write(
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n"
        "data: [DONE]\n\n");
  } else if (wants("denies")) {
    peer.answer(401, fmt::format(R"({{"error":{{"message":"Incorrect API key: {}"}}}})", kKey));
  } else if (wants("limits")) {
    peer.answer(429, R"({"error":{"type":"rate_limit_reached_error","message":"slow down"}})",
                "Retry-After: 7\r\n");
  } else if (wants("cuts")) {
    peer.write(kStreamHead + chunk(R"({"content":"half an ans"})"));
  } else if (wants("resets")) {
    peer.write(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    peer.reset();
  } else if (wants("hangs")) {
    peer.wait_closed();
  } else if (wants("reads")) {
    const bool file = request.find("--- end of ") != std::string::npos;
    const bool image = request.find(R"({"url":"data:image/png;base64,iVBORw0KGgpyZXN0IQ=="})") !=
                       std::string::npos;
    peer.write(kStreamHead +
               chunk(fmt::format(R"({{"content":"file {} image {}"}})", file, image), "\"stop\""));
  } else if (wants("remembers")) {
    const bool knows = request.find("my name is Ada") != std::string::npos;
    peer.write(kStreamHead +
               chunk(knows ? R"({"content":"Ada"})" : R"({"content":"who?"})", "\"stop\""));
  }
}

Environment with(const FakeServer& server) {
  return {{"CUSTOM_API_URL", server.url("/v1")},
          {"CUSTOM_API_KEY", kKey},
          {"CUSTOM_MODELS", "streams,denies,limits,cuts,resets,hangs,remembers,reads"},
          {"CUSTOM_TIMEOUT_SECS", "1"},
          {"LOG_LEVEL", "debug"}};
}

}  // namespace

TEST_CASE("an answer streams as progress, and its tokens are counted") {
  const FakeServer server(provider);
  Exaid exaid(with(server));
  McpClient client = exaid.client();
  const Answer answer = client.call("chat", {{"prompt", "hi"}});
  CHECK(answer.text == "Hello");
  CHECK_FALSE(answer.is_error);
  CHECK(answer.progress == std::vector<std::string>{"(thinking)", "Hel", "lo"});
  CHECK(find_string(answer.structured, "model") == "streams");
  CHECK(find_string(answer.structured, "reasoning") == "hm");
  CHECK(to_text(*find(answer.structured, "usage")) ==
        R"({"input_tokens":5,"output_tokens":2,"cached_tokens":0})");

  const std::string metrics = exaid.metrics().body;
  CHECK_THAT(
      metrics,
      Contains("mcp_api_calls_total{provider=\"custom\",model=\"streams\",status=\"ok\"} 1\n"));
  CHECK_THAT(
      metrics,
      Contains("mcp_tokens_total{provider=\"custom\",model=\"streams\",type=\"input\"} 5\n"));
}

TEST_CASE("each way a provider fails is told apart, and no key is shown") {
  const FakeServer server(provider);
  Exaid exaid(with(server));
  McpClient client = exaid.client();
  struct Row {
    const char* model;
    const char* error;
    const char* text;
  };
  const Row rows[] = {
      {"denies", "auth", "HTTP 401: Incorrect API key: [key]. What to do: check the API key"},
      {"limits", "rate_limited", "HTTP 429: slow down. What to do: call again later (after 7s)"},
      {"cuts", "truncated", "the answer ended in the middle"},
      {"resets", "truncated", "the answer ended before its first word"},
      {"hangs", "network", "within 1s"},
  };
  for (const Row& row : rows) {
    const Answer answer = client.call("chat", {{"prompt", "hi"}, {"model", row.model}});
    CAPTURE(row.model);
    CHECK(answer.is_error);
    CHECK(find_string(answer.structured, "error") == row.error);
    CHECK_THAT(answer.text, Contains(row.text));
    CHECK_THAT(answer.text, !Contains(kKey));
  }
  CHECK_THAT(exaid.process().err(), !Contains(kKey));
  CHECK_THAT(client.call("status").text, !Contains(kKey));
  CHECK_THAT(exaid.health().body, !Contains(kKey));
  CHECK_THAT(exaid.metrics().body, Contains("model=\"limits\",status=\"rate_limited\"} 1\n"));
}

TEST_CASE("a provider that is not there is a network failure") {
  Exaid exaid(Environment{{"CUSTOM_API_URL", fmt::format("http://127.0.0.1:{}/v1", free_port())},
                          {"CUSTOM_MODELS", "m"}});
  const Answer answer = exaid.client().call("chat", {{"prompt", "hi"}});
  CHECK(answer.is_error);
  CHECK(find_string(answer.structured, "error") == "network");
}

TEST_CASE("a conversation in redis goes on after a restart of exaid") {
  const FakeServer server(provider);
  RealRedis redis;
  Environment options = with(server);
  options["EXAI_STORE"] = "redis";
  options["REDIS_PORT"] = std::to_string(redis.port());
  options["REDIS_PASSWORD"] = redis.password();
  const auto ask = [&](json::object arguments) {
    Exaid exaid(options);
    REQUIRE(wait_until([&] { return exaid.health("ready").status == 200; }));
    arguments["model"] = "remembers";
    return exaid.client().call("chat", std::move(arguments));
  };
  const Answer first = ask({{"prompt", "my name is Ada"}});
  const std::string id = find_string(first.structured, "continuation_id").value();
  CHECK(ask({{"prompt", "who am I?"}, {"continuation_id", id}}).text == "Ada");
  CHECK(ask({{"prompt", "who am I?"}}).text == "who?");
}

TEST_CASE("files and images below the roots reach the model; whatever leads elsewhere does not") {
  const FakeServer server(provider);
  const TempDir folder;
  const Path notes = folder.write("open/notes.txt", "what we know");
  const Path outside = folder.write("closed/secret.txt", "nobody's business");
  const Path png = folder.write("open/dot.png", "\x89PNG\r\n\x1a\nrest!");
  const Path binary = folder.write("open/binary", std::string("a\0b", 3));
  const Path large = folder.write("open/large", std::string(300'000, 'x'));
  std::filesystem::create_symlink(outside, folder / "open/link");
  std::filesystem::create_directory_symlink(folder / "closed", folder / "open/folder");
  std::filesystem::create_directory_symlink(folder / "open", folder / "alias");
  REQUIRE(make_fifo(folder / "open/fifo"));

  Environment options = with(server);
  options["EXAI_FILE_ROOTS"] = (folder / "alias").string() + "/";
  Exaid exaid(options);
  McpClient client = exaid.client();
  const auto chat = [&](const char* key, const std::string& name) {
    return client.call("chat", {{"prompt", "hi"}, {"model", "reads"}, {key, {name}}});
  };
  CHECK(chat("files", notes.string()).text == "file true image false");
  CHECK(chat("files", (folder / "alias/notes.txt").string()).text == "file true image false");
  CHECK(chat("images", png.string()).text == "file false image true");
  CHECK(chat("images", "data:image/png;base64,iVBORw0KGgpyZXN0IQ==").text ==
        "file false image true");

  struct Row {
    const char* key;
    std::string name;
    const char* refusal;
  };
  const std::string open = (folder / "open").string();
  const Row rows[] = {
      {"files", outside.string(), "is not below EXAI_FILE_ROOTS"},
      {"files", "/no/such/file", "is not below EXAI_FILE_ROOTS"},
      {"files", "notes.txt", "is not below EXAI_FILE_ROOTS"},
      {"files", open + "/../closed/secret.txt", "is not below EXAI_FILE_ROOTS"},
      {"files", open + "/link", "is not below EXAI_FILE_ROOTS"},
      {"files", open + "/folder/secret.txt", "is not below EXAI_FILE_ROOTS"},
      {"files", open + "er/x", "is not below EXAI_FILE_ROOTS"},
      {"files", open, "is not below EXAI_FILE_ROOTS"},
      {"files", open + "/fifo", "is no regular file"},
      {"files", open + "/missing", "No such file"},
      {"files", binary.string(), "is no text"},
      {"files", large.string(), "has more than 256 KiB"},
      {"images", notes.string(), "is no PNG, JPEG, GIF or WebP"},
      {"images", outside.string(), "is not below EXAI_FILE_ROOTS"},
      {"images", "data:text/html,x", "must begin with data:image/"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Answer answer = chat(row.key, row.name);
    CHECK(answer.is_error);
    CHECK_THAT(answer.text, Contains(row.refusal));
  }
}

TEST_CASE("without roots no file is sent") {
  const FakeServer server(provider);
  Exaid exaid(with(server));
  const Answer answer = exaid.client().call("chat", {{"prompt", "hi"}, {"files", {"/etc/passwd"}}});
  CHECK(answer.is_error);
  CHECK_THAT(answer.text, Contains("EXAI_FILE_ROOTS names the folders whose files may"));
}
