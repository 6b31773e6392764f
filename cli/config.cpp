// exai config: what every option is, in which environment, and who says so.
#include <algorithm>
#include <array>

#include "cli/config_view.hpp"
#include "cli/table.hpp"
#include "cli/verbs.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/schemas.hpp"

namespace exai::cli {

Exit config_command(Context& context, Args& args);

namespace {

using ResolvedPtr = std::shared_ptr<const config::Resolved>;

// What the stack file means in an environment, with its errors or without: whoever asks where a
// value comes from may be looking for the reason of one. Nothing: it cannot be read, and that was
// said.
ResolvedPtr resolve_in(Context& context, const Workspace& workspace,
                       const std::optional<std::string>& environment) {
  const config::Loaded loaded = load_stack(workspace, environment, context.environment);
  hide_secrets(context, loaded);
  const bool unknown_environment =
      environment && loaded.resolved && !contains(loaded.resolved->environments, *environment);
  if (!loaded.resolved || unknown_environment) {
    context.err.write(config::render(loaded.diagnostics, diagnostic_colours(context.err)));
    return nullptr;
  }
  if (config::has_errors(loaded.diagnostics))
    context.err.print("{} has errors in {}: see `exai validate`\n",
                      workspace.stack_file.filename().string(), loaded.resolved->environment);
  return loaded.resolved;
}

ResolvedPtr resolve_here(Context& context) {
  const auto workspace = open_workspace(context);
  return workspace ? resolve_in(context, *workspace, context.env) : nullptr;
}

// --- show ---

bool is_wanted(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || contains(names, name);
}

// False: a name that is none was said.
bool are_names(Context& context, const config::Resolved& resolved,
               std::vector<std::string>& names) {
  for (std::string& name : names) {
    const auto story = config::explain(resolved, name);
    if (!story) {
      complain(context, Exit::bad_input, story.error().message());
      return false;
    }
    name = story->name;
  }
  return true;
}

Exit show_stack_service(Context& context, const config::Stack& stack,
                        const config::Service& service) {
  const auto workspace = find_workspace(stack.file, context.environment);
  if (!workspace) return complain(context, Exit::bad_input, workspace.error().message());
  const GivenVariables variables =
      environment_in_stack(*workspace, stack, service, context.environment);
  if (context.json)
    context.out.print_json(environment_json(service.name, variables));
  else
    context.out.write(render_environment(variables, context.out.width(), context.out.colours()));
  return Exit::ok;
}

Exit show_compose_service(Context& context, const config::ComposeService& service) {
  if (context.json)
    context.out.print_json(environment_json(service));
  else
    context.out.write(render_environment(service, context.out.width(), context.out.colours()));
  return Exit::ok;
}

// What --file says, else what the current folder has, else the stack that we are in.
Result<config::Loaded> load_for_service(Context& context) {
  auto loaded = load_project(context.file.value_or("."), context.env, context.environment);
  if (!loaded || loaded->compose || loaded->resolved) return loaded;
  if (const auto stack = find_workspace(context.file, context.environment))
    return load_project(stack->stack_file.parent_path(), context.env, context.environment);
  return loaded;
}

// The stack's service, else the one that Compose has under the name.
Exit show_service(Context& context, const std::string& name) {
  const auto loaded = load_for_service(context);
  if (!loaded) return complain(context, Exit::bad_input, loaded.error().message());
  hide_secrets(context, *loaded);
  std::vector<std::string> known;
  if (loaded->stack)
    for (const config::Service& one : loaded->stack->services) {
      if (one.name == name) return show_stack_service(context, *loaded->stack, one);
      known.push_back(one.name);
    }
  if (loaded->compose) {
    if (const config::ComposeService* one = loaded->compose->find(name))
      return show_compose_service(context, *one);
    for (const config::ComposeService& one : loaded->compose->services) known.push_back(one.name);
  }
  if (!loaded->stack && loaded->resolved)
    return complain(context, Exit::bad_input, "the stack file has errors: see `exai validate`");
  if (!known.empty())
    return complain(context, Exit::bad_input, unknown_word("service", name, known));
  return complain(context, Exit::bad_input,
                  "there is neither a stack file nor a Compose file here; name one with --file");
}

Exit show(Context& context, Args& args) {
  std::vector<std::string> names;
  std::string service;
  bool changed = false;
  args.about(
      "Prints the value of every option in one environment, and where it comes from. Values of\n"
      "secrets are not shown.\n\n"
      "  exai config show --changed\n"
      "  exai config show REDIS_PORT EXAI_WS_PORT --env prod --json\n"
      "  exai config show --service web      what the stack, or else Compose, gives to web");
  args.words("NAME", names, "only these options");
  args.flag("--changed", changed, "only what is not the default");
  args.text("--service", "NAME", service,
            "the environment of one service of the stack or the Compose project");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (!service.empty()) return show_service(context, service);
  const ResolvedPtr resolved = resolve_here(context);
  if (!resolved || !are_names(context, *resolved, names)) return Exit::bad_input;
  const std::array<const config::Resolved*, 1> one{resolved.get()};
  const config::Matrix matrix = config::make_matrix(one);
  Table table{{{"OPTION"}, {"VALUE"}, {"FROM"}}, {}, 1};
  json::object values;
  for (const config::MatrixRow& row : matrix.rows) {
    const config::ShownValue& value = row.values.front();
    if (!is_wanted(names, row.name) || (changed && (!value.is_set || value.from == "default")))
      continue;
    values[row.name] =
        value.is_set ? json::value(json::object{
                           {"value", value.text}, {"from", value.from}, {"secret", row.secret}})
                     : json::value();
    table.rows.push_back({{Cell(row.name, Tone::strong), value.is_set ? value.text : "–",
                           Cell(value.from, Tone::dim)}});
  }
  if (context.json)
    context.out.print_json(
        json::object{{"environment", resolved->environment}, {"options", std::move(values)}});
  else
    context.out.write(layout(table, context.out.width(), context.out.colours()));
  return Exit::ok;
}

// --- explain ---

Exit explain(Context& context, Args& args) {
  std::vector<std::string> names;
  args.about(
      "Tells the story of an option: everyone who sets it, the winner first, and what it is for.\n"
      "Who wins: the process environment, the secrets, the layers of the environment (later over\n"
      "earlier), the default.\n\n"
      "  exai config explain REDIS_PORT\n"
      "  exai config explain EXAI_WS_HOST --env prod --json");
  args.words("NAME", names, "options, or variables and secrets of the stack file");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (names.empty()) return args.misuse(context, "which NAME is to be explained?");
  const ResolvedPtr resolved = resolve_here(context);
  if (!resolved || !are_names(context, *resolved, names)) return Exit::bad_input;
  json::array stories;
  for (const std::string& name : names) {
    const config::Explanation story = *config::explain(*resolved, name);
    if (context.json)
      stories.push_back(explanation_json(story, resolved->environment));
    else
      context.out.print("{}{}", name == names.front() ? "" : "\n",
                        render_explanation(story, resolved->environment, context.out.colours()));
  }
  if (context.json) context.out.print_json(json::object{{"options", std::move(stories)}});
  return Exit::ok;
}

// --- matrix, diff ---

// The stack in several environments; empty: one of them cannot be read, and that was said.
std::vector<ResolvedPtr> resolve_all(Context& context, std::vector<std::string> environments) {
  const auto workspace = open_workspace(context);
  if (!workspace) return {};
  if (environments.empty()) {
    const config::Loaded loaded = load_stack(*workspace, std::nullopt, context.environment);
    hide_secrets(context, loaded);
    if (loaded.resolved) environments = loaded.resolved->environments;
    if (environments.empty()) environments = {"dev"};
  }
  std::vector<ResolvedPtr> all;
  for (const std::string& environment : environments) {
    all.push_back(resolve_in(context, *workspace, environment));
    if (!all.back()) return {};
  }
  return all;
}

config::Matrix matrix_of(const std::vector<ResolvedPtr>& all) {
  std::vector<const config::Resolved*> pointers;
  for (const ResolvedPtr& one : all) pointers.push_back(one.get());
  return config::make_matrix(pointers);
}

Exit matrix(Context& context, Args& args) {
  std::vector<std::string> environments;
  std::string format = "table";
  args.about(
      "Prints every option in every environment, each value with where it comes from.\n\n"
      "  exai config matrix\n"
      "  exai config matrix dev prod --format html > matrix.html");
  args.words("ENVIRONMENT", environments, "only these, in this order");
  args.one_of("--format", "FORMAT", format, {"table", "md", "json", "html"}, "how it is printed");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  const auto all = resolve_all(context, environments);
  if (all.empty()) return Exit::bad_input;
  MatrixFormat wanted = MatrixFormat::table;
  if (format == "md") wanted = MatrixFormat::markdown;
  if (format == "html") wanted = MatrixFormat::html;
  if (format == "json" || context.json) wanted = MatrixFormat::json;
  context.out.write(
      render_matrix(matrix_of(all), wanted, context.out.width(), context.out.colours()));
  return Exit::ok;
}

Exit diff(Context& context, Args& args) {
  std::vector<std::string> environments;
  args.about(
      "Prints the options that differ between two environments. Two secrets count as different\n"
      "when they are set in different places.\n\n"
      "  exai config diff dev prod");
  args.words("ENVIRONMENT", environments, "two environments of the stack file");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (environments.size() != 2) return args.misuse(context, "two environments are compared");
  const auto all = resolve_all(context, environments);
  if (all.empty()) return Exit::bad_input;
  config::Matrix matrix = matrix_of(all);
  std::erase_if(matrix.rows, [](const config::MatrixRow& row) { return row.same; });
  if (context.json)
    context.out.print_json(matrix_json(matrix));
  else if (matrix.rows.empty())
    context.out.print("{} and {} agree in every option\n", environments[0], environments[1]);
  else
    context.out.write(
        render_matrix(matrix, MatrixFormat::table, context.out.width(), context.out.colours()));
  return Exit::ok;
}

// --- schema ---

Exit schema(Context& context, Args& args) {
  std::vector<std::string> names;
  for (const config::ShippedSchema& one : config::shipped_schemas()) names.emplace_back(one.name);
  std::string wanted;
  args.about(
      "Prints a JSON Schema (draft 7) that this exai was built with, for editors and other "
      "tools.\n\n"
      "  exai config schema stack > stack.schema.json");
  args.choice("NAME", wanted, names, "which one");
  if (const auto done = args.parse(context)) return *done;
  for (const config::ShippedSchema& one : config::shipped_schemas())
    if (one.name == wanted) context.out.write(one.text);
  return Exit::ok;
}

constexpr std::array kVerbs = {
    Command{"config show", "every option with its value and where it comes from", show},
    Command{"config explain", "who sets an option, and who wins", explain},
    Command{"config diff", "what differs between two environments", diff},
    Command{"config matrix", "every option in every environment", matrix},
    Command{"config schema", "print a JSON Schema for editors", schema},
};

}  // namespace

Exit config_command(Context& context, Args& args) {
  return run_verb(context, args,
                  "The configuration of the stack: values, origins, differences. Nothing is\n"
                  "changed.",
                  kVerbs);
}

}  // namespace exai::cli
