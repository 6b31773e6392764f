#include "daemon/store/store.hpp"

namespace exai::store {
namespace {

double seconds(Time::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

class MeasuredStore final : public Store {
 public:
  MeasuredStore(std::unique_ptr<Store> inner, Clock& clock, telemetry::Metrics& metrics)
      : inner_(std::move(inner)),
        clock_(clock),
        operations_(metrics.counter("mcp_storage_operations_total",
                                    "Storage operations by kind, backend and outcome.",
                                    {"operation", "backend", "result"})),
        latency_(metrics.histogram("mcp_storage_latency_seconds", "Time storage operations took.",
                                   {"operation", "backend"},
                                   {.001, .005, .01, .025, .05, .1, .25, .5, 1})) {}

  std::string_view backend() const override { return inner_->backend(); }

  Task<Result<std::optional<std::string>>> get(std::string key) override {
    const Time begin = clock_.now();
    auto result = co_await inner_->get(std::move(key));
    count("get", begin, result.has_value());
    co_return result;
  }

  Task<Result<>> put(std::string key, std::string value, Duration time_to_live) override {
    const Time begin = clock_.now();
    auto result = co_await inner_->put(std::move(key), std::move(value), time_to_live);
    count("put", begin, result.has_value());
    co_return result;
  }

  Task<Result<>> remove(std::string key) override {
    const Time begin = clock_.now();
    auto result = co_await inner_->remove(std::move(key));
    count("remove", begin, result.has_value());
    co_return result;
  }

  Task<Result<>> ping() override {
    const Time begin = clock_.now();
    auto result = co_await inner_->ping();
    count("ping", begin, result.has_value());
    co_return result;
  }

  Task<> close() override { return inner_->close(); }

 private:
  void count(const char* operation, Time begin, bool ok) {
    const std::string backend(inner_->backend());
    operations_.with({operation, backend, ok ? "ok" : "error"}).add();
    latency_.with({operation, backend}).observe(seconds(clock_.now() - begin));
  }

  std::unique_ptr<Store> inner_;
  Clock& clock_;
  telemetry::Family<telemetry::Counter>& operations_;
  telemetry::Family<telemetry::Histogram>& latency_;
};

}  // namespace

std::unique_ptr<Store> make_measured_store(std::unique_ptr<Store> inner, Clock& clock,
                                           telemetry::Metrics& metrics) {
  return std::make_unique<MeasuredStore>(std::move(inner), clock, metrics);
}

}  // namespace exai::store
