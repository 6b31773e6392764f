#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "core/control/control.hpp"

using namespace exai;
using namespace exai::control;

namespace {

WallTime at(std::string_view text) { return *parse_utc(text); }

ServiceStatus full_service() {
  ServiceStatus service;
  service.name = "redis";
  service.state = State::backoff;
  service.since = at("2026-11-21T03:42:19.123Z");
  service.cause = "signal 9 (KILL); restart 1 of 10 in 150ms";
  service.waiting_for = {"disk"};
  service.ready = ProofStatus{"redis round-trip", "passing", "SET, GET, DEL answered", 2, 740, 0};
  service.healthy = ProofStatus{"http /health/live", "failing", "refused", 1, std::nullopt, 3};
  service.pid = 4711;
  service.started = at("2026-11-21T03:40:00.000Z");
  service.adopted = true;
  service.restarts = 3;
  service.last_exit = "signal 9 (KILL)";
  service.last_restart_cause = "signal 9 (KILL)";
  service.ports = {{"redis", 6379}};
  service.needs = {"disk"};
  service.resident_bytes = 5'000'000'000;
  service.cpu_percent = 12.5;
  service.log = "/state/logs/redis.log";
  service.log_lines_dropped = 412;
  return service;
}

}  // namespace

TEST_CASE("every state has a name that reads back") {
  for (const State state : {State::stopped, State::waiting, State::starting, State::ready,
                            State::backoff, State::stopping, State::failed, State::done,
                            State::scheduled})
    CHECK(parse_state(name(state)) == state);
  CHECK(name(State::backoff) == "backoff");
  CHECK(parse_state("running") == std::nullopt);
}

TEST_CASE("the status of a stack survives the way to JSON and back") {
  StackStatus status;
  status.version = "0.1.0";
  status.stack = "exai";
  status.environment = "dev";
  status.timezone = "Australia/Melbourne";
  status.stack_file = "/srv/exai.toml";
  status.fingerprint = "f00d";
  status.supervisor_pid = 99;
  status.supervisor_started = at("2026-11-21T03:39:00.000Z");
  status.stopping = true;
  status.containment = "by session and mark";
  status.services = {full_service(), ServiceStatus{}};

  const json::object written = to_json(status);
  const auto read = stack_status_from(written);

  REQUIRE(read);
  CHECK(to_text(to_json(*read)) == to_text(written));
  CHECK(read->services[0].healthy->age_ms == std::nullopt);
  CHECK(read->services[0].resident_bytes == 5'000'000'000);
  CHECK(read->services[1].ready == std::nullopt);
  CHECK(read->services[1].started == std::nullopt);
}

TEST_CASE("a page of events survives the way to JSON and back") {
  EventPage page;
  page.events = {{7, at("2026-11-21T03:42:19.123Z"), "redis", State::ready, State::backoff,
                  "signal 9 (KILL)"}};
  page.last = 7;
  page.gap = true;
  const auto read = event_page_from(to_json(page));
  REQUIRE(read);
  CHECK(to_text(to_json(*read)) == to_text(to_json(page)));
}

TEST_CASE("what a newer supervisor adds is ignored and what it lacks has a default") {
  const auto answer = parse_json_object(
      R"({"services":[{"name":"redis","state":"hibernating","pid":"x","colour":"red"}],"moon":1})");
  const auto status = stack_status_from(*answer);
  REQUIRE(status);
  CHECK(status->services[0].name == "redis");
  CHECK(status->services[0].state == State::stopped);
  CHECK(status->services[0].pid == 0);
}

TEST_CASE("an answer that is no status is refused") {
  CHECK(stack_status_from({}).error().code() == Errc::invalid);
  CHECK(event_page_from({}).error().code() == Errc::invalid);
}
