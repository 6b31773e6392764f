#include "core/config/settings.hpp"

#include <algorithm>
#include <cctype>

#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai::config {

std::string_view name(Condition condition) {
  switch (condition) {
    case Condition::started:
      return "started";
    case Condition::ready:
      return "ready";
    case Condition::healthy:
      return "healthy";
    case Condition::done:
      return "done";
    case Condition::done_ok:
      return "done-ok";
  }
  return "ready";
}

std::string Check::setting(const std::string& key) const {
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second;
}

std::string describe(const Check& check) {
  if (!check.what.empty())
    return fmt::format(
        "{} {}", check.kind,
        check.kind == "http" ? path_of_url(check.what.front()) : join(check.what, " "));
  return check.port == 0 ? check.kind : fmt::format("{} {}:{}", check.kind, check.host, check.port);
}

std::string url_of(const Check& check, const std::string& path) {
  if (!path.starts_with('/')) return path;
  const bool brackets = check.host.find(':') != std::string::npos;  // an IPv6 address
  return fmt::format("{}://{}{}{}:{}{}", check.setting("https") == "true" ? "https" : "http",
                     brackets ? "[" : "", check.host, brackets ? "]" : "", check.port, path);
}

const Service* Stack::find(std::string_view service) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const Service& one) { return one.name == service; });
  return found == services.end() ? nullptr : &*found;
}

std::vector<std::string> selection(const Stack& stack, const std::vector<std::string>& profiles) {
  std::vector<std::string> names;
  for (const Service& service : stack.services)
    if (service.profiles.empty() ||
        std::find_first_of(profiles.begin(), profiles.end(), service.profiles.begin(),
                           service.profiles.end()) != profiles.end())
      names.push_back(service.name);
  return names;
}

namespace {

// Every occurrence of `folder` that is not the beginning of another name.
std::string move_folder(std::string text, const std::string& folder, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(folder, at)) != text.npos;) {
    const std::size_t end = at + folder.size();
    const char next = end < text.size() ? text[end] : '/';
    const bool longer = std::isalnum(static_cast<unsigned char>(next)) != 0 || next == '-' ||
                        next == '_' || next == '.';
    if (longer) {
      at = end;
      continue;
    }
    text.replace(at, folder.size(), to);
    at += to.size();
  }
  return text;
}

}  // namespace

bool names_unit(const std::vector<std::string>& names, std::string_view unit) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return unit == name || (unit.starts_with(name) && unit.substr(name.size()).starts_with('.'));
  });
}

Service replica_of(const Service& service, int index, const Path& run_folder) {
  Service one = service;
  one.group = service.name;
  one.replica = index;
  one.name = fmt::format("{}.{}", service.name, index);
  const std::string number = std::to_string(index);
  const std::string from = (run_folder / service.name).string();
  const std::string to = (run_folder / one.name).string();
  const auto adapt = [&](std::string& text) {
    text = move_folder(replace_all(std::move(text), kReplicaReference, number), from, to);
  };
  const auto adapt_check = [&](Boxed<Check>& check) {
    if (!check) return;
    for (std::string& text : check->what) adapt(text);
    if (check->port != 0) check->port = static_cast<std::uint16_t>(check->port + index - 1);
  };
  for (std::string& word : one.command) adapt(word);
  for (auto& [name, value] : one.environment) adapt(value);
  one.environment["EXAI_REPLICA"] = number;
  for (PortBinding& port : one.ports)
    port.number = static_cast<std::uint16_t>(port.number + index - 1);
  adapt_check(one.ready);
  adapt_check(one.healthy);
  for (auto* hook : {&one.before_start, &one.after_stop})
    if (*hook)
      for (std::string& word : (*hook)->command) adapt(word);
  return one;
}

}  // namespace exai::config
