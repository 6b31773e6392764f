#pragma once
// All services of a stack: starts each when what it needs is there, stops each after those that
// need it, restarts what fails, remembers what happened, and writes down what the next supervisor
// must know.
//
//   event ──> step (pure) ──> actions ──> snapshot ──> runners perform ──> events …
//
// Every event goes through one queue and is stepped from the loop or from a request, never from
// within a runner. What a request sets off is decided when it returns, so status() shows it. The
// snapshot is written between deciding and acting, once for all that was decided together.
//
// Thread: loop. Lifetime: the Surroundings outlive it; co_await close() before it is destroyed.

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/control/reload.hpp"
#include "supervisor/service/events.hpp"
#include "supervisor/service/reload_plan.hpp"
#include "supervisor/service/runner.hpp"
#include "supervisor/service/snapshot.hpp"
#include "supervisor/service/watch.hpp"

namespace exai::service {

class Supervisor final {
 public:
  explicit Supervisor(const Surroundings& around);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Takes over what an earlier supervisor left (the table in snapshot.hpp). Once, first of all.
  void adopt();

  control::StackStatus status(process::Detail detail = process::Detail::none);
  // Of some services only. Errors: not_found, with the nearest name.
  Result<control::StackStatus> status(const std::vector<std::string>& services,
                                      process::Detail detail);
  const config::Stack& stack() const { return *stack_; }
  std::uint64_t last_event() const { return events_.last(); }
  control::EventPage events(std::uint64_t since) const { return events_.page(since); }
  Task<control::EventPage> next_events(std::uint64_t since, Duration wait) {
    return events_.next(since, wait);
  }
  void release_followers() { events_.release(); }

  // Requests (requests.cpp). Empty: all. Errors: not_found, with the nearest name; conflict while
  // going down.
  //
  // What a service needs comes up with it.
  Result<> up(const std::vector<std::string>& services);
  // As up, and what was done already runs again.
  Result<> start(const std::vector<std::string>& services);
  // Stops them, and before them what needs them.
  Result<> stop(const std::vector<std::string>& services);
  // Stops them (dependents first), then starts them. Those that were not running start too.
  Result<> restart(const std::vector<std::string>& services);
  // So many replicas of one service. Errors: also invalid, when it has no `replicas`.
  Result<> scale(const std::string& name, int count);
  // To the leader of each. Errors: also unavailable, when none of them has a process.
  Result<> signal(const std::vector<std::string>& services, int number);
  // Reads the stack file again and makes what runs what it says (reload.cpp); with `dry_run` only
  // says what it would do. A file with errors is an answer, too. Errors: conflict.
  Task<Result<control::Reloaded>> reload(bool dry_run);
  // Makes another program of the supervisor's out of this one, once it has been tried: ended()
  // resumes, and `successor` names it. Gives its version. Errors: conflict, invalid.
  Task<Result<std::string>> upgrade(Path program);
  const std::optional<Path>& successor() const { return successor_; }

  // The whole stack was asked for: by a request to this supervisor, or to the one before.
  bool whole() const { return whole_; }

  // When this service ends for good, everything is stopped, and exit_status() is how it ended.
  void end_with(std::string service) { end_with_ = std::move(service); }
  ExitStatus exit_status() const { return exit_status_; }

  // What down() would end.
  control::Stopping running() const;
  // Stops everything, dependents first; for ever.
  void down();
  // KILL to every tree, now.
  void kill();

  bool stopping() const { return stopping_; }
  // Resumes when everything has stopped after down(), or a successor is to take over.
  Task<> ended();
  Task<> close();

 private:
  struct Unit;
  class Finder;
  struct Queued {
    Unit* unit;
    Event event;
  };

  Unit& add(Definition definition);
  void restore_scale(const Snapshot& snapshot);
  Scale scale_under(const config::Stack& wanted) const;
  void set_replicas(const config::Service& service, int count);
  // Who needs whom, and in which order they start; to be done anew whenever units_ has changed.
  void link();
  Unit* find(std::string_view name) const;
  std::vector<Unit*> instances_of(std::string_view service) const;
  void rank_units();
  static bool in_start_order(const Unit* a, const Unit* b);
  Result<std::vector<Unit*>> select(const std::vector<std::string>& names) const;
  Result<> accepting() const;
  std::vector<Unit*> with_needs(std::vector<Unit*> units) const;
  static bool needs_hard(const Unit& unit, const Unit* other);
  std::vector<Unit*> with_dependents(std::vector<Unit*> units) const;
  Result<> start_all(const std::vector<std::string>& services, Input how);

  bool adopt_unit(Finder& finder, Unit& unit, const ServiceRecord* record);
  void take_over(Unit& unit, const ServiceRecord* record, process::Identity process);
  void resume(Unit& unit, const ServiceRecord& record);
  void post(Unit& unit, Event event);
  void schedule();
  void pump();
  void step_unit(Unit& unit, const Event& event);
  void perform(Unit& unit, Action action);
  void arm(Unit& unit);
  void note(Unit& unit, State from);
  void update_dependents(const Unit& unit);
  Event needs_of(const Unit& unit) const;
  void tell_needs(Unit& unit);
  void apply(Unit& unit, const Event& event);
  void stop_in_order(const std::vector<Unit*>& units, const std::string& cause);
  void advance_stops();
  bool is_free_to_start(const Unit& unit) const;
  void wake_enders();
  void save();
  void save_before_acting();
  Task<> save_soon();
  Snapshot snapshot_head() const;
  control::StackStatus bare_status() const;
  control::StackStatus status_of(const std::vector<Unit*>& units, process::Detail detail);
  control::ServiceStatus status_of(const Unit& unit) const;
  ServiceRecord record_of(const Unit& unit) const;
  std::string making_of(const Unit& unit);
  Task<> reap_orphans();
  Task<> give_memory_back();

  std::vector<Present> present() const;
  // A stack that is wanted, and what it takes to get there.
  struct Plan {
    std::shared_ptr<const config::Stack> stack;
    Scale scale;
    std::vector<Definition> services;
    std::vector<PlannedChange> changes;  // of these, in their order; then of those that go
  };
  Plan plan_for(std::shared_ptr<const config::Stack> wanted) const;
  void apply(Plan plan);
  bool change(Unit& unit, const Definition& definition, const PlannedChange& planned);
  void redefine(Unit& unit, const Definition& definition);
  void renew_checks(Unit& unit);
  void add_new(const Definition& definition, const PlannedChange& planned);
  void revive(Unit& unit, const Definition& definition);
  void arrange();
  void settle_next(Unit& unit);
  void bury(const std::function<bool(const Unit&)>& chosen);
  void bury_gone();
  Task<> close(std::unique_ptr<Unit> unit);
  void begin_trial(const std::vector<PlannedChange>& plan);
  void judge(const Unit& unit);
  Task<> judge_after(Duration wait);
  void fail_trial(const Unit& unit);
  void roll_back(const std::shared_ptr<const config::Stack>& before);
  void tell(std::string text);  // an event about the stack

  void watch_files();
  Task<> end_watch(std::unique_ptr<FileWatch> watch);
  void files_changed(const std::vector<std::string>& paths);
  void heed_end(const Unit& unit, const Event& event);

  const Surroundings& around_;
  std::shared_ptr<const config::Stack> stack_;  // as it is wanted now
  std::vector<std::unique_ptr<Unit>> units_;    // in the file's order, then what it no longer names
  EventRing events_;

  std::deque<Queued> queue_;
  bool scheduled_ = false;    // a pump is posted
  bool pumping_ = false;      // one is running
  std::size_t acted_ = 0;     // units, since there was nothing to do
  std::deque<Unit*> acting_;  // those with actions that are decided and not yet performed
  bool decided_ = false;      // some of these since the last look, that must be remembered first
  bool changed_ = false;       // since the last snapshot
  bool settled_ = false;       // one has come to rest since then
  bool save_scheduled_ = false;
  Duration save_pause_ = 10ms;  // until the next one that can wait
  SnapshotFile snapshot_file_;
  std::optional<Makings> makings_;

  bool whole_ = false;  // the whole stack was asked for
  bool stopping_ = false;
  std::map<Unit*, bool> stops_;    // to be stopped in order → has been told to
  std::map<Unit*, Event> starts_;  // to be started when it has stopped, and what it needs
  Scale scaled_;  // on request
  std::vector<std::shared_ptr<Timer>> enders_;
  WallTime started_;

  // The reload whose services have not proven themselves yet.
  struct Trial {
    std::shared_ptr<const config::Stack> before;
    std::set<std::string> watched;
    Time since{};
  };
  std::optional<Trial> trial_;
  control::ReloadStatus reload_;
  std::unique_ptr<Island> loader_;
  std::optional<Path> successor_;

  std::vector<std::string> watched_;  // patterns
  std::unique_ptr<FileWatch> file_watch_;

  std::string end_with_;
  ExitStatus exit_status_;
  TaskGroup tasks_;
};

}  // namespace exai::service
