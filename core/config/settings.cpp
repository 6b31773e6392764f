#include "core/config/settings.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai::config {

std::string_view name(Condition condition) {
  return condition == Condition::started ? "started" : "ready";
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
  return fmt::format("http://{}{}{}:{}{}", brackets ? "[" : "", check.host, brackets ? "]" : "",
                     check.port, path);
}

const Service* Stack::find(std::string_view service) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const Service& one) { return one.name == service; });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace exai::config
