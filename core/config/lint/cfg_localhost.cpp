// CFG018: localhost in a container, where another container is meant.

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/config/compose.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/cfg_rules.hpp"
#include "core/config/lint/known_images.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

constexpr std::array<std::string_view, 3> kLocal = {"localhost", "127.0.0.1", "[::1]"};

struct Address {
  std::string_view host;
  int port = 0;
};

// The local host in "http://localhost:8080/x", "localhost:8080", "localhost".
std::optional<Address> local_address(std::string_view value) {
  const std::size_t scheme = value.find("://");
  std::string_view rest = scheme == value.npos ? value : value.substr(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  if (const std::size_t at = rest.rfind('@'); at != rest.npos) rest = rest.substr(at + 1);
  for (const std::string_view host : kLocal) {
    if (!rest.starts_with(host)) continue;
    const std::string_view behind = rest.substr(host.size());
    if (behind.empty()) return Address{host, 0};
    if (behind.front() != ':') continue;
    const auto port = parse_integer(behind.substr(1));
    if (port && *port > 0 && *port < 65536) return Address{host, static_cast<int>(*port)};
  }
  return std::nullopt;
}

// Of an image that everybody knows.
bool is_usual_port(const ComposeService& service, int port) {
  const KnownImage* image = service.image ? find_image(service.image->value) : nullptr;
  return image != nullptr && image->ports.front() == port;
}

bool listens_on(const ComposeService& service, int port) {
  const auto has = [port](const PortRange& range) {
    return range.first <= port && port <= range.last;
  };
  return std::any_of(service.ports.begin(), service.ports.end(),
                     [&](const ComposePort& one) {
                       return has(one.container) || (one.host && has(*one.host));
                     }) ||
         std::any_of(service.expose.begin(), service.expose.end(),
                     [&](const Placed<PortRange>& one) { return has(one.value); }) ||
         is_usual_port(service, port);
}

// The port a service listens on inside, for one that is published on `port`.
int inner_port(const ComposeService& service, int port) {
  for (const ComposePort& one : service.ports)
    if (one.host && one.host->first <= port && port <= one.host->last &&
        !(one.container.first <= port && port <= one.container.last))
      return one.container.first + port - one.host->first;
  return port;
}

bool shares_host_network(const ComposeService& service) {
  return service.network_mode && service.network_mode->value == "host";
}

// REDIS_HOST of a service that is not redis, in a project that has one.
const ComposeService* named_by(const ComposeProject& compose, std::string_view name) {
  for (const std::string_view end : {"_HOST", "_HOSTNAME", "_ADDR", "_ADDRESS"})
    if (name.ends_with(end))
      return compose.find(
          replace_all(to_lower(name.substr(0, name.size() - end.size())), "_", "-"));
  return nullptr;
}

const ComposeService* meant(const ComposeProject& compose, const ComposeService& self,
                            const ComposeVariable& variable, const Address& address) {
  if (address.port == 0) return named_by(compose, variable.name);
  if (listens_on(self, address.port)) return nullptr;
  for (const ComposeService& other : compose.services)
    if (&other != &self && other.enabled && listens_on(other, address.port)) return &other;
  return nullptr;
}

// The service's name, and the port that it listens on inside, in the place of the address.
std::optional<Fix> name_instead(const Span& host, const Address& address, const std::string& name,
                                int port) {
  const auto bytes = bytes_of(host);
  if (!bytes) return std::nullopt;
  const std::string_view text = host.source->text;
  if (text.substr(bytes->begin, bytes->end - bytes->begin) != address.host) return std::nullopt;
  Fix fix;
  fix.title = fmt::format("write {}", name);
  fix.edits = {{host.source, bytes->begin, bytes->end, name}};
  if (port == address.port) return fix;
  const std::string written = ":" + std::to_string(address.port);
  if (!text.substr(bytes->end).starts_with(written)) return std::nullopt;
  fix.edits[0].end += written.size();
  fix.edits[0].text += fmt::format(":{}", port);
  return fix;
}

// Where a file says it: as a line of an environment file, or somewhere in the service's table.
Change change_of(const ComposeService& service, const ComposeVariable& variable, const Fix& fix) {
  const Edit& edit = fix.edits.front();
  const std::string old = edit.source->text.substr(edit.begin, edit.end - edit.begin);
  if (variable.origin == ComposeVariable::Origin::env_file)
    return {variable.name, variable.value, replace_all(*variable.value, old, edit.text)};
  return {fmt::format("services.{}.environment", service.name), std::nullopt, "another host"};
}

void localhost_in(const ComposeProject& compose, const ComposeService& service,
                  const ComposeVariable& variable, Findings& findings) {
  const auto address = variable.value ? local_address(*variable.value) : std::nullopt;
  if (!address) return;
  const ComposeService* other = meant(compose, service, variable, *address);
  if (other == nullptr || other == &service) return;
  const int port = address->port == 0 ? 0 : inner_port(*other, address->port);
  Diagnostic& one = findings.add(
      "CFG018", narrow(variable.value_span, address->host),
      fmt::format("{} in {} of {} is the container of {} itself, not {}", address->host,
                  variable.name, service.name, service.name, other->name),
      port == 0 ? fmt::format("write {}", other->name)
                : fmt::format("write {}:{}", other->name, port));
  one.subject = fmt::format("services.{}.{}", service.name, variable.name);
  one.related.push_back({other->span, fmt::format("{} is a container of its own", other->name)});
  one.fix = name_instead(one.span, *address, other->name, port);
  if (one.fix) one.fix->changes = {change_of(service, variable, *one.fix)};
}

}  // namespace

void localhost_of_another(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ComposeProject& compose = *subject.project.compose;
  for (const ComposeService& service : compose.services) {
    if (!service.enabled || shares_host_network(service)) continue;
    for (const EffectiveVariable& variable : effective_environment(service))
      localhost_in(compose, service, variable.winner(), findings);
  }
}

}  // namespace exai::config
