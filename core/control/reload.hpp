#pragma once
// What `reload` answers: the plan, or why there is none. Values, on their way through JSON.

#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"

namespace exai::control {

struct ReloadChange {
  std::string service;
  std::string action;            // "start", "stop", "restart", "change in place"
  std::vector<std::string> why;  // what has changed: "stop.grace", "the variable PORT"
};

struct Reloaded {
  bool valid = false;                 // the stack file has no errors
  bool applied = false;               // false: it has, or nobody asked for more than the plan
  std::string fingerprint;            // of the settings that were read
  std::vector<ReloadChange> changes;  // services in the file's order, then those that go
  std::uint64_t kept = 0;             // services that stay as they are
  std::uint64_t last_event = 0;       // the newest from before it was applied
  json::array diagnostics;            // as `exai validate --json` has them
  std::string text;                   // the same for people
};

json::object to_json(const Reloaded& reloaded);
Result<Reloaded> reloaded_from(const json::object& object);

// The last reload, as `status` shows it.
struct ReloadStatus {
  std::string standing;  // "settling", "applied", "failed", "rolled back"; empty: there was none
  std::string cause;     // which service failed, and how
};

}  // namespace exai::control
