#include "cli/graph_view.hpp"

#include <catch2/catch.hpp>

using namespace exai;
using namespace exai::cli;

namespace {

config::Service service(std::string name, std::vector<config::Need> needs = {}) {
  config::Service made;
  made.name = std::move(name);
  made.needs = std::move(needs);
  return made;
}

config::Need on(std::string name, config::Condition condition = config::Condition::ready) {
  return {std::move(name), condition, {}};
}

// web ─> api ─> redis, and both of them ─> log (started)
config::Stack diamond() {
  config::Stack stack;
  stack.name = "exai";
  stack.services = {service("redis"), service("log", {on("disk")}), service("disk"),
                    service("api", {on("redis"), on("log", config::Condition::started)}),
                    service("web", {on("api"), on("log")})};
  return stack;
}

control::StackStatus running() {
  control::StackStatus status;
  status.stack = "exai";
  control::ServiceStatus redis;
  redis.name = "redis";
  redis.state = control::State::ready;
  control::ServiceStatus web;
  web.name = "web";
  web.state = control::State::waiting;
  web.needs = {"api"};
  status.services = {redis, web};
  return status;
}

}  // namespace

TEST_CASE("the graph of a file is a tree that draws every service once in full") {
  const config::Stack stack = diamond();
  CHECK(graph_text(graph_of(&stack, nullptr), Colours::off) ==
        "web\n"
        "├─ api\n"
        "│  ├─ redis\n"
        "│  └─ log      to be started\n"
        "│     └─ disk\n"
        "└─ log         see above\n");
}

TEST_CASE("the graph of a stack that runs has the states, with or without its file") {
  const config::Stack stack = diamond();
  const control::StackStatus status = running();
  CHECK(graph_text(graph_of(&stack, &status), Colours::off) ==
        "web            waiting\n"
        "├─ api\n"
        "│  ├─ redis    ready\n"
        "│  └─ log               to be started\n"
        "│     └─ disk\n"
        "└─ log                  see above\n");
  CHECK(graph_text(graph_of(nullptr, &status), Colours::off) ==
        "redis   ready\n"
        "web     waiting\n"
        "└─ api           there is no such service\n");
}

TEST_CASE("a circle is drawn, too") {
  config::Stack stack;
  stack.services = {service("a", {on("b")}), service("b", {on("a")}), service("c", {on("c")})};
  CHECK(graph_text(graph_of(&stack, nullptr), Colours::off) ==
        "c\n"
        "└─ c     see above\n"
        "a\n"
        "└─ b\n"
        "   └─ a  see above\n");
}

TEST_CASE("the graph as DOT and as Mermaid") {
  config::Stack stack;
  stack.name = "my \"stack\"";
  stack.services = {service("redis"), service("web", {on("redis")})};
  control::StackStatus status = running();
  const Graph graph = graph_of(&stack, &status);
  CHECK(graph_dot(graph_of(&stack, nullptr)) ==
        "digraph \"my \\\"stack\\\"\" {\n"
        "  rankdir=LR;\n"
        "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\"];\n"
        "  \"redis\" [label=\"redis\", fillcolor=\"#ffffff\"];\n"
        "  \"web\" [label=\"web\", fillcolor=\"#ffffff\"];\n"
        "  \"web\" -> \"redis\" [label=\"ready\"];\n"
        "}\n");
  CHECK_THAT(graph_dot(graph),
             Catch::Contains("  \"redis\" [label=\"redis\\nready\", fillcolor=\"#b7e4c7\"];\n"));
  CHECK(graph_mermaid(graph) ==
        "graph LR\n"
        "  s0[\"redis<br/>ready\"]\n"
        "  s1[\"web<br/>waiting\"]\n"
        "  s1 -->|ready| s0\n"
        "  style s0 fill:#b7e4c7\n"
        "  style s1 fill:#ffe8a3\n");
  CHECK(to_text(graph_json(graph)) ==
        R"({"stack":"exai","services":[{"name":"redis","needs":[],"state":"ready"},)"
        R"({"name":"web","needs":[{"service":"redis","condition":"ready"}],"state":"waiting"}]})");
}

TEST_CASE("a chain of thousands is drawn without an end of the stack") {
  config::Stack stack;
  for (int i = 0; i < 3000; ++i)
    stack.services.push_back(service(fmt::format("s{}", i), {on(fmt::format("s{}", i + 1))}));
  CHECK_FALSE(graph_text(graph_of(&stack, nullptr), Colours::off).empty());
}
