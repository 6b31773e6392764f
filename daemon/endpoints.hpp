#pragma once
// The two servers beside MCP: health for probes and people, metrics for Prometheus. Both only read,
// answer at once and show no secret. Lifetime: the collaborators outlive the handlers.

#include "daemon/health.hpp"
#include "daemon/instruments.hpp"
#include "daemon/net/transport.hpp"

namespace exai {

// What is answered while health only warns.
enum class Degraded { is_200, is_503 };

class HealthEndpoint final : public net::Handler {
 public:
  HealthEndpoint(health::Monitor& monitor, Instruments& instruments, Clock& clock,
                 Degraded degraded)
      : monitor_(monitor), instruments_(instruments), clock_(clock), degraded_(degraded) {}
  Task<std::optional<net::Response>> handle(net::Request request, net::BodyWriter& writer) override;

 private:
  net::Response answer(std::string_view path);

  health::Monitor& monitor_;
  Instruments& instruments_;
  Clock& clock_;
  Degraded degraded_;
};

class MetricsEndpoint final : public net::Handler {
 public:
  MetricsEndpoint(telemetry::Metrics& metrics, Instruments& instruments, Clock& clock)
      : metrics_(metrics), instruments_(instruments), clock_(clock) {}
  Task<std::optional<net::Response>> handle(net::Request request, net::BodyWriter& writer) override;

 private:
  telemetry::Metrics& metrics_;
  Instruments& instruments_;
  Clock& clock_;
};

}  // namespace exai
