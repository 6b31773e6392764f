// exai graph: who needs whom, from the stack file, with the states of what runs.
#include "cli/graph_view.hpp"

#include "cli/args.hpp"
#include "cli/engine.hpp"

namespace exai::cli {

Exit graph(Context& context, Args& args);

Exit graph(Context& context, Args& args) {
  std::string format = "text";
  args.about(
      "Draws which service needs which: a tree whose leaves start first. When the stack runs each\n"
      "has its state; it need not. The formats: text; dot, for Graphviz; mermaid, which Markdown\n"
      "pages show.\n\n"
      "  exai graph\n"
      "  exai graph --format dot | dot -Tsvg >stack.svg");
  args.one_of("--format", "FORMAT", format, {"text", "dot", "mermaid"}, "text, dot or mermaid");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  const config::Loaded loaded = load_stack(context, *workspace);
  std::optional<control::StackStatus> status;
  if (auto client = control::Client::connect(client_socket(context, *workspace)))
    if (auto answer = client->states()) status = *std::move(answer);
  if (!loaded.stack && !status) {
    context.err.write(config::render(loaded.diagnostics, diagnostic_colours(context.err)));
    return Exit::bad_input;
  }
  const Graph drawn = graph_of(loaded.stack.get(), status ? &*status : nullptr);
  Stream& out = context.out;
  if (context.json)
    out.print_json(graph_json(drawn));
  else if (format == "dot")
    out.write(graph_dot(drawn));
  else if (format == "mermaid")
    out.write(graph_mermaid(drawn));
  else
    out.write(graph_text(drawn, out.colours()));
  return Exit::ok;
}

}  // namespace exai::cli
