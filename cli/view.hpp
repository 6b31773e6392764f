#pragma once
// How the state of services is told: tones, ages, proofs, and the tables of `status`, `up` and
// `restart`. Pure: what the supervisor said goes in, with the time it is; text comes out.

#include <optional>
#include <string>
#include <vector>

#include "cli/table.hpp"
#include "core/config/settings.hpp"
#include "core/control/control.hpp"
#include "core/control/diagnosis.hpp"

namespace exai::cli {

Tone tone_of(control::State state);

// "-": not known, or not there.
std::string size_text(const std::optional<std::int64_t>& bytes);
std::string percent_text(const std::optional<double>& percent);

// "mcp tools/call status 12s ago; http /health/live 2s ago"; empty: nothing has been proven.
std::string proof_text(const control::ServiceStatus& service);

// Whether any of its services is.
bool in_trouble(const control::StackStatus& status);

// "exai (dev): 2 of 2 services ready"
std::string headline(const control::StackStatus& status);

// The services with the worst first; among equals the file's order stays.
std::vector<control::ServiceStatus> worst_first(const control::StackStatus& status);

// Its state as people read it: a service that runs and is not healthy is no "ready" one.
Cell state_cell(const control::ServiceStatus& service);

// Everything about each service, the worst first.
Table status_table(const control::StackStatus& status, WallTime now);

// While something happens: state, since when, waiting for what or proven by what. In the file's
// order; of a long list those that are not ready yet, at most `rows`.
Table progress_table(const control::StackStatus& status, WallTime now, std::size_t rows);

// What runs where, at the end of `up`: service, state, ports, pid, proof.
Table summary_table(const control::StackStatus& status);

// One line per way in: "MCP  http://127.0.0.1:8079/mcp", its WebSocket, health and metrics pages.
std::vector<std::string> connections(const config::Stack& stack);

// "redis: starting", "exaid: ready (mcp tools/call status in 12ms)"
std::string event_line(const control::Event& event, const control::StackStatus& status);

// How far a service has come since somebody asked for it.
enum class Progress { going, ready, failed };

struct Baseline {  // of the moment somebody asked
  WallTime asked{};
  std::vector<std::pair<std::string, int>> restarts;  // service → count
};
Baseline baseline_of(const control::StackStatus& status, WallTime asked);

// failed: the supervisor gave up, the process ended for good with an error, it keeps dying
// (kPatience restarts since then), or it waits for a service that failed.
inline constexpr int kPatience = 3;
Progress judge(const control::StackStatus& status, const control::ServiceStatus& service,
               const Baseline& baseline);

const control::ServiceStatus* find_service(const control::StackStatus& status,
                                           std::string_view name);

}  // namespace exai::cli
