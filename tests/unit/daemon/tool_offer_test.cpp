// What is offered: profiles, lists, prompts, resources, and that every example works.
#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/contains.hpp"
#include "daemon/tools/conversation.hpp"
#include "tests/unit/daemon/tool_bench.hpp"

namespace exai::tools {
namespace {

Selection everything() {
  Selection selection;
  selection.profile = "full";
  selection.operations = Scope::change;
  return selection;
}

std::string text_of(const json::object& result) {
  const json::array* contents = find_array(result, "contents");
  return find_string(contents->front().as_object(), "text").value_or("");
}

TEST_CASE("a profile offers its tiers, a list of names replaces it, another takes away") {
  struct Row {
    const char* what;
    Selection selection;
    const char* tools;
  };
  const Row rows[] = {
      {"lean",
       {"lean", {}, {}, Scope::read},
       "version status health listmodels chat file_upload file_list file_download file_query "
       "planner "
       "analyze codereview debug refactor testgen thinkdeep"},
      {"enabled", {"lean", {"test_echo", "tracer"}, {}, Scope::read}, "test_echo tracer"},
      {"both", {"lean", {"test_echo", "tracer"}, {"tracer"}, Scope::read}, "test_echo"},
      {"hidden ones by name", {"standard", {"self-check"}, {}, Scope::read}, "self-check"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(join(Bench(row.selection).tool_names(), " ") == row.tools);
  }
  Selection full;
  full.profile = "full";
  CHECK(Bench(full).tool_names().size() == 33);
}

TEST_CASE("the tools of the stack need a supervisor and a scope, whatever the lists say") {
  const auto offers = [](Scope scope, Supervised supervised, const char* tool) {
    Selection selection;
    selection.enabled = {"stack_status", "service_restart", "version"};
    selection.operations = scope;
    return contains(Bench(selection, supervised).tool_names(), tool);
  };
  CHECK(offers(Scope::read, Supervised::yes, "stack_status"));
  CHECK_FALSE(offers(Scope::read, Supervised::yes, "service_restart"));
  CHECK(offers(Scope::change, Supervised::yes, "service_restart"));
  CHECK_FALSE(offers(Scope::none, Supervised::yes, "stack_status"));
  CHECK_FALSE(offers(Scope::change, Supervised::no, "stack_status"));
  CHECK(offers(Scope::none, Supervised::no, "version"));
}

TEST_CASE("a tool that is off says which option switched it off") {
  Bench bench({"lean", {}, {"chat"}, Scope::read}, Supervised::yes);
  const auto why = [&](const char* tool) { return bench.call(tool, {}).error().message(); };
  CHECK(why("tracer") == "the tool \"tracer\" is off: TOOL_PROFILE lean leaves it out");
  CHECK(why("chat") == "the tool \"chat\" is off: DISABLED_TOOLS names it");
  CHECK(why("service_restart") ==
        "the tool \"service_restart\" is off: set EXAI_OPERATIONS_SCOPE to change to allow it");
}

TEST_CASE("names that no tool has are found, with the one that was meant") {
  const Selection selection{"lean", {"chat", "debgu"}, {"xyzzy"}, Scope::read};
  CHECK(unknown_tools(selection) == std::vector<UnknownTool>{{"ENABLED_TOOLS", "debgu", "debug"},
                                                             {"DISABLED_TOOLS", "xyzzy", ""}});
  CHECK(unknown_tools({}).empty());
}

TEST_CASE("every example of every tool works, and shows what it promises") {
  Bench bench(everything(), Supervised::yes);
  bench.client->answer = json::object{{"action", "accept"}, {"content", {{"restart", true}}}};
  REQUIRE(bench.registry.tools().size() == bench.registry.definitions().size());
  for (const Definition& tool : bench.registry.definitions()) {
    CAPTURE(tool.info.name);
    CHECK_FALSE(tool.examples.empty());
    for (const Example& example : tool.examples) {
      CAPTURE(example.title);
      const auto result = bench.call(tool.info.name, example.arguments);
      REQUIRE(result.has_value());
      INFO(result->text);
      CHECK_FALSE(result->is_error);
      for (const std::string& words : example.shows)
        CHECK_THAT(result->text, Catch::Contains(words));
      // test_echo promises nothing: what it says beside the text is there only when it is asked
      // for.
      if (tool.info.output_schema.empty() && tool.info.name != "test_echo")
        CHECK(result->structured.empty());
    }
  }
}

TEST_CASE("each step-wise tool that is offered has a prompt, and no other") {
  Bench bench({"standard", {"debug", "planner", "chat"}, {}, Scope::read});
  std::vector<std::string> names;
  for (const mcp::PromptInfo& prompt : bench.registry.catalog().prompts) {
    names.push_back(prompt.name);
    CHECK(prompt.arguments.front().required);
  }
  CHECK(join(names, " ") == "planner debug");
}

TEST_CASE("a prompt sets the model to work with the tool") {
  Bench bench;
  const auto result =
      bench.prompt("debug", {{"task", "It hangs."}, {"files", "a.cpp"}, {"model", "kimi-k3"}});
  REQUIRE(result.has_value());
  const json::array& messages = result->at("messages").as_array();
  REQUIRE(messages.size() == 1);
  const std::string text(messages[0].at("content").at("text").as_string());
  CHECK_THAT(text, Catch::StartsWith("It hangs.\n\nBegin with: a.cpp\n\n"));
  for (const char* words : {"find the root cause of a fault", "the tool \"debug\"",
                            "continuation_id", "model to kimi-k3", "Then: Show the cause"})
    CHECK_THAT(text, Catch::Contains(words));
}

TEST_CASE("what is wrong with a prompt's arguments is said") {
  Bench bench;
  const auto wrong = [&](const char* name, json::object arguments) {
    return bench.prompt(name, std::move(arguments)).error();
  };
  CHECK(wrong("debug", {}).message() ==
        "the prompt \"debug\" needs the argument \"task\": The fault: what happens, what should "
        "happen, since when, and how to see it.");
  CHECK(wrong("debug", {{"task", "x"}, {"modle", "y"}}) ==
        Error(Errc::invalid,
              "the prompt \"debug\" has no argument \"modle\", did you mean \"model\"?"));
  CHECK(wrong("planner", {{"task", "x"}, {"model", "y"}}).code() == Errc::invalid);
  CHECK(wrong("debug", {{"task", std::string(100'001, 'x')}}).code() == Errc::invalid);
  CHECK(wrong("debgu", {{"task", "x"}}) ==
        Error(Errc::not_found, "no prompt named \"debgu\", did you mean \"debug\"?"));
}

TEST_CASE("models and services complete what is typed") {
  Bench bench({}, Supervised::yes);
  const auto complete = [&](bool of_resource, const char* name, const char* argument,
                            const char* value) {
    return bench.registry.complete({of_resource, name, argument, value});
  };
  CHECK(complete(false, "debug", "model", "kimi-k2.6").value() ==
        std::vector<std::string>{"kimi-k2.6"});
  CHECK(complete(false, "debug", "task", "x").value().empty());
  CHECK(complete(false, "debug", "modle", "x").error().code() == Errc::not_found);
  CHECK(complete(true, "exai://logs/{service}", "service", "re").value() ==
        std::vector<std::string>{"redis"});
  CHECK(complete(true, "exai://logs/{service}", "name", "re").error().code() == Errc::not_found);
}

TEST_CASE("resources show status, health and options, and no secret") {
  Bench bench;
  CHECK_THAT(text_of(bench.read("exai://status").value()), Catch::Contains("\"uptime_seconds\""));
  CHECK_THAT(text_of(bench.read("exai://health").value()), Catch::Contains("\"storage\""));
  const std::string config = text_of(bench.read("exai://config").value());
  CHECK_THAT(config, Catch::Contains("\"KIMI_API_KEY_FILE\"") && Catch::Contains("(secret)"));
  CHECK_THAT(config, !Catch::Contains("s3cret"));
}

TEST_CASE("a conversation is a resource as soon as there is one, and changes are told") {
  Bench bench;
  std::vector<std::string> told;
  bench.registry.on_change([&](const mcp::Change& change) { told.push_back(change.uri); });
  CHECK(bench.read("exai://conversations/abc").error().code() == Errc::not_found);
  bench.call("chat", {{"prompt", "hi"}, {"continuation_id", "abc"}});
  CHECK(told == std::vector<std::string>{"exai://conversations/abc"});
  const std::string shown = text_of(bench.read("exai://conversations/abc").value());
  CHECK_THAT(shown, Catch::Contains("\"user\": \"hi\"") && Catch::Contains("\"yes\""));

  bench.call("chat", {{"prompt", "hi"}, {"continuation_id", "a/../b"}});
  CHECK(told.size() == 1);  // no URI can name it
}

TEST_CASE("names in a URI are nothing but names") {
  Bench bench({}, Supervised::yes);
  for (const char* uri :
       {"exai://conversations/", "exai://conversations/a/../b", "exai://logs/../secrets/X",
        "exai://logs/", "exai://nothing", "file:///etc/passwd", "exai://conversations/a b"}) {
    CAPTURE(uri);
    CHECK(bench.read(uri).error().code() == Errc::not_found);
  }
  CHECK(bench.stack.asked.empty());
}

TEST_CASE("the log of a service is a resource where the stack may be looked at") {
  Bench bench({}, Supervised::yes);
  CHECK(text_of(bench.read("exai://logs/redis").value()) ==
        "1970-01-01T00:00:00.000Z redis says one\nredis says [KEY]\\x1b[31m\n");
  Bench blind({"standard", {}, {}, Scope::none}, Supervised::yes);
  CHECK(blind.read("exai://logs/redis").error().code() == Errc::not_found);
  CHECK(blind.registry.catalog().templates.size() == 2);
}

}  // namespace
}  // namespace exai::tools
