#include "cli/view.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::cli;
using control::ServiceStatus;
using control::StackStatus;
using control::State;

namespace {

const WallTime kNow = WallTime{} + 1000h;

ServiceStatus service(std::string name, State state) {
  ServiceStatus status;
  status.name = std::move(name);
  status.state = state;
  status.since = kNow - 5s;
  return status;
}

control::ProofStatus proof(std::string check, std::string standing, std::string detail = "") {
  control::ProofStatus status;
  status.check = std::move(check);
  status.standing = std::move(standing);
  status.detail = std::move(detail);
  if (status.standing == "passing") status.age_ms = 2000;
  return status;
}

ServiceStatus ready_redis() {
  ServiceStatus redis = service("redis", State::ready);
  redis.ready = proof("redis round-trip", "passing");
  redis.pid = 12;
  redis.ports = {{"redis", 6379}};
  redis.resident_bytes = 9U << 20U;
  redis.cpu_percent = 0;
  return redis;
}

StackStatus stack(std::vector<ServiceStatus> services) {
  StackStatus status;
  status.stack = "exai";
  status.environment = "dev";
  status.services = std::move(services);
  return status;
}

}  // namespace

TEST_CASE("status shows the worst service first, with its reason and its proof") {
  ServiceStatus exaid = service("exaid", State::backoff);
  exaid.cause = "exit code 3; restart 2 of 10 in 400ms";
  exaid.restarts = 1;
  exaid.last_restart_cause = "exit code 3";
  exaid.ports = {{"mcp", 8079}, {"health", 8082}};
  const StackStatus status = stack({ready_redis(), exaid});
  CHECK(layout(status_table(status, kNow), 0, Colours::off) ==
        "SERVICE  STATE    SINCE  RESTARTS  PID  PORTS       MEMORY   CPU\n"
        "exaid    backoff     5s         1    -  8079 8082        -     -\n"
        "  exit code 3; restart 2 of 10 in 400ms\n"
        "  last restart: exit code 3\n"
        "redis    ready       5s         0   12  6379       9.0 MiB  0.0%\n"
        "  proof: redis round-trip 2s ago\n");
  CHECK(headline(status) == "exai (dev): 1 of 2 services ready; in trouble: exaid");
}

TEST_CASE("a running service whose health check fails is called unhealthy") {
  ServiceStatus redis = ready_redis();
  redis.healthy = proof("tcp 6379", "failing", "connection refused");
  redis.healthy->failures = 3;
  CHECK(in_trouble(redis));
  CHECK(reason_text(redis) == "not healthy: tcp 6379: connection refused (3 times)");
  CHECK(status_table(stack({redis}), kNow).rows[0].cells[1].text == "unhealthy");
}

TEST_CASE("a service that crashes again and again is in trouble whenever one looks") {
  ServiceStatus web = service("web", State::starting);
  web.cause = "start requested";
  CHECK_FALSE(in_trouble(web));
  web.restarts = 3;
  web.cause = "restart 3, after exit code 3";
  web.ready = proof("tcp 80", "unknown", "connection refused");
  CHECK(in_trouble(web));
  CHECK(reason_text(web) == "restart 3, after exit code 3; tcp 80: connection refused");
  web.state = State::backoff;
  CHECK(in_trouble(web));
  web.state = State::ready;
  CHECK_FALSE(in_trouble(web));
}

TEST_CASE("progress says what each service waits for, or what has proven it ready") {
  ServiceStatus exaid = service("exaid", State::waiting);
  exaid.waiting_for = {"redis"};
  CHECK(layout(progress_table(stack({ready_redis(), exaid}), kNow, 10), 0, Colours::off) ==
        "redis  ready    5s  redis round-trip 2s ago\n"
        "exaid  waiting  5s  waiting for redis\n");
}

TEST_CASE("progress of a long list shows what is not ready yet") {
  const StackStatus status =
      stack({ready_redis(), service("a", State::starting), service("b", State::starting)});
  CHECK(layout(progress_table(status, kNow, 1), 0, Colours::off) ==
        "a    starting  5s\n"
        "+ 2  others\n");
}

TEST_CASE("the table of the end says what runs where") {
  ServiceStatus timer = service("timer", State::ready);
  timer.cause = "started; it has no check";
  CHECK(layout(summary_table(stack({ready_redis(), timer})), 0, Colours::off) ==
        "SERVICE  STATE  PORTS       PID  PROOF\n"
        "redis    ready  redis 6379   12  redis round-trip 2s ago\n"
        "timer    ready                -  started; it has no check\n");
}

TEST_CASE("the same check for readiness and health is one proof, the freshest") {
  ServiceStatus redis = ready_redis();
  redis.healthy = redis.ready;
  redis.healthy->age_ms = 500;
  CHECK(proof_text(redis) == "redis round-trip 500ms ago");
  redis.healthy->check = "tcp 6379";
  CHECK(proof_text(redis) == "redis round-trip 2s ago; tcp 6379 500ms ago");
}

TEST_CASE("ways in follow from the MCP check and the named ports") {
  config::Service exaid;
  exaid.name = "exaid";
  exaid.ready = config::Check{};
  exaid.ready->kind = "mcp";
  exaid.ready->port = 8079;
  exaid.ready->settings["token"] = "EXAI_WS_TOKEN";
  exaid.ports = {{"mcp", 8079, {}}, {"health", 8082, {}}, {"metrics", 8000, {}}};
  config::Stack settings;
  settings.services = {exaid};
  using Lines = std::vector<std::string>;
  const Lines open = {"MCP        http://127.0.0.1:8079/mcp", "WebSocket  ws://127.0.0.1:8079/ws",
                      "health     http://127.0.0.1:8082/health",
                      "metrics    http://127.0.0.1:8000/metrics"};
  CHECK(connections(settings) == open);

  settings.variables["EXAI_WS_TOKEN"].value = "not to be shown, ever";
  CHECK(connections(settings)[2] == "           with Authorization: Bearer $EXAI_WS_TOKEN");
}

TEST_CASE("an event is one line, with the proof when the service is ready") {
  control::Event event;
  event.service = "redis";
  event.to = State::starting;
  const StackStatus status = stack({ready_redis()});
  CHECK(event_line(event, status) == "redis: starting");
  event.to = State::backoff;
  event.cause = "exit code 1";
  CHECK(event_line(event, status) == "redis: backoff: exit code 1");
  event.to = State::stopped;
  event.cause = "stopped: exit code 0";
  CHECK(event_line(event, status) == "redis: stopped: exit code 0");
  event.to = State::ready;
  CHECK(event_line(event, status) == "redis: ready (redis round-trip in 0ms)");
}

TEST_CASE("a service is judged by what happened since somebody asked") {
  const Baseline baseline{kNow - 10s, {{"redis", 4}}};
  ServiceStatus redis = service("redis", State::starting);
  redis.restarts = 4;
  const auto judged = [&] { return judge(stack({redis}), redis, baseline); };
  CHECK(judged() == Progress::going);

  SECTION("restarts before the question do not count") {
    redis.restarts = 4 + kPatience - 1;
    CHECK(judged() == Progress::going);
    redis.restarts = 4 + kPatience;
    CHECK(judged() == Progress::failed);
  }
  SECTION("ready after many restarts is ready") {
    redis.restarts = 40;
    redis.state = State::ready;
    CHECK(judged() == Progress::ready);
  }
  SECTION("a supervisor that gave up has the last word") {
    redis.state = State::failed;
    CHECK(judged() == Progress::failed);
  }
  SECTION("a stop from before the question is not an end") {
    redis.state = State::stopped;
    redis.last_exit = "exit code 1";
    redis.since = kNow - 11s;
    CHECK(judged() == Progress::going);
    redis.since = kNow;
    CHECK(judged() == Progress::failed);
    redis.last_exit = "exit code 0";
    CHECK(judged() == Progress::ready);
  }
}

TEST_CASE("a service that waits for a failed one has failed too") {
  ServiceStatus exaid = service("exaid", State::waiting);
  exaid.waiting_for = {"redis"};
  const Baseline baseline{kNow - 10s, {}};
  CHECK(judge(stack({service("redis", State::failed), exaid}), exaid, baseline) ==
        Progress::failed);
  CHECK(judge(stack({service("redis", State::starting), exaid}), exaid, baseline) ==
        Progress::going);
}
