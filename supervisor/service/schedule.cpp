#include "supervisor/service/schedule.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "core/base/text.hpp"

namespace exai::service {

namespace {

constexpr auto kLate = 1min;
constexpr auto kSetBack = 3h;  // less than this, the clock was corrected

// Until then, or until the clock is set. Errors: unavailable; cancelled.
Task<Result<>> sleep_until_wall(WallTime when) {
  const Fd timer(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) co_return fail(errno_error(errno, "making a timer"));
  const auto since_epoch = when.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.count();
  spec.it_value.tv_nsec = std::chrono::nanoseconds(since_epoch - seconds).count();
  const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  if (::timerfd_settime(timer.get(), flags, &spec, nullptr) != 0)
    co_return fail(errno_error(errno, "setting a timer"));
  co_return co_await wait_readable(timer);
}

}  // namespace

config::UtcOffset process_zone() {
  return [](WallTime at) {
    const std::time_t time = std::chrono::system_clock::to_time_t(at);
    std::tm local{};
    ::localtime_r(&time, &local);
    return std::chrono::seconds(local.tm_gmtoff);
  };
}

std::optional<Planned> plan(const config::Schedule& schedule, WallTime since, WallTime now,
                            const config::UtcOffset& offset) {
  if (!schedule.cron) return std::nullopt;
  if (since > now + kSetBack) since = now;
  const auto next = next_run(*schedule.cron, since, offset);
  if (!next) return std::nullopt;
  if (*next + kLate >= now) return Planned{*next};
  if (schedule.missed == config::Missed::once) return Planned{*next, true};
  const auto later = next_run(*schedule.cron, now, offset);
  return later ? std::optional(Planned{*later}) : std::nullopt;
}

Duration first_delay(const config::Schedule& schedule, std::optional<WallTime> last, WallTime now) {
  if (!last || *last > now) return Duration::zero();
  const auto passed = std::chrono::duration_cast<Duration>(now - *last);
  if (passed < schedule.every) return schedule.every - passed;
  if (schedule.missed == config::Missed::once) return Duration::zero();
  return schedule.every - passed % schedule.every;
}

void Alarm::start(const config::Schedule& schedule, std::optional<WallTime> last, Ring ring) {
  stop();
  ring_ = std::move(ring);
  const WallTime now = clock_.wall();
  if (schedule.cron)
    tasks_.spawn("schedule", keep_cron(schedule, last.value_or(now), generation_));
  else
    tasks_.spawn("schedule",
                 keep_interval(schedule, first_delay(schedule, last, now), generation_));
}

void Alarm::stop() {
  ++generation_;
  next_.reset();
  tasks_.cancel();
}

Task<> Alarm::close() {
  stop();
  co_await tasks_.join();
}

Task<> Alarm::keep_cron(config::Schedule schedule, WallTime since, unsigned generation) {
  while (generation == generation_) {
    const WallTime now = clock_.wall();
    const auto planned = plan(schedule, since, now, process_zone());
    if (!planned) co_return;
    if (planned->at <= now) {
      since = now;
      ring_(fmt::format("{} {}", planned->made_up ? "made up for the run of" : "its time has come:",
                        format_local(planned->at)));
      continue;
    }
    next_ = planned->at;
    const Result<> slept = co_await sleep_until_wall(planned->at);
    if (!slept && generation == generation_) co_await clock_.sleep_for(1s);
  }
}

Task<> Alarm::keep_interval(config::Schedule schedule, Duration delay, unsigned generation) {
  Time next = clock_.now() + delay;
  while (generation == generation_) {
    next_ = clock_.wall() + std::chrono::duration_cast<Duration>(next - clock_.now());
    co_await clock_.sleep_until(next);
    if (generation != generation_) co_return;
    ring_("its time has come: " + schedule.text);
    next += schedule.every;
    const Time now = clock_.now();
    if (next <= now) next = now + schedule.every;
  }
}

}  // namespace exai::service
