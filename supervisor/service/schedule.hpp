#pragma once
// Rings when a service with a schedule is to run. A cron expression follows the clock on the wall,
// in the zone of this process, and notices when that clock is set; an interval follows the steady
// clock, from the beginning of one run to that of the next. In between nothing wakes up.
//
// A run that is more than a minute late was missed: the machine slept, the clock was set, or no
// supervisor was there. Config says whether one run makes up for all of them. A clock that is set
// back by up to three hours has no run twice; set back further, it is simply another time.
//
// Thread: loop. Lifetime: the Clock outlives it; close() before it is destroyed.

#include <functional>
#include <optional>

#include "core/base/loop.hpp"
#include "core/config/settings.hpp"

namespace exai::service {

// --- decisions, pure ---

struct Planned {
  WallTime at{};         // not after `now`: run
  bool made_up = false;  // for what was missed
  friend bool operator==(const Planned&, const Planned&) = default;
};
// `since`: the last run, or when it was first asked for.
std::optional<Planned> plan(const config::Schedule& schedule, WallTime since, WallTime now,
                            const config::UtcOffset& offset);

// To the first run of an interval; `last`: the run before, under an earlier supervisor.
Duration first_delay(const config::Schedule& schedule, std::optional<WallTime> last, WallTime now);

// --- time itself ---

config::UtcOffset process_zone();

class Alarm final {
 public:
  using Ring = std::function<void(std::string why)>;
  Alarm(Loop& loop, Clock& clock, Log log) : clock_(clock), tasks_(loop, std::move(log)) {}
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void start(const config::Schedule& schedule, std::optional<WallTime> last, Ring ring);
  void stop();
  std::optional<WallTime> next() const { return next_; }
  Task<> close();

 private:
  Task<> keep_cron(config::Schedule schedule, WallTime since, unsigned generation);
  Task<> keep_interval(config::Schedule schedule, Duration delay, unsigned generation);

  Clock& clock_;
  Ring ring_;
  std::optional<WallTime> next_;
  unsigned generation_ = 0;  // what an older one says does not count
  TaskGroup tasks_;
};

}  // namespace exai::service
