#include "core/checks/check.hpp"

#include <algorithm>
#include <utility>

#include "core/checks/proofs.hpp"

namespace exai::checks {

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::unknown:
      return "unknown";
    case Standing::passing:
      return "passing";
    case Standing::failing:
      return "failing";
  }
  return "unknown";
}

Verdict fold(Verdict verdict, const Observation& observation, const config::Check& check) {
  verdict.last = observation;
  if (observation.ok) {
    verdict.last_good = observation.at;
    verdict.failures = 0;
    ++verdict.successes;
    if (verdict.successes >= check.successes) verdict.standing = Standing::passing;
  } else {
    verdict.successes = 0;
    ++verdict.failures;
    if (verdict.failures >= check.failures) verdict.standing = Standing::failing;
  }
  return verdict;
}

std::optional<Secret> Attempt::secret(const std::string& variable) const {
  if (variable.empty() || !subject.secret) return std::nullopt;
  std::optional<Secret> value = subject.secret(variable);
  if (value && value->empty()) return std::nullopt;
  return value;
}

namespace {

// The kinds' own failures are never Errc::timeout: that one is the run's deadline.
std::string detail_of(const Proof& proof, const Attempt& attempt) {
  if (proof) return *proof;
  if (proof.error().code() != Errc::timeout || attempt.step.empty()) return proof.error().message();
  return proof.error().within(attempt.step).message();
}

Task<Proof> start(Attempt& attempt, const config::Check& check) {
  const auto known = kinds();
  const auto kind = std::find_if(known.begin(), known.end(),
                                 [&](const Kind& one) { return one.name == check.kind; });
  EXAI_ASSERT(kind != known.end());
  return kind->prove(attempt, check);
}

}  // namespace

Task<Observation> Checker::run(config::Check check, Subject subject) {
  const Time began = clock_.now();
  Attempt attempt{loop_, clock_, http_, names_, subject, check.timeout, {}};
  Task<Proof> proving = start(attempt, check);
  Proof proof = co_await with_timeout(clock_, std::move(proving), check.timeout);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);

  Observation observation;
  observation.ok = proof.has_value();
  observation.detail = detail_of(proof, attempt);
  observation.at = clock_.now();
  observation.wall = clock_.wall();
  observation.took = std::chrono::duration_cast<Duration>(observation.at - began);
  co_return observation;
}

}  // namespace exai::checks
