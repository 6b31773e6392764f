#pragma once
// The daemon's own metrics: requests, tool calls, connections, sessions, the process, the loop.
// Stores and providers bring theirs. Every family here is fed; names as facts 6.2 has them, with
// the prefix mcp_. Thread: loop.

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>

#include "core/base/loop.hpp"
#include "core/telemetry/metrics.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai {

class Instruments final : public net::McpObserver {
 public:
  Instruments(telemetry::Metrics& metrics, Clock& clock, std::string_view environment);

  void finished(const Request& request) override;
  void admitted(std::string_view provider, double waited) override;
  void refused(std::string_view limit, std::string_view provider) override;
  void leaked(std::size_t permits) override;
  void denied(std::string_view why) override;
  // A request to the health or metrics server; `endpoint` is a path that we serve, or "other".
  void served(std::string_view endpoint, int status, double seconds);

  // How many there are now; called before each exposition.
  void set_connections(std::size_t connections);
  void set_sessions(std::size_t http, std::size_t websocket);
  void set_tasks(const mcp::TaskTable::Tally& tally);

  void set_permits(const std::string& pool, const std::string& provider, std::size_t available,
                   std::size_t limit);
  void set_queue(std::size_t waiting);

  std::uint64_t calls_total() const { return calls_total_; }
  std::uint64_t calls_failed() const { return calls_failed_; }

  // Measures how late the loop wakes up. Until cancelled.
  Task<> watch_loop_lag();

 private:
  template <class Series>
  using Family = telemetry::Family<Series>;
  // What one kind of request is counted in. Tools, methods and outcomes are few.
  struct Series {
    telemetry::Counter* requests;
    telemetry::Histogram* request_duration;
    telemetry::Counter* tool_calls = nullptr;
    telemetry::Histogram* tool_call_duration = nullptr;
  };
  const Series& series_of(const Request& request);
  void refresh_process();

  Clock& clock_;
  Family<telemetry::Counter>& requests_;
  Family<telemetry::Histogram>& request_duration_;
  Family<telemetry::Counter>& tool_calls_;
  Family<telemetry::Histogram>& tool_call_duration_;
  telemetry::Gauge& connections_;
  Family<telemetry::Gauge>& sessions_;
  Family<telemetry::Counter>& denied_;
  Family<telemetry::Gauge>& tasks_;
  Family<telemetry::Counter>& tasks_ended_;
  Family<telemetry::Gauge>& permits_free_;
  Family<telemetry::Gauge>& permits_limit_;
  telemetry::Gauge& permits_queue_;
  telemetry::Histogram& permits_wait_;
  Family<telemetry::Counter>& permits_taken_;
  Family<telemetry::Counter>& permits_refused_;
  telemetry::Counter& permits_leaked_;
  telemetry::Gauge& memory_;
  telemetry::Gauge& loop_lag_;
  telemetry::Counter& process_cpu_;
  telemetry::Gauge& process_memory_;
  telemetry::Gauge& process_start_;
  telemetry::Gauge& process_files_;
  std::unordered_map<std::string, Series> series_;
  std::string series_key_;  // kept for its memory
  std::map<std::string, telemetry::Counter*, std::less<>> taken_by_;  // of permits_taken_
  double worst_lag_ = 0;  // seconds, since the last exposition
  std::uint64_t calls_total_ = 0;
  std::uint64_t calls_failed_ = 0;
};

}  // namespace exai
