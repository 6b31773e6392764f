// What a reload would do: every change of the stack file is seen, and nothing else is.
#include <catch2/catch.hpp>
#include <chrono>

#include "core/base/text.hpp"
#include "core/config/stack_schema.hpp"
#include "core/config/traits.hpp"
#include "supervisor/service/reload_plan.hpp"
#include "tests/unit/config/memory.hpp"

using namespace exai;
using namespace exai::service;

namespace {

using StackPtr = std::shared_ptr<const config::Stack>;

StackPtr load(const std::string& services, const std::string& layer = "",
              const std::string& head = "") {
  config::test::MemoryWorld world;
  world.files["exai.toml"] = "[stack]\nname = \"test\"\nvariables = [\"COLOUR\", \"SHAPE\"]\n" +
                             head + "[environments.dev]\nlayers = [\"dev.env\"]\n" + services;
  world.files["dev.env"] = layer;
  world.files["page.tpl"] = "colour ${COLOUR:-none}\n";
  const auto loaded = world.load();
  INFO(render(loaded.diagnostics));
  REQUIRE(loaded.stack);
  return loaded.stack;
}

std::string web(const std::string& more = "") {
  return "[services.web]\nprocess = [\"run\"]\n" + more;
}

std::vector<Present> present_in(const config::Stack& stack, Life life = Life::running) {
  std::vector<Present> all;
  for (const config::Service& service : stack.services) all.push_back({&stack, &service, life});
  return all;
}

// "web: restart (env.A, process)", a line each; what is kept is left out.
std::string plan_text(const std::vector<Present>& present, const StackPtr& after) {
  std::vector<std::string> lines;
  for (const PlannedChange& planned : plan_reload(present, *after, definitions(after, {}, "/run")))
    if (planned.change != Change::keep)
      lines.push_back(fmt::format("{}: {} ({})", planned.service, name(planned.change),
                                  join(planned.why, ", ")));
  return join(lines, "; ");
}

std::string plan_text(const StackPtr& before, const StackPtr& after) {
  return plan_text(present_in(*before), after);
}

// Every key of a service in the schema, those of tables inside it too: "stop.grace".
std::vector<std::string> schema_keys() {
  const json::object& root = config::stack_schema().root().get_object();
  const json::object& definitions = *find_object(root, "definitions");
  std::vector<std::string> keys;
  const std::function<void(const json::object&, const std::string&)> walk =
      [&](const json::object& part, const std::string& before) {
        const json::object* properties = find_object(part, "properties");
        if (const auto reference = find_string(part, "$ref"); !properties && reference)
          return walk(*find_object(definitions, reference->substr(14)), before);
        if (!properties) return keys.push_back(before);
        for (const auto& [key, value] : *properties)
          walk(value.get_object(),
               before.empty() ? std::string(key) : before + "." + std::string(key));
      };
  walk(*find_object(definitions, "service"), "");
  return keys;
}

// A service that says one thing; without a value: none.
config::Service saying(const std::string& path, const std::optional<std::string>& value) {
  config::Node node;
  node.value = config::Node::Table{};
  config::Node* at = &node;
  if (value) {
    for (const std::string& key : split(path, '.')) {
      if (!at->table()) at->value = config::Node::Table{};
      auto& table = std::get<config::Node::Table>(at->value);
      table.push_back({key, {}, {}});
      at = &table.back().value;
    }
    at->value = *value;
  }
  config::Service service;
  service.name = "web";
  service.traits = traits_of(config::Resolved{}, config::Member{"web", {}, node});
  return service;
}

PlannedChange compare(const config::Service& before, const config::Service& after) {
  config::Stack a;
  const auto b = std::make_shared<config::Stack>();
  a.services = {before};
  b->services = {after};
  return plan_reload(present_in(a), *b, definitions(b, {}, "/run")).at(0);
}

}  // namespace

TEST_CASE("every key of a service has its effect in the table, and no other has") {
  std::set<std::string> in_schema;
  for (const std::string& path : schema_keys()) in_schema.insert(path.substr(0, path.find('.')));
  std::set<std::string> in_table;
  for (const KeyEffect& row : effects()) in_table.emplace(row.key);
  CHECK(in_table == in_schema);
}

TEST_CASE("a change of any key that the schema knows is seen, as are its coming and its going") {
  for (const std::string& path : schema_keys()) {
    CAPTURE(path);
    const auto row = std::find_if(effects().begin(), effects().end(), [&](const KeyEffect& each) {
      return each.key == path.substr(0, path.find('.'));
    });
    REQUIRE(row != effects().end());
    const Change expected = row->effect == Effect::restart ? Change::restart : Change::in_place;
    for (const auto& [before, after] :
         std::vector<std::pair<std::optional<std::string>, std::optional<std::string>>>{
             {"one", "two"}, {std::nullopt, "one"}, {"one", std::nullopt}}) {
      const PlannedChange planned = compare(saying(path, before), saying(path, after));
      CHECK(planned.change == expected);
      CHECK(planned.why == std::vector{path});
    }
    CHECK(compare(saying(path, "one"), saying(path, "one")).change == Change::keep);
  }
}

TEST_CASE("a key that the table does not know restarts") {
  CHECK(compare(saying("novelty", "one"), saying("novelty", "two")).change == Change::restart);
}

TEST_CASE("a plan says what happens to each service, and why") {
  const auto [before, after, expected] = GENERATE(table<std::string, std::string, std::string>({
      {"", "", ""},
      {"env = { A = \"1\" }", "env = { A = 1 }", ""},
      {"", "working_directory = \".\"", ""},
      {"", "delivery = \"file\"", ""},
      {"", "delivery = \"env\"", "web: restart (delivery)"},
      {"env = { A = \"1\", B = \"1\" }", "env = { A = \"2\" }", "web: restart (env.A, env.B)"},
      {"stop = { grace = \"1s\" }", "stop = { grace = \"2s\" }",
       "web: change in place (stop.grace)"},
      {"ready = { process = true }", "ready = { process = true, every = \"3s\" }",
       "web: change in place (ready.every)"},
      {"ready = { process = true }", "ready = { log = \"up\" }",
       "web: restart (ready.log, ready.process)"},
      {"start_timeout = \"9s\"", "working_directory = \"sub\"",
       "web: restart (start_timeout, working_directory)"},
  }));
  CHECK(plan_text(load(web(before)), load(web(after))) == expected);
}

TEST_CASE("services that come start, services that go stop, the others stay") {
  const std::string other = "[services.other]\nprocess = [\"run\"]\n";
  CHECK(plan_text(load(web()), load(web() + other)) == "other: start (it is new)");
  CHECK(plan_text(load(other + web()), load(web())) == "other: stop (the stack no longer has it)");
  CHECK(plan_text(load(other + web()), load(web() + other)).empty());
}

TEST_CASE("a variable of a layer restarts whom it reaches") {
  CHECK(plan_text(load(web(), "COLOUR=red\n"), load(web(), "COLOUR=red\nSHAPE=round\n")) ==
        "web: restart (the variable SHAPE)");
  const std::string own = web("env = { COLOUR = \"blue\" }\n");
  CHECK(plan_text(load(own, "COLOUR=red\n"), load(own, "COLOUR=green\n")).empty());
  const std::string secret = web("secrets = [\"COLOUR\"]\n");
  CHECK(plan_text(load(secret, "COLOUR=red\n"), load(secret, "COLOUR=green\n")) ==
        "web: restart (the secret COLOUR)");
}

TEST_CASE("a template restarts its service when it would give another file") {
  const std::string page = web("render = { \"page\" = \"page.tpl\" }\n");
  CHECK(plan_text(load(page), load(page)).empty());
  CHECK(plan_text(load(page, "COLOUR=red\n"), load(page, "COLOUR=green\n")) ==
        "web: restart (render.page (its text), the variable COLOUR)");
}

TEST_CASE("what holds for the stack as a whole restarts all of it") {
  CHECK(plan_text(load(web()), load(web(), "", "timezone = \"UTC\"\n")) ==
        "web: restart (the time zone, the variable TZ)");
  CHECK(plan_text(load(web()), load(web(), "", "on_failed_reload = \"rollback\"\n")).empty());
}

TEST_CASE("what a change comes to depends on how the service is") {
  const auto [life, exec, care] = GENERATE(table<Life, std::string, std::string>({
      {Life::running, "restart", "change in place"},
      {Life::trying, "start", "start"},
      {Life::done, "start", "change in place"},
      {Life::resting, "change in place", "change in place"},
  }));
  const auto before = load(web());
  CHECK(plan_text(present_in(*before, life), load(web("delivery = \"env\""))) ==
        "web: " + exec + " (delivery)");
  CHECK(plan_text(present_in(*before, life), load(web("start_timeout = \"1s\""))) ==
        "web: " + care + " (start_timeout)");
  CHECK(plan_text(present_in(*before, life), before).empty());
}

TEST_CASE("a process of an earlier supervisor is measured by what that one had read") {
  const auto stack = load(web());
  auto present = present_in(*stack);
  present[0].outdated = true;
  CHECK(plan_text(present, stack) ==
        "web: restart (the stack file was changed while no supervisor ran)");
  const auto making = [](const StackPtr& of) { return Makings(*of).of(of->services[0]); };
  CHECK(making(stack) == making(load(web("start_timeout = \"1s\""))));
  CHECK(making(stack) != making(load(web("env = { A = \"1\" }"))));
  CHECK(making(stack) != making(load(web(), "COLOUR=red\n")));
  const std::string own = web("env = { COLOUR = \"blue\" }\nsecrets = [\"COLOUR\"]\n");
  CHECK(making(load(own, "COLOUR=red\n")) == making(load(own, "COLOUR=green\n")));
}

TEST_CASE("a thousand services that are as they were are kept") {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += fmt::format("[services.s{}]\nprocess = [\"run\", \"{}\"]\n", i, i);
  const auto before = load(text);
  const auto after = load(text);
  CHECK(plan_text(before, after).empty());
}
