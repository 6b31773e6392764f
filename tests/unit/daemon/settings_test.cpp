#include "daemon/settings.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace exai {
namespace {

using Given = std::map<std::string, std::string>;

Result<std::string> no_file(const config::Path& path) {
  return fail(Errc::not_found, "{} does not exist", path.string());
}

config::OptionReader reader(const Given& given) {
  return {config::OptionTable::shipped(), "exaid", given, no_file};
}

TEST_CASE("every option that the table lists for exaid is read, and only those") {
  config::OptionReader options = reader({});
  read_settings(options);  // a name that is not in the table aborts
  CHECK(options.unread() == std::vector<std::string>{});
}

TEST_CASE(
    "without any option the defaults serve on this machine alone, from memory, without providers") {
  config::OptionReader options = reader({});
  const Settings settings = read_settings(options);
  CHECK(options.diagnostics().empty());
  CHECK(settings.mcp.host == "127.0.0.1");
  CHECK(settings.mcp.port == 8079);
  CHECK(settings.health.port == 8082);
  CHECK(settings.metrics.port == 8000);
  CHECK(settings.auth.token.empty());
  CHECK_FALSE(settings.redis.has_value());
  CHECK(settings.providers.empty());
  CHECK(settings.secrets.empty());
  CHECK(settings.timezone == "Australia/Melbourne");
  CHECK(settings.session_idle == 1h);
  CHECK(settings.shutdown_timeout == 15s);
  CHECK(check(settings).empty());
}

TEST_CASE("every secret that is set is known to the redactor") {
  Given given;
  for (const config::Option& option : config::OptionTable::shipped().options())
    if (option.secret) given[option.name] = "a-secret-long-enough-for-" + option.name;
  config::OptionReader options = reader(given);
  const Settings settings = read_settings(options);
  std::set<std::string> known;
  for (const auto& secret : settings.secrets) {
    CHECK(secret.second.reveal() == "a-secret-long-enough-for-" + secret.first);
    known.insert(secret.first);
  }
  std::set<std::string> given_names;
  for (const auto& one : given) given_names.insert(one.first);
  CHECK(known == given_names);
}

TEST_CASE("what is read again is of authentication alone, and gives what the start gave") {
  const Environment given{{"ENVIRONMENT", "staging"},
                          {"EXAI_WS_TOKEN", "a-token-long-enough"},
                          {"JWT_SECRET_KEY_FILE", "/run/secrets/jwt"},
                          {"JWT_AUDIENCE", "here"},
                          {"REDIS_PASSWORD_FILE", "/run/secrets/redis"},
                          {"KIMI_API_KEY", "a-key-of-kimi"},
                          {"EXAI_WS_PORT", "nonsense"}};
  Settings settings;
  read_surroundings(given, settings);
  CHECK(settings.auth_source.files == std::vector<Path>{"/run/secrets/jwt"});
  CHECK(settings.auth_source.given == Environment{{"ENVIRONMENT", "staging"},
                                                  {"EXAI_WS_TOKEN", "a-token-long-enough"},
                                                  {"JWT_SECRET_KEY_FILE", "/run/secrets/jwt"},
                                                  {"JWT_AUDIENCE", "here"}});
  AuthSource without_file = settings.auth_source;
  without_file.given.erase("JWT_SECRET_KEY_FILE");
  const auto read = read_auth(without_file);
  REQUIRE(read);
  config::OptionReader options =
      reader(Given(without_file.given.begin(), without_file.given.end()));
  CHECK(read->settings == read_settings(options).auth);
}

TEST_CASE("what files say anew may take no key away, but for the token before") {
  AuthSettings now;
  now.token = now.previous_token = now.jwt_secret = Secret("something");
  now.jwt_public_keys = "keys";
  const auto without = [&](auto member) {
    AuthSettings next = now;
    next.*member = {};
    const auto may = may_follow(now, next);
    return may ? "" : may.error().message();
  };
  CHECK(without(&AuthSettings::token) ==
        "EXAI_WS_TOKEN is empty now: without it others could come in");
  CHECK(without(&AuthSettings::jwt_secret).starts_with("JWT_SECRET_KEY is empty"));
  CHECK(without(&AuthSettings::jwt_public_keys).starts_with("JWT_PUBLIC_KEYS is empty"));
  CHECK(without(&AuthSettings::previous_token).empty());
  CHECK(may_follow({}, now));
}

TEST_CASE("a key switches Kimi and GLM on, a URL the custom provider") {
  config::OptionReader options = reader({{"MOONSHOT_API_KEY", "sk-0123456789"},
                                         {"KIMI_TIMEOUT_SECS", "7"},
                                         {"CUSTOM_API_URL", "http://127.0.0.1:11434/v1"},
                                         {"CUSTOM_MODELS", "llama3, qwen3 ,"}});
  const Settings settings = read_settings(options);
  REQUIRE(settings.providers.size() == 2);
  CHECK(settings.providers[0].name == "kimi");
  CHECK(settings.providers[0].base_url == "https://api.moonshot.ai/v1");
  CHECK(settings.providers[0].default_model == "kimi-k2.6");
  CHECK(settings.providers[0].timeout == 7s);
  CHECK(settings.providers[1].name == "custom");
  CHECK(settings.providers[1].key.empty());
  CHECK(settings.providers[1].models == std::vector<std::string>{"llama3", "qwen3"});
}

TEST_CASE("redis is chosen by EXAI_STORE") {
  config::OptionReader options = reader({{"EXAI_STORE", "redis"},
                                         {"REDIS_HOST", "redis.local"},
                                         {"REDIS_PORT", "6380"},
                                         {"REDIS_PASSWORD", "hunter2hunter2"},
                                         {"REDIS_DB", "3"}});
  const Settings settings = read_settings(options);
  REQUIRE(settings.redis.has_value());
  CHECK(settings.redis->host == "redis.local");
  CHECK(settings.redis->port == 6380);
  CHECK(settings.redis->password.reveal() == "hunter2hunter2");
  CHECK(settings.redis->database == 3);
}

TEST_CASE("what the rules of the table refuse, exaid refuses with the same words") {
  config::OptionReader options = reader({{"ENVIRONMENT", "prod"},
                                         {"LOG_LEVEL", "debug"},
                                         {"WORKFLOW_TOOL_TIMEOUT_SECS", "500"}});
  CHECK(options.environment() == "prod");
  CHECK(config::render(options.diagnostics()) ==
        "error[TMO001]: WORKFLOW_TOOL_TIMEOUT_SECS (500 s) must be less than DAEMON_TIMEOUT_SECS "
        "(450 s by default): the daemon must outlive its tools, or their callers learn nothing\n"
        "  help: raise DAEMON_TIMEOUT_SECS to at least 750, or lower WORKFLOW_TOOL_TIMEOUT_SECS\n"
        "error[CFG013]: LOG_LEVEL must not be debug in prod: debug lines are many, and show what "
        "users said\n"
        "  help: remove it, or set another value\n");
}

TEST_CASE("an environment has defaults of its own") {
  config::OptionReader options = reader({{"ENVIRONMENT", "prod"}});
  CHECK(read_settings(options).log.format == LogFormat::json);
  config::OptionReader at_the_desk = reader({});
  CHECK(read_settings(at_the_desk).log.format == LogFormat::text);
}

TEST_CASE("two servers on one port are found before either starts") {
  config::OptionReader options = reader({{"HEALTH_CHECK_PORT", "8079"}, {"METRICS_PORT", "8079"}});
  const config::Diagnostics wrong = check(read_settings(options));
  REQUIRE(wrong.size() == 3);
  CHECK(wrong[0].code == "PRT001");
  CHECK(wrong[0].message == "EXAI_WS_PORT and HEALTH_CHECK_PORT are both 8079");
}

TEST_CASE(
    "tools and folders that cannot be are found before anything starts, with what was meant") {
  config::OptionReader options = reader({{"ENABLED_TOOLS", "chat, debgu"},
                                         {"DISABLED_TOOLS", "xyzzy"},
                                         {"EXAI_FILE_ROOTS", "/srv,project"}});
  CHECK(config::render(check(read_settings(options))) ==
        "error[CFG005]: ENABLED_TOOLS names \"debgu\", which is no tool\n"
        "  help: did you mean \"debug\"?\n"
        "error[CFG005]: DISABLED_TOOLS names \"xyzzy\", which is no tool\n"
        "  help: docs/TOOLS.md lists them all\n"
        "error[CFG005]: EXAI_FILE_ROOTS names \"project\", which is no absolute path\n"
        "  help: write it from the root folder on: /srv/project\n");
}

TEST_CASE("options are shown with their origin, and secrets without their value") {
  config::OptionReader options = reader({{"MOONSHOT_API_KEY", "sk-0123456789"}, {"REDIS_DB", "3"}});
  const Settings settings = read_settings(options);
  const auto view = [&](std::string_view name) {
    for (const tools::Host::OptionView& one : settings.options)
      if (one.name == name) return fmt::format("{} from {}", one.value, one.from);
    return std::string("missing");
  };
  CHECK(view("KIMI_API_KEY") == "(secret) from MOONSHOT_API_KEY");
  CHECK(view("REDIS_DB") == "3 from REDIS_DB");
  CHECK(view("TOOL_PROFILE") == "standard from default");
  CHECK(view("GLM_API_KEY") == " from ");
}

TEST_CASE("the supervisor is where exai says, and only for a service of its own") {
  const auto socket = [](const Environment& given) {
    Settings settings;
    read_surroundings(given, settings);
    return settings.control_socket;
  };
  CHECK(socket({}) == "");
  CHECK(socket({{"EXAI_STATE_DIR", "/s"}}) == "");
  CHECK(socket({{"EXAI_STATE_DIR", "/s"}, {"EXAI_SERVICE", "exaid"}}) == "/s/run/control.sock");
  CHECK(socket({{"EXAI_STATE_DIR", "/s"},
                {"EXAI_SERVICE", "exaid"},
                {"EXAI_CONTROL_SOCKET", "/run/exai.sock"}}) == "/run/exai.sock");
}

}  // namespace
}  // namespace exai
