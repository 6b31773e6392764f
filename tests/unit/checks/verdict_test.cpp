#include <catch2/catch.hpp>

#include "core/checks/check.hpp"

namespace exai::checks {
namespace {

Observation observed(char what, int minute) {
  Observation observation;
  observation.ok = what == '+';
  observation.detail = std::string(1, what);
  observation.at = Time() + std::chrono::minutes(minute);
  return observation;
}

// One observation a minute, from minute 1 on: '+' is good, '-' is bad.
Verdict after(const std::string& history, int successes, int failures) {
  config::Check check;
  check.successes = successes;
  check.failures = failures;
  Verdict verdict;
  int minute = 0;
  for (const char what : history) verdict = fold(verdict, observed(what, ++minute), check);
  return verdict;
}

TEST_CASE("a verdict needs so many successes or failures in a row") {
  using Row = std::tuple<std::string, int, int, Standing, int, int>;
  const auto [history, successes, failures, standing, good, bad] = GENERATE(values<Row>({
      // history, needed + and -, standing, in a row: + and -
      {"", 1, 1, Standing::unknown, 0, 0},
      {"+", 1, 3, Standing::passing, 1, 0},
      {"-", 1, 3, Standing::unknown, 0, 1},
      {"--", 1, 3, Standing::unknown, 0, 2},
      {"---", 1, 3, Standing::failing, 0, 3},
      {"+--", 1, 3, Standing::passing, 0, 2},
      {"+--+--", 1, 3, Standing::passing, 0, 2},
      {"+---", 1, 3, Standing::failing, 0, 3},
      {"+---+", 1, 3, Standing::passing, 1, 0},
      {"+", 2, 1, Standing::unknown, 1, 0},
      {"+-+", 2, 2, Standing::unknown, 1, 0},
      {"++", 2, 1, Standing::passing, 2, 0},
      {"++-", 2, 1, Standing::failing, 0, 1},
      {"++-+", 2, 1, Standing::failing, 1, 0},
      {"++-++", 2, 1, Standing::passing, 2, 0},
  }));
  INFO(history);
  const Verdict verdict = after(history, successes, failures);
  CHECK(name(verdict.standing) == name(standing));
  CHECK(verdict.successes == good);
  CHECK(verdict.failures == bad);
}

TEST_CASE("a verdict keeps the last word and the last proof") {
  const Verdict none = after("", 1, 3);
  CHECK_FALSE(none.last);
  CHECK_FALSE(none.last_good);

  const Verdict bad = after("--", 1, 3);
  CHECK(bad.last->detail == "-");
  CHECK_FALSE(bad.last_good);

  const Verdict mixed = after("++--", 1, 3);
  CHECK(mixed.last->at == Time() + 4min);
  CHECK(mixed.last_good == Time() + 2min);
}

}  // namespace
}  // namespace exai::checks
