#include "cli/mcp/client_files.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/config/json_tree.hpp"
#include "core/config/places.hpp"

namespace exai::cli {

namespace {

using config::Node;

constexpr std::string_view kConfigHome = "config:";

json::value to_json(const Node& node) {
  if (const auto* text = node.string()) return json::value(*text);
  if (const auto* number = node.integer()) return *number;
  if (const auto* yes = node.boolean()) return *yes;
  if (const auto* number = std::get_if<double>(&node.value)) return *number;
  if (const auto* list = node.list()) {
    json::array items;
    for (const Node& item : *list) items.push_back(to_json(item));
    return items;
  }
  if (const auto* table = node.table()) {
    json::object members;
    for (const config::Member& member : *table) members[member.key] = to_json(member.value);
    return members;
  }
  return nullptr;
}

// Behind a key: indented as deep as the line that the key is on.
std::string indented(const json::object& entry, std::string_view indent) {
  return replace_all(std::string(trim(to_pretty_text(entry))), "\n", "\n" + std::string(indent));
}

// The blanks before the first character of the line that has this place.
std::string indent_at(std::string_view text, std::size_t place) {
  const std::size_t line = text.rfind('\n', place);
  const std::size_t begin = line == std::string_view::npos ? 0 : line + 1;
  const std::size_t end = text.find_first_not_of(" \t", begin);
  return std::string(text.substr(begin, std::min(end, place) - begin));
}

struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Place place_of(const config::Source& source, const config::Span& span) {
  return {offset_of(source, span.begin).value_or(0), offset_of(source, span.end).value_or(0)};
}

// A table of a file, and the member that it is to get: as its last one, or in place of its value.
std::string with_member(const config::Source& source, const Node& table, const std::string& key,
                        const json::object& value) {
  std::string text = source.text;
  const Node::Table& members = *table.table();
  if (const config::Member* old = table.member(key)) {
    const Place place = place_of(source, old->value.span);
    const std::string indent = indent_at(text, place_of(source, old->key_span).begin);
    return text.replace(place.begin, place.end - place.begin, indented(value, indent));
  }
  const std::string name = to_text(json::value(key)) + ": ";
  if (members.empty()) {
    const std::size_t brace = place_of(source, table.span).begin;
    const std::string outer = indent_at(text, brace);
    const std::string inner = outer + "  ";
    return text.insert(brace + 1, "\n" + inner + name + indented(value, inner) + "\n" + outer);
  }
  const config::Member& last = members.back();
  const std::size_t key_begin = place_of(source, last.key_span).begin;
  const std::string indent = indent_at(text, key_begin);
  return text.insert(place_of(source, last.value.span).end,
                     ",\n" + indent + name + indented(value, indent));
}

tl::unexpected<Error> no_table(const Path& file, const config::Span& span, std::string_view what) {
  return fail(Errc::invalid, "{}:{}:{}: {} is no object; nothing was changed", file.string(),
              span.begin.line, span.begin.column, what);
}

}  // namespace

const std::vector<McpClient>& mcp_clients() {
  static const std::vector<McpClient> table = {
      {"claude-code", "", ".mcp.json", "mcpServers", "type=stdio", false},
      {"claude-desktop", "config:Claude/claude_desktop_config.json", "", "mcpServers", "", false},
      {"cursor", ".cursor/mcp.json", ".cursor/mcp.json", "mcpServers", "", true},
      {"gemini", ".gemini/settings.json", ".gemini/settings.json", "mcpServers", "", true},
      {"vscode", "config:Code/User/mcp.json", ".vscode/mcp.json", "servers", "type=stdio", true},
      {"windsurf", ".codeium/windsurf/mcp_config.json", "", "mcpServers", "", false},
      {"zed", "config:zed/settings.json", ".zed/settings.json", "context_servers", "source=custom",
       true},
  };
  return table;
}

const McpClient* find_mcp_client(std::string_view name) {
  const auto& all = mcp_clients();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const McpClient& client) { return client.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Result<Path> file_of(const McpClient& client, Scope scope, const Environment& environment,
                     const Path& folder) {
  std::string_view file = scope == Scope::user ? client.user_file : client.project_file;
  if (file.empty() && scope == Scope::user)
    return fail(Errc::not_found,
                "{} has no file of the user's to write to; add --project for {} in this folder",
                client.name, client.project_file);
  if (file.empty())
    return fail(Errc::not_found, "{} has no file for a project; leave --project out", client.name);
  if (scope == Scope::project) return folder / file;
  const std::string home = value_or_empty(environment, "HOME");
  const std::string config_home = value_or_empty(environment, "XDG_CONFIG_HOME");
  const bool in_config = file.starts_with(kConfigHome);
  if (in_config) file.remove_prefix(kConfigHome.size());
  if (in_config && !config_home.empty()) return Path(config_home) / file;
  if (home.empty())
    return fail(Errc::invalid, "HOME is not set, so nobody knows where {} keeps its file",
                client.name);
  return (in_config ? Path(home) / ".config" : Path(home)) / file;
}

json::object entry_for(const McpClient& client, const std::vector<std::string>& command) {
  json::object entry;
  if (const std::size_t equals = client.transport.find('='); equals != std::string_view::npos)
    entry[client.transport.substr(0, equals)] = client.transport.substr(equals + 1);
  entry["command"] = command.front();
  json::array arguments;
  for (std::size_t i = 1; i < command.size(); ++i) arguments.emplace_back(command[i]);
  entry["args"] = std::move(arguments);
  return entry;
}

json::object whole_file(const McpClient& client, const std::string& name,
                        const json::object& entry) {
  return {{client.key, json::object{{name, entry}}}};
}

Result<std::string> with_entry(const McpClient& client, const Path& file,
                               const std::optional<std::string>& text, const std::string& name,
                               const json::object& entry) {
  if (!text || trim(*text).empty()) return to_pretty_text(whole_file(client, name, entry));
  const auto source =
      std::make_shared<const config::Source>(config::Source{file.string(), *text, file});
  const auto style = client.comments ? config::JsonStyle::with_comments : config::JsonStyle::strict;
  const config::JsonTree tree = config::parse_json_tree(source, style);
  if (!tree.root) {
    const config::Diagnostic& wrong = tree.diagnostics.front();
    return fail(Errc::invalid, "{}:{}:{}: {}; nothing was changed", file.string(),
                wrong.span.begin.line, wrong.span.begin.column, wrong.message);
  }
  const std::string key(client.key);
  if (!tree.root->table()) return no_table(file, tree.root->span, "the file");
  const Node* servers = tree.root->find(key);
  if (!servers) return with_member(*source, *tree.root, key, {{name, entry}});
  if (!servers->table()) return no_table(file, servers->span, key);
  const Node* old = servers->find(name);
  if (old && to_json(*old) == json::value(entry)) return *text;
  return with_member(*source, *servers, name, entry);
}

}  // namespace exai::cli
