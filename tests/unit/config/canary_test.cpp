// One secret in every place that a project can have it in: no message and no excerpt shows it.
#include <catch2/catch.hpp>
#include <set>

#include "core/base/text.hpp"
#include "tests/unit/config/memory.hpp"

namespace exai::config::test {

namespace {

constexpr std::string_view kCanary = "Zt7pQw3nKx9vBd5mRf2hLc8s";

// Each line with the canary in it is wrong, too, so that it is shown.
MemoryWorld world_of_secrets() {
  MemoryWorld world;
  world.request.scope = Scope::project;
  world.files = {
      {"exai.toml", R"([stack]
name = "shop"
[environments.dev]
layers = ["dev.env"]
[services.web]
process = ["run", "--token", "CANARY", "${UNSET_ONE}"]
env = { MAIL_PASSWORD = "CANARY", TARGET = "https://shop:CANARY@example.org/${UNSET_TWO}" }
)"},
      {"dev.env", R"(UNKNOWN_ONE_PASSWORD="CANARY" and more
UNKNOWN_URL=https://shop:CANARY@example.org
REDIS_PROT=1 # the password: CANARY
GLM_API_KEY=  CANARY $UNSET_THREE
GLM_API_KEY=CANARY
LOOKS_RANDOM=CANARY
)"},
      {".env", R"(#PAYMENT_API_KEY=CANARY
PAYMENT_API_KEY=CANARY
JWT_SECRET='CANARY
)"},
      {"compose.yaml", R"(services:
  db:
    image: postgres
    environment:
      POSTGRES_PASSWORD: CANARY
      BLOCK_SECRET: |
        CANARY
    ports: ["5432:5432"]
  web:
    build: .
    environment:
      - JWT_SECRET=CANARY
      - DATABASE_URL=postgres://app:CANARY@db/app
    command: ["web", "--password", "CANARY", "--requirepass", "${UNSET_FOUR}"]
    healthcheck:
      test: redis-cli -a CANARY ping
    imagee: shop
)"},
      {"Dockerfile", R"(FROM debian:12
ENV API_KEY=CANARY
ARG SIGNING_KEY=CANARY
COPY .env /
RUN curl -H "Authorization: Bearer CANARY" https://example.org
)"},
      {".mcp.json", R"({"mcpServers": {"exai": {"command": "exai", "args": ["--token", "CANARY"],
  "env": {"EXAI_WS_TOKEN": "CANARY", "EXAI_WS_TOKEN": "CANARY"}}}}
)"},
      {"README.md", "Try it with CANARY.\n"}};
  for (auto& [name, text] : world.files) text = replace_all(text, "CANARY", kCanary);
  return world;
}

}  // namespace

TEST_CASE("a secret in every place of a project is in no message") {
  const Loaded loaded = world_of_secrets().load();
  std::set<std::string> files;
  for (const Diagnostic& one : loaded.diagnostics) {
    const std::string text = render(one) + to_text(to_json(one));
    INFO(replace_all(text, kCanary, "CANARY"));
    CHECK(text.find(kCanary) == std::string::npos);
    if (one.span) files.insert(one.span.source->name);
  }
  for (const char* file :
       {"exai.toml", "dev.env", ".env", "compose.yaml", "Dockerfile", "README.md"}) {
    INFO(file);
    CHECK(files.contains(file));
  }
}

}  // namespace exai::config::test
