#include <catch2/catch.hpp>

#include "daemon/store/store.hpp"

namespace exai::store {
namespace {

struct Bench {
  Loop loop;
  FakeClock clock{loop};
  template <class T>
  T run(Task<T> task) {
    loop.context().restart();
    return loop.run_until_done(std::move(task));
  }
  std::optional<std::string> get(Store& store, std::string key) {
    return run(store.get(std::move(key))).value();
  }
  void put(Store& store, std::string key, std::string value, Duration life = 1h) {
    CHECK(run(store.put(std::move(key), std::move(value), life)));
  }
};

TEST_CASE("the memory store forgets a value when its time is over") {
  Bench bench;
  const auto store = make_memory_store(bench.clock);
  bench.put(*store, "a", "1", 10s);
  bench.clock.advance(9'999ms);
  CHECK(bench.get(*store, "a") == "1");
  bench.clock.advance(1ms);
  CHECK(bench.get(*store, "a") == std::nullopt);
}

TEST_CASE("the memory store replaces and removes") {
  Bench bench;
  const auto store = make_memory_store(bench.clock);
  bench.put(*store, "a", "1");
  bench.put(*store, "a", "2");
  CHECK(bench.get(*store, "a") == "2");
  CHECK(bench.run(store->remove("a")));
  CHECK(bench.run(store->remove("a")));
  CHECK(bench.get(*store, "a") == std::nullopt);
}

TEST_CASE("a full memory store drops what was not used for longest") {
  Bench bench;
  const auto store = make_memory_store(bench.clock, 30);
  bench.put(*store, "a", "123456789");
  bench.put(*store, "b", "123456789");
  bench.put(*store, "c", "123456789");
  bench.get(*store, "a");
  bench.put(*store, "d", "1");
  CHECK(bench.get(*store, "b") == std::nullopt);
  CHECK(bench.get(*store, "a") == "123456789");
  CHECK(bench.run(store->put("e", std::string(30, 'x'), 1h)).error().code() == Errc::invalid);
}

TEST_CASE("a measured store counts every operation by its outcome") {
  Bench bench;
  telemetry::Metrics metrics;
  const auto store = make_measured_store(make_memory_store(bench.clock, 10), bench.clock, metrics);
  bench.put(*store, "a", "1");
  bench.get(*store, "a");
  CHECK_FALSE(bench.run(store->put("b", std::string(50, 'x'), 1h)));
  const std::string text = metrics.prometheus_text();
  const auto has = [&](const char* line) { return text.find(line) != std::string::npos; };
  CHECK(
      has("mcp_storage_operations_total{operation=\"put\",backend=\"memory\",result=\"ok\"} 1\n"));
  CHECK(has(
      "mcp_storage_operations_total{operation=\"put\",backend=\"memory\",result=\"error\"} 1\n"));
  CHECK(
      has("mcp_storage_operations_total{operation=\"get\",backend=\"memory\",result=\"ok\"} 1\n"));
  CHECK(has("mcp_storage_latency_seconds_count{operation=\"get\",backend=\"memory\"} 1\n"));
}

}  // namespace
}  // namespace exai::store
