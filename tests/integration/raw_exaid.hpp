#pragma once
// The real exaid on free ports, for clients that write their own bytes.

#include <optional>
#include <stdexcept>

#include "tests/integration/exai_client.hpp"
#include "tests/support/support.hpp"

namespace exai::test {

class Exaid {
 public:
  explicit Exaid(const Environment& options = {})
      : port(free_port()), health_(free_port()), metrics_(free_port()) {
    Command command;
    command.arguments = {EXAID};
    command.environment = {{"EXAI_WS_PORT", std::to_string(port)},
                           {"HEALTH_CHECK_PORT", std::to_string(health_)},
                           {"METRICS_PORT", std::to_string(metrics_)}};
    for (const auto& option : options) command.environment[option.first] = option.second;
    process.emplace(std::move(command));
    const bool serves =
        wait_until([&] { return health("startup") == 200 || !process->running(); });
    if (!serves || !process->running()) throw std::runtime_error("no exaid:\n" + process->err());
  }

  // The value of a series, as Prometheus reads it; -1: there is none.
  double metric(const std::string& series) const {
    const std::string text = Connection(metrics_).request("GET", "/metrics").body;
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  double free_permits() const {
    return metric(R"(mcp_semaphore_current_value{semaphore_type="global",provider=""})");
  }

  // "live", "ready", "startup"; 0: nobody answers any more
  int health(std::string_view which) const {
    try {
      return Connection(health_).request("GET", fmt::format("/health/{}", which)).status;
    } catch (const std::exception&) {
      return 0;
    }
  }
  json::object report() const {
    return parse_json_object(Connection(health_).request("GET", "/health").body).value();
  }

  std::uint16_t port;
  std::optional<Process> process;

 private:
  std::uint16_t health_;
  std::uint16_t metrics_;
};

}  // namespace exai::test
