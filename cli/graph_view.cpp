#include "cli/graph_view.hpp"

#include <algorithm>
#include <set>

#include "cli/view.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

namespace {

constexpr std::size_t kDeepest = 64;  // of what is drawn as a tree

const GraphNode* find_node(const Graph& graph, std::string_view name) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const GraphNode& node) { return node.name == name; });
  return found == graph.nodes.end() ? nullptr : &*found;
}

bool is_needed(const Graph& graph, const std::string& name) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const GraphNode& node) {
    return node.name != name &&
           std::any_of(node.edges.begin(), node.edges.end(),
                       [&](const GraphEdge& edge) { return edge.needs == name; });
  });
}

void add_state(GraphNode& node, const control::ServiceStatus& service) {
  const bool sick = service.state == control::State::ready && in_trouble(service);
  node.state = sick ? "unhealthy" : std::string(control::name(service.state));
  node.tone = sick ? Tone::bad : tone_of(service.state);
}

// One line of the tree, before its columns are made as wide as the widest.
struct Line {
  std::string branch;  // "│  └─ "
  std::string name;
  const GraphNode* node = nullptr;  // of the state; null: no such service
  std::string remark;
};

class Tree {
 public:
  explicit Tree(const Graph& graph) : graph_(graph) {
    for (const GraphNode& node : graph.nodes)
      if (!is_needed(graph, node.name)) root(node);
    for (const GraphNode& node : graph.nodes)  // those that only a circle holds
      if (!drawn_.contains(node.name)) root(node);
  }

  std::string text(Colours colours) const {
    std::size_t names = 0;
    std::size_t states = 0;
    for (const Line& line : lines_) {
      names = std::max(names, code_points(line.branch + line.name));
      if (line.node) states = std::max(states, code_points(line.node->state));
    }
    std::string text;
    for (const Line& line : lines_) text += text_of(line, names, states, colours);
    return text;
  }

 private:
  void root(const GraphNode& node) {
    lines_.push_back({"", node.name, &node, ""});
    below(node, "");
  }

  void below(const GraphNode& node, const std::string& stem) {
    drawn_.insert(node.name);
    if (stem.size() > kDeepest * 3) return;
    for (std::size_t i = 0; i < node.edges.size(); ++i) {
      const GraphEdge& edge = node.edges[i];
      const bool last = i + 1 == node.edges.size();
      const GraphNode* needed = find_node(graph_, edge.needs);
      std::vector<std::string> remarks;
      if (!edge.condition.empty() && edge.condition != "ready")
        remarks.push_back("to be " + edge.condition);
      const bool again = drawn_.contains(edge.needs);
      if (!needed) remarks.emplace_back("there is no such service");
      if (needed && again && !needed->edges.empty()) remarks.emplace_back("see above");
      lines_.push_back({stem + (last ? "└─ " : "├─ "), edge.needs, needed, join(remarks, ", ")});
      if (needed && !again) below(*needed, stem + (last ? "   " : "│  "));
    }
  }

  static std::string padding(std::string_view text, std::size_t width) {
    const std::size_t wide = code_points(text);
    return std::string(wide < width ? width - wide : 0, ' ');
  }

  static std::string text_of(const Line& line, std::size_t names, std::size_t states,
                             Colours colours) {
    const std::string state = line.node ? line.node->state : "";
    std::string text = painted(Tone::dim, line.branch, colours) +
                       painted(Tone::strong, printable(line.name), colours);
    if (state.empty() && line.remark.empty()) return text + "\n";
    text += padding(line.branch + line.name, names) + "  ";
    if (states > 0) text += painted(line.node ? line.node->tone : Tone::plain, state, colours);
    if (line.remark.empty()) return text + "\n";
    if (states > 0) text += padding(state, states) + "  ";
    return text + painted(Tone::dim, line.remark, colours) + "\n";
  }

  const Graph& graph_;
  std::set<std::string> drawn_;
  std::vector<Line> lines_;
};

// Between double quotes.
std::string dot_quoted(std::string_view text) {
  return "\"" + replace_all(replace_all(printable(text), "\\", "\\\\"), "\"", "\\\"") + "\"";
}

std::string_view colour_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "#b7e4c7";
    case Tone::warn:
      return "#ffe8a3";
    case Tone::bad:
      return "#f4b6b6";
    case Tone::dim:
      return "#e5e5e5";
    case Tone::plain:
    case Tone::strong:
      break;
  }
  return "#ffffff";
}

// Mermaid takes few characters in a name: a service is called by its place.
std::string id_of(const Graph& graph, const GraphNode& node) {
  return fmt::format("s{}", &node - graph.nodes.data());
}

std::string mermaid_label(const GraphNode& node) {
  const std::string name =
      replace_all(replace_all(printable(node.name), "&", "#amp;"), "\"", "#quot;");
  return node.state.empty() ? name : name + "<br/>" + node.state;
}

}  // namespace

Graph graph_of(const config::Stack* stack, const control::StackStatus* status) {
  Graph graph;
  if (stack) {
    graph.stack = stack->name;
    for (const config::Service& service : stack->services) {
      GraphNode node{service.name, "", Tone::plain, {}};
      for (const config::Need& need : service.needs)
        node.edges.push_back({need.service, std::string(config::name(need.condition))});
      graph.nodes.push_back(std::move(node));
    }
  }
  if (!status) return graph;
  graph.stack = status->stack;
  for (const control::ServiceStatus& service : status->services) {
    auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                             [&](const GraphNode& each) { return each.name == service.name; });
    if (node == graph.nodes.end()) {
      graph.nodes.push_back({service.name, "", Tone::plain, {}});
      node = graph.nodes.end() - 1;
      for (const std::string& needed : service.needs) node->edges.push_back({needed, ""});
    }
    add_state(*node, service);
  }
  return graph;
}

std::string graph_text(const Graph& graph, Colours colours) {
  return Tree(graph).text(colours);
}

std::string graph_dot(const Graph& graph) {
  std::string text = fmt::format(
      "digraph {} {{\n  rankdir=LR;\n  node [shape=box, "
      "style=\"rounded,filled\", fillcolor=\"#ffffff\"];\n",
      dot_quoted(graph.stack));
  for (const GraphNode& node : graph.nodes) {
    std::string label = dot_quoted(node.name);
    if (!node.state.empty()) label.insert(label.size() - 1, "\\n" + node.state);
    text += fmt::format("  {} [label={}, fillcolor=\"{}\"];\n", dot_quoted(node.name), label,
                        colour_of(node.tone));
  }
  for (const GraphNode& node : graph.nodes)
    for (const GraphEdge& edge : node.edges)
      text += fmt::format(
          "  {} -> {}{};\n", dot_quoted(node.name), dot_quoted(edge.needs),
          edge.condition.empty() ? "" : fmt::format(" [label={}]", dot_quoted(edge.condition)));
  return text + "}\n";
}

std::string graph_mermaid(const Graph& graph) {
  std::string text = "graph LR\n";
  for (const GraphNode& node : graph.nodes)
    text += fmt::format("  {}[\"{}\"]\n", id_of(graph, node), mermaid_label(node));
  for (const GraphNode& node : graph.nodes)
    for (const GraphEdge& edge : node.edges)
      if (const GraphNode* needed = find_node(graph, edge.needs))
        text += fmt::format("  {} -->{} {}\n", id_of(graph, node),
                            edge.condition.empty() ? "" : "|" + edge.condition + "|",
                            id_of(graph, *needed));
  for (const GraphNode& node : graph.nodes)
    if (!node.state.empty())
      text += fmt::format("  style {} fill:{}\n", id_of(graph, node), colour_of(node.tone));
  return text;
}

json::object graph_json(const Graph& graph) {
  json::array services;
  for (const GraphNode& node : graph.nodes) {
    json::array needs;
    for (const GraphEdge& edge : node.edges) {
      json::object need{{"service", edge.needs}};
      if (!edge.condition.empty()) need["condition"] = edge.condition;
      needs.push_back(std::move(need));
    }
    json::object service{{"name", node.name}, {"needs", std::move(needs)}};
    if (!node.state.empty()) service["state"] = node.state;
    services.push_back(std::move(service));
  }
  return {{"stack", graph.stack}, {"services", std::move(services)}};
}

}  // namespace exai::cli
