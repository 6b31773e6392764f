// The official conformance suite of MCP against the real exaid with its fixtures, and what the
// suite does not look at: the contents. It takes some error replies for success.
#include <catch2/catch.hpp>

#include "tests/integration/daemon_bench.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

Exaid with_fixtures() {
  return Exaid({}, {"--conformance-fixtures"});
}

// The suite's summary: "Total: 83 passed, 0 failed", and what it does not score.
Outcome run_suite(const Exaid& exaid, std::string revision) {
  const TempDir results;
  Command command;
  command.arguments = {EXAI_NODE,
                       EXAI_CLIENTS "/node_modules/@modelcontextprotocol/conformance/dist/index.js",
                       "server",
                       "--url",
                       fmt::format("http://localhost:{}/mcp", exaid.mcp_port()),
                       "--requirements",
                       std::move(revision),
                       "-o",
                       results.path().string()};
  return run(std::move(command), 120s);
}

std::string failures_in(const Outcome& outcome) {
  std::string failures;
  for (const auto& line : split(outcome.out + outcome.err, '\n'))
    if (line.find("✗") != std::string::npos) failures += line + "\n";
  return failures;
}

}  // namespace

TEST_CASE("the conformance suite of each revision passes, also what it does not score") {
  const auto row = GENERATE(table<std::string, std::string>({
      {"2025-11-25", "3 scenario(s) run, 0 failing"},
      {"2026-07-28", "13 scenario(s) run, 0 failing"},
  }));
  const Exaid exaid = with_fixtures();
  const Outcome outcome = run_suite(exaid, std::get<0>(row));
  CHECK(failures_in(outcome) == "");
  CHECK(outcome.exit == 0);
  CHECK_THAT(outcome.out, Contains(" passed, 0 failed"));
  CHECK_THAT(outcome.out, Contains(std::get<1>(row)));
}

TEST_CASE("the fixtures say what the suite asks them to") {
  const Exaid exaid = with_fixtures();
  McpClient client = exaid.client();
  const auto call = [&](std::string_view tool) {
    return client.ask("tools/call", {{"name", tool}});
  };
  CHECK(call("test_simple_text") ==
        R"({"content":[{"type":"text","text":"This is a simple text response for testing."}]})");
  CHECK_THAT(call("test_image_content"),
             Contains(R"({"content":[{"type":"image","data":"iVBORw0KGgo)") &&
                 Contains(R"("mimeType":"image/png"}]})"));
  CHECK_THAT(call("test_audio_content"), Contains(R"("type":"audio","data":"UklGR)"));
  CHECK(call("test_embedded_resource") ==
        R"({"content":[{"type":"resource","resource":{"uri":"test://embedded-resource",)"
        R"("mimeType":"text/plain","text":"This is an embedded resource content."}}]})");
  CHECK(call("test_error_handling") ==
        R"({"content":[{"type":"text","text":"This tool intentionally returns an error for )"
        R"(testing"}],"isError":true})");
  CHECK_THAT(call("test_sampling"),
             Contains("this client cannot be asked") && Contains(R"("isError":true)"));
  CHECK_THAT(call("version"), Contains("exaid"));  // our own tools are there, too
  CHECK(client.ask("resources/read", {{"uri", "test://template/123/data"}}) ==
        R"({"contents":[{"uri":"test://template/123/data","mimeType":"application/json","text":)"
        R"("{\"id\":\"123\",\"templateTest\":true,\"data\":\"Data for ID: 123\"}"}]})");
  CHECK_THAT(client.ask("resources/read", {{"uri", "test://nonsense"}}),
             Contains(R"({"code":-32002,"message":"there is no resource test://nonsense")"));
  CHECK(client.ask("prompts/get", {{"name", "test_prompt_with_arguments"},
                                   {"arguments", {{"arg1", "hello"}, {"arg2", "world"}}}}) ==
        R"({"messages":[{"role":"user","content":{"type":"text","text":)"
        R"("Prompt with arguments: arg1='hello', arg2='world'"}}]})");
}

TEST_CASE("without its flag exaid has no fixtures") {
  const Exaid exaid;
  McpClient client = exaid.client();
  CHECK_THAT(client.ask("tools/call", {{"name", "test_simple_text"}}), Contains("no tool named"));
  CHECK_THAT(client.ask("prompts/list"), !Contains("test_"));
  CHECK_THAT(client.ask("resources/list"), !Contains("test://"));
}
