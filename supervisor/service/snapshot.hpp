#pragma once
// What a supervisor writes down so that the next one can take over: <state>/snapshot.json. Written
// before a process is started ("spawning") or told to stop, and soon after anything else changed;
// whole or not at all. It is for the death of the supervisor: nothing of it counts after a boot, so
// it is not synced to the disk.
//
//   {"version":1, "boot_id":"…", "stack":"exai", …, "last_event":42, "services":[
//     {"name":"redis", "state":"ready", "wanted":true, "process":{"pid":4711,"start_ticks":123456},
//      "proven":true, "stop":{"steps":[{"signal":15,"grace_ms":10000}],"total_ms":0}, "needs":[], …}]}
//
// What the next supervisor does with a service (the table that adopt() in supervisor.cpp follows):
//
// | written down           | found                    | then                                      |
// |------------------------|--------------------------|-------------------------------------------|
// | process                | same pid and start time  | taken over: same process, proof renewed   |
// | process                | gone                     | its restart policy applies, once          |
// | spawning, no process   | its mark, in /proc       | taken over                                |
// | spawning, waiting, …   | nothing                  | started again, when it was wanted         |
// | stopping               | still there              | taken over, then stopped                  |
// | stopped, failed        |                          | stays so                                  |
// | anything, other boot   |                          | forgotten: nothing survives a boot        |
// | no file, or unreadable | its mark, in /proc       | taken over                                |

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/os.hpp"
#include "core/config/settings.hpp"
#include "core/control/control.hpp"
#include "supervisor/process/tree.hpp"

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
  int restarts = 0;
  std::string last_exit;
  std::string last_restart_cause;
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
  std::vector<ServiceRecord> services;
  std::map<std::string, int, std::less<>> scaled;  // replicas that were asked for, by service

  const ServiceRecord* find(std::string_view service) const;
};

json::object to_json(const Snapshot& snapshot);
// Errors: invalid, also for the version of a newer supervisor.
Result<Snapshot> snapshot_from(const json::object& object);

// Errors: not_found, invalid, those of the file.
Result<Snapshot> read_snapshot(const Path& file);
// Not synced: what is torn by the end of the machine belongs to another boot.
Result<> write_snapshot(const Path& file, const Snapshot& snapshot);

// A service as far as it is written down: it can be watched and stopped, and is never restarted.
config::Service service_from(const ServiceRecord& record);

}  // namespace exai::service
