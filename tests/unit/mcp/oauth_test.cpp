#include "daemon/net/oauth.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::net;

namespace {

const OAuthOptions kOptions{"https://exai.example/mcp", {"https://login.example"}};

Request get(std::string path, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

}  // namespace

TEST_CASE("where a resource's metadata is (RFC 9728)") {
  const auto [resource, url] = GENERATE(table<std::string, std::string>({
      {"https://exai.example/mcp", "https://exai.example/.well-known/oauth-protected-resource/mcp"},
      {"https://exai.example:8443",
       "https://exai.example:8443/.well-known/oauth-protected-resource"},
      {"https://exai.example/", "https://exai.example/.well-known/oauth-protected-resource"},
      {"https://exai.example/a/b", "https://exai.example/.well-known/oauth-protected-resource/a/b"},
  }));
  CHECK(metadata_url(resource) == url);
}

TEST_CASE("the metadata are there for everybody, when they are set") {
  const std::string path = "/.well-known/oauth-protected-resource";
  const auto document = answer_metadata(get(path + "/mcp"), kOptions);
  REQUIRE(document);
  CHECK(document->status == 200);
  CHECK(
      document->body ==
      R"({"resource":"https://exai.example/mcp","authorization_servers":["https://login.example"],)"
      R"("bearer_methods_supported":["header"],"scopes_supported":["exai:read","exai:change"],)"
      R"("resource_name":"EXAI"})");
  CHECK(answer_metadata(get(path), kOptions)->body == document->body);
  CHECK(answer_metadata(get(path, "POST"), kOptions)->status == 405);
  CHECK_FALSE(answer_metadata(get(path + "/other"), kOptions));
  CHECK_FALSE(answer_metadata(get(path), {}));
  CHECK_FALSE(answer_metadata(get("/mcp"), kOptions));
}

TEST_CASE("a refusal says where to get a token, and what was wrong with the one that was shown") {
  Gate::Denial denial;
  denial.message = "say \"please\"";
  CHECK(unauthorized(denial, {}).headers.at("www-authenticate") == "Bearer realm=\"exai\"");
  CHECK(unauthorized(denial, kOptions).headers.at("www-authenticate") ==
        "Bearer realm=\"exai\", resource_metadata="
        "\"https://exai.example/.well-known/oauth-protected-resource/mcp\"");
  denial.showed_something = true;
  const Response refusal = unauthorized(denial, {});
  CHECK(refusal.status == 401);
  CHECK(refusal.headers.at("www-authenticate") ==
        "Bearer realm=\"exai\", error=\"invalid_token\", error_description=\"say 'please'\"");
  CHECK(refusal.body ==
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"say \"please\""}})");
  const Response step_up = insufficient_scope("change", kOptions);
  CHECK(step_up.status == 403);
  CHECK(step_up.headers.at("www-authenticate") ==
        "Bearer realm=\"exai\", resource_metadata="
        "\"https://exai.example/.well-known/oauth-protected-resource/mcp\", "
        "error=\"insufficient_scope\", scope=\"exai:change\"");
}
