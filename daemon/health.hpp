#pragma once
// What the daemon says about itself, proven by work. Storage is tried in the background every five
// seconds, within a second after somebody asked, and four times a second while it does not work; a
// question is always answered at once, from what is known.
//
//   component    fails                        and then the whole
//   storage      the round trip fails         fails: calls lose their memory
//   memory       the machine's, from 90 %     warns (from 80 % it warns itself; both are options)
//   disk         the working folder's, 95 %   warns (from 85 % it warns itself; both are options)
//   providers    never; none is a choice      -
//   permits      all in use, and calls wait   warns (from 90 % of one kind it warns itself)
//   keys         never; it warns while the files of tokens and keys say what cannot be used
//
//   path               asks                                             503 when
//   /health, /healthz  everything                                       it fails, or draining
//   /health/live       nothing: the process answers                     never
//   /health/ready      storage                                          it fails, or draining
//   /health/startup    whether the first round of proofs is over        not yet
//
// Thread: loop.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/loop.hpp"
#include "daemon/providers/router.hpp"
#include "daemon/store/store.hpp"

namespace exai::health {

enum class Status { pass, warn, fail };
std::string_view name(Status status);

enum class Weight {
  essential,   // its failure is the daemon's
  supporting,  // its failure is a warning
};

struct Component {
  std::string name;
  Status status = Status::pass;
  Weight weight = Weight::supporting;
  std::string detail;                // for people: what is known, or what is wrong
  json::object facts;                // more, for programs
  std::optional<Duration> good_ago;  // age of the last proof that it works
};

// Pure: the worst of all, a failing supporting component counting as a warning.
Status roll_up(const std::vector<Component>& components);

// Pure: how full something is, against two thresholds.
Status by_percent(double percent, double warn, double fail);

struct Report {
  Status status = Status::pass;
  std::string reason;  // when it is not pass: who, why, and the age of the last good proof
  std::vector<Component> components;
};
Report make_report(std::vector<Component> components);

// In percent: from when something full warns, and from when it fails.
struct Fullness {
  double warn = 0;
  double fail = 0;
};
struct Thresholds {
  Fullness memory{80, 90};
  Fullness disk{85, 95};
};

// What calls hold while they run, of each kind that is limited, and how many calls wait for one.
struct Permits {
  struct Pool {
    std::string name;  // "global", "kimi"
    std::size_t in_use = 0;
    std::size_t limit = 0;
  };
  std::vector<Pool> pools;
  std::size_t waiting = 0;
};
// Pure. A permit in use is no leak: those whose call is gone are found and taken back elsewhere.
Component permits_component(const Permits& permits);

class Monitor {
 public:
  static constexpr Duration kInterval = 5s;  // of the background proof
  static constexpr Duration kFresh = 1s;     // after a question, the next comes within this
  static constexpr Duration kRetry = 250ms;  // after one that failed
  static constexpr Duration kLimit = 2s;     // for one proof

  // Lifetime: the collaborators outlive the monitor, and watch() ends before it.
  Monitor(Clock& clock, Log log, store::Store& store, const providers::Router& router,
          Thresholds thresholds = {});

  // Keeps the proofs fresh until cancelled.
  Task<> watch();
  void set_draining() { draining_ = true; }
  // Who knows the permits, from now on.
  void watch_permits(std::function<Permits()> ask) { permits_ = std::move(ask); }
  // Who knows how it is with the files of tokens and keys, from now on.
  void watch_keys(std::function<Component()> ask) { keys_ = std::move(ask); }

  Report everything();
  Report ready();
  bool started() const { return last_try_.has_value(); }
  bool draining() const { return draining_; }

  // {"status","version","time_utc","time_local","reason"?,"components":{…}}
  json::object to_json(const Report& report) const;

 private:
  Component storage();
  Component providers() const;
  Report unless_draining(std::vector<Component> components) const;
  Task<> prove_storage();

  Clock& clock_;
  Log log_;
  store::Store& store_;
  const providers::Router& router_;
  Thresholds thresholds_;
  std::function<Permits()> permits_;  // empty: there are none
  std::function<Component()> keys_;   // empty: they come from no files
  bool draining_ = false;
  std::optional<Time> last_try_;  // when the last proof ended, whatever it said
  std::optional<Time> last_good_;
  std::optional<Error> wrong_;  // what the last proof said; none: good
  Duration took_{};
  bool asked_ = false;  // somebody wants a fresher proof; watch() sees to it
};

}  // namespace exai::health
