#include "core/config/settings.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::config {

std::string_view name(Condition condition) {
  return condition == Condition::started ? "started" : "ready";
}

namespace {

// What follows the host of a URL; all of it when that cannot be told.
std::string_view path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = scheme == url.npos ? url.npos : url.find('/', scheme + 3);
  return slash == url.npos ? url : url.substr(slash);
}

struct Describe {
  std::string operator()(const ProcessCheck&) const { return "process"; }
  std::string operator()(const TcpCheck& tcp) const {
    return fmt::format("tcp {}:{}", tcp.host, tcp.port);
  }
  std::string operator()(const HttpCheck& http) const {
    return fmt::format("http {}", path_of(http.url));
  }
  std::string operator()(const RedisCheck&) const { return "redis round-trip"; }
  std::string operator()(const CommandCheck& check) const {
    return "command " + join(check.command, " ");
  }
  std::string operator()(const McpCheck& mcp) const { return "mcp tools/call " + mcp.tool; }
};

}  // namespace

std::string describe(const Check& check) {
  return std::visit(Describe{}, check.what);
}

const Service* Stack::find(std::string_view service) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const Service& one) { return one.name == service; });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace exai::config
