#include "core/telemetry/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <variant>

#include "core/base/error.hpp"

namespace exai::telemetry {
namespace {

constexpr std::string_view kOverflow = "__overflow__";

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// {a="x",b="y"}, with one more pair (a histogram's le) when it is named; nothing when there is
// none.
std::string label_set(const std::vector<std::string>& names, const Labels& values,
                      std::string_view extra_name = {}, std::string_view extra_value = {}) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += fmt::format("{}{}=\"{}\"", i == 0 ? "" : ",", names[i], escaped(values[i], true));
  if (!extra_name.empty())
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", extra_name, extra_value);
  return out.empty() ? out : "{" + out + "}";
}

void write_series(std::string& out, const std::string& name, const std::vector<std::string>& labels,
                  const Labels& values, const Histogram& histogram) {
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    cumulative += histogram.counts()[i];
    const bool last = i == histogram.bounds().size();
    const std::string bound = last ? "+Inf" : number(histogram.bounds()[i]);
    out +=
        fmt::format("{}_bucket{} {}\n", name, label_set(labels, values, "le", bound), cumulative);
  }
  out += fmt::format("{}_sum{} {}\n", name, label_set(labels, values), number(histogram.sum()));
  out += fmt::format("{}_count{} {}\n", name, label_set(labels, values), cumulative);
}

template <class Scalar>
void write_series(std::string& out, const std::string& name, const std::vector<std::string>& labels,
                  const Labels& values, const Scalar& scalar) {
  out += fmt::format("{}{} {}\n", name, label_set(labels, values), number(scalar.value()));
}

constexpr std::string_view type_of(const Family<Counter>&) {
  return "counter";
}
constexpr std::string_view type_of(const Family<Gauge>&) {
  return "gauge";
}
constexpr std::string_view type_of(const Family<Histogram>&) {
  return "histogram";
}

}  // namespace

void Histogram::observe(double value) {
  const auto bucket = std::lower_bound(bounds_->begin(), bounds_->end(), value);  // le: v <= bound
  ++counts_[static_cast<std::size_t>(bucket - bounds_->begin())];
  sum_ += value;
}

template <class Series>
std::size_t Family<Series>::Hash::operator()(const Labels& labels) const {
  std::size_t hash = labels.size();
  for (const std::string& label : labels) hash = hash * 31 + std::hash<std::string>{}(label);
  return hash;
}

template <class Series>
Family<Series>::Family(std::vector<std::string> label_names, std::vector<double> bounds)
    : label_names_(std::move(label_names)), bounds_(std::move(bounds)) {
  if (label_names_.empty()) with();
}

template <>
Histogram Family<Histogram>::make() const {
  return Histogram(bounds_);
}

template <class Series>
Series Family<Series>::make() const {
  return Series();
}

template <class Series>
Series& Family<Series>::with(const Labels& values) {
  EXAI_ASSERT(values.size() == label_names_.size());
  const auto known = series_.find(values);
  if (known != series_.end()) return known->second;
  if (series_.size() < kMaxSeries) return series_.emplace(values, make()).first->second;
  const Labels overflow(label_names_.size(), std::string(kOverflow));
  return series_.try_emplace(overflow, make()).first->second;
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

struct Metrics::State {
  using AnyFamily = std::variant<std::unique_ptr<Family<Counter>>, std::unique_ptr<Family<Gauge>>,
                                 std::unique_ptr<Family<Histogram>>>;
  struct Entry {
    std::string help;
    AnyFamily family;
  };

  template <class Series>
  Family<Series>& add(std::string name, std::string help, std::unique_ptr<Family<Series>> family) {
    Family<Series>& reference = *family;
    const bool added =
        families.try_emplace(std::move(name), Entry{std::move(help), std::move(family)}).second;
    EXAI_ASSERT(added);
    return reference;
  }

  std::map<std::string, Entry> families;
  std::vector<std::function<void()>> refreshes;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Family<Counter>& Metrics::counter(std::string name, std::string help,
                                  std::vector<std::string> labels) {
  std::unique_ptr<Family<Counter>> family(new Family<Counter>(std::move(labels), {}));
  return state_->add(std::move(name), std::move(help), std::move(family));
}

Family<Gauge>& Metrics::gauge(std::string name, std::string help, std::vector<std::string> labels) {
  std::unique_ptr<Family<Gauge>> family(new Family<Gauge>(std::move(labels), {}));
  return state_->add(std::move(name), std::move(help), std::move(family));
}

Family<Histogram>& Metrics::histogram(std::string name, std::string help,
                                      std::vector<std::string> labels, std::vector<double> bounds) {
  EXAI_ASSERT(std::is_sorted(bounds.begin(), bounds.end()));
  std::unique_ptr<Family<Histogram>> family(
      new Family<Histogram>(std::move(labels), std::move(bounds)));
  return state_->add(std::move(name), std::move(help), std::move(family));
}

void Metrics::before_exposition(std::function<void()> refresh) {
  state_->refreshes.push_back(std::move(refresh));
}

std::string Metrics::prometheus_text() {
  for (const auto& refresh : state_->refreshes) refresh();
  std::string out;
  for (const auto& entry : state_->families) {
    const std::string& name = entry.first;
    const auto write_family = [&out, &name, &help = entry.second.help](const auto& family) {
      if (family->series_.empty()) return;
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name,
                         type_of(*family));
      std::map<Labels, const typename std::decay_t<decltype(family->series_)>::mapped_type*> sorted;
      for (const auto& series : family->series_) sorted.emplace(series.first, &series.second);
      for (const auto& series : sorted)
        write_series(out, name, family->label_names_, series.first, *series.second);
    };
    std::visit(write_family, entry.second.family);
  }
  return out;
}

}  // namespace exai::telemetry
