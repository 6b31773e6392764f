// exai validate: read the stack file and its layers, say everything that is wrong, touch nothing.
#include <algorithm>

#include "cli/args.hpp"
#include "cli/table.hpp"
#include "cli/validation.hpp"
#include "core/config/lint/lint.hpp"

namespace exai::cli {

Exit validate(Context& context, Args& args);

namespace {

Exit list_rules(Context& context) {
  if (context.json) {
    json::array rules;
    for (const config::Rule& rule : config::rules())
      rules.push_back(json::object{{"code", rule.code},
                                   {"name", rule.name},
                                   {"severity", config::name(rule.severity)},
                                   {"summary", rule.summary}});
    context.out.print_json(json::object{{"rules", std::move(rules)}});
    return Exit::ok;
  }
  Table table{{{"CODE"}, {"NAME"}, {"SEVERITY"}, {"SAYS"}}, {}, 3};
  for (const config::Rule& rule : config::rules())
    table.rows.push_back({{{std::string(rule.code), Tone::strong},
                           std::string(rule.name),
                           std::string(config::name(rule.severity)),
                           std::string(rule.summary)}});
  context.out.write(layout(table, context.out.width(), context.out.colours()));
  return Exit::ok;
}

}  // namespace

Exit validate(Context& context, Args& args) {
  bool rules = false;
  args.about(
      "Reads the stack file and the layers of its environment and reports everything that is\n"
      "wrong at once, each with its place and what to do. Nothing is started or changed.\n"
      "Exit 2 when there are errors; warnings alone: 0.\n\n"
      "  exai validate --env prod\n"
      "  exai validate --json | jq '.diagnostics[].code'");
  args.flag("--list-rules", rules, "print the rules instead");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (rules) return list_rules(context);

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  const config::Loaded loaded = load_stack(*workspace, context.env, context.environment);
  if (context.json) {
    context.out.print_json(validation_json(loaded));
  } else {
    context.out.write(config::render(loaded.diagnostics, diagnostic_colours(context.out)));
    context.out.write(validation_summary(loaded, workspace->stack_file.filename().string()));
  }
  return config::has_errors(loaded.diagnostics) ? Exit::bad_input : Exit::ok;
}

}  // namespace exai::cli
