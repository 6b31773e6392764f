#include "core/control/diagnosis.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::control;

namespace {

ServiceStatus service(std::string name, State state, std::string cause = "") {
  ServiceStatus status;
  status.name = std::move(name);
  status.state = state;
  status.cause = std::move(cause);
  return status;
}

}  // namespace

TEST_CASE("each service is a finding: in trouble bad, stopped a note, with what to type") {
  struct Row {
    ServiceStatus service;
    Level level;
    const char* message;
    const char* fix;
  };
  const Row rows[] = {
      {service("a", State::ready), Level::ok, "a: ready for 2s", ""},
      {service("a", State::backoff, "exit code 1"), Level::bad, "a: backoff for 2s: exit code 1",
       "exai logs a"},
      {service("a", State::failed, "gave up"), Level::bad, "a: failed for 2s: gave up",
       "exai logs a"},
      {service("a", State::stopped), Level::note, "a: stopped for 2s", "exai up a"},
  };
  for (const Row& row : rows) {
    StackStatus status;
    status.services = {row.service};
    const Findings findings = process_findings(status, WallTime{} + 2s);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].level == row.level);
    CHECK(findings[0].message == row.message);
    CHECK(findings[0].fix == row.fix);
  }
}

TEST_CASE("a restart is worth a note of its own") {
  StackStatus status;
  status.services = {service("a", State::ready)};
  status.services[0].restarts = 2;
  status.services[0].last_restart_cause = "signal 9 (KILL)";
  const Findings findings = process_findings(status, WallTime{});
  REQUIRE(findings.size() == 2);
  CHECK(findings[1].message == "a: restarted 2 times, last: signal 9 (KILL)");
  CHECK(findings[1].level == Level::note);
}

TEST_CASE("a need that is down is the first cause of who needs it") {
  StackStatus status;
  status.services = {service("web", State::backoff, "exit code 1"),
                     service("db", State::failed, "gave up")};
  status.services[0].needs = {"db"};
  const json::object report = report_json(process_findings(status, WallTime{}), needs_of(status));
  CHECK(find_bool(report, "ok") == false);
  const json::object* first = find_object(report, "first_cause");
  REQUIRE(first);
  CHECK(find_string(*first, "service") == "db");
  CHECK(to_text(first->at("explains")) == R"(["web"])");
}
