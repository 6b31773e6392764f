#include "core/telemetry/metrics.hpp"

#include <catch2/catch.hpp>
#include <limits>

namespace exai::telemetry {
namespace {

TEST_CASE("the exposition is sorted by name, with help and type once for each family") {
  Metrics metrics;
  metrics.gauge("b_connections", "Open connections.").with().set(3);
  auto& calls = metrics.counter("a_calls_total", "Calls.", {"tool", "outcome"});
  calls.with({"status", "ok"}).add();
  calls.with({"chat", "ok"}).add(2.5);
  calls.with({"status", "ok"}).add();

  CHECK(metrics.prometheus_text() ==
        "# HELP a_calls_total Calls.\n"
        "# TYPE a_calls_total counter\n"
        "a_calls_total{tool=\"chat\",outcome=\"ok\"} 2.5\n"
        "a_calls_total{tool=\"status\",outcome=\"ok\"} 2\n"
        "# HELP b_connections Open connections.\n"
        "# TYPE b_connections gauge\n"
        "b_connections 3\n");
}

TEST_CASE("a histogram shows cumulative buckets; a value on a bound belongs to it") {
  Metrics metrics;
  auto& latency = metrics.histogram("latency_seconds", "Latency.", {"op"}, {0.1, 1});
  for (const double seconds : {0.05, 0.1, 0.5, 7.0}) latency.with({"get"}).observe(seconds);

  CHECK(metrics.prometheus_text() ==
        "# HELP latency_seconds Latency.\n"
        "# TYPE latency_seconds histogram\n"
        "latency_seconds_bucket{op=\"get\",le=\"0.1\"} 2\n"
        "latency_seconds_bucket{op=\"get\",le=\"1\"} 3\n"
        "latency_seconds_bucket{op=\"get\",le=\"+Inf\"} 4\n"
        "latency_seconds_sum{op=\"get\"} 7.65\n"
        "latency_seconds_count{op=\"get\"} 4\n");
}

TEST_CASE("backslashes, quotes and line ends are escaped, and odd numbers have their names") {
  Metrics metrics;
  auto& odd = metrics.gauge("odd", "One\nline with a \\ and a \".", {"text"});
  odd.with({"a\\b\"c\nd"}).set(std::numeric_limits<double>::infinity());
  odd.with({"nan"}).set(std::numeric_limits<double>::quiet_NaN());

  CHECK(metrics.prometheus_text() ==
        "# HELP odd One\\nline with a \\\\ and a \".\n"
        "# TYPE odd gauge\n"
        "odd{text=\"a\\\\b\\\"c\\nd\"} +Inf\n"
        "odd{text=\"nan\"} NaN\n");
}

TEST_CASE("a family with labels stays out of the text until it has a series") {
  Metrics metrics;
  metrics.counter("errors_total", "Errors.", {"kind"});
  metrics.counter("starts_total", "Starts.");
  CHECK(metrics.prometheus_text() ==
        "# HELP starts_total Starts.\n# TYPE starts_total counter\nstarts_total 0\n");
}

TEST_CASE("labels that run away end in one overflow series") {
  Metrics metrics;
  auto& users = metrics.counter("users_total", "Users.", {"name", "place"});
  for (std::size_t i = 0; i < Family<Counter>::kMaxSeries + 50; ++i)
    users.with({std::to_string(i), "here"}).add();

  CHECK(users.with({"__overflow__", "__overflow__"}).value() == 50);
  CHECK(users.with({"3", "here"}).value() == 1);  // those that are in stay in
}

TEST_CASE("gauges are refreshed before each exposition") {
  Metrics metrics;
  auto& gauge = metrics.gauge("asked", "Times asked.").with();
  metrics.before_exposition([&gauge] { gauge.add(1); });
  metrics.prometheus_text();
  CHECK(metrics.prometheus_text() == "# HELP asked Times asked.\n# TYPE asked gauge\nasked 2\n");
}

TEST_CASE("a total that somebody else counts never goes down") {
  Counter cpu;
  cpu.raise_to(3);
  cpu.raise_to(2);
  CHECK(cpu.value() == 3);
}

}  // namespace
}  // namespace exai::telemetry
