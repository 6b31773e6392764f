// The tools of the stack that runs the daemon.
#include <catch2/catch.hpp>

#include "tests/unit/daemon/tool_bench.hpp"

namespace exai::tools {
namespace {

using Catch::Contains;

Selection with(Scope scope) {
  Selection selection;
  selection.operations = scope;
  return selection;
}

TEST_CASE("the stack's services are told with state, proof and restarts") {
  Bench bench(with(Scope::read), Supervised::yes);
  const auto result = bench.call("stack_status", {});
  CHECK(result->text ==
        "redis: ready (proven), redis round-trip passing 207ms ago\nexaid: ready, 2 restarts\n");
  CHECK(find_array(result->structured, "services")->size() == 2);
  CHECK(bench.call("stack_status", {{"service", "rdis"}})->text ==
        "stack_status: no service named rdis");
  bench.stack.down = Error(Errc::timeout, "the supervisor does not answer");
  CHECK(bench.call("stack_status", {})->text ==
        "stack_status: the supervisor does not answer. What to do: exai status says whether the "
        "supervisor lives; exai up takes over");
}

TEST_CASE("the doctor names the first cause, what it explains and what to type; no secret") {
  Bench bench(with(Scope::read), Supervised::yes);
  const auto ill = bench.call("stack_doctor", {});
  CHECK(ill->text ==
        "bad   redis: backoff for 2s: requirepass [KEY]\n"
        "\n"
        "first cause: redis: backoff for 2s: requirepass [KEY]\n"
        "it explains: exaid\n"
        "type: exai logs redis\n"
        "exai doctor examines configuration, ports and the MCP path, too\n");
  CHECK_FALSE(ill->is_error);
  CHECK(bench.stack.asked.back() == "doctor pass");
  bench.stack.well = true;
  CHECK_THAT(bench.call("stack_doctor", {})->text,
             Contains("nothing is wrong, as far as can be seen from here"));
}

TEST_CASE("events are the newest ones, of one service if wanted") {
  Bench bench(with(Scope::read), Supervised::yes);
  const auto two = bench.call("stack_events", {{"limit", 2}, {"since", 7}});
  CHECK(find_array(two->structured, "events")->size() == 2);
  CHECK(find_integer(two->structured, "left_out") == 1);
  CHECK(find_integer(two->structured, "last") == 3);
  CHECK(bench.stack.asked.back() == "events 7");
  CHECK(bench.call("stack_events", {{"service", "exaid"}})->text ==
        "2026-11-21T03:42:19.000Z exaid: starting -> ready: proven\n");
}

TEST_CASE("logs come with their time, filtered, and nothing in them reaches a terminal") {
  Bench bench(with(Scope::read), Supervised::yes);
  const auto result = bench.call("stack_logs", {{"service", "redis"}, {"lines", 1}});
  CHECK(result->text == "redis, 1 line (there are earlier ones)\n redis says [KEY]\\x1b[31m\n");
  CHECK(bench.stack.asked.back() == "log redis 1");
  const auto one = bench.call("stack_logs", {{"service", "redis"}, {"filter", "on[ea]"}});
  CHECK(find_array(one->structured, "lines")->size() == 1);
  CHECK(bench.stack.asked.back() == "log redis 500");
  CHECK(bench.call("stack_logs", {{"service", "redis"}, {"filter", "["}})->is_error);
}

TEST_CASE("a service is only restarted when the user said yes to it") {
  const json::object yes{{"action", "accept"}, {"content", {{"restart", true}}}};
  const json::object unticked{{"action", "accept"}, {"content", {{"restart", false}}}};
  const json::object declined{{"action", "decline"}};
  struct Row {
    const char* what;
    std::optional<json::object> answer;
    const char* text;
    bool restarted;
  };
  const Row rows[] = {
      {"yes", yes, "redis is being restarted", true},
      {"not ticked", unticked, "the user said no; redis runs on", false},
      {"declined", declined, "the user said no; redis runs on", false},
      {"nobody to ask", std::nullopt, "the user must agree, and this client cannot be asked",
       false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Bench bench(with(Scope::change), Supervised::yes);
    bench.client->answer = row.answer;
    const auto result = bench.call("service_restart", {{"service", "redis"}});
    CHECK_THAT(result->text, Contains(row.text));
    CHECK(result->is_error == !row.restarted);
    CHECK((bench.stack.asked.back() == "restart redis") == row.restarted);
    CHECK(bench.client->asked ==
          std::vector<std::string>{"Restart the service \"redis\"? These need it: exaid."});
  }
}

TEST_CASE("a restart of nobody, or of the daemon itself, asks nobody") {
  Bench bench(with(Scope::change), Supervised::yes);
  CHECK(bench.call("service_restart", {{"service", "rdis"}})->text ==
        "service_restart: no service named rdis");
  CHECK_THAT(bench.call("service_restart", {{"service", "exaid"}})->text,
             Contains("this daemon itself") && Contains("exai restart exaid"));
  CHECK(bench.client->asked.empty());
}

}  // namespace
}  // namespace exai::tools
