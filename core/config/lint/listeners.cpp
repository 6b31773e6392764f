#include "core/config/lint/listeners.hpp"

#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/compose.hpp"
#include "core/config/formats.hpp"

namespace exai::config {

namespace {

std::vector<std::string> shell_words(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const std::string& text : words)
    for (std::string& word : split(text, ' ')) all.push_back(std::move(word));
  return all;
}

// A folder or file of settings is mounted into it: where it listens is written there.
bool has_mounted_settings(const ComposeService& service) {
  return std::any_of(service.volumes.begin(), service.volumes.end(), [](const ComposeMount& mount) {
    constexpr std::array<std::string_view, 8> kEnds = {".conf", ".cnf",  ".ini", ".toml",
                                                       ".yml",  ".yaml", ".xml", ".json"};
    return mount.target.starts_with("/etc/") ||
           std::any_of(kEnds.begin(), kEnds.end(),
                       [&](std::string_view end) { return mount.target.ends_with(end); });
  });
}

class Collector {
 public:
  explicit Collector(const ComposeService& service) : service_(service) {}

  Listening run() && {
    by_command();
    by_image();
    if (listening_.image == nullptr) by_variables();
    by_documentation();
    return std::move(listening_);
  }

 private:
  void add(Listener::By by, int port, std::string what, Span span) {
    if (port > 0) listening_.all.push_back({by, port, std::move(what), std::move(span)});
  }

  void by_command() {
    for (const auto& command : {service_.command, service_.entrypoint}) {
      if (!command) continue;
      const auto words = shell_words(command->words);
      is_configured_ = is_configured_ || reads_configuration(words);
      if (const auto port = port_in_command(words))
        add(Listener::By::command, *port, "its command", command->span);
    }
  }

  void by_image() {
    const KnownImage* image =
        service_.image && !service_.build ? find_image(service_.image->value) : nullptr;
    if (image == nullptr || image->ports[0] == 0) return;
    if (is_configured_ || !listening_.all.empty() || has_mounted_settings(service_)) return;
    std::optional<int> other;
    for (const EffectiveVariable& variable : effective_environment(service_))
      if (variable.name == image->port_variable && variable.winner().value)
        other = port_at_end(*variable.winner().value);
    for (const int port : image->ports)
      add(Listener::By::image, port == image->ports[0] ? other.value_or(port) : port,
          std::string(image->name), {});
    listening_.image = image;
  }

  void by_variables() {
    for (const EffectiveVariable& variable : effective_environment(service_)) {
      const ComposeVariable& winner = variable.winner();
      if (!winner.value || !is_own_port_variable(variable.name)) continue;
      const auto port = parse_port(*winner.value);
      if (!port) continue;
      const bool is_shared = winner.origin == ComposeVariable::Origin::env_file;
      add(is_shared ? Listener::By::shared : Listener::By::variable, *port, variable.name,
          winner.value_span);
    }
  }

  void by_documentation() {
    for (const auto& range : service_.expose)
      for (int port = range.value.first; port <= std::min(range.value.last, range.value.first + 64);
           ++port)
        add(Listener::By::exposed, port, "expose", range.span);
    if (const auto stage = service_.image_stage())
      for (const DockerPort& range : stage->ports)
        for (int port = range.first; port <= std::min(range.last, range.first + 64); ++port)
          add(Listener::By::image_exposed, port, "EXPOSE", range.span);
  }

  const ComposeService& service_;
  Listening listening_;
  bool is_configured_ = false;
};

}  // namespace

bool Listening::on(int port) const {
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.port == port; });
}

const Listener* Listening::first_sure() const {
  const auto found =
      std::find_if(all.begin(), all.end(), [](const auto& one) { return one.is_sure(); });
  return found == all.end() ? nullptr : &*found;
}

const Listener* Listening::main() const {
  constexpr std::array<std::string_view, 9> kBeside = {"ADMIN", "METRICS",    "HEALTH",
                                                       "CHECK", "MANAGEMENT", "MONITORING",
                                                       "GRPC",  "DASHBOARD",  "HEALTHCHECK"};
  const auto found = std::find_if(all.begin(), all.end(), [&](const Listener& one) {
    const auto words = split(one.what, '_');
    return one.is_sure() && std::none_of(words.begin(), words.end(), [&](const std::string& word) {
             return contains(kBeside, word);
           });
  });
  return found == all.end() ? nullptr : &*found;
}

bool Listening::has_exposed() const {
  return std::any_of(all.begin(), all.end(),
                     [](const auto& one) { return one.by == Listener::By::image_exposed; });
}

Listening listening_of(const ComposeService& service) {
  return Collector(service).run();
}

bool shares_network(const ComposeService& service) {
  return service.network_mode.has_value() && service.network_mode->value != "bridge" &&
         service.network_mode->value != "default";
}

bool is_published(const ComposeService& service, int port) {
  return std::any_of(service.ports.begin(), service.ports.end(), [&](const ComposePort& one) {
    return port >= one.container.first && port <= one.container.last;
  });
}

bool may_run_together(const ComposeService& a, const ComposeService& b) {
  if (a.profiles.empty() || b.profiles.empty()) return true;
  return std::any_of(a.profiles.begin(), a.profiles.end(), [&](const PlacedText& one) {
    return std::any_of(b.profiles.begin(), b.profiles.end(),
                       [&](const PlacedText& other) { return other.value == one.value; });
  });
}

bool is_own_port_variable(std::string_view name) {
  if (name == "PORT") return true;
  constexpr std::string_view kEnd = "_PORT";
  if (!name.ends_with(kEnd)) return false;
  constexpr std::array<std::string_view, 22> kOwn = {
      "HTTP",       "HTTPS", "APP",     "SERVER", "LISTEN",      "WEB",       "API",   "WS",
      "WEBSOCKET",  "GRPC",  "METRICS", "HEALTH", "HEALTHCHECK", "CHECK",     "ADMIN", "DASHBOARD",
      "MONITORING", "BIND",  "SERVICE", "MCP",    "SSE",         "MANAGEMENT"};
  constexpr std::array<std::string_view, 34> kOthers = {
      "DB",         "DATABASE",  "POSTGRES", "PG",      "MYSQL",         "REDIS",  "MONGO",
      "RABBITMQ",   "AMQP",      "KAFKA",    "SMTP",    "MAIL",          "PROXY",  "REMOTE",
      "UPSTREAM",   "TARGET",    "PEER",     "BACKEND", "CLIENT",        "PUBLIC", "EXTERNAL",
      "HOST",       "PUBLISHED", "PUBLISH",  "ELASTIC", "ELASTICSEARCH", "MINIO",  "S3",
      "CLICKHOUSE", "VAULT",     "CONSUL",   "OLLAMA",  "STATSD",        "LDAP"};
  const auto words = split(name.substr(0, name.size() - kEnd.size()), '_');
  const auto is = [&](const auto& list) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return contains(list, word); });
  };
  return is(kOwn) && !is(kOthers);
}

std::vector<const Option*> own_port_options(const LintSubject& subject) {
  std::vector<const Option*> all;
  for (const Option& option : subject.options.options()) {
    const bool is_read = contains(option.readers, "exaid");
    if (option.unit == "port" && is_read && is_own_port_variable(option.name))
      all.push_back(&option);
  }
  return all;
}

std::optional<int> port_value(const LintSubject& subject, std::string_view option) {
  const auto found = subject.resolved.variables.find(std::string(option));
  if (found == subject.resolved.variables.end()) return std::nullopt;
  const auto port = parse_port(found->second.value);
  return port ? std::optional<int>(*port) : std::nullopt;
}

std::optional<int> port_at_end(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto port = parse_port(colon == text.npos ? text : text.substr(colon + 1));
  return port ? std::optional<int>(*port) : std::nullopt;
}

std::optional<int> port_in_command(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 10> kFlags = {
      "--port", "--http-port", "--listen",    "--bind",    "-b",
      "--addr", "--address",   "--http.port", "runserver", "--server.port"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = word.find('=');
    if (equals != word.npos && contains(kFlags, std::string_view(word).substr(0, equals)))
      if (const auto port = port_at_end(std::string_view(word).substr(equals + 1))) return port;
    if (contains(kFlags, word) && i + 1 < words.size())
      if (const auto port = port_at_end(words[i + 1])) return port;
  }
  return std::nullopt;
}

bool reads_configuration(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 6> kEnds = {".conf", ".cnf", ".ini",
                                                     ".toml", ".yml", ".yaml"};
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word.find("config") != word.npos ||
           std::any_of(kEnds.begin(), kEnds.end(),
                       [&](std::string_view end) { return word.ends_with(end); });
  });
}

}  // namespace exai::config
