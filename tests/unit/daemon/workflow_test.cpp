// The step-wise tools: what follows what, what is kept, and whom they ask.
#include <catch2/catch.hpp>

#include "daemon/tools/workflow.hpp"
#include "tests/unit/daemon/tool_bench.hpp"

namespace exai::tools {
namespace {

using Catch::Contains;

json::object step(std::int64_t number, bool more, json::object others = {}) {
  json::object arguments{{"step", "did " + std::to_string(number)},
                         {"step_number", number},
                         {"total_steps", 3},
                         {"next_step_required", more},
                         {"findings", "found " + std::to_string(number)}};
  for (auto& other : others) arguments[other.key()] = other.value();
  return arguments;
}

StepReport reported(std::int64_t number, std::optional<std::int64_t> backtrack = std::nullopt,
                    const char* tool = "debug") {
  StepReport report = read_step(tool, step(number, true));
  report.backtrack = backtrack;
  return report;
}

std::string numbers(const Conversation& conversation) {
  std::vector<std::string> all;
  for (const Step& one : conversation.steps) all.push_back(one.tool + std::to_string(one.number));
  return join(all, " ");
}

std::string id_of(const Result<mcp::ToolResult>& result) {
  return find_string(result->structured, "continuation_id").value_or("");
}

const json::object& expert_of(const Result<mcp::ToolResult>& result) {
  return *find_object(result->structured, "expert");
}

TEST_CASE("steps follow one another; a step again replaces itself and what came after it") {
  struct Row {
    const char* what;
    std::vector<StepReport> reports;
    const char* left;  // or the refusal of the last one
  };
  const Row rows[] = {
      {"in order", {reported(1), reported(2), reported(3)}, "debug1 debug2 debug3"},
      {"the same again", {reported(1), reported(2), reported(2)}, "debug1 debug2"},
      {"from the beginning", {reported(1), reported(2), reported(1)}, "debug1"},
      {"back two steps", {reported(1), reported(2), reported(3), reported(4, 2)}, "debug1 debug4"},
      {"and on", {reported(1), reported(2), reported(3, 2), reported(4)}, "debug1 debug3 debug4"},
      {"two tools side by side",
       {reported(1), reported(1, {}, "analyze"), reported(2), reported(2, {}, "analyze")},
       "debug1 analyze1 debug2 analyze2"},
      {"a gap", {reported(1), reported(3)}, "step 3 cannot follow step 1: call step 2 next"},
      {"nothing before",
       {reported(2)},
       "step 2 follows nothing: pass the continuation_id of the step before it, or begin with "
       "step_number 1"},
      {"back to nowhere",
       {reported(1), reported(2, 5)},
       "backtrack_from_step 5: there are 1 steps"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Result<Conversation> conversation = Conversation();
    for (const StepReport& report : row.reports)
      if (conversation) conversation = with_step(*std::move(conversation), report);
    CHECK((conversation ? numbers(*conversation) : conversation.error().message()) == row.left);
  }
}

TEST_CASE("the total grows with the work") {
  CHECK(read_step("debug", step(1, true)).total == 3);
  CHECK(read_step("debug", step(3, true)).total == 4);
  CHECK(read_step("debug", step(5, false)).total == 5);
}

TEST_CASE("a workflow without a provider: steps are kept, summed up, and told what comes next") {
  Bench bench;
  bench.kimi.answer = tl::unexpected(providers::ProviderError{});
  const auto first = bench.call(
      "codereview", step(1, true,
                         {{"relevant_files", {"a.cpp"}},
                          {"files_checked", {"a.cpp", "b.cpp"}},
                          {"issues_found", {{{"severity", "high"}, {"description", "leaks"}}}}}));
  REQUIRE(first.has_value());
  const std::string id = id_of(first);
  CHECK(find_string(first->structured, "status") == "in_progress");
  CHECK_THAT(find_string(first->structured, "next_action").value(),
             Catch::StartsWith("Read all of the code under review") &&
                 Catch::EndsWith("Then call codereview with step_number 2, total_steps 3 and "
                                 "continuation_id " +
                                 id + "."));
  const auto second =
      bench.call("codereview", step(2, false,
                                    {{"continuation_id", id},
                                     {"relevant_files", {"a.cpp", "c.cpp"}},
                                     {"confidence", "high"},
                                     {"issues_found",
                                      {{{"severity", "high"}, {"description", "races"}},
                                       {{"severity", "low"}, {"description", "odd name"}}}}}));
  const json::object& done = second->structured;
  CHECK(find_string(done, "status") == "complete");
  CHECK(find_integer(done, "steps_kept") == 2);
  CHECK(find_integer(done, "files_checked") == 2);
  CHECK(to_text(*find(done, "relevant_files")) == R"(["a.cpp","c.cpp"])");
  CHECK(to_text(*find(done, "issues")) == R"({"high":2,"low":1})");
  CHECK(to_text(*find(done, "expert")) ==
        R"({"state":"not_asked","why":"use_assistant_model is false"})");
  CHECK_THAT(find_string(done, "next_action").value(), Catch::StartsWith("Show the issues"));
  CHECK(bench.kimi.asked.empty());
}

TEST_CASE("an expert is asked at the end, sees the steps, and its answer is kept") {
  Bench bench;
  bench.kimi.answer->text = "Look at the destructor.";
  const std::string id = id_of(bench.call("debug", step(1, true, {{"use_assistant_model", true}})));
  CHECK(bench.kimi.asked.empty());
  const auto result = bench.call("debug", step(2, false,
                                               {{"continuation_id", id},
                                                {"use_assistant_model", true},
                                                {"model", "k3"},
                                                {"hypothesis", "a leak"}}));
  REQUIRE(bench.kimi.asked.size() == 1);
  const providers::ChatRequest& asked = bench.kimi.asked.front();
  CHECK(asked.model == "kimi-k3");
  REQUIRE(asked.messages.size() == 2);
  CHECK_THAT(asked.messages[0].content,
             Catch::StartsWith("You review the work") && Contains("## debug, step 1\ndid 1\n") &&
                 Contains("Findings: found 2") && Contains("Hypothesis: a leak"));
  CHECK_THAT(asked.messages[1].content, Contains("find the root cause of a fault"));
  CHECK(find_string(expert_of(result), "state") == "answered");
  CHECK(find_string(expert_of(result), "text") == "Look at the destructor.");
  CHECK_THAT(result->text,
             Contains("kimi-k3 says:\nLook at the destructor.\n\nNext: Show the cause"));
  CHECK_THAT(bench.store.values.at("thread:" + id), Contains("Look at the destructor."));

  // chat goes on with it.
  bench.call("chat", {{"prompt", "and now?"}, {"continuation_id", id}});
  CHECK_THAT(bench.kimi.asked.back().messages.front().content,
             Contains("found 2") && Contains("Look at the destructor."));
}

TEST_CASE("whom an expert's silence harms: nobody") {
  Bench bench;
  bench.kimi.answer = tl::unexpected(
      providers::ProviderError{providers::Failure::rate_limited, "HTTP 429: slow down", 3s});
  const auto result = bench.call("debug", step(1, false, {{"use_assistant_model", true}}));
  CHECK_FALSE(result->is_error);
  CHECK(find_string(result->structured, "status") == "complete");
  CHECK(find_string(expert_of(result), "why") ==
        "Kimi (kimi-k2.6): HTTP 429: slow down. What to do: call again later (after 3s)");
  const auto unknown =
      bench.call("debug", step(1, false, {{"use_assistant_model", true}, {"model", "nonsense"}}));
  CHECK_FALSE(unknown->is_error);
  CHECK_THAT(unknown->text, Contains("No second opinion: no provider has a model \"nonsense\""));
}

TEST_CASE("nobody is asked when you are certain, or when the tool asks nobody") {
  Bench bench;
  const auto why = [&](const char* tool, json::object others) {
    const auto result = bench.call(tool, step(1, false, std::move(others)));
    return result->is_error ? result->text
                            : find_string(expert_of(result), "why").value_or("asked");
  };
  CHECK(why("debug", {{"use_assistant_model", true}, {"confidence", "certain"}}) ==
        "your confidence is certain");
  CHECK(why("planner", {}) == "this tool asks no model");
  CHECK_THAT(why("planner", {{"use_assistant_model", true}}),
             Contains("unknown key \"use_assistant_model\""));
  CHECK(why("debug", {{"use_assistant_model", true}}) == "asked");
}

TEST_CASE("a call takes a provider's place only when it may ask one") {
  struct Row {
    const char* what;
    const char* tool;
    json::object arguments;
    const char* provider;
  };
  const json::object ask{{"use_assistant_model", true}, {"model", "k3"}};
  json::object certain = ask;
  certain["confidence"] = "certain";
  const Row rows[] = {
      {"a chat", "chat", {{"prompt", "hello"}, {"model", "k3"}}, "kimi"},
      {"a tool that asks nobody", "test_echo", {{"message", "hello"}}, ""},
      {"a workflow that asks nobody", "planner", step(1, false, ask), ""},
      {"a step that is not the last one", "debug", step(1, true, ask), ""},
      {"the last one", "debug", step(1, false, ask), "kimi"},
      {"the last one, without asking", "debug", step(1, false, {{"use_assistant_model", false}}),
       ""},
      {"the last one, certain", "debug", step(1, false, certain), ""},
      {"a panel", "consensus", step(1, true, {{"models", {{{"model", "k3"}}}}}), "kimi"},
      {"no panel", "consensus", step(1, true), ""},
      {"no such tool", "debugger", step(1, false, ask), ""},
      {"arguments that nobody has looked at yet",
       "debug",
       {{"next_step_required", "?"}, {"model", 1}},
       ""},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Bench bench;
    CHECK(bench.registry.needs(row.tool, row.arguments).provider == row.provider);
  }
  CHECK(Bench().registry.needs("debug", {{"continuation_id", "c1"}}).conversation == "c1");
}

TEST_CASE("consensus asks one model a step, each with its stance and blind to the others") {
  Bench bench;
  bench.kimi.answer->text = "verdict one";
  const json::array models{
      {{"model", "k3"}, {"stance", "for"}},
      {{"model", "kimi-k2.6"}, {"stance", "against"}, {"stance_prompt", "Be brief."}}};
  const auto first = bench.call("consensus", step(1, true, {{"models", models}}));
  const std::string id = id_of(first);
  CHECK(find_string(expert_of(first), "text") == "verdict one");
  bench.kimi.answer->text = "verdict two";
  const auto second = bench.call("consensus", step(2, true, {{"continuation_id", id}}));
  CHECK(find_string(expert_of(second), "model") == "kimi-k2.6");
  const auto& asked = bench.kimi.asked.back().messages;
  REQUIRE(asked.size() == 2);
  CHECK_THAT(asked[1].content, Catch::StartsWith("did 1\n\nWhat is known:\nfound 1") &&
                                   Contains("Argue against it") && Contains("Be brief."));
  CHECK_THAT(asked[0].content + asked[1].content, !Contains("verdict one"));
  const auto last = bench.call("consensus", step(3, false, {{"continuation_id", id}}));
  CHECK(find_string(expert_of(last), "why") == "every model of the panel has been asked");
  CHECK(find_string(expert_of(bench.call("consensus", step(1, false))), "why") ==
        "models names nobody to ask");
}

TEST_CASE("each step of a panel takes the place of its own model's provider") {
  Bench bench;
  providers::FakeProvider glm{"glm", "glm-5"};
  const providers::Router both({&bench.kimi, &glm}, "");
  const auto& all = bench.registry.definitions();
  const auto consensus =
      std::ranges::find(all, "consensus", [](const Definition& tool) { return tool.info.name; });
  Panels panels;
  panels.learn("c1", {"kimi-k3", "glm-5", "nobody's"});
  const json::object panel{{"models", {{{"model", "glm-5"}}, {{"model", "k3"}}}}};
  struct Row {
    const char* what;
    std::int64_t step;
    json::object others;
    const char* provider;
  };
  const Row rows[] = {
      {"named in the call", 1, panel, "glm"},
      {"named in the call, the second", 2, panel, "kimi"},
      {"named in the call, all asked", 3, panel, ""},
      {"remembered", 2, {{"continuation_id", "c1"}}, "glm"},
      {"remembered, a model that nobody has", 3, {{"continuation_id", "c1"}}, ""},
      {"remembered, all asked", 4, {{"continuation_id", "c1"}}, ""},
      {"begun elsewhere: the default's", 2, {{"continuation_id", "c2"}}, "kimi"},
      {"nobody named", 1, {}, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(provider_asked(*consensus, step(row.step, true, row.others), both, panels, false) ==
          row.provider);
  }
  for (int i = 0; i < 1000; ++i) panels.learn("new " + std::to_string(i), {"glm-5"});
  CHECK_FALSE(panels.model_of("c1", 1).has_value());
  CHECK(panels.model_of("new 0", 1) == "glm-5");
}

TEST_CASE("a panel that was named in its first step is known in the next ones") {
  Bench bench;
  const json::array models{{{"model", "k3"}}};
  const std::string id = id_of(bench.call("consensus", step(1, true, {{"models", models}})));
  const auto needs = [&](std::int64_t number) {
    return bench.registry.needs("consensus", step(number, true, {{"continuation_id", id}}))
        .provider;
  };
  CHECK(needs(1).empty());  // begins anew, with nobody
  CHECK(needs(2).empty());  // all have been asked
}

TEST_CASE("an expert is shown images and told how long to think; neither is kept") {
  Bench bench;
  const std::string image = "data:image/png;base64,iVBORw0KGgpyZXN0IQ==";
  const auto result = bench.call("debug", step(1, false,
                                               {{"use_assistant_model", true},
                                                {"model", "k3"},
                                                {"images", {image}},
                                                {"thinking_mode", "high"}}));
  REQUIRE(bench.kimi.asked.size() == 1);
  CHECK(bench.kimi.asked[0].messages.back().images == std::vector<std::string>{image});
  CHECK(bench.kimi.asked[0].thinking_mode == "high");
  CHECK_THAT(bench.store.values.at("thread:" + id_of(result)), !Contains("base64"));

  const auto deaf = bench.call("debug", step(1, false,
                                             {{"use_assistant_model", true},
                                              {"model", "kimi-k2.7-code"},
                                              {"thinking_mode", "high"}}));
  CHECK(to_text(*find(expert_of(deaf), "ignored")) == R"(["thinking_mode"])");
  const auto refused = bench.call(
      "debug", step(1, false, {{"use_assistant_model", true}, {"images", {"/etc/shadow"}}}));
  CHECK_FALSE(refused->is_error);
  CHECK_THAT(refused->text, Contains("No second opinion: /etc/shadow: no file of this machine"));
  CHECK_THAT(bench.call("planner", step(1, false, {{"images", {image}}}))->text,
             Contains("unknown key \"images\""));
}

TEST_CASE("a panel does not ask the same thing three times") {
  Bench bench;
  const json::array models{{{"model", "k3"}}, {{"model", "k3"}}, {{"model", "k3"}}};
  const auto result = bench.call("consensus", step(1, true, {{"models", models}}));
  CHECK(result->is_error);
  CHECK(result->text ==
        "consensus: models names k3 (neutral) more than twice: give it another stance");
  CHECK(bench.store.values.empty());
}

TEST_CASE("a step that does not follow changes nothing") {
  Bench bench;
  const std::string id = id_of(bench.call("debug", step(1, true)));
  const auto before = bench.store.values;
  const auto result = bench.call("debug", step(3, true, {{"continuation_id", id}}));
  CHECK(result->is_error);
  CHECK(result->text == "debug: step 3 cannot follow step 1: call step 2 next");
  CHECK(bench.store.values == before);
}

TEST_CASE("without storage a first step is taken but not kept, a later one is refused") {
  Bench bench;
  bench.store.down = Error(Errc::unavailable, "redis: refused");
  const auto first = bench.call("debug", step(1, true));
  CHECK_FALSE(first->is_error);
  CHECK(find_string(first->structured, "not_remembered") == "redis: refused");
  const auto second = bench.call("debug", step(2, true, {{"continuation_id", "abc"}}));
  CHECK(second->is_error);
  CHECK_THAT(second->text, Contains("conversation abc cannot be read: redis: refused. What to do"));
}

TEST_CASE("an expert that takes too long is given up before the tool's own limit") {
  class Silent final : public providers::Provider {
   public:
    explicit Silent(Clock& clock) : clock_(clock), inner_("kimi", "kimi-k2.6") {}
    const providers::ProviderInfo& info() const override { return inner_.info(); }
    Task<tl::expected<providers::ChatReply, providers::ProviderError>> chat(
        providers::ChatRequest, std::function<void(const providers::Delta&)>) override {
      co_await clock_.sleep_for(24h);
      co_return providers::ChatReply();
    }

   private:
    Clock& clock_;
    providers::FakeProvider inner_;
  };
  Bench bench;
  Silent silent(bench.clock);
  providers::Router router({&silent}, "");
  Registry registry({bench.clock, bench.store, router, bench.host}, 100s);
  TaskGroup tasks(bench.loop, Log());
  std::optional<Result<mcp::ToolResult>> answer;
  mcp::Call call;
  call.name = "debug";
  call.arguments = step(1, false, {{"use_assistant_model", true}});
  call.progress = [](const mcp::Progress&) {};
  const auto run = [](Registry& all, mcp::Call late,
                      std::optional<Result<mcp::ToolResult>>& out) -> Task<> {
    out = co_await all.call(std::move(late));
  };
  tasks.spawn("call", run(registry, std::move(call), answer));
  bench.clock.advance(90s);
  REQUIRE(answer);
  CHECK_FALSE((*answer)->is_error);
  CHECK_THAT((*answer)->text, Contains("No second opinion: kimi-k2.6: no answer within 1m30s"));
  CHECK(tasks.running() == 0);
}

TEST_CASE("a conversation survives being written down, and is cut to its bounds") {
  Conversation conversation;
  conversation.system = "be brief";
  for (int i = 0; i < 30; ++i) conversation.turns.push_back({"q" + std::to_string(i), "a"});
  for (int i = 1; i <= 9; ++i)
    conversation.steps.push_back(
        {"debug", i, json::object{{"findings", std::string(10'000, 'x')}}, i == 9 ? "hm" : ""});
  const auto whole = parse_conversation(stored_text(conversation, 100));
  REQUIRE(whole.has_value());
  CHECK(*whole == conversation);

  const auto cut = parse_conversation(stored_text(conversation, 20, 50'000)).value();
  CHECK(cut.turns.size() == 20);
  CHECK(cut.turns.front().user == "q10");
  CHECK(cut.steps.size() == 4);
  CHECK(cut.steps.back().number == 9);
  CHECK(cut.forgotten_steps == 5);
  CHECK_THAT(steps_as_text(cut, "debug"), Catch::StartsWith("(5 steps before these, not kept)"));
  CHECK(parse_conversation("[]").error().code() == Errc::invalid);
}

TEST_CASE("a conversation of before the step-wise tools is read as it was") {
  const auto old = parse_conversation(R"({"system":"s","turns":[{"user":"u","assistant":"a"}]})");
  CHECK(*old == Conversation{"s", {{"u", "a"}}, {}, 0});
  CHECK(stored_text(*old, 20) == R"({"system":"s","turns":[{"user":"u","assistant":"a"}]})");
}

}  // namespace
}  // namespace exai::tools
