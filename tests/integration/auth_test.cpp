// Who may call the real exaid: the token and the one before it, JWTs, OAuth.
#include <catch2/catch.hpp>

#include "tests/integration/jwt_clients.hpp"
#include "tests/integration/mcp_fixture.hpp"
#include "tests/integration/raw_exaid.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

const std::string kToken = "0123456789abcdef";

Answer post(const Exaid& exaid, const std::string& headers, std::string_view body) {
  return Connection(exaid.port)
      .request("POST", "/mcp", kJson + "Accept: application/json, text/event-stream\r\n" + headers,
               body);
}

// "in", or the error and the close code.
std::string greeted(const Exaid& exaid, const std::string& frame) {
  ExaiClient client(exaid.port, frame);
  if (find_bool(client.greeting, "ok") == true) return "in";
  return fmt::format("{} {}", text_of(client.greeting, "error"), client.close_code());
}

Outcome checked(const Environment& options) {
  Command command;
  command.arguments = {EXAID, "--check"};
  command.environment = options;
  return run(std::move(command));
}

}  // namespace

TEST_CASE("HS256: a good JWT comes in over every transport, no other does") {
  Exaid exaid({{"JWT_SECRET_KEY", std::string(kSecret)}, {"EXAI_WS_TOKEN", kToken}});
  const std::string good = hs256(kSecret, claims("ann"));
  const std::string expired = hs256(kSecret, claims("ann", -60));
  const std::string forged = hs256("another secret, also long enough", claims("ann"));

  CHECK(post(exaid, bearer(good), kInitialize).status == 200);
  CHECK(post(exaid, bearer(kToken), kInitialize).status == 200);  // from this machine
  const Answer refused = post(exaid, bearer(expired), kInitialize);
  CHECK(refused.status == 401);
  CHECK(refused.headers.at("www-authenticate") ==
        "Bearer realm=\"exai\", error=\"invalid_token\", "
        "error_description=\"the token has expired\"");
  CHECK(post(exaid, bearer(forged), kInitialize).status == 401);
  CHECK(post(exaid, "", kInitialize).headers.at("www-authenticate") == "Bearer realm=\"exai\"");

  CHECK_NOTHROW(WebSocketClient(exaid.port, "mcp", "/ws", 0, bearer(good)));
  CHECK_THROWS_WITH(WebSocketClient(exaid.port, "mcp", "/ws", 0, bearer(expired)),
                    "no upgrade: 401");
  CHECK(greeted(exaid, hello("", good)) == "in");
  CHECK(greeted(exaid, hello(kToken, good)) == "in");
  CHECK(greeted(exaid, hello("a wrong token, long enough", good)) == "unauthorized 4003");
  CHECK(greeted(exaid, hello("", expired)) == "unauthorized 4003");
  const std::string log = exaid.process->err();
  for (const std::string& secret : {kToken, std::string(kSecret), good, forged})
    CHECK_THAT(log, !Contains(secret));
}

TEST_CASE("the grace period is a date: before it the old ways work, after it they do not") {
  const std::string secret(kSecret);
  const auto with = [&](const char* until) {
    return Environment{{"JWT_SECRET_KEY", secret}, {"JWT_GRACE_UNTIL", until}};
  };
  {
    Exaid exaid(with("2200-01-01"));
    CHECK(post(exaid, "", kInitialize).status == 200);
    CHECK(greeted(exaid, R"({"op":"hello"})") == "in");
    CHECK_THAT(exaid.process->err(), Contains("without a good JWT"));
  }
  Exaid exaid(with("2020-01-01T12:00:00Z"));
  CHECK(post(exaid, "", kInitialize).status == 401);
  CHECK(greeted(exaid, R"({"op":"hello"})") == "jwt_required 4003");
}

TEST_CASE("what one client has is not another's: sessions, and results of the same ids") {
  Exaid exaid(Environment{{"JWT_SECRET_KEY", std::string(kSecret)}});
  const std::string ann = hs256(kSecret, claims("ann"));
  const std::string bob = hs256(kSecret, claims("bob"));
  const std::string session = fmt::format("Mcp-Session-Id: {}\r\n",
                                          post(exaid, bearer(ann), kInitialize)
                                              .headers.at("mcp-session-id"));
  CHECK(post(exaid, bearer(bob) + session, kPing).status == 404);
  CHECK(post(exaid, bearer(ann) + session, kPing).status == 200);
  CHECK(post(exaid, bearer(hs256(kSecret, claims("ann", 7200))) + session, kPing).status == 200);

  ExaiClient first(exaid.port, hello("", ann, "same"));
  CHECK(text_of(first.greeting, "session_id") == "same");
  first.call("1", "test_echo", {{"message", "of ann"}});
  CHECK(text_of(first.result(), "text") == "of ann");
  ExaiClient second(exaid.port, hello("", bob, "same"));
  second.call("1", "test_echo", {{"message", "of bob"}});
  CHECK(text_of(second.result(), "text") == "of bob");
  ExaiClient again(exaid.port, hello("", ann, "same"));
  again.call("1", "test_echo", {{"message", "whatever"}});
  CHECK(text_of(again.result(), "text") == "of ann");
}

TEST_CASE("OAuth: RS256 by a JWK set, the resource's metadata, audience and scopes") {
  const TokenMaker maker;
  const TempDir folder;
  const std::string resource = "https://exai.example/mcp";
  REQUIRE(write_file_atomic(folder.path() / "jwks.json", fmt::format(R"({{"keys":[{}]}})", maker.jwk("k1"))));
  Exaid exaid({{"JWT_PUBLIC_KEYS_FILE", (folder.path() / "jwks.json").string()},
               {"EXAI_OAUTH_RESOURCE", resource},
               {"EXAI_OAUTH_SERVERS", "https://login.example, https://other.example"}});
  const auto token = [&](std::string_view more) {
    return bearer(maker.rs256(claims("ann", 3600, more)));
  };
  const std::string here = fmt::format(R"(,"aud":["{}"])", resource);

  const Answer refused = post(exaid, "", kInitialize);
  CHECK(refused.status == 401);
  CHECK(refused.headers.at("www-authenticate") ==
        "Bearer realm=\"exai\", resource_metadata="
        "\"https://exai.example/.well-known/oauth-protected-resource/mcp\"");
  const Answer metadata =
      Connection(exaid.port).request("GET", "/.well-known/oauth-protected-resource/mcp");
  CHECK(metadata.status == 200);
  CHECK(metadata.body ==
        R"({"resource":"https://exai.example/mcp","authorization_servers":)"
        R"(["https://login.example","https://other.example"],"bearer_methods_supported":["header"],)"
        R"("scopes_supported":["exai:read","exai:change"],"resource_name":"EXAI"})");

  CHECK(post(exaid, token(here), kInitialize).status == 200);
  CHECK_THAT(post(exaid, token(R"(,"aud":"https://elsewhere.example")"), kInitialize).body,
             Contains("for another audience"));
  CHECK_THAT(post(exaid, token(""), kInitialize).body, Contains("for another audience"));

  const auto call = [&](std::string_view scope, std::string_view tool) {
    const std::string authorization = token(fmt::format(R"({},"scope":"{}")", here, scope));
    return Connection(exaid.port)
        .request("POST", "/mcp", authorization + modern_headers("tools/call", tool),
                 modern(1, "tools/call", fmt::format(R"("name":"{}","arguments":{{}})", tool)));
  };
  CHECK(call("", "version").status == 200);
  const Answer step_up = call("exai:read", "service_restart");
  CHECK(step_up.status == 403);
  CHECK_THAT(step_up.headers.at("www-authenticate"),
             Contains("error=\"insufficient_scope\", scope=\"exai:change\""));
  CHECK(call("", "stack_status").status == 403);
  CHECK_THAT(call("exai:read", "stack_status").body, Contains("is off"));  // nobody supervises it
  CHECK_THAT(call("exai:change", "stack_status").body, Contains("is off"));

  WebSocketClient socket(exaid.port, "mcp", "/ws", 0, token(here));
  socket.text(kInitialize);
  socket.message();
  socket.text(call_of(1, "stack_status"));
  CHECK_THAT(socket.message(), Contains("the token lacks the scope exai:read"));
}

TEST_CASE("a rotation: two tokens for a while, and what is open stays open") {
  Exaid exaid({{"EXAI_WS_TOKEN", kToken}, {"EXAI_WS_TOKEN_PREVIOUS", "the-one-before-it"}});
  const std::string fresh = "fedcba9876543210";
  const auto status = [&](const std::string& token) {
    return post(exaid, bearer(token), kInitialize).status;
  };
  CHECK(status(kToken) == 200);
  CHECK(status("the-one-before-it") == 200);
  CHECK(greeted(exaid, hello("the-one-before-it", "")) == "in");

  WebSocketClient socket(exaid.port, "mcp", "/ws", 0, bearer(kToken));
  socket.text(kInitialize);
  socket.message();
  const std::string session = fmt::format("Mcp-Session-Id: {}\r\n",
                                          post(exaid, bearer(kToken), kInitialize)
                                              .headers.at("mcp-session-id"));
  ExaiClient client(exaid.port, hello(kToken, ""));
  client.call("1", "test_echo", {{"message", "still here"}, {"delay_ms", 300}});
  client.next("call_tool_ack");
  client.send(fmt::format(R"({{"op":"rotate_token","old":"{}","new":"{}"}})", kToken, fresh));
  CHECK(find_bool(client.next("rotate_token_res"), "ok") == true);

  CHECK(text_of(client.result(), "text") == "still here");
  socket.text(kPing);
  CHECK_NOTHROW(socket.message());
  CHECK(status(kToken) == 401);
  CHECK(status("the-one-before-it") == 401);
  CHECK(status(fresh) == 200);
  // The session is the client's, the token its way in: with the new one it goes on.
  CHECK(post(exaid, bearer(kToken) + session, kPing).status == 401);
  CHECK(post(exaid, bearer(fresh) + session, kPing).status == 200);
}

TEST_CASE("options of authentication that cannot be meant are refused at the start") {
  static const std::string pem = TokenMaker().public_pem();
  const auto [options, message] = GENERATE_COPY(table<Environment, std::string>({
      {{{"JWT_PUBLIC_KEYS", "nonsense"}},
       "JWT_PUBLIC_KEYS: neither PEM (\"-----BEGIN PUBLIC KEY-----\") nor a JWK set"},
      {{{"JWT_PUBLIC_KEYS", pem}, {"JWT_GRACE_UNTIL", "soon"}},
       "JWT_GRACE_UNTIL: \"soon\" is no day"},
      {{{"JWT_GRACE_UNTIL", "2027-01-31"}}, "nothing that begins on that day"},
      {{{"JWT_SECRET_KEY", "short"}}, "JWT_SECRET_KEY"},
      {{{"EXAI_OAUTH_RESOURCE", "https://exai.example/mcp?x=1"},
        {"EXAI_OAUTH_SERVERS", "https://login.example"},
        {"JWT_PUBLIC_KEYS", pem}},
       "EXAI_OAUTH_RESOURCE: \"https://exai.example/mcp?x=1\" is no URL without query"},
      {{{"EXAI_OAUTH_RESOURCE", "https://exai.example/mcp"}}, "clients must learn where"},
      {{{"ENVIRONMENT", "prod"}, {"JWT_PUBLIC_KEYS", pem}},
       "a token that was issued for another service must not open this one"},
  }));
  const Outcome outcome = checked(options);
  CHECK(outcome.exit == 2);
  CHECK_THAT(outcome.err, Contains(message));
  CHECK(checked({{"JWT_PUBLIC_KEYS", pem}, {"JWT_GRACE_UNTIL", "2027-01-31"}}).exit ==
        0);
}

TEST_CASE("tokens and keys are read again when their files change; what is wrong changes nothing") {
  const TempDir folder;
  const Path token_file = folder.path() / "token";
  const Path keys_file = folder.path() / "jwks.json";
  const TokenMaker first;
  const TokenMaker second;
  const auto publish = [&](const TokenMaker& maker) {
    REQUIRE(write_file_atomic(keys_file, fmt::format(R"({{"keys":[{}]}})", maker.jwk("k1"))));
  };
  REQUIRE(write_file_atomic(token_file, kToken + "\n"));
  publish(first);
  Exaid exaid(
      {{"EXAI_WS_TOKEN_FILE", token_file.string()}, {"JWT_PUBLIC_KEYS_FILE", keys_file.string()}});
  const auto status = [&](const std::string& token) {
    return post(exaid, bearer(token), kInitialize).status;
  };
  const auto keys = [&] {
    const json::object report = exaid.report();
    return text_of(*find_object(*find_object(report, "components"), "keys"), "status");
  };
  CHECK(status(kToken) == 200);
  CHECK(status(first.rs256(claims("ann"))) == 200);
  CHECK(keys() == "pass");

  const std::string fresh = "fedcba9876543210";
  REQUIRE(write_file_atomic(token_file, fresh));
  CHECK(wait_until([&] { return status(fresh) == 200; }));
  CHECK(status(kToken) == 401);
  publish(second);
  CHECK(wait_until([&] { return status(second.rs256(claims("ann"))) == 200; }));
  CHECK(status(first.rs256(claims("ann"))) == 401);
  CHECK(status(fresh) == 200);

  const auto [wrong, why] = GENERATE(table<std::string, std::string>(
      {{"short", "EXAI_WS_TOKEN"},
       {"", "EXAI_WS_TOKEN is empty now: without it others could come in"}}));
  REQUIRE(write_file_atomic(token_file, wrong));
  CHECK(wait_until([&] { return keys() == "warn"; }));
  CHECK_THAT(exaid.process->err(), Contains("tokens and keys stay the old ones") && Contains(why));
  CHECK_THAT(to_text(exaid.report()), Contains(why));
  CHECK(status(fresh) == 200);
  CHECK(status("") == 401);
  CHECK(status(second.rs256(claims("ann"))) == 200);
  REQUIRE(write_file_atomic(token_file, fresh));
  CHECK(wait_until([&] { return keys() == "pass"; }));
  CHECK_THAT(exaid.process->err(), !Contains(fresh) && !Contains(kToken));
}

TEST_CASE("kept files are their owner's; those of before there were owners are everybody's") {
  const TempDir folder;
  Environment options{{"EXAI_FILES_DIR", (folder / "kept").string()}};
  std::string token;
  const auto call = [&](const Exaid& exaid, std::string_view tool, const json::object& arguments) {
    const Answer answer =
        Connection(exaid.port)
            .request(
                "POST", "/mcp", token + modern_headers("tools/call", tool),
                modern(1, "tools/call",
                       fmt::format(R"("name":"{}","arguments":{})", tool, to_text(arguments))));
    const auto reply = parse_json_object(answer.body);
    const auto* result = reply ? find_object(*reply, "result") : nullptr;
    if (!result || find_bool(*result, "isError") == true) return json::object();
    return *find_object(*result, "structuredContent");
  };
  const auto upload = [&](const Exaid& exaid, const char* content) {
    return text_of(call(exaid, "file_upload", {{"name", "a.txt"}, {"content", content}}),
                   "file_id");
  };
  std::string shared;
  {
    Exaid exaid(options);
    shared = upload(exaid, "of everybody");
    CHECK(shared != "");
  }
  options["JWT_SECRET_KEY"] = kSecret;
  options["TOOL_PROFILE"] = "full";
  const auto be = [&](const char* who) { token = bearer(hs256(kSecret, claims(who))); };
  std::string anns;
  {
    Exaid exaid(options);
    be("ann");
    anns = upload(exaid, "of ann");
  }
  Exaid exaid(options);
  const auto has = [&](const std::string& id) {
    const json::object list = call(exaid, "file_list", {});
    const bool is_listed = to_text(list).find(id) != std::string::npos;
    CHECK(call(exaid, "file_download", {{"file_id", id}}).empty() != is_listed);
    return is_listed;
  };
  be("bob");
  CHECK(has(shared));
  CHECK_FALSE(has(anns));
  CHECK(call(exaid, "file_delete", {{"file_id", anns}}).empty());
  const std::string bobs = upload(exaid, "of ann");
  CHECK(bobs != anns);
  CHECK_FALSE(call(exaid, "file_delete", {{"file_id", bobs}}).empty());
  CHECK_FALSE(call(exaid, "file_delete", {{"file_id", shared}}).empty());
  be("ann");
  CHECK(has(anns));
  CHECK_FALSE(has(shared));
  CHECK_FALSE(call(exaid, "file_delete", {{"file_id", anns}}).empty());
}

TEST_CASE("who is refused is counted by the reason") {
  Exaid exaid({{"JWT_SECRET_KEY", std::string(kSecret)}, {"EXAI_WS_TOKEN", kToken}});
  const auto count = [&](const char* reason) {
    return exaid.metric(fmt::format(R"(mcp_callers_refused_total{{reason="{}"}})", reason));
  };
  for (const char* reason : {"nothing", "wrong", "jwt_required", "scope", "place"})
    CHECK(count(reason) == 0);
  post(exaid, "", kInitialize);
  post(exaid, bearer(hs256(kSecret, claims("ann", -60))), kInitialize);
  greeted(exaid, hello("a wrong token, long enough", ""));
  greeted(exaid, hello("", ""));
  const std::string good = bearer(hs256(kSecret, claims("ann", 3600, R"(,"scope":"other")")));
  Connection(exaid.port)
      .request("POST", "/mcp", good + modern_headers("tools/call", "stack_status"),
               modern(1, "tools/call", R"("name":"stack_status","arguments":{})"));
  post(exaid, good + "Origin: https://elsewhere.example\r\n", kInitialize);
  // A token that may come in from this machine only, as a proxy says.
  post(exaid, bearer(kToken) + "X-Forwarded-For: 192.0.2.1\r\n", kInitialize);
  CHECK(count("nothing") == 2);
  CHECK(count("wrong") == 2);
  CHECK(count("scope") == 1);
  CHECK(count("place") == 1);
  CHECK(count("jwt_required") == 1);
}
