#include "core/workspace/environment.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace exai {

namespace {

constexpr std::array<std::string_view, 6> kInherited{"HOME",   "USER", "LOGNAME",
                                                     "TMPDIR", "LANG", "LANGUAGE"};

bool is_inherited(std::string_view name) {
  return name.starts_with("LC_") ||
         std::find(kInherited.begin(), kInherited.end(), name) != kInherited.end();
}

// Somebody set it: it is more than a default of the option table.
bool is_set(const config::Variable& variable) {
  return !variable.origins.empty() && variable.origins.front().layer != "default";
}

bool is_delivered(const config::Service& service, const std::string& name) {
  return std::find(service.secrets.begin(), service.secrets.end(), name) != service.secrets.end();
}

// "http-admin" as HTTP_ADMIN
std::string variable_part(std::string_view name) {
  std::string part;
  for (const char c : name)
    part += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return part;
}

std::string place_of(const config::Origin& origin) {
  return origin.span ? fmt::format("{}:{}", origin.layer, origin.span.begin.line) : origin.layer;
}

}  // namespace

Environment built_in_names(const Workspace& workspace, const config::Stack& stack,
                           const config::Service& service) {
  Environment names{
      {"EXAI_STACK", stack.name},
      {"EXAI_ENV", stack.environment},
      {"EXAI_STACK_DIR", stack.directory.string()},
      {"EXAI_STATE_DIR", workspace.state.string()},
      {"EXAI_SERVICE", service.name},
      {"EXAI_SERVICE_DIR", workspace.service_run(service.name).string()},
  };
  for (const config::PortBinding& port : service.ports)
    names["EXAI_PORT_" + variable_part(port.name)] = std::to_string(port.number);
  return names;
}

std::map<std::string, Given, std::less<>> given_to(const Workspace& workspace,
                                                   const config::Stack& stack,
                                                   const config::Service& service,
                                                   const Environment& own) {
  std::map<std::string, Given, std::less<>> given;
  for (const auto& [name, value] : own)
    if (is_inherited(name)) given[name] = {value, "process environment"};
  given["PATH"] = {program_search_path(own), "exai, then process environment"};
  if (!stack.timezone.empty()) given["TZ"] = {stack.timezone, "stack.timezone"};
  for (const auto& [name, variable] : stack.variables)
    if (is_set(variable) && !variable.secret && !is_delivered(service, name))
      given[name] = {variable.value, place_of(variable.origins.front())};
  for (const auto& [name, value] : service.environment)
    given[name] = {value, fmt::format("services.{}.env", service.name)};
  for (const auto& [name, value] : built_in_names(workspace, stack, service))
    given[name] = {value, "exai"};
  return given;
}

Environment environment_of(const Workspace& workspace, const config::Stack& stack,
                           const config::Service& service, const Environment& own) {
  Environment environment;
  for (auto& [name, given] : given_to(workspace, stack, service, own))
    environment.emplace(name, given.value);
  return environment;
}

Path working_directory_of(const config::Stack& stack, const config::Service& service) {
  return service.working_directory.empty() ? stack.directory : service.working_directory;
}

}  // namespace exai
