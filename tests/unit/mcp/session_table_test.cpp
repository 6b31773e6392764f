#include "daemon/mcp/session_table.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/mcp/test_source.hpp"

using namespace exai;
using namespace exai::mcp;

namespace {

const ServerInfo kServer{"exai", "", "1", ""};
const test::TestSource kTools;
const Time kStart{};

Session idle_session() {
  return {kServer, kTools, 10};
}

Session busy_session() {
  Session session = idle_session();
  session.receive(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}})");
  session.receive(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}})");
  REQUIRE(session.in_flight() == 1);
  return session;
}

}  // namespace

TEST_CASE("a session is found by its id until it is removed") {
  SessionTable table({10, 1h});
  REQUIRE(table.add("a", idle_session(), kStart));
  CHECK(table.use("a", kStart + 1s) == table.find("a"));
  CHECK(table.use("a", kStart + 1s) != nullptr);
  CHECK(table.use("b", kStart + 1s) == nullptr);
  CHECK(table.remove("a"));
  CHECK_FALSE(table.remove("a"));
  CHECK(table.find("a") == nullptr);
  CHECK(table.size() == 0);
}

TEST_CASE("an idle session expires when nobody used it for long; use starts the time again") {
  SessionTable table({10, 1h});
  REQUIRE(table.add("used", idle_session(), kStart));
  REQUIRE(table.add("left", idle_session(), kStart));
  table.use("used", kStart + 30min);
  CHECK(table.expire(kStart + 1h - 1ms) == 0);
  CHECK(table.expire(kStart + 1h) == 1);
  CHECK(table.find("left") == nullptr);
  CHECK(table.find("used") != nullptr);
  CHECK(table.use("used", kStart + 90min) == nullptr);  // without a sweep in between, too
  CHECK(table.size() == 0);
}

TEST_CASE("looking a session up is no use of it") {
  SessionTable table({10, 1h});
  REQUIRE(table.add("a", idle_session(), kStart));
  table.find("a");
  CHECK(table.expire(kStart + 1h) == 1);
}

TEST_CASE("a busy session neither expires nor makes room") {
  SessionTable table({2, 1h});
  REQUIRE(table.add("busy", busy_session(), kStart));
  REQUIRE(table.add("idle", idle_session(), kStart + 1s));
  REQUIRE(table.add("new", idle_session(), kStart + 2s));  // "idle" made room, though used later
  CHECK(table.find("busy") != nullptr);
  CHECK(table.find("idle") == nullptr);
  CHECK(table.expire(kStart + 24h) == 1);
  CHECK(table.find("busy") != nullptr);
}

TEST_CASE("a session whose client holds a stream open is busy") {
  SessionTable table({10, 1h});
  auto held = table.add("held", idle_session(), kStart);
  REQUIRE(held);
  (*held)->held_open = 1;
  CHECK(table.expire(kStart + 24h) == 0);
  (*held)->held_open = 0;
  CHECK(table.expire(kStart + 24h) == 1);
}

TEST_CASE("the least recently used of the idle makes room") {
  SessionTable table({2, 1h});
  REQUIRE(table.add("a", idle_session(), kStart));
  REQUIRE(table.add("b", idle_session(), kStart));
  table.use("a", kStart + 1s);
  REQUIRE(table.add("c", idle_session(), kStart + 2s));
  CHECK(table.find("a") != nullptr);
  CHECK(table.find("b") == nullptr);
  CHECK(table.size() == 2);
}

TEST_CASE("a table of busy sessions takes no more") {
  SessionTable table({1, 1h});
  REQUIRE(table.add("busy", busy_session(), kStart));
  const auto refused = table.add("new", idle_session(), kStart);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Error(Errc::unavailable, "all 1 sessions have calls in flight"));
}
