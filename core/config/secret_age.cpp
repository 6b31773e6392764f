#include "core/config/secret_age.hpp"

#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"

namespace exai::config {

namespace {

constexpr auto kSoon = std::chrono::hours(14 * 24);

std::string day_of(WallTime time) {
  return format_utc(time).substr(0, std::string_view("2026-11-21").size());
}

// Returns: why it should have been renewed before today.
std::optional<std::string> overdue(std::string_view name, const SecretDates& dates,
                                   const std::optional<Duration>& period, WallTime now) {
  if (dates.expires && *dates.expires <= now)
    return fmt::format("{} expired on {}", name, day_of(*dates.expires));
  if (!period) return std::nullopt;
  if (!dates.since && !dates.expires)
    return fmt::format("nobody knows how old {} is, and it is to be renewed every {}", name,
                       format_duration(*period));
  if (dates.since && *dates.since < now - *period)
    return fmt::format("{} has had its value since {}, and is to be renewed every {}", name,
                       day_of(*dates.since), format_duration(*period));
  return std::nullopt;
}

}  // namespace

std::optional<Duration> renewal_period(const OptionTable& options, std::string_view name) {
  const Option* option = options.find(name);
  return option == nullptr ? std::nullopt : option->rotate;
}

std::optional<AgeProblem> problem_of_age(std::string_view name, const SecretDates& dates,
                                         const std::optional<Duration>& period, WallTime now) {
  if (auto message = overdue(name, dates, period, now))
    return AgeProblem{find_rule("SEC014")->severity, *std::move(message)};
  if (dates.expires && *dates.expires <= now + kSoon)
    return AgeProblem{Severity::info,
                      fmt::format("{} expires on {}", name, day_of(*dates.expires))};
  return std::nullopt;
}

}  // namespace exai::config
