// The tools of the stack: a real exaid that a real supervisor runs.
#include <sys/types.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "core/base/text.hpp"
#include "daemon/stack_link.hpp"
#include "tests/integration/cli_stack.hpp"
#include "tests/integration/daemon_bench.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

// talker says hello and waits; exaid is told what it may do.
class Stack {
 public:
  explicit Stack(const std::string& scope)
      : port_(free_port()),
        stack_(fmt::format(R"(
[services.talker]
process = ["sh", "-c", "echo hello from talker; exec sleep 1000"]
[services.exaid]
process = ["exaid"]
needs = {{ talker = "ready" }}
ports = {{ health = {1} }}
env = {{ EXAI_WS_PORT = "{0}", HEALTH_CHECK_PORT = "{1}", METRICS_PORT = "{2}", EXAI_OPERATIONS_SCOPE = "{3}" }}
ready = {{ http = "/health/startup", port = "health" }}
)",
                           port_, free_port(), free_port(), scope)) {
    const Outcome up = stack_.exai({"up"});
    INFO(up.out << up.err);
    REQUIRE(up.exit == 0);
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}/mcp", port_); }
  McpClient client() const { return McpClient(url()); }
  const CliStack& cli() const { return stack_; }
  std::int64_t pid_of(std::string_view service) const {
    const json::object status = stack_.status();
    for (const json::value& one : *find_array(status, "services"))
      if (find_string(one.as_object(), "name") == service)
        return find_integer(one.as_object(), "pid").value_or(0);
    return 0;
  }

 private:
  std::uint16_t port_;
  CliStack stack_;
};

// A request of the stateless era by a client that can ask its user.
json::object ask(const Stack& stack, std::string_view params) {
  HttpRequest request;
  request.method = "POST";
  request.url = stack.url();
  request.headers = {{"content-type", "application/json"},
                     {"accept", "application/json, text/event-stream"},
                     {"mcp-protocol-version", "2026-07-28"},
                     {"mcp-method", "tools/call"},
                     {"mcp-name", "service_restart"}};
  request.body =
      fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{},"_meta":)"
                  R"({{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                  R"("io.modelcontextprotocol/clientCapabilities":{{"elicitation":{{}}}}}}}}}})",
                  params);
  const HttpResponse response = fetch(std::move(request));
  INFO(response.body);
  const auto reply = parse_json_object(response.body);
  REQUIRE(reply.has_value());
  REQUIRE(find_object(*reply, "result") != nullptr);
  return *find_object(*reply, "result");
}

constexpr std::string_view kRestart =
    R"("name":"service_restart","arguments":{"service":"talker"})";

std::string texts(const tools::LogTail& tail) {
  std::vector<std::string> all;
  for (const auto& line : tail.lines) all.push_back(line.text);
  return join(all, "|");
}

}  // namespace

TEST_CASE("an AI client sees the stack that runs its server, and cannot change it by default") {
  const Stack stack("read");
  McpClient client = stack.client();
  const Answer status = client.call("stack_status");
  CHECK_THAT(status.text, Contains("talker: ready") && Contains("exaid: ready"));
  CHECK(find_string(status.structured, "stack") == "try");
  CHECK_THAT(client.call("stack_status", {{"service", "talkr"}}).text, Contains("talker"));
  CHECK_THAT(client.call("stack_events", {{"service", "talker"}}).text, Contains("-> ready"));

  const Answer log = client.call("stack_logs", {{"service", "talker"}});
  CHECK_THAT(log.text, Contains("hello from talker"));
  const json::array& lines = *find_array(log.structured, "lines");
  REQUIRE_FALSE(lines.empty());
  CHECK(parse_utc(find_string(lines[0].as_object(), "time").value_or("")).has_value());

  CHECK_THAT(client.ask("resources/read", {{"uri", "exai://logs/talker"}}),
             Contains("hello from talker"));
  CHECK_THAT(client.ask("resources/read", {{"uri", "exai://logs/exaid"}}), Contains("serving"));
  CHECK_THAT(client.ask("resources/read", {{"uri", "exai://logs/../secrets"}}), Contains("-32"));
  CHECK_THAT(client.ask("completion/complete",
                        parse_json_object(
                            R"({"ref":{"type":"ref/resource","uri":"exai://logs/{service}"},)"
                            R"("argument":{"name":"service","value":"ta"}})")
                            .value()),
             Contains(R"("values":["talker"])"));
  CHECK_THAT(client.call("service_restart", {{"service", "talker"}}).failure,
             Contains("set EXAI_OPERATIONS_SCOPE to change"));
}

TEST_CASE("an AI client is told the first cause of what is wrong with the stack") {
  const Stack stack("read");
  McpClient client = stack.client();
  const Answer well = client.call("stack_doctor");
  CHECK(find_bool(well.structured, "ok") == true);
  CHECK_THAT(well.text, Contains("nothing is wrong, as far as can be seen from here") &&
                            Contains("exaid: storage: "));

  ::kill(static_cast<pid_t>(stack.cli().supervisor()), SIGKILL);
  CHECK(wait_until([&] {
    const Answer ill = client.call("stack_doctor");
    const json::object* cause = find_object(ill.structured, "first_cause");
    return !ill.is_error && cause && find_string(*cause, "area") == "engine" &&
           ill.text.find("type: exai status, then exai up") != std::string::npos;
  }));
}

TEST_CASE("with the scope, a service is restarted after the user agreed, and only then") {
  const Stack stack("change");
  const std::int64_t before = stack.pid_of("talker");
  const Answer unasked = stack.client().call("service_restart", {{"service", "talker"}});
  CHECK(unasked.is_error);
  CHECK_THAT(unasked.text, Contains("the user must agree"));

  const json::object question = ask(stack, kRestart);
  CHECK(find_string(question, "resultType") == "input_required");
  CHECK_THAT(to_text(question),
             Contains("Restart the service \\\"talker\\\"? These need it: exaid."));
  const std::string state = find_string(question, "requestState").value();
  const auto answer = [&](std::string_view said) {
    return to_text(ask(stack, fmt::format(R"({},"inputResponses":{{"restart":{}}},)"
                                          R"("requestState":"{}")",
                                          kRestart, said, state)));
  };
  CHECK_THAT(answer(R"({"action":"decline"})"), Contains("the user said no"));
  CHECK(stack.pid_of("talker") == before);
  CHECK_THAT(answer(R"({"action":"accept","content":{"restart":true}})"),
             Contains("talker is being restarted"));
  CHECK(wait_until([&] {
    const std::int64_t now = stack.pid_of("talker");
    return now != 0 && now != before;
  }));
}

TEST_CASE("a daemon whose supervisor is gone says so, and what to type") {
  const Stack stack("read");
  McpClient client = stack.client();
  ::kill(static_cast<pid_t>(stack.cli().supervisor()), SIGKILL);
  CHECK(wait_until([&] { return client.call("stack_status").is_error; }));
  CHECK_THAT(client.call("stack_logs", {{"service", "talker"}}).text,
             Contains("exai up takes over"));
  CHECK(client.call("test_echo", {{"message", "still here"}}).text == "still here");
  CHECK(stack.cli().exai({"up"}).exit == 0);
  CHECK(wait_until([&] { return !client.call("stack_status").is_error; }));
}

TEST_CASE("a daemon that nobody runs offers no tools of a stack") {
  Exaid exaid;
  CHECK_THAT(exaid.client().call("stack_status").failure,
             Contains("it works only where exai runs this daemon: exai up"));
}

TEST_CASE("the tail of a log is bounded, whatever is in the log") {
  const TempDir folder;
  CHECK(tail_of_log(folder / "none.log", 10).error().code() == Errc::not_found);

  const Path small = folder.write("small.log", "one\ntwo\n\nno end");
  CHECK(texts(tail_of_log(small, 10).value()) == "one|two||no end");
  CHECK_FALSE(tail_of_log(small, 10)->older_left);
  CHECK(texts(tail_of_log(small, 2).value()) == "|no end");
  CHECK(tail_of_log(small, 2)->older_left);

  folder.write("parts.log.000001", "first\nsecond\n");
  const Path parts = folder.write("parts.log", "third\n");
  CHECK(texts(tail_of_log(parts, 2).value()) == "second|third");
  CHECK(texts(tail_of_log(parts, 9).value()) == "first|second|third");

  std::string many;
  for (int i = 0; i < 100'000; ++i) many += fmt::format("line {}\n", i);
  const auto tail = tail_of_log(folder.write("many.log", many), 500).value();
  CHECK(tail.lines.size() == 500);
  CHECK(tail.lines.back().text == "line 99999");
  const auto all = tail_of_log(folder / "many.log", 1'000'000).value();
  CHECK(all.lines.size() < 30'000);
  CHECK(all.lines.front().text.starts_with("line "));

  const auto wide = tail_of_log(folder.write("wide.log", "short\n" + std::string(100'000, 'x')), 5);
  CHECK_THAT(wide->lines.back().text, Catch::EndsWith("x… (91808 more bytes)"));
  const Path endless = folder.write("endless.log", std::string(1'000'000, 'x'));
  CHECK(tail_of_log(endless, 5)->lines.empty());
  CHECK(tail_of_log(endless, 5)->older_left);
  CHECK(texts(tail_of_log(folder.write("empty.log", ""), 5).value()) == "");
}
