#include "cli/diagnose.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::cli;

namespace {

config::PortBinding mcp_port() {
  return {"mcp", 8079, {}};
}

Listener listener(std::string address, pid_t pid, std::string program) {
  return {std::move(address), 8079, pid, std::move(program)};
}

Finding only(const Findings& findings) {
  REQUIRE(findings.size() == 1);
  return findings[0];
}

}  // namespace

TEST_CASE("a port belongs to us when the service or its session listens on it") {
  const std::vector<Held> held = {{listener("127.0.0.1", 50, "worker"), 12}};
  CHECK(judge_port("exaid", mcp_port(), held, {12}).owner == Owner::ours);
  CHECK(judge_port("exaid", mcp_port(), held, {50}).owner == Owner::ours);
  CHECK(judge_port("exaid", mcp_port(), held, {13}).owner == Owner::stranger);
  CHECK(judge_port("exaid", mcp_port(), {}, {12}).owner == Owner::nobody);
}

TEST_CASE("a listener on another address is in nobody's way") {
  CHECK(judge_port("exaid", mcp_port(), {{listener("::1", 50, "x"), 50}}, {}).owner ==
        Owner::nobody);
  CHECK(judge_port("exaid", mcp_port(), {{listener("*", 50, "x"), 50}}, {}).owner ==
        Owner::stranger);
}

TEST_CASE("a stranger on a port is named with its pid, and the fix with the variable") {
  config::Stack stack;
  stack.variables["EXAI_WS_PORT"].value = "8079";
  stack.variables["HEALTH_CHECK_PORT"].value = "8082";
  const PortUse use = judge_port("exaid", mcp_port(), {{listener("*", 50, "python3"), 50}}, {});
  const Finding finding = only(port_findings({use}, stack, {}));
  CHECK(finding.level == Level::bad);
  CHECK(finding.message == "port 8079 (exaid mcp) is held by python3 (pid 50)");
  CHECK(finding.fix ==
        "kill 50    (or give exaid another port: EXAI_WS_PORT, used at the stack file)");
}

TEST_CASE("a stranger that may not be looked at is still named as one") {
  const PortUse use = judge_port("exaid", mcp_port(), {{listener("*", 0, ""), -1}}, {0});
  CHECK(conflict_text(use) == "port 8079 (exaid mcp) is held by a program of another user");
  CHECK(conflict_fix(use, {}).starts_with("sudo ss -ltnp 'sport = :8079'"));
}

TEST_CASE("a ready service that does not listen is a trouble of the service") {
  EngineFacts facts;
  facts.status.emplace();
  facts.status->services.resize(1);
  facts.status->services[0].name = "exaid";
  const PortUse use = judge_port("exaid", mcp_port(), {}, {});
  CHECK(only(port_findings({use}, {}, facts)).level == Level::note);
  facts.status->services[0].state = control::State::ready;
  const Finding finding = only(port_findings({use}, {}, facts));
  CHECK(finding.level == Level::bad);
  CHECK(finding.area == Area::processes);
}

TEST_CASE("the engine is judged by who answers and who lives") {
  EngineFacts facts;
  CHECK(only(engine_findings(facts)).message == "the stack is not running");
  facts.socket_exists = true;
  CHECK(only(engine_findings(facts)).message ==
        "the supervisor is dead and left its socket behind; no service runs");
  facts.survivors = {{"redis", 12}, {"exaid", 13}};
  CHECK(only(engine_findings(facts)).message ==
        "the supervisor is dead; without it run redis (pid 12), exaid (pid 13)");
  CHECK(only(engine_findings(facts)).fix == "exai up");
  facts.silence = Error(Errc::timeout, "no answer within 2s");
  CHECK(only(engine_findings(facts)).message ==
        "the supervisor does not answer: no answer within 2s");
}

TEST_CASE("a disk is a trouble when it is nearly full and a note when it is getting so") {
  constexpr std::uint64_t gib = 1U << 30U;
  CHECK(only(disk_findings("/s", {100 * gib, 50 * gib})).level == Level::ok);
  CHECK(only(disk_findings("/s", {100 * gib, 9 * gib})).level == Level::note);
  CHECK(only(disk_findings("/s", {100 * gib, gib / 2})).level == Level::bad);
  CHECK(only(disk_findings("/s", {gib, gib / 20})).level == Level::bad);
}

TEST_CASE("a check that fails is a trouble of its service; the MCP path has its own section") {
  Probed probed;
  probed.service = "exaid";
  probed.check = "mcp tools/call status";
  probed.detail = "connection refused";
  CHECK(only(check_findings({probed})).area == Area::dependencies);
  probed.mcp = true;
  const Finding finding = only(check_findings({probed}));
  CHECK(finding.area == Area::mcp);
  CHECK(finding.level == Level::bad);
  CHECK(finding.message == "exaid ready: mcp tools/call status: connection refused (0ms)");
  CHECK(finding.fix == "exai logs exaid");
  probed.ok = true;
  CHECK(only(check_findings({probed})).level == Level::ok);
}

TEST_CASE("the report ends with the first cause, what it explains, and what to type") {
  Examination examination;
  examination.needs = {{"exaid", {"redis"}}};
  examination.findings = {
      {Area::configuration, Level::ok, "", "exai.toml and its layers are valid", ""},
      {Area::ports, Level::bad, "redis", "port 6379 (redis redis) is held by x (pid 9)", "kill 9"},
      {Area::processes, Level::bad, "redis", "redis: backoff for 2s: exit code 1",
       "exai logs redis"},
      {Area::mcp, Level::bad, "exaid", "exaid ready: refused", "exai logs exaid"}};
  const Stream plain([](std::string_view) {});
  CHECK(report_text(examination, plain) ==
        "configuration\n"
        "  ok    exai.toml and its layers are valid\n"
        "\n"
        "ports\n"
        "  BAD   port 6379 (redis redis) is held by x (pid 9)\n"
        "        kill 9\n"
        "\n"
        "processes\n"
        "  BAD   redis: backoff for 2s: exit code 1\n"
        "        exai logs redis\n"
        "\n"
        "mcp\n"
        "  BAD   exaid ready: refused\n"
        "        exai logs exaid\n"
        "\n"
        "first cause: port 6379 (redis redis) is held by x (pid 9)\n"
        "it explains: exaid\n"
        "type: kill 9\n");

  const json::object object = report_json(examination);
  CHECK(find_bool(object, "ok") == false);
  const json::object* first = find_object(object, "first_cause");
  REQUIRE(first);
  CHECK(to_text(*first) ==
        R"({"area":"ports","level":"bad","service":"redis",)"
        R"-("message":"port 6379 (redis redis) is held by x (pid 9)","fix":"kill 9",)-"
        R"("explains":["exaid"]})");
  CHECK(find_array(object, "findings")->size() == 4);
}

TEST_CASE("a report without trouble says so") {
  Examination examination;
  examination.findings = {{Area::engine, Level::ok, "", "supervisor answers", ""}};
  const Stream plain([](std::string_view) {});
  CHECK(report_text(examination, plain) == "engine\n  ok    supervisor answers\n\nall is well\n");
  CHECK(to_text(report_json(examination)) ==
        R"({"ok":true,"first_cause":null,"findings":[{"area":"engine","level":"ok",)"
        R"("service":"","message":"supervisor answers","fix":""}]})");
}

TEST_CASE("checks from outside have a JSON form that can grow") {
  const std::vector<Probed> results = {
      {"redis", Purpose::ready, "redis round-trip", false, true, "SET, GET, DEL answered", 3ms}};
  CHECK(to_text(to_json(results)) ==
        R"({"ok":true,"checks":[{"service":"redis","purpose":"ready","check":"redis round-trip",)"
        R"("ok":true,"detail":"SET, GET, DEL answered","took_ms":3}]})");
}
