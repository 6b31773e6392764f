#include "cli/context.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::cli {

config::Colour diagnostic_colours(const Stream& stream) {
  return stream.colours() == Colours::on ? config::Colour::always : config::Colour::never;
}

void redact_streams(Context& context) {
  context.out.redact_with(context.redactor);
  context.err.redact_with(context.redactor);
}

Exit complain(Context& context, Exit exit, std::string_view message) {
  context.err.print("{} {}\n", context.err.paint(Tone::bad, "exai:"), message);
  return exit;
}

std::optional<Workspace> open_workspace(Context& context) {
  auto workspace = find_workspace(context.file, context.environment);
  if (workspace) return *std::move(workspace);
  complain(context, Exit::bad_input, workspace.error().message());
  return std::nullopt;
}

config::Loaded load_stack(const Context& context, const Workspace& workspace) {
  config::Loaded loaded = exai::load_stack(workspace, context.env, context.environment);
  hide_secrets(context, loaded);
  return loaded;
}

void hide_secrets(const Context& context, const config::Loaded& loaded) {
  for (const auto& [name, value] : loaded.secrets) context.redactor->add(name, value);
}

std::optional<Opened> open_stack(Context& context) {
  auto workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  const config::Loaded loaded = load_stack(context, *workspace);
  context.err.write(config::render(loaded.diagnostics, diagnostic_colours(context.err)));
  if (!loaded.stack) {
    complain(context, Exit::bad_input,
             fmt::format("{} has errors; nothing was changed",
                         workspace->stack_file.filename().string()));
    return std::nullopt;
  }
  set_timezone(loaded.stack->timezone);
  return Opened{*std::move(workspace), loaded.stack};
}

bool are_services(Context& context, const config::Stack& stack,
                  const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const config::Service& service : stack.services) known.push_back(service.name);
  const auto is_known = [&](const std::string& name) {
    const config::Service* service = stack.find(name.substr(0, name.find('.')));
    return service != nullptr && (service->name == name || service->replicas);
  };
  const auto stranger = std::find_if_not(names.begin(), names.end(), is_known);
  if (stranger == names.end()) return true;
  complain(context, Exit::bad_input, unknown_word("service", *stranger, known));
  return false;
}

std::string unknown_word(std::string_view kind, std::string_view word,
                         std::span<const std::string> known) {
  std::string text = fmt::format("unknown {} \"{}\"", kind, printable(word));
  if (const auto meant = closest(word, known))
    return text + fmt::format("; did you mean \"{}\"?", *meant);
  if (known.empty()) return text;
  return text + fmt::format("; there is {}", join(known, ", "));
}

}  // namespace exai::cli
