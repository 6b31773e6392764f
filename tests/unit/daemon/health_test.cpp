#include "daemon/health.hpp"

#include <catch2/catch.hpp>

namespace exai::health {
namespace {

Component component(std::string name, Status status, Weight weight = Weight::supporting) {
  Component component;
  component.name = std::move(name);
  component.status = status;
  component.weight = weight;
  component.detail = "detail";
  return component;
}

TEST_CASE("the whole is as well as its worst essential part; the others only warn") {
  using enum Status;
  using enum Weight;
  struct Row {
    Status essential;
    Status supporting;
    Status whole;
  };
  const auto row = GENERATE(values<Row>({
      {pass, pass, pass},
      {pass, warn, warn},
      {pass, fail, warn},
      {warn, pass, warn},
      {warn, fail, warn},
      {fail, pass, fail},
      {fail, warn, fail},
      {fail, fail, fail},
  }));
  CHECK(roll_up({component("a", row.essential, essential), component("b", row.supporting)}) ==
        row.whole);
  CHECK(roll_up({component("b", row.supporting), component("a", row.essential, essential)}) ==
        row.whole);
}

TEST_CASE("nothing to report is a pass") {
  CHECK(roll_up({}) == Status::pass);
}

TEST_CASE("a threshold belongs to the worse side") {
  CHECK(by_percent(79.9, 80, 90) == Status::pass);
  CHECK(by_percent(80, 80, 90) == Status::warn);
  CHECK(by_percent(89.9, 80, 90) == Status::warn);
  CHECK(by_percent(90, 80, 90) == Status::fail);
}

TEST_CASE("permits: in use is no fault, nearly all is a warning, and a queue for the last fails") {
  struct Row {
    Permits permits;
    Status status;
    std::string detail;
  };
  const auto row = GENERATE(values<Row>({
      {{{}, 0}, Status::pass, "calls are not limited"},
      {{{{"global", 0, 0}}, 0}, Status::pass, "calls are not limited"},
      {{{{"global", 21, 24}, {"kimi", 0, 6}}, 0},
       Status::pass,
       "global 21 of 24, kimi 0 of 6 in use"},
      {{{{"global", 9, 10}}, 3}, Status::warn, "global 9 of 10 in use; 3 calls wait for one"},
      {{{{"global", 10, 10}}, 0}, Status::warn, "global 10 of 10 in use"},
      {{{{"global", 10, 24}, {"kimi", 6, 6}}, 1},
       Status::fail,
       "global 10 of 24, kimi 6 of 6 in use; 1 call waits for one"},
  }));
  const Component component = permits_component(row.permits);
  CHECK(component.status == row.status);
  CHECK(component.detail == row.detail);
  CHECK(component.weight == Weight::supporting);
}

TEST_CASE("the reason names who, why and how old the last good proof is") {
  Component storage = component("storage", Status::fail, Weight::essential);
  storage.detail = "redis 127.0.0.1:6379: Connection refused";
  storage.good_ago = 72s;
  const Report report = make_report({storage, component("disk", Status::warn)});
  CHECK(report.status == Status::fail);
  CHECK(report.reason ==
        "storage: redis 127.0.0.1:6379: Connection refused, last good 1m12s ago; disk: detail");
  CHECK(make_report({component("disk", Status::pass)}).reason.empty());
}

// A store whose round trip can be made to fail or to hang.
class FakeStore final : public store::Store {
 public:
  explicit FakeStore(Clock& clock) : clock_(clock) {}
  std::string_view backend() const override { return "redis"; }
  Task<Result<std::optional<std::string>>> get(std::string) override {
    co_return std::optional<std::string>();
  }
  Task<Result<>> put(std::string, std::string, Duration) override { co_return Result<>(); }
  Task<Result<>> remove(std::string) override { co_return Result<>(); }
  Task<Result<>> ping() override {
    ++pings;
    if (delay > 0ms) co_await clock_.sleep_for(delay);
    if (down) co_return fail(*down);
    co_return Result<>();
  }
  Task<> close() override { co_return; }

  int pings = 0;
  Duration delay{};
  std::optional<Error> down;

 private:
  Clock& clock_;
};

struct Bench {
  Loop loop;
  FakeClock clock{loop};
  FakeStore store{clock};
  providers::Router router{{}, ""};
  Monitor monitor{clock, Log(), store, router};
  TaskGroup tasks{loop, Log()};

  Bench() { tasks.spawn("health", monitor.watch()); }
  ~Bench() {
    tasks.cancel();
    clock.advance(0ms);
  }
};

TEST_CASE("storage is not ready before its first proof, and then is") {
  Bench bench;
  CHECK(bench.monitor.ready().reason == "storage: not tried yet");
  CHECK_FALSE(bench.monitor.started());
  bench.clock.advance(0ms);
  CHECK(bench.monitor.started());
  CHECK(bench.monitor.ready().status == Status::pass);
}

TEST_CASE(
    "a failing store is seen within the interval, named with the age of the last proof, and "
    "forgiven") {
  Bench bench;
  bench.clock.advance(10s);
  bench.store.down = Error(Errc::unavailable, "redis: Connection refused");
  bench.clock.advance(5s);
  const Report report = bench.monitor.ready();
  CHECK(report.status == Status::fail);
  CHECK(report.reason == "storage: redis: Connection refused, last good 5s ago");

  bench.store.down.reset();
  bench.clock.advance(1s);  // somebody asked, so it does not take five
  CHECK(bench.monitor.ready().status == Status::pass);
}

TEST_CASE("a store that hangs fails its proof instead of hanging the questions") {
  Bench bench;
  bench.clock.advance(1s);
  bench.store.delay = 1h;
  bench.monitor.ready();
  bench.clock.advance(3s);
  CHECK(bench.monitor.ready().reason == "storage: no answer within 2s, last good 4s ago");
}

TEST_CASE("nobody asking, storage is tried every five seconds; being asked, at most every second") {
  Bench bench;
  bench.clock.advance(20s);
  CHECK(bench.store.pings == 5);  // 0, 5, 10, 15, 20
  for (int i = 0; i < 1000; ++i) bench.monitor.ready();
  bench.clock.advance(1s);
  CHECK(bench.store.pings == 6);
}

TEST_CASE("a draining daemon is not ready, whatever its parts say") {
  Bench bench;
  bench.clock.advance(1s);
  bench.monitor.set_draining();
  CHECK(bench.monitor.ready().status == Status::fail);
  CHECK(bench.monitor.ready().reason == "draining: this daemon is going down");
}

TEST_CASE("the report as JSON has a member for each component, with its facts and its proof") {
  Bench bench;
  bench.clock.advance(1s);
  bench.clock.advance(500ms);
  const json::object out = bench.monitor.to_json(bench.monitor.ready());
  CHECK(find_string(out, "status") == "pass");
  CHECK(find_string(out, "time_utc") == "1970-01-01T00:00:01.500Z");
  CHECK(find(out, "reason") == nullptr);
  CHECK(to_text(*find(*find_object(out, "components"), "storage")) ==
        R"({"status":"pass","detail":"a key was written, read and removed","backend":"redis",)"
        R"("round_trip_ms":0,"last_good_utc":"1970-01-01T00:00:00.000Z","last_good_age_ms":1500})");
}

}  // namespace
}  // namespace exai::health
