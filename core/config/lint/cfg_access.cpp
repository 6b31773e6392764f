// CFG029: checks that exaid refuses, because it asks who is there and they have nothing to show.

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/cfg_rules.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

constexpr const char* kCode = "CFG029";
constexpr const char* kToken = "EXAI_WS_TOKEN";

struct Given {
  std::string name;  // as it is written: NAME or NAME_FILE
  Span place;        // none: in no file
};

// That the variable has a value, or will have one with the first `up`.
std::optional<Given> given_to_stack(const Resolved& resolved, const std::string& name) {
  const auto found = resolved.variables.find(name);
  if (found != resolved.variables.end()) {
    if (found->second.value.empty()) return std::nullopt;
    return Given{name, found->second.origins.front().span};
  }
  const auto secret = resolved.names.secrets.find(name);
  if (secret == resolved.names.secrets.end()) return std::nullopt;
  return Given{name, secret->second};
}

bool is_empty(const Node& value) {
  return value.string() != nullptr && value.string()->empty();
}

// The same, of one service: by its own `env`, and secrets only when it asks for them.
std::optional<Given> given_to_service(const LintSubject& subject, const Node& service,
                                      const std::string& name) {
  for (const std::string& written : {name, name + "_FILE"})
    for (const Member& variable : members(service, "env"))
      if (variable.key == written && !is_empty(variable.value))
        return Given{written, variable.value.span};
  const std::vector<std::string> secrets = texts(service.find("secrets"));
  const bool gets_it = !subject.resolved.names.is_secret(name) ||
                       std::find(secrets.begin(), secrets.end(), name) != secrets.end();
  return gets_it ? given_to_stack(subject.resolved, name) : std::nullopt;
}

// What makes exaid ask who is there; the first of them.
std::optional<Given> asks(const LintSubject& subject, const Node& service) {
  for (const char* name : {"JWT_SECRET_KEY", "JWT_PUBLIC_KEYS", kToken})
    if (auto given = given_to_service(subject, service, name)) return given;
  return std::nullopt;
}

void refused_check(const LintSubject& subject, const Member& service, const Member& check,
                   const Given& asked, Findings& findings) {
  const Node* named = check.value.find("token");
  const bool names_one = named != nullptr && named->string() != nullptr;
  const std::string token = names_one ? *named->string() : "";
  if (named != nullptr && !names_one) return;  // CFG003
  if (names_one && given_to_stack(subject.resolved, token)) return;
  const std::string why = names_one ? token + " has no value" : std::string("it names no token");
  const std::string help =
      names_one ? fmt::format("set {}: from this machine exaid takes it beside JWTs", token)
                : fmt::format("write token = \"{}\" into the check, and set that", kToken);
  Diagnostic& one = findings.add(
      kCode, names_one ? named->span : check.key_span,
      fmt::format("{} would refuse its own check ({}): {} is set, so it asks who is there, and {}",
                  service.key, check.key, asked.name, why),
      help);
  one.subject = fmt::format("services.{}.{}", service.key, check.key);
  if (asked.place) one.related.push_back({asked.place, asked.name + " is set here"});
}

}  // namespace

void refused_checks(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree)) {
    if (!is_exaid(service.value)) continue;
    const auto asked = asks(subject, service.value);
    if (!asked) continue;
    for (const std::string_view key : {"ready", "healthy"})
      if (const Member* check = service.value.member(key); check && kind_of(check->value) == "mcp")
        refused_check(subject, service, *check, *asked, findings);
  }
}

}  // namespace exai::config
