#pragma once
// What a supervisor writes down so that the next one can take over: <state>/snapshot.json, a line
// of JSON for all there is, and after it a line for each thing that has changed since:
//
//   {"version":1, "boot_id":"…", "stack":"exai", …, "last_event":42, "services":[
//     {"name":"redis", "state":"ready", "wanted":true, "process":{"pid":4711,"start_ticks":123456},
//      "proven":true, "stop":{"steps":[{"signal":15,"grace_ms":10000}],"total_ms":0}, "needs":[], …}]}
//   {"last_event":43, "services":[{"name":"redis", "state":"backoff", …}]}
//
// A line is written before a process is started ("spawning") and after anything has changed, with
// one call: it is there or it is not. When the changes outgrow what they change, all is written
// anew beside the file, which takes its place. Nothing is synced to the disk: a file that a power
// cut has damaged is of another boot and worth nothing anyway.
//
// The last line may be torn, for what we know only by somebody else's hand: then, as without a
// file, services are looked for by their mark, too.
//
// What the next supervisor does with a service (the table that adopt() in adoption.cpp follows):
//
// | written down           | found                    | then                                      |
// |------------------------|--------------------------|-------------------------------------------|
// | process                | same pid and start time  | taken over: same process, proof renewed   |
// | process                | gone                     | its restart policy applies, once          |
// | spawning, no process   | its mark, in /proc       | taken over                                |
// | spawning, no process   | nothing                  | started again, when it was wanted         |
// | backoff                |                          | waits for the rest of it; what counts     |
// |                        |                          | towards giving up goes on counting        |
// | waiting                |                          | started again                             |
// | stopping               | still there              | taken over, then stopped                  |
// | stopped, failed, done  |                          | stays so                                  |
// | anything, other boot   |                          | forgotten: nothing survives a boot        |
// | no file, unreadable,   | its mark, in /proc       | taken over                                |
// |   or torn              |                          |                                           |
//
// What stays unknown: how a process ended while no supervisor watched. The kernel tells an exit
// status to the parent and to who holds a pidfd; both died with the supervisor. A holder process
// for each service could know it, and would be one more thing that can die, 1 MB each: not worth
// it. So "always" restarts such a service, "on-failure" too, and "never" leaves it failed. And a
// one-shot that was started in the instant of our death, and finished before the next supervisor
// looked, is run again.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/os.hpp"
#include "core/config/settings.hpp"
#include "core/control/control.hpp"
#include "supervisor/process/tree.hpp"
#include "supervisor/service/definition.hpp"

namespace exai::service {

struct ServiceRecord {
  std::string name;
  control::State state = control::State::stopped;
  WallTime since{};
  std::string cause;
  bool wanted = false;
  bool spawning = false;  // a process may have been started that is not written down
  bool proven = false;
  std::optional<process::Identity> process;
  std::optional<WallTime> started;
  std::optional<WallTime> last_run;  // by its schedule
  std::optional<bool> ended_well;    // that run
  std::string making;  // what the process was made from (reload_plan.hpp)
  int restarts = 0;
  std::string last_exit;
  std::string last_restart_cause;
  // Of the back-off; times of the steady clock, which goes on until the next boot.
  int attempt = 0;
  std::vector<Time> restart_times;
  std::optional<Time> ready_since;
  std::optional<Time> wake;
  // Enough to stop it when the stack file no longer names it, or cannot be read.
  std::vector<std::string> needs;
  config::StopPolicy stop;
};

struct Snapshot {
  std::string boot_id;
  std::string stack;
  std::string environment;
  std::string timezone;
  std::uint64_t last_event = 0;
  bool whole = false;  // the whole stack was asked for, not some of it
  std::vector<ServiceRecord> services;
  Scale scaled;
  bool torn = false;  // its last line was: what was written last is not known

  const ServiceRecord* find(std::string_view service) const;
};

json::object to_json(const Snapshot& snapshot);
json::object to_json(const ServiceRecord& record);
// Errors: invalid, also for the version of a newer supervisor.
Result<Snapshot> snapshot_from(const json::object& object);
// All lines of a file. Errors: invalid, when the first one is no snapshot.
Result<Snapshot> parse_snapshot(std::string_view text);

// Errors: not_found, invalid, those of the file.
Result<Snapshot> read_snapshot(const Path& file);

// Writes the file. Thread: one.
class SnapshotFile {
 public:
  explicit SnapshotFile(Path path) : path_(std::move(path)) {}

  // True when it is time for all of it: at first, after a failure, when the changes have outgrown
  // it.
  bool wants_all() const { return !fd_ || grown_ > kGrowth + 2 * whole_; }
  Result<> write_all(const Snapshot& snapshot);
  // Only the services that have changed.
  Result<> append(const Snapshot& changes);

 private:
  static constexpr std::size_t kGrowth = 64U << 10U;

  Path path_;
  Fd fd_;
  std::size_t whole_ = 0;  // bytes of the first line
  std::size_t grown_ = 0;  // bytes after it
};

// A service as far as it is written down: it can be watched and stopped, and is never restarted.
config::Service service_from(const ServiceRecord& record);

}  // namespace exai::service
