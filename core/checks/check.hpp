#pragma once
// Checks: proof by work. A check runs once with a deadline and gives an Observation; observations
// fold into a Verdict with an age; the same verdict feeds readiness, `exai status`, `exai health`
// and `exai doctor`.
//
//   Check (config) ── run_check ──> Observation ── fold ──> Verdict
//
// Thread: loop. Errors: none. A check that cannot be carried out is an observation that says no.

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/boxed.hpp"
#include "core/base/http.hpp"
#include "core/base/loop.hpp"
#include "core/base/secret.hpp"
#include "core/config/settings.hpp"

namespace exai::checks {

struct Observation {
  bool ok = false;
  std::string detail;  // "SET, GET, DEL answered", "connection refused"
  Duration took{};
  Time at{};  // when it ended
  WallTime wall{};
};

enum class Standing { unknown, passing, failing };
std::string_view name(Standing standing);

// What is known from all observations so far.
struct Verdict {
  Standing standing = Standing::unknown;
  int successes = 0;                     // in a row
  int failures = 0;                      // in a row
  Boxed<Observation> last;               // whatever it said
  std::optional<Time> last_good;         // when the proof was given, whose age is shown
};

// Pure. unknown → passing after check.successes in a row; → failing after check.failures.
Verdict fold(Verdict verdict, const Observation& observation, const config::Check& check);

// What a check may need besides its settings.
struct Subject {
  pid_t pid = -1;                                  // of the service, for process checks
  std::map<std::string, std::string> environment;  // of command checks
  std::string working_directory;                   // of command checks; empty: ours
  std::string cgroup;  // its folder: command checks run in there and end with it; empty: ours
  std::function<std::optional<Secret>(const std::string& variable)> secret;
};

// The collaborators of all checks. Any number of runs may be under way; one that hangs delays no
// other. Lifetime: outlives the runs. Destroying it waits for a host name that is being looked up.
class Checker {
 public:
  Checker(Loop& loop, Clock& clock, HttpClient& http) : loop_(loop), clock_(clock), http_(http) {}
  // Ends within check.timeout, and at most a second after it when something must be cleared up: a
  // command is killed with its group, an MCP session is ended. When the caller is cancelled, the
  // cancellation is thrown, and no observation is made.
  Task<Observation> run(config::Check check, Subject subject);

 private:
  Loop& loop_;
  Clock& clock_;
  HttpClient& http_;
  std::unique_ptr<Island> names_;  // looks up host names; made when the first one is
};

}  // namespace exai::checks
