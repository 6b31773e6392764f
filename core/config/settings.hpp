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

#include "core/base/time.hpp"
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
// "http://127.0.0.1:8082/health": `path` on the check's port; a whole URL as it is.
std::string url_of(const Check& check, const std::string& path);

// --- services ---

enum class Condition { started, ready };
std::string_view name(Condition condition);

struct Need {
  std::string service;
  Condition condition = Condition::ready;
  Span span;
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
  Duration backoff_min = 200ms;
  Duration backoff_max = 30s;
  int give_up_after = 10;          // restarts …
  Duration give_up_window = 5min;  // … within this long
};

struct StopPolicy {
  int signal = SIGTERM;
  Duration grace = 20s;  // more than exaid wants to let calls finish
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
  std::vector<Need> needs;
  std::map<std::string, Path> render;  // file in its run folder ← template (absolute)
  std::optional<Check> ready;          // none: ready as soon as it has started
  std::optional<Check> healthy;
  Duration start_timeout = 60s;  // from start to ready
  RestartPolicy restart;
  StopPolicy stop;
  Limits limits;
  LogPolicy log;
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

struct Stack {
  std::string name;
  std::string environment;  // dev, staging, prod, …
  std::string timezone;
  Path file;                      // absolute
  Path directory;                 // of the file; relative paths start here
  std::uint64_t logs_max_total = 1U << 30U;  // bytes of all logs together; 0: any number
  std::vector<Service> services;  // in the file's order
  std::vector<GeneratedSecret> secrets;
  Path secret_store;  // absolute; empty: the environment names none
  std::map<std::string, Variable> variables;
  std::string fingerprint;  // of all of the above: changed means another stack

  const Service* find(std::string_view service) const;
};

}  // namespace exai::config
