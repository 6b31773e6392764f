#pragma once
// The processes that belong to a service, however they moved: its session, what descends from its
// leader, and whatever carries its mark in the environment. The mark follows a process that calls
// setsid and forks twice, so `down` finds it too.
//
// Values of one instant, from /proc. Signals go through a pidfd checked against the start time, so
// a recycled pid is never hit. Thread: any.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/os.hpp"
#include "core/base/proc.hpp"

namespace exai::process {

// A process for ever: a pid alone may come back as somebody else's.
struct Identity {
  pid_t pid = -1;
  std::uint64_t start_ticks = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// The variable that carries the mark of a service.
inline constexpr const char* kMarkVariable = "EXAI_SERVICE_DIR";

// Alive and still the same one. A zombie is not alive.
bool is_alive(const Identity& identity);
// That, or a zombie of ours, which can still be asked how it ended.
bool is_present(const Identity& identity);

// Of /proc/PID/stat: it has its new memory, but no variables in it yet. A process that was started
// with none has a place for them all the same, and a thread of the kernel has no memory.
bool is_within_exec(std::string_view stat);

// All processes of one instant, found by what they descend from and by the mark they carry. `mark`
// is "NAME=value", as it stands in the environment a service is started with. Empty: none.
class ProcessTable {
 public:
  // What forks and ends while /proc is read is not in the table, and its child, which came later,
  // is not either: nobody is left when so many tables in a row are without them.
  static constexpr int kCalmTables = 2;
  // `marked` by a variable of this name.
  static ProcessTable read(const std::string& variable = kMarkVariable);

  // Without the leader itself, zombies and this process.
  std::vector<Identity> members_of(const Identity& leader, const std::string& mark) const;
  // The leader of what was started with the mark: the oldest session leader that carries it and is
  // no check. Finds a service whose supervisor died between starting it and noting its pid.
  std::optional<Identity> find_marked(const std::string& mark) const;

 private:
  struct Entry {
    Identity identity;
    pid_t parent = -1;
    pid_t session = -1;
    bool check = false;
    std::string mark;
  };
  std::vector<Entry> entries_;  // by pid
  std::multimap<pid_t, std::size_t> by_parent_;
  std::multimap<pid_t, std::size_t> by_session_;
  std::multimap<std::string, std::size_t, std::less<>> by_mark_;
};

using exai::kCheckVariable;

// The same questions, of a table read for this one.
std::vector<Identity> members_of(const Identity& leader, const std::string& mark);
std::optional<Identity> find_marked(const std::string& mark);
// The oldest session leader among these that is no check.
std::optional<Identity> leader_among(const std::vector<pid_t>& pids);

// "pid 4711 (dd, state D), …": processes in words, those that are still there.
std::string describe(const std::vector<Identity>& processes);

// Nothing happens when it has gone.
void send_signal(const Identity& identity, int number);

// KILL to those of our own children that carry the mark: orphans that were handed to us. Reads
// nothing of other processes, so it is quick enough to catch what forks and ends, forks and ends.
// Gives how many there were.
int kill_marked_children(const std::string& mark);

// From now on orphans of our descendants become our children instead of init's.
void become_subreaper();

// Readable when a child has ended, however many have: a signalfd. SIGCHLD is blocked from now on,
// so before the first thread is started. Drain it, then sweep.
Result<Fd> watch_children();
void drain(const Fd& children);

// Reaps the orphans that were handed to us: children that nobody here has started. What we started
// ourselves is reaped by its own watcher within the same turn of the loop, so a zombie is an orphan
// when it was there at the last sweep too, and is none that `is_ours` knows (the leader of a
// service stays a zombie while the rest of its tree is ended).
class OrphanReaper {
 public:
  // Is there a zombie at all? One system call.
  static bool is_due();
  int sweep(const std::function<bool(pid_t)>& is_ours = {});  // how many were reaped
  bool waits() const { return !seen_.empty(); }               // for another sweep

 private:
  std::vector<pid_t> seen_;  // a zombie's number is its own until it is reaped
};

}  // namespace exai::process
