// exaid --stdio: the client on stdin and stdout.
#include <catch2/catch.hpp>

#include "core/base/text.hpp"
#include "tests/integration/daemon_bench.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

const std::string kHello =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
    R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})"
    "\n";

// What exaid says on stdout to these lines, with its stdin open until `until` has been said.
Outcome talk(const std::string& lines, std::string_view until) {
  const TempDir folder;
  const std::string said = (folder / "said").string();
  const std::string script = fmt::format(
      R"({{ cat {0}; until grep -q '{1}' {2}; do sleep 0.05; done; }} | {3} --stdio >{2})",
      folder.write("lines", lines).string(), until, said, EXAID);
  Command command;
  command.arguments = {"bash", "-c",
                       ": >" + said + "; " + script + "; code=$?; cat " + said + "; exit $code"};
  return run(std::move(command), 20s);
}

}  // namespace

TEST_CASE("stdio: both eras, one message a line, nothing else on stdout, and stdin ends it") {
  const std::string modern =
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"version",)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{}}}})"
      "\n";
  const std::string large(100'000, 'x');
  const Outcome outcome =
      talk(kHello + "\nnonsense\n" + modern +
               R"({"jsonrpc":"2.0","id":"last","method":"tools/call","params":{"name":"test_echo",)"
               R"("arguments":{"message":")" +
               large + "\"}}}\n",
           R"("id":"last")");
  CHECK(outcome.exit == 0);
  CHECK_THAT(outcome.out, Contains(R"("protocolVersion":"2025-11-25")"));
  CHECK_THAT(outcome.out, Contains(R"("code":-32700)"));
  CHECK_THAT(outcome.out, Contains(R"("id":2,"result":{"resultType":"complete")"));
  CHECK_THAT(outcome.out, Contains("\"text\":\"" + large + "\""));
  const auto lines = split(outcome.out, '\n');
  CHECK(lines.size() == 4 + 1);  // and nothing behind the last line's end
  for (const auto& line : lines) CHECK((line.empty() || parse_json_object(line)));
  CHECK_THAT(outcome.err, Contains("serving stdin"));
}

TEST_CASE("stdio: the end of stdin cancels what still runs") {
  const Outcome outcome =
      talk(kHello + R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_echo",)"
                    R"("arguments":{"message":"late","delay_ms":60000}}})"
                    "\n",
           R"("id":0)");
  CHECK(outcome.exit == 0);
  CHECK_THAT(outcome.out, !Contains("late"));
}

TEST_CASE("stdio: SIGTERM lets calls finish and their answers out") {
  const TempDir folder;
  const std::string lines =
      folder
          .write(
              "lines",
              kHello +
                  R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"test_echo",)"
                  R"("arguments":{"message":"in time","delay_ms":500}}})"
                  "\n")
          .string();
  Command command;  // stdin stays open: bash holds the other end
  command.arguments = {"bash", "-c",
                       fmt::format("exec {} --stdio < <(cat {}; sleep 30)", EXAID, lines)};
  Process exaid(std::move(command));
  REQUIRE(wait_until([&] { return exaid.out().find("\"id\":0") != std::string::npos; }));
  exaid.signal(SIGTERM);
  const auto ended = exaid.wait();
  REQUIRE(ended.has_value());
  CHECK(describe(*ended) == "exit code 0");
  CHECK_THAT(exaid.out(), Contains("in time"));
}

TEST_CASE("who subscribed to a conversation hears that it went on, and nobody else does") {
  const auto step = [](int id, std::string_view conversation) {
    return fmt::format(
        R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"planner",)"
        R"("arguments":{{"step":"plan","step_number":1,"total_steps":1,"next_step_required":false,)"
        R"("findings":"","continuation_id":"{}"}}}}}})"
        "\n",
        id, conversation);
  };
  const Outcome outcome =
      talk(kHello + "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n" +
               R"({"jsonrpc":"2.0","id":1,"method":"resources/subscribe",)"
               R"("params":{"uri":"exai://conversations/mine"}})"
               "\n" +
               step(2, "mine") + step(3, "other"),
           R"("id":3,"result")");
  CHECK_THAT(outcome.out, Contains(R"("method":"notifications/resources/updated",)"
                                   R"("params":{"uri":"exai://conversations/mine"})"));
  CHECK_THAT(outcome.out, !Contains(R"("uri":"exai://conversations/other")"));
}
