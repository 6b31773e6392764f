#pragma once
// A small metric registry and its Prometheus text exposition (0.0.4). Families are created once, in
// constructors, with their label names; series appear on first use. A family holds at most
// kMaxSeries; what comes after shares one series whose labels are all "__overflow__", so labels
// cannot run away. Not thread-safe: the loop's thread owns it.
//
//   auto& calls = metrics.counter("mcp_tool_calls_total", "Tool calls.", {"tool", "outcome"});
//   calls.with({"chat", "ok"}).add();

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace exai::telemetry {

using Labels = std::vector<std::string>;  // values, in the order of the family's names

class Counter {
 public:
  void add(double amount = 1) { value_ += amount; }
  // For totals that somebody else counts (the kernel's CPU time): never goes down.
  void raise_to(double total) { value_ = total > value_ ? total : value_; }
  double value() const { return value_; }

 private:
  double value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_ = value; }
  void add(double amount) { value_ += amount; }
  double value() const { return value_; }

 private:
  double value_ = 0;
};

class Histogram {
 public:
  explicit Histogram(const std::vector<double>& bounds)
      : bounds_(&bounds), counts_(bounds.size() + 1) {}
  void observe(double value);
  const std::vector<double>& bounds() const { return *bounds_; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }  // not cumulative; +Inf last
  double sum() const { return sum_; }

 private:
  const std::vector<double>* bounds_;  // of the family; ascending, without +Inf
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

// The series of one name. Lifetime: references stay good as long as the registry.
template <class Series>
class Family {
 public:
  static constexpr std::size_t kMaxSeries = 1000;

  // As many values as the family has label names; anything else is a bug.
  Series& with(const Labels& values = {});

  Family(Family&&) = delete;  // series point into it

 private:
  friend class Metrics;
  Family(std::vector<std::string> label_names, std::vector<double> bounds);
  Series make() const;

  std::vector<std::string> label_names_;
  std::vector<double> bounds_;
  struct Hash {
    std::size_t operator()(const Labels& labels) const;
  };
  std::unordered_map<Labels, Series, Hash> series_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A name twice is a bug. A family without labels shows its one series from the start.
  Family<Counter>& counter(std::string name, std::string help,
                           std::vector<std::string> labels = {});
  Family<Gauge>& gauge(std::string name, std::string help, std::vector<std::string> labels = {});
  Family<Histogram>& histogram(std::string name, std::string help, std::vector<std::string> labels,
                               std::vector<double> bounds);

  // Runs before each exposition, to set gauges from the world.
  void before_exposition(std::function<void()> refresh);

  // Sorted by name, then by label values.
  std::string prometheus_text();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace exai::telemetry
