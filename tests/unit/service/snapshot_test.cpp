#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "supervisor/service/snapshot.hpp"

using namespace exai;
using namespace exai::service;

namespace {

Snapshot full() {
  ServiceRecord record;
  record.name = "redis";
  record.state = control::State::ready;
  record.since = *parse_utc("2026-11-21T03:42:19.123Z");
  record.cause = "proven by redis round-trip";
  record.wanted = true;
  record.proven = true;
  record.process = process::Identity{4711, 123456};
  record.started = *parse_utc("2026-11-21T03:42:18.000Z");
  record.restarts = 2;
  record.last_exit = "signal 9 (KILL)";
  record.last_restart_cause = "signal 9 (KILL)";
  record.needs = {"disk"};
  record.stop.steps = {{SIGINT, 3s}};
  ServiceRecord announced;
  announced.name = "exaid";
  announced.state = control::State::starting;
  announced.spawning = true;
  return {"boot-1", "exai", "dev", "UTC", 42, {record, announced}, {{"web", 3}}};
}

}  // namespace

TEST_CASE("a snapshot survives the way to its file's text and back") {
  const Snapshot written = full();
  const auto object = parse_json_object(to_pretty_text(to_json(written)));
  const auto read = snapshot_from(*object);
  REQUIRE(read);
  CHECK(to_text(to_json(*read)) == to_text(to_json(written)));
  CHECK(read->find("redis")->process == process::Identity{4711, 123456});
  CHECK(read->find("exaid")->spawning);
  CHECK_FALSE(read->find("exaid")->process);
  CHECK(read->find("nobody") == nullptr);
}

TEST_CASE("a snapshot that is damaged or of a newer version is refused") {
  const auto text = GENERATE(as<std::string>(), "{}", R"({"version":2,"services":[]})",
                             R"({"version":1})", R"({"version":1,"services":[1]})",
                             R"({"version":1,"services":[{"name":"x","state":"odd"}]})",
                             R"({"version":1,"services":[{"state":"ready"}]})");
  CAPTURE(text);
  const auto read = snapshot_from(*parse_json_object(text));
  REQUIRE_FALSE(read);
  CHECK(read.error().code() == Errc::invalid);
}

TEST_CASE("a pid that is none is not taken for a process") {
  const auto read = snapshot_from(*parse_json_object(
      R"({"version":1,"services":[{"name":"x","state":"ready",
          "process":{"pid":-1,"start_ticks":5}}]})"));
  REQUIRE(read);
  CHECK_FALSE(read->services[0].process);
}

TEST_CASE("a service that the stack no longer names can be stopped as it wished, never restarted") {
  const config::Service service = service_from(full().services[0]);
  CHECK(service.name == "redis");
  CHECK(service.stop.steps[0].signal == SIGINT);
  CHECK(service.stop.steps[0].grace == 3s);
  CHECK(service.restart.when == config::RestartWhen::never);
  CHECK(service.needs.at(0).service == "disk");
}
