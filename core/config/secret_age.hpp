#pragma once
// Whether a stored secret is too old, by its dates: one opinion for `exai validate` (SEC014) and
// `exai secret check`. Pure.
//
//   expired, or in use for longer than its period    as severe as SEC014 is
//   it expires within two weeks                      a remark

#include <optional>
#include <string>
#include <string_view>

#include "core/config/config.hpp"
#include "core/config/options.hpp"

namespace exai::config {

struct AgeProblem {
  Severity severity = Severity::warning;
  std::string message;  // "KIMI_API_KEY expired on 2026-11-20"
};

// How long an option may keep its value, also under an old name of it; a name that is no option, as
// long as it likes.
std::optional<Duration> renewal_period(const OptionTable& options, std::string_view name);

// Returns: what is wrong with `name` at `now`; nothing when nothing is.
std::optional<AgeProblem> problem_of_age(std::string_view name, const SecretDates& dates,
                                         const std::optional<Duration>& period, WallTime now);

}  // namespace exai::config
