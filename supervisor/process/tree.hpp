#pragma once
// The processes that belong to a service, however they moved: its session, what descends from its
// leader, and whatever carries its mark in the environment. The mark follows a process that calls
// setsid and forks twice, so `down` finds it too.
//
// Values of one instant, from /proc. Signals go through a pidfd checked against the start time, so
// a recycled pid is never hit. Thread: any.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace exai::process {

// A process for ever: a pid alone may come back as somebody else's.
struct Identity {
  pid_t pid = -1;
  std::uint64_t start_ticks = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// Alive and still the same one. A zombie is not alive.
bool is_alive(const Identity& identity);

// `mark` is "NAME=value", as it stands in the environment a service is started with. Empty: none.
// Without the leader itself, zombies and this process.
std::vector<Identity> members_of(const Identity& leader, const std::string& mark);

// Set in the environment of a command that checks a service: it carries the mark, and dies with the
// service, but it is not the service.
inline constexpr const char* kCheckVariable = "EXAI_CHECK";

// The leader of what was started with the mark: the oldest session leader that carries it and is no
// check. Finds a service whose supervisor died between starting it and noting its pid.
std::optional<Identity> find_marked(const std::string& mark);

// Nothing happens when it has gone.
void send_signal(const Identity& identity, int number);

// From now on orphans of our descendants become our children instead of init's.
void become_subreaper();

// Reaps the orphans that were handed to us. A zombie is one when it was there at the last sweep
// too: what we started ourselves is reaped by its own watcher long before the next sweep.
class OrphanReaper {
 public:
  int sweep();  // how many were reaped

 private:
  std::vector<Identity> seen_;
};

}  // namespace exai::process
