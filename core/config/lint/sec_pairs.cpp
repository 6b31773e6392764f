// SEC008: a service is told one password, and whoever connects to it another.

#include <algorithm>
#include <map>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"
#include "core/config/compose.hpp"
#include "core/config/lint/known_images.hpp"
#include "core/config/lint/sec_rules.hpp"
#include "core/config/lint/sightings.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

struct Value {
  std::string text;
  Span span;
};
using Values = std::map<std::string, Value, std::less<>>;  // of one service or file, by name

// How a server is told its password, and how clients write its address.
struct Server {
  std::string_view password;
  std::string_view user;  // empty: it has none
  std::string_view default_user;
  std::string_view schemes;  // by blanks; a driver may follow: postgresql+psycopg
  std::string_view hosts;    // what it is usually called
};

constexpr std::array kServers = {
    Server{"POSTGRES_PASSWORD", "POSTGRES_USER", "postgres", "postgres postgresql pgsql",
           "postgres postgresql db database pg"},
    Server{"POSTGRESQL_PASSWORD", "POSTGRESQL_USERNAME", "postgres", "postgres postgresql pgsql",
           "postgres postgresql db database pg"},
    Server{"MYSQL_PASSWORD", "MYSQL_USER", "", "mysql mariadb", "mysql mariadb db database"},
    Server{"MARIADB_PASSWORD", "MARIADB_USER", "", "mysql mariadb", "mysql mariadb db database"},
    Server{"MYSQL_ROOT_PASSWORD", "", "root", "mysql mariadb", "mysql mariadb db database"},
    Server{"MARIADB_ROOT_PASSWORD", "", "root", "mysql mariadb", "mysql mariadb db database"},
    Server{"MONGO_INITDB_ROOT_PASSWORD", "MONGO_INITDB_ROOT_USERNAME", "", "mongodb mongodb+srv",
           "mongo mongodb db database"},
    Server{"RABBITMQ_DEFAULT_PASS", "RABBITMQ_DEFAULT_USER", "guest", "amqp amqps",
           "rabbitmq rabbit mq broker"},
    Server{"REDIS_PASSWORD", "", "", "redis rediss valkey", "redis valkey cache"},
};

struct Address {
  std::string scheme;  // without a driver
  std::string user;
  std::string password;
  std::string host;
  bool has_password = false;
};

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == text.npos) return std::nullopt;
  Address address;
  const std::string scheme = to_lower(text.substr(0, colon));
  address.scheme = scheme == "mongodb+srv" ? scheme : scheme.substr(0, scheme.find('+'));
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = rest.rfind('@'); at != rest.npos) {
    const std::string_view who = rest.substr(0, at);
    const std::size_t divide = std::min(who.find(':'), who.size());
    address.user = percent_decoded(who.substr(0, divide));
    address.has_password = divide + 1 < who.size();
    if (address.has_password) address.password = percent_decoded(who.substr(divide + 1));
    rest.remove_prefix(at + 1);
  }
  address.host = rest.substr(0, rest.find_first_of(":,"));
  return address;
}

const Value* find(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() || found->second.text.empty() ? nullptr : &found->second;
}

// Who the password of a server is for.
struct Account {
  const Server* server = nullptr;
  std::string variable;  // that has the password, or "--requirepass"
  std::string user;
  Value password;
};

// What the variables say about servers of a kind.
std::vector<Account> accounts_of(const Values& values) {
  std::vector<Account> accounts;
  for (const Server& server : kServers) {
    const Value* password = find(values, server.password);
    if (password == nullptr || !is_secret_value(password->text)) continue;
    const Value* user = find(values, server.user);
    accounts.push_back({&server, std::string(server.password),
                        user != nullptr ? user->text : std::string(server.default_user),
                        *password});
  }
  return accounts;
}

void disagree(const std::string& consumer, const Span& span, const Account& account,
              const std::string& why, Findings& findings) {
  Diagnostic& found =
      findings.add("SEC008", span, why,
                   fmt::format("write a reference to one variable in both places, so that there is "
                               "one value to change"));
  found.related.push_back({account.password.span, "the other one"});
  found.subject = consumer;
}

void compare_address(const std::string& name, const Value& value, const Account& account,
                     Findings& findings) {
  const auto address = parse_address(value.text);
  if (!address || !contains(split(account.server->schemes, ' '), address->scheme)) return;
  if (!address->user.empty() && !account.user.empty() && address->user != account.user) return;
  if (!address->has_password || address->password == account.password.text) return;
  if (address->password.find('$') != std::string::npos) return;
  disagree(name, value.span, account,
           fmt::format("the password in {} is not that of {}", name, account.variable), findings);
}

// --- environment files: one file is written by one person about one system ---

Values values_of(const EnvFile& file) {
  Values values;
  for (const DotenvEntry& entry : file.entries)
    if (entry.value && !entry.is_comment_as_value())
      values[entry.key] = {*entry.value, entry.value_span};
  return values;
}

bool is_nearby(const LintSubject& subject, const Account& account, std::string_view host) {
  if (host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[" ||
      contains(split(account.server->hosts, ' '), host))
    return true;
  for (const Member& service : services(subject.resolved.tree))
    if (service.key == host) return true;
  return false;
}

void compare_within(const LintSubject& subject, const Values& values, Findings& findings) {
  for (const Account& account : accounts_of(values))
    for (const auto& [name, value] : values) {
      const auto address = parse_address(value.text);
      if (address && is_nearby(subject, account, address->host))
        compare_address(name, value, account, findings);
    }
}

// Names that the option table declares to have one value.
void compare_declared(const LintSubject& subject, const Values& values, Findings& findings) {
  for (const auto& [name, value] : values) {
    const Option* option = subject.options.find(name);
    if (option == nullptr || value.text.empty()) continue;
    for (const std::string& other_name : option->same_as) {
      const Value* other = find(values, other_name);
      if (other == nullptr || other->text == value.text) continue;
      Account account;
      account.password = *other;
      disagree(name, value.span, account,
               fmt::format("{} and {} must have one value, and have two", name, other_name),
               findings);
    }
  }
}

// --- services of a Compose project ---

Values values_of(const ComposeService& service) {
  Values values;
  for (const EffectiveVariable& variable : effective_environment(service))
    if (variable.winner().value)
      values[variable.name] = {*variable.winner().value, variable.winner().value_span};
  return values;
}

// redis-server --requirepass VALUE
std::optional<Account> required_by_command(const ComposeService& service) {
  if (!service.command) return std::nullopt;
  std::vector<std::string> words;
  for (const std::string& text : service.command->words)
    for (std::string& word : split(text, ' ')) words.push_back(std::move(word));
  const auto flag = std::find(words.begin(), words.end(), "--requirepass");
  if (flag == words.end() || flag + 1 == words.end()) return std::nullopt;
  std::string value = *(flag + 1);
  for (const char quote : {'"', '\''})
    value.erase(std::remove(value.begin(), value.end(), quote), value.end());
  if (value.empty() || value.find('$') != value.npos) return std::nullopt;
  constexpr const Server* kRedis = &kServers.back();
  return Account{
      kRedis, "--requirepass", "", {value, narrow(service.command->span, "--requirepass")}};
}

bool is_called(const ComposeService& service, std::string_view host) {
  return host == service.name || (service.hostname && service.hostname->value == host) ||
         (service.container_name && service.container_name->value == host);
}

// NAME_PASSWORD beside NAME_HOST.
void compare_parts(const Values& values, const ComposeService& server, const Account& account,
                   Findings& findings) {
  for (const auto& [name, host] : values) {
    constexpr std::string_view kHost = "HOST";
    if (!name.ends_with(kHost) || !is_called(server, host.text)) continue;
    const std::string prefix = name.substr(0, name.size() - kHost.size());
    const auto part = [&](std::string_view what) {
      return find(values, prefix + std::string(what));
    };
    const Value* user = part("USER") != nullptr ? part("USER") : part("USERNAME");
    if (user != nullptr && !account.user.empty() && user->text != account.user) continue;
    for (const char* what : {"PASSWORD", "PASS"}) {
      const Value* password = part(what);
      if (password == nullptr || password->text == account.password.text) continue;
      disagree(prefix + what, password->span, account,
               fmt::format("{}{} is not the password that {} has ({})", prefix, what, server.name,
                           account.variable),
               findings);
    }
  }
}

void compare_services(const ComposeService& server, const std::vector<Account>& accounts,
                      const Values& values, Findings& findings) {
  for (const Account& account : accounts) {
    for (const auto& [name, value] : values) {
      const auto address = parse_address(value.text);
      if (address && is_called(server, address->host))
        compare_address(name, value, account, findings);
    }
    compare_parts(values, server, account, findings);
  }
}

}  // namespace

void disagreeing_secrets(const LintSubject& subject, Findings& findings) {
  Values layers;
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::example)) continue;
    Values values = values_of(file);
    if (file.is(EnvFileRole::layer)) {
      for (auto& [name, value] : values) layers[name] = std::move(value);
      continue;
    }
    compare_within(subject, values, findings);
    compare_declared(subject, values, findings);
  }
  compare_within(subject, layers, findings);
  compare_declared(subject, layers, findings);
  if (subject.project.compose == nullptr) return;
  const auto& services = subject.project.compose->services;
  std::vector<Values> told;
  for (const ComposeService& service : services) told.push_back(values_of(service));
  for (std::size_t server = 0; server < services.size(); ++server) {
    std::vector<Account> accounts = accounts_of(told[server]);
    if (auto required = required_by_command(services[server]))
      accounts.push_back(std::move(*required));
    if (accounts.empty()) continue;
    for (std::size_t client = 0; client < services.size(); ++client)
      if (server != client) compare_services(services[server], accounts, told[client], findings);
  }
}

}  // namespace exai::config
