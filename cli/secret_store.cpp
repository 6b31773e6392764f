#include "cli/secret_store.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/resolve.hpp"

namespace exai::cli {

namespace {

bool uses(const config::Service& service, const std::string& name) {
  const auto& given = service.secrets;
  if (contains(given, name)) return true;
  for (const auto* check : {&service.ready, &service.healthy})
    for (const char* key : {"password", "token"})
      if (*check && (*check)->setting(key) == name) return true;
  return std::any_of(service.render.begin(), service.render.end(), [&](const auto& file) {
    const auto text = read_file(file.second);
    return text && text->find("${" + name) != std::string::npos;
  });
}

}  // namespace

std::string StorePlace::shown() const {
  const Path relative = store.lexically_relative(workspace.stack_file.parent_path());
  return relative.empty() ? store.string() : relative.string();
}

std::optional<StorePlace> find_store(Context& context) {
  auto workspace = open_workspace(context);
  if (!workspace) return std::nullopt;
  config::Loaded loaded = load_stack(context, *workspace);
  if (!loaded.resolved || loaded.resolved->environment.empty()) {
    context.err.write(config::render(loaded.diagnostics, diagnostic_colours(context.err)));
    return std::nullopt;
  }
  return StorePlace{*std::move(workspace), loaded.resolved->environment,
                    loaded.resolved->secret_store, std::move(loaded.stack)};
}

std::optional<StorePlace> require_store(Context& context) {
  auto place = find_store(context);
  if (!place || !place->store.empty()) return place;
  complain(context, Exit::bad_input,
           fmt::format("the environment {} has no store of secrets; make it: exai secret init",
                       place->environment));
  return std::nullopt;
}

std::optional<secrets::Editor> open_editor(Context& context, const StorePlace& place) {
  auto editor = secrets::Editor::open(place.store, context.environment);
  if (!editor) {
    complain(context, Exit::not_ok, editor.error().message());
    return std::nullopt;
  }
  for (const auto* values : {&editor->content().current, &editor->content().previous})
    for (const auto& [name, value] : *values) context.redactor->add(name, value);
  return *std::move(editor);
}

std::vector<std::string> consumers_of(const StorePlace& place, const std::string& name) {
  std::vector<std::string> found;
  if (place.stack)
    for (const config::Service& service : place.stack->services)
      if (uses(service, name)) found.push_back(service.name);
  return found;
}

Result<Secret> take_value(const std::string& name) {
  if (is_terminal(STDIN_FILENO)) return ask_secret(fmt::format("value of {}: ", name));
  TRY(text, read_file("/dev/stdin", 1U << 20U));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return Secret(std::move(text));
}

Result<std::optional<WallTime>> parse_expiry(std::string_view text) {
  if (text.empty()) return std::optional<WallTime>();
  TRY(duration, parse_duration(text));
  return std::optional(WallTime(std::chrono::system_clock::now() + duration));
}

std::string told(const std::string& name, const secrets::Facts& facts) {
  return fmt::format("{} (length {}, {})", name, facts.length,
                     facts.mark.empty() ? "unmarked" : facts.mark);
}

json::object to_json(const std::string& name, const secrets::Facts& facts) {
  json::object object{{"name", name}, {"length", facts.length}, {"mark", facts.mark}};
  const auto add = [&](std::string_view key, const std::optional<WallTime>& time) {
    if (time) object[key] = format_utc(*time);
  };
  add("created", facts.created);
  add("changed", facts.changed);
  add("expires", facts.expires);
  object["rotating"] = facts.rotating;
  return object;
}

}  // namespace exai::cli
