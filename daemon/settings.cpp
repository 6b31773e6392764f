#include "daemon/settings.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "daemon/net/networks.hpp"

namespace exai {
namespace {

// Reads secrets and remembers them, so that none is forgotten by the redactor.
class Reader {
 public:
  Reader(config::OptionReader& options, Settings& settings)
      : options_(options), settings_(settings) {}

  Secret secret(std::string_view name) {
    Secret value = options_.secret(name);
    if (!value.empty()) settings_.secrets.emplace_back(name, value);
    return value;
  }

  std::size_t count(std::string_view name) {
    return static_cast<std::size_t>(options_.integer(name));
  }

  Settings::Listen listen(std::string_view host, std::string_view port) {
    return {options_.text(host), options_.port(port), std::string(port)};
  }

  providers::ProviderSettings provider(std::string name, std::string_view url, std::string_view key,
                                       std::string_view timeout) {
    providers::ProviderSettings provider;
    provider.name = std::move(name);
    provider.base_url = options_.text(url);
    provider.key = secret(key);
    provider.timeout = options_.duration(timeout);
    return provider;
  }

 private:
  config::OptionReader& options_;
  Settings& settings_;
};

void read_providers(config::OptionReader& options, Reader& reader, Settings& settings) {
  auto kimi = reader.provider("kimi", "KIMI_API_URL", "KIMI_API_KEY", "KIMI_TIMEOUT_SECS");
  kimi.default_model = options.text("KIMI_DEFAULT_MODEL");
  if (!kimi.key.empty()) settings.providers.push_back(std::move(kimi));

  auto glm = reader.provider("glm", "GLM_API_URL", "GLM_API_KEY", "GLM_TIMEOUT_SECS");
  glm.default_model = options.text("GLM_DEFAULT_MODEL");
  settings.glm = glm;
  if (!glm.key.empty()) settings.providers.push_back(std::move(glm));

  // A server of one's own often wants no key: its URL switches it on.
  auto custom =
      reader.provider("custom", "CUSTOM_API_URL", "CUSTOM_API_KEY", "CUSTOM_TIMEOUT_SECS");
  custom.models = options.list("CUSTOM_MODELS");
  if (!custom.base_url.empty()) settings.providers.push_back(std::move(custom));

  settings.default_model = options.text("DEFAULT_MODEL");
  settings.retry.attempts = static_cast<int>(options.integer("RETRY_MAX_ATTEMPTS"));
  settings.retry.first_pause = options.duration("RETRY_BASE_DELAY");
  settings.retry.longest_pause = options.duration("RETRY_MAX_DELAY");
}

void read_storage(config::OptionReader& options, Reader& reader, Settings& settings) {
  store::RedisOptions redis;
  redis.host = options.text("REDIS_HOST");
  redis.port = options.port("REDIS_PORT");
  redis.password = reader.secret("REDIS_PASSWORD");
  redis.database = static_cast<int>(options.integer("REDIS_DB"));
  redis.connect_timeout = options.duration("REDIS_TIMEOUT_MS");
  redis.command_timeout = redis.connect_timeout;
  settings.conversations.keep = options.duration("CONVERSATION_TIMEOUT_HOURS");
  settings.conversations.turns = reader.count("MAX_CONVERSATION_TURNS");
  if (options.text("EXAI_STORE") == "redis") settings.redis = std::move(redis);
}

resilience::Rate read_rate(config::OptionReader& options, std::string_view level) {
  return {static_cast<double>(options.integer(fmt::format("RATE_LIMIT_{}_CAPACITY", level))),
          options.number(fmt::format("RATE_LIMIT_{}_REFILL_RATE", level))};
}

void read_admission(config::OptionReader& options, Reader& reader, net::AdmissionOptions& limits) {
  limits.permits.global = reader.count("EXAI_WS_GLOBAL_MAX_INFLIGHT");
  limits.permits.providers = {{"kimi", reader.count("EXAI_WS_KIMI_MAX_INFLIGHT")},
                              {"glm", reader.count("EXAI_WS_GLM_MAX_INFLIGHT")}};
  limits.permits.session = reader.count("EXAI_WS_SESSION_MAX_INFLIGHT");
  limits.permits.conversation = reader.count("SESSION_MAX_CONCURRENT_PER_CONVERSATION");
  limits.wait = options.duration("EXAI_WS_ADMISSION_WAIT_SECS");
  limits.retry_after = options.duration("EXAI_WS_RETRY_AFTER_SECS");
  limits.rates = {read_rate(options, "GLOBAL"), read_rate(options, "IP"),
                  read_rate(options, "USER")};
  limits.exempt = {"status", "health", "version"};
}

void read_exai(config::OptionReader& options, mcp::ExaiOptions& exai) {
  exai.hello_timeout = options.duration("EXAI_WS_HELLO_TIMEOUT");
  exai.heartbeat = options.duration("EXAI_WS_PROGRESS_INTERVAL_SECS");
  exai.keep_results = options.duration("EXAI_WS_RESULT_TTL");
  exai.compat_text = options.boolean("EXAI_WS_COMPAT_TEXT");
  exai.never_share = options.list("EXAI_WS_DISABLE_COALESCE_FOR_TOOLS");
}

void read_auth(config::OptionReader& options, Reader& reader, AuthSettings& auth) {
  auth.token = reader.secret("EXAI_WS_TOKEN");
  auth.previous_token = reader.secret("EXAI_WS_TOKEN_PREVIOUS");
  auth.jwt_secret = reader.secret("JWT_SECRET_KEY");
  auth.jwt_public_keys = options.text("JWT_PUBLIC_KEYS");
  auth.jwt_issuers = options.list("JWT_ISSUER");
  auth.jwt_audience = options.text("JWT_AUDIENCE");
  auth.jwt_leeway = options.duration("JWT_LEEWAY_SECS");
  auth.jwt_grace_until = options.text("JWT_GRACE_UNTIL");
  auth.oauth_resource = options.text("EXAI_OAUTH_RESOURCE");
  auth.oauth_servers = options.list("EXAI_OAUTH_SERVERS");
}

// Of an environment, what read_auth reads of it, under all its names.
AuthSource auth_source(const Environment& given) {
  const config::OptionTable& table = config::OptionTable::shipped();
  config::OptionReader options(table, "exaid", {}, read_option_file);
  const std::vector<std::string> all = options.unread();
  Settings unused;
  Reader reader(options, unused);
  read_auth(options, reader, unused.auth);
  const std::vector<std::string> others = options.unread();
  AuthSource source;
  const auto take = [&](const std::string& name) {
    const std::string direct = value_or_empty(given, name);
    const std::string file = value_or_empty(given, name + "_FILE");
    if (!direct.empty()) source.given[name] = direct;
    if (file.empty()) return;
    source.given[name + "_FILE"] = file;
    source.files.emplace_back(file);
  };
  for (const std::string& name : all) {
    const bool decides_defaults = name == "ENVIRONMENT";
    if (!decides_defaults && std::ranges::count(others, name) > 0) continue;
    take(name);
    for (const config::OptionAlias& alias : table.find(name)->aliases) take(alias.name);
  }
  return source;
}

void read_tls(config::OptionReader& options, Settings& settings) {
  const std::string certificate = options.text("EXAI_TLS_CERTIFICATE_PATH");
  const std::string key = options.text("EXAI_TLS_KEY_PATH");
  settings.tls_ports =
      options.text("EXAI_TLS_PORTS") == "all" ? Settings::TlsPorts::all : Settings::TlsPorts::mcp;
  if (certificate.empty() || key.empty())
    return;  // one without the other: the table's rules say so
  std::error_code ignored;
  settings.tls = TlsFiles{std::filesystem::absolute(certificate, ignored),
                          std::filesystem::absolute(key, ignored)};
}

void read_limits(config::OptionReader& options, Reader& reader, Settings& settings) {
  settings.max_message_bytes = reader.count("EXAI_WS_MAX_BYTES");
  settings.max_bytes_in_flight = reader.count("EXAI_WS_MAX_BYTES_IN_FLIGHT");
  settings.max_connections = reader.count("MAX_CONNECTIONS");
  settings.max_sessions = reader.count("SESSION_MAX_CONCURRENT");
  settings.max_per_address = reader.count("MAX_CONNECTIONS_PER_IP");
  settings.trusted_proxies = options.list("EXAI_TRUSTED_PROXIES");
  settings.session_idle = options.duration("SESSION_TIMEOUT_SECS");
  settings.websocket_ping = options.duration("EXAI_WS_PING_INTERVAL");
  settings.websocket_pong = options.duration("EXAI_WS_PING_TIMEOUT");
  settings.tool_limit = options.duration("WORKFLOW_TOOL_TIMEOUT_SECS");
  settings.call_limit = options.duration("DAEMON_TIMEOUT_SECS");
  settings.shutdown_timeout = options.duration("EXAI_SHUTDOWN_TIMEOUT_SECS");
  settings.thresholds.memory = {options.number("EXAI_MEMORY_WARNING_THRESHOLD"),
                                options.number("EXAI_MEMORY_CRITICAL_THRESHOLD")};
  settings.thresholds.disk = {options.number("EXAI_DISK_WARNING_THRESHOLD"),
                              options.number("EXAI_DISK_CRITICAL_THRESHOLD")};
}

void read_tools(config::OptionReader& options, Settings& settings) {
  settings.tools.profile = options.text("TOOL_PROFILE");
  settings.tools.enabled = options.list("ENABLED_TOOLS");
  settings.tools.disabled = options.list("DISABLED_TOOLS");
  settings.tools.operations =
      tools::parse_scope(options.text("EXAI_OPERATIONS_SCOPE")).value_or(tools::Scope::none);
  settings.experts_by_default = options.boolean("DEFAULT_USE_ASSISTANT_MODEL");
  settings.file_roots = options.list("EXAI_FILE_ROOTS");
}

void read_files(config::OptionReader& options, Reader& reader, Settings& settings) {
  settings.files = options.text("EXAI_FILES_DIR");
  settings.downloads = options.text("EXAI_DOWNLOAD_DIR");
  settings.file_limits.most_bytes_each = reader.count("MAX_FILE_SIZE");
  settings.file_limits.most_bytes = reader.count("EXAI_FILES_MAX_BYTES");
  settings.file_limits.keep = options.integer("FILE_RETENTION_DAYS") * 24h;
}

std::vector<tools::Host::OptionView> views(const config::OptionReader& options) {
  std::vector<tools::Host::OptionView> views;
  for (const auto& one : options.in_effect()) {
    const bool hide = one.option->secret && !one.value.empty();
    views.push_back({one.option->name, one.option->group, one.option->unit,
                     hide ? "(secret)" : one.value, one.from, one.option->secret});
  }
  return views;
}

config::Diagnostics check_tools(const Settings& settings) {
  config::Diagnostics wrong;
  const auto report = [&](std::string message, std::string help) {
    config::Diagnostic diagnostic;
    diagnostic.code = "CFG005";
    diagnostic.message = std::move(message);
    diagnostic.help = std::move(help);
    wrong.push_back(std::move(diagnostic));
  };
  for (const tools::UnknownTool& tool : tools::unknown_tools(settings.tools))
    report(fmt::format("{} names \"{}\", which is no tool", tool.option, printable(tool.name)),
           tool.meant.empty() ? "docs/TOOLS.md lists them all"
                              : fmt::format("did you mean \"{}\"?", tool.meant));
  const auto check_absolute = [&](const char* option, const std::string& path) {
    if (!path.empty() && !path.starts_with('/'))
      report(fmt::format("{} names \"{}\", which is no absolute path", option, printable(path)),
             "write it from the root folder on: /srv/project");
  };
  for (const std::string& root : settings.file_roots) check_absolute("EXAI_FILE_ROOTS", root);
  check_absolute("EXAI_FILES_DIR", settings.files.string());
  check_absolute("EXAI_DOWNLOAD_DIR", settings.downloads.string());
  return wrong;
}

// What is wrong with the files is found out before anything is served.
void check_tls(const Settings& settings, config::Diagnostics& wrong) {
  if (!settings.tls) return;
  const auto identity = load_tls(*settings.tls, std::chrono::system_clock::now());
  if (identity) return;
  config::Diagnostic diagnostic;
  diagnostic.code = "CFG003";
  diagnostic.message = "no TLS: " + identity.error().message();
  diagnostic.help = "EXAI_TLS_CERTIFICATE_PATH and EXAI_TLS_KEY_PATH name the files";
  wrong.push_back(std::move(diagnostic));
}

}  // namespace

Result<std::string> read_option_file(const Path& path) {
  return read_file(path, 64U << 10U);
}

Result<AuthReading> read_auth(const AuthSource& source) {
  const std::map<std::string, std::string> given(source.given.begin(), source.given.end());
  config::OptionReader options(config::OptionTable::shipped(), "exaid", given, read_option_file);
  Settings settings;
  Reader reader(options, settings);
  read_auth(options, reader, settings.auth);
  config::Diagnostics wrong = options.diagnostics();
  const config::Diagnostics together = check(settings.auth);
  wrong.insert(wrong.end(), together.begin(), together.end());
  for (const config::Diagnostic& one : wrong)
    if (one.severity == config::Severity::error) return fail(Errc::invalid, "{}", one.message);
  return AuthReading{std::move(settings.auth), std::move(settings.secrets)};
}

Settings read_settings(config::OptionReader& options) {
  Settings settings;
  Reader reader(options, settings);
  settings.environment = options.text("ENVIRONMENT");
  settings.timezone = options.text("TZ");
  settings.log.level = parse_log_level(options.text("LOG_LEVEL")).value_or(LogLevel::info);
  settings.log.format = options.text("LOG_FORMAT") == "json" ? LogFormat::json : LogFormat::text;

  settings.mcp = reader.listen("EXAI_WS_HOST", "EXAI_WS_PORT");
  read_auth(options, reader, settings.auth);
  settings.allowed_origins = options.list("EXAI_ALLOWED_ORIGINS");
  settings.health = reader.listen("HEALTH_CHECK_HOST", "HEALTH_CHECK_PORT");
  settings.degraded_is_503 = options.boolean("HEALTH_DEGRADED_IS_503");
  settings.metrics = reader.listen("METRICS_HOST", "METRICS_PORT");

  read_tls(options, settings);
  read_limits(options, reader, settings);
  read_admission(options, reader, settings.admission);
  read_exai(options, settings.exai);
  read_storage(options, reader, settings);
  read_providers(options, reader, settings);
  read_tools(options, settings);
  read_files(options, reader, settings);
  settings.options = views(options);
  return settings;
}

void read_surroundings(const Environment& given, Settings& settings) {
  settings.auth_source = auth_source(given);
  settings.own_service = value_or_empty(given, "EXAI_SERVICE");
  settings.control_socket = value_or_empty(given, "EXAI_CONTROL_SOCKET");
  const std::string state = value_or_empty(given, "EXAI_STATE_DIR");
  if (settings.control_socket.empty() && !settings.own_service.empty() && !state.empty())
    settings.control_socket = state + "/run/control.sock";
  if (settings.files.empty() && !state.empty()) settings.files = state + "/files";
}

config::Diagnostics check(const Settings& settings) {
  const Settings::Listen* const servers[] = {&settings.mcp, &settings.health, &settings.metrics};
  config::Diagnostics wrong = check_tools(settings);
  check_tls(settings, wrong);
  for (std::size_t i = 0; i < std::size(servers); ++i)
    for (std::size_t j = i + 1; j < std::size(servers); ++j) {
      if (servers[i]->port != servers[j]->port) continue;
      config::Diagnostic diagnostic;
      diagnostic.code = "PRT001";
      diagnostic.message = fmt::format("{} and {} are both {}", servers[i]->port_option,
                                       servers[j]->port_option, servers[i]->port);
      diagnostic.help = "give each server a port of its own";
      wrong.push_back(std::move(diagnostic));
    }
  const config::Diagnostics of_auth = check(settings.auth);
  wrong.insert(wrong.end(), of_auth.begin(), of_auth.end());
  if (const auto trusted = net::Networks::parse(settings.trusted_proxies); !trusted) {
    config::Diagnostic diagnostic;
    diagnostic.code = "CFG003";
    diagnostic.message = "EXAI_TRUSTED_PROXIES: " + trusted.error().message();
    wrong.push_back(std::move(diagnostic));
  }
  return wrong;
}

}  // namespace exai
