// Calls that go on as tasks, over real sockets: they outlive their clients, and leave nothing.
#include <catch2/catch.hpp>
#include <set>

#include "core/base/text.hpp"
#include "tests/integration/mcp_fixture.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

const std::string kCapabilities =
    R"({"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})";

net::McpOptions at_once() {
  net::McpOptions options;
  options.patience = 1ms;
  return options;
}

std::string params_of(std::string_view tool, std::string_view message) {
  return fmt::format(R"("name":"{}","arguments":{{"message":"{}"}})", tool, message);
}

void send_call(Connection& connection, std::string_view tool, std::string_view message = "hi") {
  connection.send(http("POST", "/mcp", modern_headers("tools/call", tool),
                       modern(1, "tools/call", params_of(tool, message), kCapabilities)));
}

json::object result_in(const std::string& text) {
  const auto message = parse_json_object(text);
  const auto* result = message ? find_object(*message, "result") : nullptr;
  if (!result) throw std::runtime_error("no result: " + text);
  return *result;
}

std::string text_in(const json::object& object, std::string_view key) {
  return find_string(object, key).value_or("");
}

// The answer to a request about a task, over a connection of its own.
Answer ask(const TestEndpoint& endpoint, std::string_view method, std::string_view task,
           std::string_view more = "") {
  return Connection(endpoint.port())
      .request("POST", "/mcp", modern_headers(method, task),
               modern(2, method, fmt::format(R"("taskId":"{}"{})", task, more), kCapabilities));
}

json::object look(const TestEndpoint& endpoint, std::string_view task) {
  return result_in(ask(endpoint, "tasks/get", task).body);
}

bool becomes(const TestEndpoint& endpoint, std::string_view task, std::string_view status) {
  return wait_until([&] { return text_in(look(endpoint, task), "status") == status; });
}

// Calls the tool, expects a task, and goes away.
std::string begin(const TestEndpoint& endpoint, std::string_view tool,
                  std::string_view message = "hi") {
  Connection connection(endpoint.port());
  send_call(connection, tool, message);
  const json::object created = result_in(connection.answer().body);
  CHECK(text_in(created, "resultType") == "task");
  return text_in(created, "taskId");
}

std::string words_of(const json::object& task) {
  const auto* result = find_object(task, "result");
  const auto* content = result ? find_array(*result, "content") : nullptr;
  return content ? text_in(content->at(0).as_object(), "text") : "no result";
}

}  // namespace

TEST_CASE("a long call becomes a task; its client goes, and another connection has the result") {
  TestEndpoint endpoint(at_once());
  const std::string task = begin(endpoint, "gate", "what I wanted");
  CHECK(task.size() >= 32);
  CHECK(text_in(look(endpoint, task), "status") == "working");
  CHECK(endpoint.count(&Counts::calls_in_flight) == 1);
  watched.gate_open = true;
  REQUIRE(becomes(endpoint, task, "completed"));
  CHECK(words_of(look(endpoint, task)) == "what I wanted");
  CHECK(watched.stopped == 0);
  CHECK(endpoint.count(&Counts::calls_in_flight) == 0);
  CHECK(endpoint.count(&Counts::tasks) == 1);
  CHECK(endpoint.seen("tools/call gate ok") == 1);
}

TEST_CASE(
    "who waits less than patience is as ever: a quick call answers, a client that goes cancels") {
  net::McpOptions patient;
  patient.patience = 1h;
  TestEndpoint endpoint(patient);
  {
    Connection leaves(endpoint.port());
    send_call(leaves, "gate");
    REQUIRE(wait_until([] { return watched.running == 1; }));
  }
  CHECK(wait_until([] { return watched.stopped == 1; }));
  watched.gate_open = true;
  Connection stays(endpoint.port());
  send_call(stays, "gate", "at once");
  CHECK_THAT(stays.answer().body,
             Contains(R"("text":"at once"}]})") && Contains(R"("resultType":"complete")"));
  CHECK(endpoint.count(&Counts::tasks) == 0);
  CHECK(begin(endpoint, "job") != "");  // one that is always a task
}

TEST_CASE("how a call fails, its task tells") {
  TestEndpoint endpoint(at_once());
  const auto end_of = [&](std::string_view tool) {
    Connection connection(endpoint.port());
    send_call(connection, tool);
    return connection.answer();
  };
  CHECK_THAT(end_of("fail").body, Contains(R"("isError":true)"));  // quicker than any patience
  CHECK(code_of(end_of("throw").body) == rpc::kInternalError);
  net::McpOptions brief = at_once();
  brief.call_limit = 50ms;
  TestEndpoint limited(brief);
  const std::string task = begin(limited, "gate");
  REQUIRE(becomes(limited, task, "failed"));
  const json::object failed = look(limited, task);
  CHECK(find_integer(*find_object(failed, "error"), "code") == rpc::kInternalError);
  CHECK_FALSE(failed.contains("result"));
  CHECK(watched.stopped == 1);
}

TEST_CASE("tasks/cancel stops the tool; the task is cancelled when it really has") {
  TestEndpoint endpoint(at_once());
  const std::string task = begin(endpoint, "gate");
  const Answer acknowledged = ask(endpoint, "tasks/cancel", task);
  CHECK(acknowledged.status == 200);
  CHECK_FALSE(result_in(acknowledged.body).contains("taskId"));
  REQUIRE(becomes(endpoint, task, "cancelled"));
  CHECK(watched.stopped == 1);
  CHECK(ask(endpoint, "tasks/cancel", task).status == 200);  // once more changes nothing
  CHECK(endpoint.seen("tools/call gate cancelled") == 1);
  CHECK(code_of(ask(endpoint, "tasks/get", "nonsense").body) == rpc::kInvalidParams);
}

TEST_CASE("a task asks its client, whichever connection it comes by") {
  TestEndpoint endpoint;
  const std::string task = begin(endpoint, "ask");
  const json::object asking = look(endpoint, task);
  CHECK(text_in(asking, "status") == "input_required");
  CHECK(to_text(asking.at("inputRequests")) ==
        R"({"q-1":{"method":"elicitation/create","params":{"message":"?"}}})");
  WebSocketClient socket(endpoint.port());
  socket.text(
      modern(5, "tasks/update",
             fmt::format(R"("taskId":"{}","inputResponses":{{"q-1":{{"action":"accept"}}}})", task),
             kCapabilities));
  CHECK_THAT(socket.message(), Contains(R"("id":5,"result":{"resultType":"complete")"));
  REQUIRE(becomes(endpoint, task, "completed"));
  CHECK(words_of(look(endpoint, task)) == R"({"action":"accept"})");
}

TEST_CASE("a task whose question is never answered ends with its call, and can be cancelled") {
  net::McpOptions options = at_once();
  options.call_limit = 100ms;
  TestEndpoint endpoint(options);
  CHECK(becomes(endpoint, begin(endpoint, "ask"), "failed"));
  TestEndpoint patient(at_once());
  const std::string task = begin(patient, "ask");
  ask(patient, "tasks/cancel", task);
  CHECK(becomes(patient, task, "cancelled"));
  CHECK_FALSE(look(patient, task).contains("inputRequests"));
  CHECK(patient.count(&Counts::calls_in_flight) == 0);
}

TEST_CASE("a hundred tasks at once: each has its own result, and nothing is left running") {
  TestEndpoint endpoint(at_once());
  std::vector<std::string> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(begin(endpoint, "gate", fmt::format("task {}", i)));
  CHECK(std::set<std::string>(tasks.begin(), tasks.end()).size() == 100);
  CHECK(watched.running == 100);
  watched.gate_open = true;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(becomes(endpoint, tasks[static_cast<std::size_t>(i)], "completed"));
    CHECK(words_of(look(endpoint, tasks[static_cast<std::size_t>(i)])) ==
          fmt::format("task {}", i));
  }
  CHECK(endpoint.count(&Counts::calls_in_flight) == 0);
  CHECK(endpoint.permits_held() == 0);
}

TEST_CASE("a task holds its permit while it runs, and none while its result waits") {
  net::McpOptions options = at_once();
  options.admission.permits.global = 1;
  TestEndpoint endpoint(options);
  const std::string first = begin(endpoint, "gate");
  const std::string second = begin(endpoint, "gate");  // waits for its turn, as a task
  CHECK_THAT(text_in(look(endpoint, second), "statusMessage"), Contains("waits for its turn"));
  CHECK(watched.running == 1);
  CHECK(endpoint.permits_held() == 1);
  ask(endpoint, "tasks/cancel", first);
  CHECK(wait_until([] { return watched.stopped == 1 && watched.running == 1; }));
  CHECK_FALSE(look(endpoint, second).contains("statusMessage"));
  watched.gate_open = true;
  REQUIRE(becomes(endpoint, second, "completed"));
  CHECK(endpoint.permits_held() == 0);
  CHECK(endpoint.calls_waiting() == 0);
}

TEST_CASE("without room for another task a call stays one; what must be a task is refused") {
  net::McpOptions options = at_once();
  options.max_tasks = 1;
  TestEndpoint endpoint(options);
  begin(endpoint, "job");
  Connection refused(endpoint.port());
  send_call(refused, "job");
  CHECK_THAT(refused.answer().body, Contains(R"("code":-31002)") && Contains(R"("limit":"tasks")"));
  Connection stays(endpoint.port());
  send_call(stays, "gate", "an ordinary call");
  REQUIRE(wait_until([] { return watched.running == 1; }));
  watched.gate_open = true;
  CHECK_THAT(stays.answer().body, Contains(R"("text":"an ordinary call")"));
  CHECK(endpoint.count(&Counts::tasks) == 1);
}

TEST_CASE("a task is gone when its time is over") {
  net::McpOptions options = at_once();
  options.call_limit = 20ms;
  options.keep_results = 5ms;
  TestEndpoint endpoint(options);
  const std::string task = begin(endpoint, "job");
  CHECK(wait_until([&] { return code_of(ask(endpoint, "tasks/get", task).body) != 0; }));
  CHECK(endpoint.count(&Counts::tasks) == 0);
}

TEST_CASE("who listens to a task hears how it is and how it ends, over HTTP and WebSocket") {
  TestEndpoint endpoint(at_once());
  const std::string task = begin(endpoint, "gate");
  const std::string filter = fmt::format(R"("notifications":{{"taskIds":["{}"]}})", task);
  Connection stream(endpoint.port());
  stream.send(http("POST", "/mcp", modern_headers("subscriptions/listen"),
                   modern(9, "subscriptions/listen", filter, kCapabilities)));
  CHECK(stream.head().status == 200);
  WebSocketClient socket(endpoint.port());
  socket.text(modern(8, "subscriptions/listen", filter, kCapabilities));
  CHECK_THAT(socket.message(), Contains(fmt::format(R"("taskIds":["{}"])", task)));
  CHECK_THAT(socket.message(),
             Contains(R"("method":"notifications/tasks")") && Contains(R"("status":"working")"));
  std::string heard;
  while (heard.find("working") == std::string::npos) heard += stream.chunk();
  watched.gate_open = true;
  while (heard.find("completed") == std::string::npos) heard += stream.chunk();
  CHECK_THAT(heard, Contains(R"("text":"hi")") &&
                        Contains(R"("io.modelcontextprotocol/subscriptionId":9)"));
  CHECK_THAT(socket.message(), Contains(R"("status":"completed")") &&
                                   Contains(R"("io.modelcontextprotocol/subscriptionId":8)"));
}

TEST_CASE("WebSocket: a call becomes a task, and the end of the connection does not end it") {
  TestEndpoint endpoint(at_once());
  std::string task;
  {
    WebSocketClient socket(endpoint.port());
    socket.text(modern(1, "tools/call", params_of("gate", "from a socket"), kCapabilities));
    task = text_in(result_in(socket.message()), "taskId");
    socket.text(cancel_of(1));  // is of requests, and this one has its answer
    socket.text(modern(1, "server/discover"));
    CHECK_THAT(socket.message(), Contains(R"("id":1,"result")"));  // the id is free again
  }
  CHECK(text_in(look(endpoint, task), "status") == "working");
  watched.gate_open = true;
  REQUIRE(becomes(endpoint, task, "completed"));
  CHECK(words_of(look(endpoint, task)) == "from a socket");
}

TEST_CASE("the server's end does not wait for people") {
  TestEndpoint endpoint(at_once());
  endpoint.drain_limit = 1h;
  begin(endpoint, "ask");
  endpoint.server().begin_drain(5s);
  CHECK(wait_until([&] { return endpoint.server().is_drained(); }));
}

TEST_CASE("the server's end finishes tasks that run, and stops those that last too long") {
  for (const bool open : {true, false}) {
    TestEndpoint endpoint(at_once());
    endpoint.drain_limit = open ? 10s : 50ms;
    begin(endpoint, "gate");
    endpoint.server().begin_drain(5s);
    watched.gate_open = open;
    CHECK(wait_until([&] { return endpoint.server().is_drained(); }));
    CHECK(watched.running == 0);
    CHECK(watched.stopped == (open ? 0 : 1));
  }
}
