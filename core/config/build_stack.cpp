#include "core/config/build_stack.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/base/contains.hpp"
#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "core/config/build_life.hpp"
#include "core/config/build_limits.hpp"
#include "core/config/formats.hpp"
#include "core/config/stack_tree.hpp"
#include "core/config/traits.hpp"

namespace exai::config {

namespace {

// Keys of every check; the others are the kind's own.
bool is_common(std::string_view key) {
  constexpr std::array<std::string_view, 6> kCommon = {"port",    "host",     "every",
                                                       "timeout", "failures", "successes"};
  return contains(kCommon, key);
}

Boxed<Check> build_check(const Member& service, std::string_view key, const Path& folder) {
  const Member* member = service.value.member(key);
  if (member == nullptr) return std::nullopt;
  Check check;
  const auto port = target_of(service.value, *member, service.key).port;
  check.kind = kind_of(member->value);
  const Node& what = *member->value.find(check.kind);
  check.what = texts(&what);
  if (what.string() != nullptr) check.what = {*what.string()};
  check.host = text_or(member->value, "host", check.host);
  check.port = port.value_or(0);
  for (const Member& setting : *member->value.table())
    if (!is_common(setting.key) && setting.key != check.kind)
      check.settings[setting.key] = plain_text(setting.value);
  if (const auto ca = check.settings.find("ca"); ca != check.settings.end())
    ca->second = (folder / ca->second).lexically_normal().string();
  check.every = duration_or(member->value, "every", check.every);
  check.timeout = duration_or(member->value, "timeout", check.timeout);
  // Silence is measured with its own timeout; one is enough.
  if (check.kind == "notify") check.failures = 1;
  check.failures = integer_or(member->value, "failures", check.failures);
  check.successes = integer_or(member->value, "successes", check.successes);
  return check;
}

std::uint64_t size_or(const Node& node, std::string_view key, std::uint64_t otherwise) {
  return parse_size(text_or(node, key, "")).value_or(otherwise);
}

// What the table says, and `otherwise` where it says nothing.
LogPolicy build_log(const Node* table, LogPolicy otherwise) {
  if (table == nullptr) return otherwise;
  LogPolicy policy = otherwise;
  policy.max_size = size_or(*table, "max_size", policy.max_size);
  policy.max_age = duration_or(*table, "max_age", policy.max_age);
  policy.keep = integer_or(*table, "keep", policy.keep);
  if (const Node* compress = table->find("compress"); compress != nullptr && compress->boolean())
    policy.compress = *compress->boolean();
  if (table->find("streams") != nullptr)
    policy.streams_apart = text_or(*table, "streams", "") == "apart";
  return policy;
}

Service build_service(const Member& member, const Path& folder) {
  const Node& node = member.value;
  Service service;
  service.name = member.key;
  service.span = member.key_span;
  service.command = texts(node.find("process"));
  if (const Node* process = node.find("process")) service.command_span = process->span;
  service.working_directory = (folder / text_or(node, "working_directory", "")).lexically_normal();
  for (const Member& variable : members(node, "env"))
    service.environment[variable.key] = plain_text(variable.value);
  service.secrets = texts(node.find("secrets"));
  const std::string delivery = text_or(node, "delivery", "file");
  if (delivery == "memfd") service.delivery = Delivery::memfd;
  if (delivery == "env") service.delivery = Delivery::environment;
  service.ports = ports_of(node);
  for (const Member& file : members(node, "render"))
    service.render[file.key] = (folder / plain_text(file.value)).lexically_normal();
  service.ready = build_check(member, "ready", folder);
  service.healthy = build_check(member, "healthy", folder);
  service.watch = texts(node.find("watch"));
  build_life(service, node);
  service.limits = build_limits(node);
  return service;
}

ControlAccess build_control(const Node& tree, const Path& folder) {
  ControlAccess access;
  const Node* control = tree.find("control");
  if (control == nullptr) return access;
  access.may_change = text_or(*control, "access", "change") == "change";
  if (control->find("socket") != nullptr) {
    SharedSocket& socket = access.socket.emplace();
    socket.path = (folder / text_or(*control, "socket", "")).lexically_normal();
    const std::string mode = text_or(*control, "socket_mode", "0660");
    std::from_chars(mode.data(), mode.data() + mode.size(), socket.mode, 8);
    socket.group = text_or(*control, "group", "");
  }
  if (const int number = integer_or(*control, "port", 0); number > 0) {
    ControlPort& port = access.port.emplace();
    port.number = static_cast<std::uint16_t>(number);
    port.token = text_or(*control, "token", "");
    const auto path_of = [&](std::string_view key) {
      return control->find(key) ? (folder / text_or(*control, key, "")).lexically_normal() : Path();
    };
    port.certificate = path_of("certificate");
    port.key = path_of("key");
  }
  return access;
}

// --- the fingerprint: over every setting. Values of secrets stay out of it: it is shown and
// stored.

std::string fingerprint_of(const Resolved& resolved) {
  Digest fingerprint;
  fingerprint.add(resolved.environment);
  for (const Member& part : *resolved.tree.table()) {
    if (part.key == "environments") continue;  // what they lead to counts, not how it is written
    fingerprint.add(part.key);
    add_node(fingerprint, part.value);
  }
  for (const auto& [name, variable] : resolved.variables) {
    fingerprint.add(name);
    fingerprint.add(variable.secret ? "" : variable.value);
  }
  for (const Template& file : resolved.templates) {
    fingerprint.add(file.service);
    fingerprint.add(file.text);
  }
  return fmt::format("{:016x}", fingerprint.value());
}

}  // namespace

Stack build_stack(const Resolved& resolved, const Path& stack_file) {
  Stack stack;
  const Node& head = *resolved.tree.find("stack");
  stack.name = text_or(head, "name", "");
  stack.environment = resolved.environment;
  stack.timezone = text_or(head, "timezone", kDefaultTimezone);
  if (text_or(head, "on_failed_reload", "") == "rollback")
    stack.on_failed_reload = OnFailedReload::rollback;
  stack.file = stack_file;
  stack.directory = stack_file.parent_path();
  const Node* logs = resolved.tree.find("logs");
  for (const Member& service : services(resolved.tree)) {
    stack.services.push_back(build_service(service, stack.directory));
    stack.services.back().traits = traits_of(resolved, service);
    stack.services.back().log = build_log(service.value.find("log"), build_log(logs, {}));
  }
  if (logs != nullptr) stack.logs_max_total = size_or(*logs, "max_total", stack.logs_max_total);
  for (const Member& secret : members(resolved.tree, "secrets")) {
    const int characters = integer_or(secret.value, "generate", 32);
    stack.secrets.push_back({secret.key, static_cast<std::size_t>(characters), secret.key_span});
  }
  stack.secret_store = resolved.secret_store;
  stack.control = build_control(resolved.tree, stack.directory);
  stack.variables = resolved.variables;
  stack.fingerprint = fingerprint_of(resolved);
  return stack;
}

}  // namespace exai::config
