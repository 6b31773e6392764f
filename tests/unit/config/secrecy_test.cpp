// What is a secret: by name, by look, and by its place in a text.
#include <catch2/catch.hpp>

#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config::test {

TEST_CASE("names of secrets are told from names about secrets") {
  for (const char* name : {"PASSWORD",        "POSTGRES_PASSWORD",
                           "PGPASSWORD",      "DB_PASS",
                           "MYSQL_PWD",       "RABBITMQ_DEFAULT_PASS",
                           "JWT_SECRET",      "client_secret",
                           "clientSecret",    "TOKEN",
                           "EXAI_WS_TOKEN",   "accessToken",
                           "GITHUB_TOKEN",    "API_KEY",
                           "apiKey",          "APIKEY",
                           "KIMI_API_KEY",    "API_KEY_2",
                           "API_KEY_OLD",     "API_KEYS",
                           "SECRET_KEY_BASE", "AWS_SECRET_ACCESS_KEY",
                           "PRIVATE_KEY",     "REDISCLI_AUTH",
                           "ERLANG_COOKIE",   "requirepass",
                           "masterauth",      "SESSION_SALT",
                           "SSH_PASSPHRASE",  "db.password"}) {
    INFO(name);
    CHECK(sounds_secret(name));
  }
  for (const char* name : {"",
                           "_",
                           "KEYBOARD",
                           "MONKEY",
                           "KEY",
                           "KEYS",
                           "PUBLIC_KEY",
                           "JWT_PUBLIC_KEY",
                           "NEXT_PUBLIC_API_KEY",
                           "API_KEY_PREFIX",
                           "TOKEN_LIMIT",
                           "MAX_TOKENS",
                           "TOKENS_PER_MINUTE",
                           "MAX_TOKEN",
                           "PASSWORD_MIN_LENGTH",
                           "PASSWORD_FILE",
                           "JWT_SECRET_FILE",
                           "AWS_ACCESS_KEY_ID",
                           "TOKEN_TTL",
                           "ALLOW_EMPTY_PASSWORD",
                           "MYSQL_RANDOM_ROOT_PASSWORD",
                           "SECRETS",
                           "secrets",
                           "SECRET_NAME",
                           "PWD",
                           "OLDPWD",
                           "CACHE_KEY",
                           "SORT_KEY",
                           "STOP_TOKEN",
                           "PASSTHROUGH",
                           "BYPASS_PROXY",
                           "COMPASS",
                           "SSL_KEY_PATH",
                           "PASSWORD_HASH_ROUNDS",
                           "AUTH",
                           "AUTH_MODE",
                           "COOKIE_NAME",
                           "TOKENIZER"}) {
    INFO(name);
    CHECK_FALSE(sounds_secret(name));
  }
}

TEST_CASE("generated values are told from everything else that is long") {
  for (const char* value : {"9fK2mQ7rT4xWb8ZsLp3V", "c2VjcmV0LXZhbHVlLWZvci10ZXN0aW5n",
                            "4f3c2a9d8e7b6a5f4e3d2c1b0a9f8e7d"}) {
    INFO(value);
    CHECK(looks_random(value));
  }
  for (const char* value :
       {"", "short1", "/usr/local/share/exai/configs/2024/data", "./a/relative/path/with/90/words",
        "kimi-k2-0905-preview", "kimi-k2-0905-preview,glm-4.5-flash,glm-4.6", "Australia/Melbourne",
        "https://api.example.org/v1/chat/completions9", "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "redis:7.2@sha256:9fd1e3c5b7a9fd1e3c5b7a9fd1e3c5b7", "several words that are 1 sentence",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "AVeryLongCamelCaseClassNameWithoutNumbers"}) {
    INFO(value);
    CHECK_FALSE(looks_random(value));
  }
}

TEST_CASE("examples of secrets are told from secrets") {
  for (const char* value : {"your_key", "put-key-here", "changeme", "CHANGE_ME_1", "xxx", "***",
                            "sk-xxxxxxxx", "<token>", "test-token-1", "AKIAEXAMPLE", "password"}) {
    INFO(value);
    CHECK(is_placeholder(value));
  }
  for (const char* value : {"", "sk-9fK2mQ7r", "correct horse", "yourself1", "a", "here-1"}) {
    INFO(value);
    CHECK_FALSE(is_placeholder(value));
  }
}

TEST_CASE("switches, references and paths are no secrets, whatever their name") {
  for (const char* value : {"", "  ", "true", "off", "null", "$NAME", "${NAME}", "${NAME:?set it}",
                            "$$NAME", "${NAME:-}", "/run/secrets/db", "./secrets/db", "~/.netrc"}) {
    INFO(value);
    CHECK_FALSE(is_secret_value(value));
  }
  for (const char* value : {"hunter2", "${NAME:-hunter2}", "/9j4AAQSkZJRg", "a$b", "12345"}) {
    INFO(value);
    CHECK(is_secret_value(value));
  }
}

TEST_CASE("what is secret in a text is hidden, in every format") {
  const auto [text, shown] = GENERATE(table<std::string, std::string>({
      // environment files
      {"DB_PASSWORD=hunter2", "DB_PASSWORD=*******"},
      {"export API_KEY = \"a b\" # old", "export API_KEY = \"***\" # old"},
      {"#API_KEY=hunter2", "#API_KEY=*******"},
      {"DB_PASSWORD=${PW}", "DB_PASSWORD=${PW}"},
      {"DB_PASSWORD=${PW:-hunter2}", "DB_PASSWORD=${PW:-*******}"},
      {"DATABASE_URL=postgres://app:hunter2@db/app?x=1",
       "DATABASE_URL=postgres://app:*******@db/app?x=1"},
      {"URL=redis://:hunter2@redis:6379/0", "URL=redis://:*******@redis:6379/0"},
      {"URL=postgres://u:pa/ss@db", "URL=postgres://u:*****@db"},
      {"URL=postgres://u:${PW}@db", "URL=postgres://u:${PW}@db"},
      {"URL=http://db:5432/a@b", "URL=http://db:5432/a@b"},
      {"URL=https://h/?token=hunter2&x=1", "URL=https://h/?token=*******&x=1"},
      {"MAX_TOKENS=4096", "MAX_TOKENS=4096"},
      {"PASSWORD_FILE=/run/secrets/db", "PASSWORD_FILE=/run/secrets/db"},
      // YAML
      {"  POSTGRES_PASSWORD: hunter2", "  POSTGRES_PASSWORD: *******"},
      {"  - POSTGRES_PASSWORD=hunter2", "  - POSTGRES_PASSWORD=*******"},
      {"  - \"POSTGRES_PASSWORD=hunter2\"", "  - \"POSTGRES_PASSWORD=*******\""},
      {"x: {DB_PASSWORD: hunter2, b: 1}", "x: {DB_PASSWORD: *******, b: 1}"},
      {"  TOKEN: |\n    hunter2\n    more\n  next: 1",
       "  TOKEN: |\n    *******\n    ****\n  next: 1"},
      {"  TOKEN:\n    hunter2\n  next: 1", "  TOKEN:\n    *******\n  next: 1"},
      {"secrets:\n  db_password:\n    file: ./db", "secrets:\n  db_password:\n    file: ./db"},
      {"  secrets:\n    - db_password\n    - api_key",
       "  secrets:\n    - db_password\n    - api_key"},
      {"command: redis-server --requirepass hunter2 --port 1",
       "command: redis-server --requirepass ******* --port 1"},
      {"  - --requirepass\n  - hunter2\n  - --port", "  - --requirepass\n  - *******\n  - --port"},
      {"test: [\"CMD\", \"redis-cli\", \"-a\", \"hunter2\", \"ping\"]",
       "test: [\"CMD\", \"redis-cli\", \"-a\", \"*******\", \"ping\"]"},
      {"test: redis-cli -a $$REDIS_PASSWORD ping", "test: redis-cli -a $$REDIS_PASSWORD ping"},
      {"labels: cp -a here there", "labels: cp -a here there"},
      // TOML
      {"process = [\"redis-server\", \"--requirepass\", \"hunter2\"]",
       "process = [\"redis-server\", \"--requirepass\", \"*******\"]"},
      {"env = { API_KEY = \"hunter2\", b = 1 }", "env = { API_KEY = \"*******\", b = 1 }"},
      {"ready = { redis = \"x\", password = \"REDIS_PASSWORD\" }",
       "ready = { redis = \"x\", password = \"REDIS_PASSWORD\" }"},
      {"token = \"\"\"hunter2\nmore\"\"\"\nx = 1", "token = \"\"\"*******\n****\"\"\"\nx = 1"},
      // Dockerfiles
      {"ENV API_KEY hunter2", "ENV API_KEY *******"},
      {"ENV API_KEY=hunter2", "ENV API_KEY=*******"},
      {"ARG NPM_TOKEN", "ARG NPM_TOKEN"},
      {"RUN curl -H \"Authorization: Bearer abcdefgh12345678\" http://x",
       "RUN curl -H \"Authorization: Bearer ****************\" http://x"},
      // JSON
      {"{\"env\": {\"apiKey\": \"hunter2\", \"b\": 1}}",
       "{\"env\": {\"apiKey\": \"*******\", \"b\": 1}}"},
      {"{\"a\":\"{\\\"token\\\":\\\"hunter2\\\"}\"}",
       "{\"a\":\"{\\\"token\\\":\\\"*******\\\"}\"}"},
      // configuration of Redis, well-known tokens, keys
      {"requirepass hunter2", "requirepass *******"},
      {"a gh"
       "p_0123456789abcdefghij b",
       "a ************************ b"},
      {"x\n-----BEGIN RSA PRIVATE"
       " KEY-----\nMIIE\n-----END RSA PRIVATE"
       " KEY-----\ny",
       "x\n*******************************\n****\n*****************************\ny"},
      {"the password is a word here", "the password is a word here"},
  }));
  CHECK(conceal(text) == shown);
}

TEST_CASE("a line is shown without what began on the lines above it") {
  Source source{"compose.yaml", "a:\n  TOKEN: |\n    hunter2\n    more\n  b: 1\n"};
  CHECK(shown_line(source, 3) == "    *******");
  CHECK(shown_line(source, 4) == "    ****");
  CHECK(shown_line(source, 5) == "  b: 1");
  source.hidden = {{0, 1}};
  CHECK(shown_line(source, 1) == "*:");
}

}  // namespace exai::config::test
