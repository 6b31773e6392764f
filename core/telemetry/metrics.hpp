#pragma once
// A small metric registry and its Prometheus text exposition (0.0.4). Families are created once,
// with their label names; series appear on first use. A family holds at most `max_series`; what
// comes after goes to one series whose labels are all "__overflow__", so labels cannot run away.
// Thread: loop.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace exai::telemetry {

using Labels = std::vector<std::string>;  // values, in the order of the family's names

struct Histogram {
  std::vector<double> bounds;        // upper, ascending, without +Inf
  std::vector<std::uint64_t> counts;  // per bucket, not cumulative; one more than bounds
  double sum = 0;
  void observe(double value);
};

class Metrics {
 public:
  class Counter {
   public:
    void add(double amount = 1) { value_ += amount; }
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

  template <class Series>
  class Family {
   public:
    Series& with(const Labels& values);

   private:
    friend class Metrics;
    std::string name_, help_;
    std::vector<std::string> label_names_;
    std::size_t max_series_ = 1000;
    std::vector<double> bounds_;
    std::map<Labels, Series> series_;
  };

  explicit Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Lifetime: the reference is good as long as the registry. A name twice is a bug.
  Family<Counter>& counter(std::string name, std::string help, std::vector<std::string> labels = {});
  Family<Gauge>& gauge(std::string name, std::string help, std::vector<std::string> labels = {});
  Family<Histogram>& histogram(std::string name, std::string help, std::vector<std::string> labels,
                               std::vector<double> bounds);
  // Runs before each exposition, to set gauges from the world.
  void before_exposition(std::function<void()> refresh);

  std::string prometheus_text();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace exai::telemetry
