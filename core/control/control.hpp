#pragma once
// The control protocol between `exai` and `exai-supervisor`: JSON-RPC 2.0, one message a line, over
// <state>/run/control.sock (folder 0700, peer must be our user or root). Additions keep old clients
// working: unknown members are ignored, lists hold objects.
//
// The methods, their parameters and errors are the table of methods.hpp; docs/control-api.md is the
// page for people.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/time.hpp"
#include "core/control/reload.hpp"

namespace exai::control {

inline constexpr int kProtocolVersion = 2;
inline constexpr int kOldestProtocol = 1;  // of a client that we still understand

// Errors besides JSON-RPC's own.
inline constexpr int kUnknownService = 1;
inline constexpr int kShuttingDown = 2;
inline constexpr int kTooManyClients = 3;
inline constexpr int kUnsupportedProtocol = 4;
inline constexpr int kNotAllowed = 5;
inline constexpr int kNotRunning = 6;

// The states of a service (supervisor/service/state.hpp has the diagram).
enum class State { stopped, waiting, starting, ready, backoff, stopping, failed, done, scheduled };
std::string_view name(State state);
std::optional<State> parse_state(std::string_view name);
std::vector<State> all_states();
bool is_as_wanted(State state);  // it does what it is there for, or has done it

struct PortStatus {
  std::string name;
  std::uint16_t number = 0;
};

// A proof of readiness or health, or what keeps it from being one.
struct ProofStatus {
  std::string check;      // "mcp tools/call status"
  std::string standing;   // unknown, passing, failing
  std::string detail;     // of the last run
  std::int64_t took_ms = 0;
  std::optional<std::int64_t> age_ms;  // of the last good run
  int failures = 0;                    // in a row
};

struct ServiceStatus {
  std::string name;
  State state = State::stopped;
  WallTime since{};       // in this state
  std::string cause;      // why it is in this state, "killed by signal 9 (KILL); restart 1 of 10"
  std::vector<std::string> waiting_for;  // services, while waiting
  std::optional<ProofStatus> ready;
  std::optional<ProofStatus> healthy;
  int pid = 0;            // 0: no process
  std::optional<WallTime> started;
  bool adopted = false;   // taken over from an earlier supervisor
  int restarts = 0;       // since the stack came up, not counting those asked for
  std::string last_exit;  // "signal 9 (KILL)", empty: never ended
  std::string last_restart_cause;
  std::vector<PortStatus> ports;
  std::vector<std::string> needs;
  // Of the whole tree of the service; none: it has no process, or nobody asked.
  std::optional<std::int64_t> processes;
  std::optional<std::int64_t> threads;
  std::optional<std::int64_t> resident_bytes;
  std::optional<double> cpu_percent;        // of one core, since the last look or since its start
  std::optional<std::int64_t> descriptors;  // these when the service was named, and may be seen
  std::optional<std::int64_t> read_bytes;   // from storage
  std::optional<std::int64_t> written_bytes;
  std::vector<std::string> not_limited;  // limits that the kernel does not keep here, and why
  std::string said;        // about itself, in a STATUS= message
  std::optional<WallTime> next_run;  // by its schedule
  std::string log;         // path of its log file
  std::uint64_t log_lines_dropped = 0;  // that could not be written: the disk was full
};

struct StackStatus {
  int protocol = kProtocolVersion;
  std::string version;  // of the supervisor
  std::string stack;
  std::string environment;
  std::string timezone;
  std::string stack_file;
  std::string fingerprint;  // of the settings it runs
  int supervisor_pid = 0;
  WallTime supervisor_started{};
  bool stopping = false;
  std::uint64_t last_event = 0;         // of the newest event: what `since` may be
  std::string containment;  // how the processes of a service are held together, in words
  ReloadStatus reload;                  // the last one
  std::vector<ServiceStatus> services;  // in the file's order
};

struct Event {
  std::uint64_t sequence = 0;
  WallTime time{};
  std::string service;  // empty: about the stack
  State from = State::stopped;
  State to = State::stopped;
  std::string cause;
};

struct EventPage {
  std::vector<Event> events;  // with sequence > since, oldest first
  std::uint64_t last = 0;     // pass as `since` next time
  bool gap = false;           // older ones were dropped before you asked
};

// What `down` is about to end: the processes by which one sees that nothing is left.
struct Stopping {
  struct Process {
    std::string service;  // empty: the supervisor itself
    int pid = 0;
    std::uint64_t start_ticks = 0;  // of /proc/PID/stat: tells it from a later one of that number
  };
  std::vector<Process> processes;
  std::uint64_t last_event = 0;  // of the newest before it: what `since` may be
};

json::object to_json(const StackStatus& status);
json::object to_json(const ServiceStatus& status);
json::object to_json(const Event& event);
json::object to_json(const EventPage& page);
json::object to_json(const Stopping& stopping);
json::object to_json(const Stopping::Process& process);
Result<StackStatus> stack_status_from(const json::object& object);
Result<EventPage> event_page_from(const json::object& object);
Result<Stopping> stopping_from(const json::object& object);

}  // namespace exai::control
