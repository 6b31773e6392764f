#pragma once
// What a reload would do, and why: a pure comparison of what the supervisor has with what the stack
// file says now. Nothing is restarted that would be started in the same way again.
//
// | of a service                                   | then     |
// |------------------------------------------------|----------|
// | the stack file has it, the supervisor does not | start    |
// | the supervisor has it, the stack file does not | stop     |
// | what its process was made from has changed     | restart  |
// | a check, and the service itself tells it       | restart  |
// | only what we do with the process has changed   | in place |
// | anything, and it has failed or keeps failing   | start    |
// | what its process was made from, and it is done | start    |
// | anything, and it rests because it was stopped  | in place |
// | nothing has                                    | keep     |
//
// What a key of the stack file is about is in one table (effects()); a key that is missing there
// restarts, so a change is never overlooked. A test holds the table against the schema. Besides its
// keys, a process is made from its environment: variables of the layers that reach it, the values
// of its secrets, the stack's name, environment and time zone.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/service/definition.hpp"

namespace exai::service {

enum class Change { keep, in_place, restart, start, stop };
std::string_view name(Change change);  // "keep", "change in place", …

struct PlannedChange {
  std::string service;
  Change change = Change::keep;
  std::vector<std::string> why;  // what has changed: "stop.grace", "the variable PORT"; sorted
};

enum class Life { resting, running, trying, done };  // trying: failed, or about to start again

// It tells the checks by itself, and is told where when it starts.
bool is_told(const Boxed<config::Check>& check);

// A service as the supervisor has it.
struct Present {
  const config::Stack* stack;  // that it was taken from
  const config::Service* service;
  Life life = Life::running;
  bool outdated = false;  // its process is of an earlier supervisor, which had read something else
};

// In the order of `services`, then those that the stack no longer has.
// `services` are definitions() of `wanted`.
std::vector<PlannedChange> plan_reload(const std::vector<Present>& present,
                                       const config::Stack& wanted,
                                       const std::vector<Definition>& services);

// One number for all that a process of a service is made from, for writing it down. What its secrets
// are is not in it; what is made of them for a template is, as all else, beyond recognition. Reads
// the stack's variables once for all services; the stack outlives it.
class Makings {
 public:
  explicit Makings(const config::Stack& stack);
  const config::Stack* stack() const { return &stack_; }
  std::string of(const config::Service& service) const;  // in hex

 private:
  const config::Stack& stack_;
  std::uint64_t shared_ = 0;  // all variables that every service gets, in any order
};

// --- the table ---

enum class Effect {
  restart,   // the process is made from it
  in_place,  // it is about what we do with the process
};

struct KeyEffect {
  std::string_view key;  // of a service
  Effect effect;
  std::string_view otherwise;  // what it means not to write it, when that can be written, too
};

std::span<const KeyEffect> effects();

}  // namespace exai::service
