#include "core/control/first_cause.hpp"

#include <catch2/catch.hpp>

using namespace exai::control;

namespace {

// What the tables below are made of.
Finding bad(Area area, std::string service, std::string message = "") {
  return {area, Level::bad, std::move(service), std::move(message), "do something"};
}
Finding ok(Area area, std::string service) {
  return {area, Level::ok, std::move(service), "", ""};
}
Finding note(Area area, std::string service) {
  return {area, Level::note, std::move(service), "", ""};
}

// web and worker need api, api needs redis and db.
const Needs kNeeds = {{"web", {"api"}}, {"worker", {"api"}}, {"api", {"redis", "db"}}};

struct Case {
  std::string says;
  std::vector<Finding> findings;
  FirstCause expected;
};

const std::vector<Case>& cases() {
  using enum Area;
  static const std::vector<Case> table = {
      {"one bad service is its own cause",
       {ok(configuration, ""), bad(processes, "redis")},
       {1, {}, {}}},
      {"a need that is bad explains those that need it, near and far",
       {bad(processes, "web"), bad(processes, "api"), bad(processes, "redis")},
       {2, {"web", "api"}, {}}},
      {"a healthy service between two bad ones does not break the chain",
       {bad(mcp, "web"), ok(processes, "api"), bad(processes, "redis")},
       {2, {"web"}, {}}},
      {"several findings of one service are one trouble",
       {bad(processes, "api"), bad(dependencies, "api"), bad(mcp, "api")},
       {0, {}, {}}},
      {"a stranger on a port comes before the crash that it causes",
       {bad(ports, "redis"), bad(processes, "redis"), bad(processes, "api")},
       {0, {"api"}, {}}},
      {"a stranger on a port comes before a stack that is down",
       {bad(ports, "api"), bad(engine, ""), bad(dependencies, "redis"), bad(mcp, "api")},
       {0, {}, {1, 2}}},
      {"a broken file comes first and explains everything but strangers",
       {bad(configuration, ""), bad(ports, "api"), bad(engine, ""), bad(processes, "api")},
       {0, {"api"}, {1}}},
      {"a full disk explains what cannot run on it",
       {bad(disk, ""), bad(processes, "redis"), bad(dependencies, "api")},
       {0, {"redis", "api"}, {}}},
      {"a dead supervisor explains every service that is down",
       {bad(engine, ""), bad(dependencies, "redis"), bad(mcp, "api")},
       {0, {"redis", "api"}, {}}},
      {"of two causes, the one that explains more",
       {bad(processes, "cron"), bad(processes, "db"), bad(processes, "api")},
       {1, {"api"}, {0}}},
      {"of two equal causes, the first; the other one remains",
       {bad(processes, "redis"), bad(processes, "db"), bad(processes, "api")},
       {0, {"api"}, {1}}},
      {"notes are no cause", {note(processes, "redis"), bad(processes, "api")}, {1, {}, {}}},
  };
  return table;
}

}  // namespace

TEST_CASE("symptoms collapse to their first cause") {
  for (const Case& each : cases()) {
    INFO(each.says);
    CHECK(first_cause(each.findings, kNeeds) == each.expected);
  }
}

TEST_CASE("when nothing is bad there is no first cause") {
  CHECK_FALSE(first_cause({}, kNeeds));
  CHECK_FALSE(first_cause({ok(Area::engine, ""), note(Area::disk, "")}, kNeeds));
}

TEST_CASE("services that need each other in a circle still have a first cause") {
  const Needs circle = {{"a", {"b"}}, {"b", {"a"}}};
  const std::vector<Finding> findings = {bad(Area::processes, "a"), bad(Area::processes, "b")};
  CHECK(first_cause(findings, circle) == FirstCause{0, {"b"}, {}});
}
