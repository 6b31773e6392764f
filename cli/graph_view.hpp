#pragma once
// Who needs whom, drawn: as a tree of lines, as DOT for Graphviz, as Mermaid for Markdown. Pure.
//
//   exaid         ready
//   ├─ redis      ready
//   └─ migrate    done     to be done
//
// A service that several need is drawn below the first of them; the others point at it. Any graph
// is drawn, one with a circle too.

#include <optional>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "core/config/settings.hpp"
#include "core/control/control.hpp"

namespace exai::cli {

struct GraphEdge {
  std::string needs;      // the name of a service
  std::string condition;  // "ready", "started", …; empty: it is not known
};

struct GraphNode {
  std::string name;
  std::string state;  // empty: the stack is not up
  Tone tone = Tone::plain;
  std::vector<GraphEdge> edges;
};

struct Graph {
  std::string stack;
  std::vector<GraphNode> nodes;  // in the file's order
};

// What the file says, with the states of what runs; either may be missing.
Graph graph_of(const config::Stack* stack, const control::StackStatus* status);

std::string graph_text(const Graph& graph, Colours colours);
std::string graph_dot(const Graph& graph);
std::string graph_mermaid(const Graph& graph);
json::object graph_json(const Graph& graph);

}  // namespace exai::cli
