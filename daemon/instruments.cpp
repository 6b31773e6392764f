#include "daemon/instruments.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "core/base/proc.hpp"
#include "core/base/version.hpp"

namespace exai {
namespace {

constexpr Duration kLagInterval = 250ms;

const std::vector<double> kRequestBounds = {.001, .005, .01, .05, .1, .25, .5,
                                            1,    2.5,  5,   10,  30, 60};
const std::vector<double> kWaitBounds = {.001, .005, .01, .05, .1, .5, 1, 5, 10, 30};
const std::vector<double> kCallBounds = {.001, .01, .1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300};

// Open descriptors, without the one that reads the folder.
double open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator begin("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin, std::filesystem::directory_iterator()) - 1);
}

}  // namespace

Instruments::Instruments(telemetry::Metrics& metrics, Clock& clock, std::string_view environment)
    : clock_(clock),
      requests_(metrics.counter("mcp_requests_total", "Requests by method, endpoint and outcome.",
                                {"method", "endpoint", "status"})),
      request_duration_(metrics.histogram("mcp_request_duration_seconds", "Time requests took.",
                                          {"method", "endpoint"}, kRequestBounds)),
      tool_calls_(metrics.counter("mcp_tool_calls_total", "Tool calls by tool and outcome.",
                                  {"tool", "outcome"})),
      tool_call_duration_(metrics.histogram("mcp_tool_call_duration_seconds",
                                            "Time tool calls took.", {"tool"}, kCallBounds)),
      connections_(metrics.gauge("mcp_active_connections", "Open client connections.").with()),
      sessions_(metrics.gauge("mcp_sessions", "MCP sessions by transport.", {"transport"})),
      denied_(metrics.counter(
          "mcp_callers_refused_total",
          "Callers that were refused: they showed nothing, a wrong token or JWT, no JWT where one "
          "is required, lacked a scope, or came from a place (Origin, Host) that may not call.",
          {"reason"})),
      tasks_(metrics.gauge("mcp_tasks_running",
                           "Calls that go on as tasks: working, or waiting for their client.",
                           {"status"})),
      tasks_ended_(metrics.counter("mcp_tasks_ended_total",
                                   "Tasks that are over: completed, failed or cancelled.",
                                   {"outcome"})),
      permits_free_(metrics.gauge("mcp_semaphore_current_value",
                                  "Permits that are free: expected minus those of running calls.",
                                  {"semaphore_type", "provider"})),
      permits_limit_(metrics.gauge("mcp_semaphore_expected_value",
                                   "Permits there are: calls that may run at the same time.",
                                   {"semaphore_type", "provider"})),
      permits_queue_(
          metrics.gauge("mcp_semaphore_queue_depth", "Calls that wait for their turn.").with()),
      permits_wait_(metrics
                        .histogram("mcp_semaphore_wait_seconds",
                                   "Time calls waited for their turn.", {}, kWaitBounds)
                        .with()),
      permits_taken_(metrics.counter("mcp_semaphore_acquisitions_total",
                                     "Calls whose turn came, by the provider they ask.",
                                     {"provider"})),
      permits_refused_(
          metrics.counter("mcp_semaphore_acquisition_failures_total",
                          "Calls refused over capacity, by the limit that was reached.",
                          {"semaphore_type", "provider"})),
      permits_leaked_(metrics
                          .counter("mcp_semaphore_leaks_detected_total",
                                   "Permits held by calls that were gone; taken back.")
                          .with()),
      memory_(metrics.gauge("mcp_memory_usage_bytes", "Resident memory of this process.").with()),
      loop_lag_(metrics
                    .gauge("exai_loop_lag_seconds",
                           "Latest wake-up of the event loop since the last scrape.")
                    .with()),
      process_cpu_(
          metrics.counter("process_cpu_seconds_total", "CPU time of this process.").with()),
      process_memory_(
          metrics.gauge("process_resident_memory_bytes", "Resident memory of this process.")
              .with()),
      process_start_(
          metrics.gauge("process_start_time_seconds", "Start of this process, Unix time.").with()),
      process_files_(
          metrics.gauge("process_open_fds", "Open descriptors of this process.").with()) {
  metrics
      .gauge("exai_build_info", "Version and environment of this program.",
             {"version", "environment"})
      .with({std::string(kVersion), std::string(environment)})
      .set(1);
  for (const char* reason : {"nothing", "wrong", "jwt_required", "scope", "place"})
    denied_.with({reason});  // there from the start: a rate sees the first one, too
  metrics.before_exposition([this] { refresh_process(); });
}

void Instruments::finished(const Request& request) {
  const Series& series = series_of(request);
  series.requests->add();
  series.request_duration->observe(request.seconds);
  if (!series.tool_calls) return;
  series.tool_calls->add();
  series.tool_call_duration->observe(request.seconds);
  ++calls_total_;
  if (request.outcome != "ok") ++calls_failed_;
}

// Looking series up by their labels costs more than to count.
const Instruments::Series& Instruments::series_of(const Request& request) {
  series_key_.clear();
  for (const std::string_view part : {request.method, request.tool, request.outcome})
    series_key_.append(part).push_back('\n');
  const auto known = series_.find(series_key_);
  if (known != series_.end()) return known->second;
  const std::string method(request.method);
  const std::string tool(request.tool);
  const std::string outcome(request.outcome);
  Series series{&requests_.with({method, "/mcp", outcome}),
                &request_duration_.with({method, "/mcp"})};
  if (method == "tools/call") {
    series.tool_calls = &tool_calls_.with({tool, outcome});
    series.tool_call_duration = &tool_call_duration_.with({tool});
  }
  return series_.emplace(series_key_, series).first->second;
}

void Instruments::admitted(std::string_view provider, double waited) {
  auto known = taken_by_.find(provider);
  if (known == taken_by_.end())
    known = taken_by_.emplace(provider, &permits_taken_.with({std::string(provider)})).first;
  known->second->add();
  permits_wait_.observe(waited);
}

void Instruments::refused(std::string_view limit, std::string_view provider) {
  permits_refused_.with({std::string(limit), std::string(provider)}).add();
}

void Instruments::leaked(std::size_t permits) {
  permits_leaked_.add(static_cast<double>(permits));
}

void Instruments::denied(std::string_view why) {
  denied_.with({std::string(why)}).add();
}

void Instruments::set_permits(const std::string& pool, const std::string& provider,
                              std::size_t available, std::size_t limit) {
  permits_free_.with({pool, provider}).set(static_cast<double>(available));
  permits_limit_.with({pool, provider}).set(static_cast<double>(limit));
}

void Instruments::set_queue(std::size_t waiting) {
  permits_queue_.set(static_cast<double>(waiting));
}

void Instruments::served(std::string_view endpoint, int status, double seconds) {
  const std::string path(endpoint);
  requests_.with({"GET", path, std::to_string(status)}).add();
  request_duration_.with({"GET", path}).observe(seconds);
}

void Instruments::set_connections(std::size_t connections) {
  connections_.set(static_cast<double>(connections));
}

void Instruments::set_sessions(std::size_t http, std::size_t websocket) {
  sessions_.with({"http"}).set(static_cast<double>(http));
  sessions_.with({"websocket"}).set(static_cast<double>(websocket));
}

void Instruments::set_tasks(const mcp::TaskTable::Tally& tally) {
  tasks_.with({"working"}).set(static_cast<double>(tally.working));
  tasks_.with({"input_required"}).set(static_cast<double>(tally.input_required));
  tasks_ended_.with({"completed"}).raise_to(static_cast<double>(tally.completed));
  tasks_ended_.with({"failed"}).raise_to(static_cast<double>(tally.failed));
  tasks_ended_.with({"cancelled"}).raise_to(static_cast<double>(tally.cancelled));
}

void Instruments::refresh_process() {
  loop_lag_.set(worst_lag_);
  worst_lag_ = 0;
  process_files_.set(open_files());
  const auto self = process_info(::getpid());
  if (!self) return;
  memory_.set(static_cast<double>(self->resident_bytes));
  process_memory_.set(static_cast<double>(self->resident_bytes));
  process_cpu_.raise_to(std::chrono::duration<double>(self->cpu_time).count());
  if (const auto started = process_started(*self))
    process_start_.set(std::chrono::duration<double>(started->time_since_epoch()).count());
}

Task<> Instruments::watch_loop_lag() {
  for (;;) {
    const Time due = clock_.now() + kLagInterval;
    co_await clock_.sleep_until(due);
    const std::chrono::duration<double> late = clock_.now() - due;
    worst_lag_ = std::max(worst_lag_, late.count());
  }
}

}  // namespace exai
