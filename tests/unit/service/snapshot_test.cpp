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
  return {"boot-1", "exai", "dev", "UTC", 42, true, {record, announced}, {{"web", 3}}, false};
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

TEST_CASE("later lines of a snapshot are what counts") {
  Snapshot all = full();
  ServiceRecord changed = all.services[1];
  changed.state = control::State::backoff;
  changed.spawning = false;
  changed.wanted = true;
  changed.attempt = 3;
  changed.restart_times = {Time{} + 5s, Time{} + 9s};
  changed.ready_since = Time{} + 7s;
  changed.wake = Time{} + 11s;
  changed.making = "0123456789abcdef";
  ServiceRecord fresh;
  fresh.name = "late";
  const auto line = [](std::uint64_t last, const ServiceRecord& record) {
    return to_text(json::object{
               {"last_event", last}, {"whole", true}, {"services", json::array{to_json(record)}}}) +
           "\n";
  };
  const std::string text = to_text(to_json(all)) + "\n" + line(43, changed) + line(44, fresh);
  const auto read = parse_snapshot(text);
  REQUIRE(read);
  all.services[1] = changed;
  all.services.push_back(fresh);
  all.last_event = 44;
  all.whole = true;
  CHECK(to_text(to_json(*read)) == to_text(to_json(all)));
  CHECK(read->find("exaid")->restart_times == changed.restart_times);
  CHECK_FALSE(read->torn);
}

TEST_CASE("a snapshot cut at any byte is refused, or an earlier one, and never says what was not") {
  const Snapshot all = full();
  ServiceRecord changed = all.services[0];
  changed.process = process::Identity{4712, 123457};
  const std::string first = to_text(to_json(all)) + "\n";
  const std::string second =
      to_text(json::object{{"last_event", 43}, {"services", json::array{to_json(changed)}}}) + "\n";
  const std::string text = first + second;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    CAPTURE(size);
    const auto read = parse_snapshot(std::string_view(text).substr(0, size));
    CHECK(read.has_value() == (size + 1 >= first.size()));
    if (!read) continue;
    CHECK(read->torn == (size > first.size() && size < text.size()));
    CHECK(read->find("redis")->process->pid == (size == text.size() ? 4712 : 4711));
    CHECK(read->find("exaid") != nullptr);
  }
}

TEST_CASE("a line of a snapshot that makes no sense ends what is believed of it") {
  const auto line = GENERATE(as<std::string>(), "nonsense\n", "{}\n", "{\"services\":[1]}\n",
                             "{\"services\":[{\"name\":\"\"}]}\n");
  const auto read = parse_snapshot(to_text(to_json(full())) + "\n" + line);
  REQUIRE(read);
  CHECK(read->torn);
  CHECK(read->services.size() == 2);
}

TEST_CASE("a snapshot as earlier versions wrote it, on many lines, is read") {
  const auto read = parse_snapshot(to_pretty_text(to_json(full())));
  REQUIRE(read);
  CHECK(read->find("redis")->process == process::Identity{4711, 123456});
}
