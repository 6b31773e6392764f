#pragma once
// The stack file as typed values: what the supervisor runs and the commands show. Made only from a
// tree that the schema has accepted, so every field here is valid. Values; a running program holds
// them as shared_ptr<const Stack>.

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/boxed.hpp"
#include "core/base/time.hpp"
#include "core/config/cron.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

using Path = std::filesystem::path;

// --- checks: how readiness and health are proven (run by core/checks) ---

// A check of any kind: what core/checks has to know. The kinds and their keys are those of `check`
// in schemas/stack.schema.json, and each is carried out by a file of core/checks.
struct Check {
  std::string kind = "process";
  std::vector<std::string> what;  // behind the kind's key: a text, or the words of a command
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                       // 0: it connects to none of the service's ports
  std::map<std::string, std::string> settings;  // the kind's other keys: password, token, status
  Duration every = 1s;
  Duration timeout = 2s;
  int failures = 3;   // in a row, to say no
  int successes = 1;  // in a row, to say yes

  std::string setting(const std::string& key) const;  // "" when it is not there
};
// "mcp tools/call status", "redis round-trip", "http /health/live"
std::string describe(const Check& check);
// "http://127.0.0.1:8082/health": `path` on the check's port, https:// where it says so; a whole
// URL as it is.
std::string url_of(const Check& check, const std::string& path);

// --- services ---

// healthy: ready, and its `healthy` check passes. done: it has ended, however; done_ok: well.
enum class Condition { started, ready, healthy, done, done_ok };
std::string_view name(Condition condition);

struct Need {
  std::string service;
  Condition condition = Condition::ready;
  Span span;
  bool soft = false;  // from `wants`: waited for while it may still come
};

struct PortBinding {
  std::string name;
  std::uint16_t number = 0;
  Span span;
};

enum class Delivery { file, memfd, environment };

enum class RestartWhen { always, on_failure, never };

struct RestartPolicy {
  RestartWhen when = RestartWhen::always;
  std::vector<int> success = {0};  // exit codes that mean it ended well
  Duration backoff_min = 200ms;
  Duration backoff_max = 30s;
  int give_up_after = 10;          // restarts …
  Duration give_up_window = 5min;  // … within this long
};

struct StopStep {
  int signal = SIGTERM;
  Duration grace = 20s;  // more than exaid wants to let calls finish
  friend bool operator==(const StopStep&, const StopStep&) = default;
};

// One step after the other while it is alive, then KILL.
struct StopPolicy {
  std::vector<StopStep> steps = {StopStep{}};  // never empty
  Duration total{};                            // of all steps together; 0: as long as they take
  friend bool operator==(const StopPolicy&, const StopPolicy&) = default;
};

// service: kept running. once: runs to its end, then it is done. scheduled: runs to its end at its
// times.
enum class Kind { service, once, scheduled };

enum class Overlap { skip, queue, replace };
enum class Missed { skip, once };

struct Schedule {
  std::optional<Cron> cron;  // else `every`, from the beginning of one run to that of the next
  Duration every{};
  std::string text;                   // as it is written
  Overlap overlap = Overlap::skip;    // when the run before has not ended
  Missed missed = Missed::skip;       // when nobody was there to start it
};

// A command around the life of a process, as the service itself would run it.
struct Hook {
  std::vector<std::string> command;
  Duration timeout = 30s;
};

// What a service may use. The first ones are those of getrlimit(2), for each of its processes; the
// next ones are for all of them together and want a controller of the kernel's cgroups.
inline constexpr std::uint64_t kUnlimited = UINT64_MAX;
struct Limits {
  std::map<std::string, std::uint64_t> resources;  // "open_files" → 4096
  std::optional<std::uint64_t> memory;             // bytes
  std::optional<double> cpu;                       // of one core: 1.5 is one and a half
  std::optional<std::uint64_t> tasks;              // processes and threads
  std::optional<int> oom_score;                    // -1000 … 1000: who is ended first
  std::vector<int> processors;                     // those it may run on; empty: all
};

// How long what a service prints is kept.
struct LogPolicy {
  std::uint64_t max_size = 10U << 20U;  // of one part, in bytes
  Duration max_age = 7 * 24h;
  int keep = 5;  // parts besides the current one
  bool compress = true;
  bool streams_apart = false;  // stdout and stderr can be told apart
};

// One thing that the stack file says of a service (traits.hpp).
struct Trait {
  std::string name;          // "stop.grace"
  std::uint64_t digest = 0;  // of its value
};

inline constexpr int kMostReplicas = 1000;  // as in the schema

struct Service {
  std::string name;
  std::string group;  // the service of which this is one replica; empty: it is no replica
  Span span;
  std::vector<std::string> command;  // variables are in; ${EXAI_SERVICE_DIR} and the like too
  Span command_span;
  Path working_directory;                          // absolute
  std::map<std::string, std::string> environment;  // what the file gives this service alone
  std::vector<std::string> secrets;                // names delivered to it as NAME_FILE
  Delivery delivery = Delivery::file;              // how
  std::vector<PortBinding> ports;
  Kind kind = Kind::service;
  std::vector<Need> needs;
  std::map<std::string, Path> render;  // file in its run folder ← template (absolute)
  Boxed<Check> ready;                  // none: ready as soon as it has started
  Boxed<Check> healthy;
  Duration start_timeout = 60s;  // from start to ready; 0: as long as it takes
  RestartPolicy restart;
  StopPolicy stop;
  Boxed<Limits> limits;
  LogPolicy log;
  Boxed<Schedule> schedule;  // of one that is scheduled
  Boxed<Hook> before_start;
  Boxed<Hook> after_stop;
  std::optional<int> replicas;        // none: it is one, and cannot be scaled
  int replica = 0;                    // of `group`: which one, from 1
  std::vector<std::string> profiles;  // none: it belongs to every one
  std::string user;                   // empty: ours
  std::string group_name;             // empty: that of the user
  std::optional<int> umask;
  std::optional<int> nice;
  std::vector<std::string> watch;  // files, as patterns: it is restarted when one changes
  std::vector<Trait> traits;       // all it says, sorted by name: what a reload compares
};

// --- variables: one name, one value, and everyone who had a say ---

struct Origin {
  std::string layer;  // "process environment", "env/dev.env", "default"
  Span span;          // when it is a place in a file
  std::string value;
};

struct Variable {
  std::string value;
  bool secret = false;          // never shown
  std::vector<Origin> origins;  // the winner first, then what it shadows
};

struct GeneratedSecret {  // made on the first `up`, kept in the stack's state folder
  std::string name;
  std::size_t characters = 32;
  Span span;
};

// What comes of a reload whose services do not come up.
enum class OnFailedReload { keep, rollback };
// How others than our own user reach the supervisor.
struct SharedSocket {
  Path path;  // absolute
  unsigned mode = 0660;
  std::string group;  // empty: ours
  friend bool operator==(const SharedSocket&, const SharedSocket&) = default;
};

struct ControlPort {  // of this machine alone
  std::uint16_t number = 0;
  std::string token;  // the variable that holds it
  Path certificate;   // of its TLS, with the key; empty: clear text
  Path key;
  friend bool operator==(const ControlPort&, const ControlPort&) = default;
};

struct ControlAccess {
  std::optional<SharedSocket> socket;
  std::optional<ControlPort> port;
  bool may_change = true;  // those who come in there
  friend bool operator==(const ControlAccess&, const ControlAccess&) = default;
};

struct Stack {
  std::string name;
  std::string environment;  // dev, staging, prod, …
  std::string timezone;
  OnFailedReload on_failed_reload = OnFailedReload::keep;
  Path file;                      // absolute
  Path directory;                 // of the file; relative paths start here
  std::uint64_t logs_max_total = 1U << 30U;  // bytes of all logs together; 0: any number
  std::vector<Service> services;  // in the file's order
  std::vector<GeneratedSecret> secrets;
  Path secret_store;  // absolute; empty: the environment names none
  ControlAccess control;
  std::map<std::string, Variable> variables;
  std::string fingerprint;  // of all of the above: changed means another stack

  const Service* find(std::string_view service) const;
};

// The services that come up when none is named: those without profiles, and those of one of these.
std::vector<std::string> selection(const Stack& stack, const std::vector<std::string>& profiles);

// Does one of these names mean the unit: itself, or the service of which it is a replica?
bool names_unit(const std::vector<std::string>& names, std::string_view unit);

// One of the replicas of a service: "web.1" with its own ports (each plus index - 1), run folder and
// EXAI_REPLICA. `run_folder` is that of the stack, in which the service's texts have their folder.
Service replica_of(const Service& service, int index, const Path& run_folder);
// What stands for the index in the texts of a service with replicas.
inline constexpr std::string_view kReplicaReference = "${EXAI_REPLICA}";

}  // namespace exai::config
