#pragma once
// The configuration files of MCP clients: where they are, and how an entry is put into one without
// touching anything else of it. Edits are of the text, so comments, order and everything that the
// client keeps in the same file stay byte for byte. Pure.
//
//   client          its file, for the user                         for a project
//   claude-code     –                                              .mcp.json
//   claude-desktop  ~/.config/Claude/claude_desktop_config.json    –
//   cursor          ~/.cursor/mcp.json                             .cursor/mcp.json
//   gemini          ~/.gemini/settings.json                        .gemini/settings.json
//   vscode          ~/.config/Code/User/mcp.json                   .vscode/mcp.json
//   windsurf        ~/.codeium/windsurf/mcp_config.json            –
//   zed             ~/.config/zed/settings.json                    .zed/settings.json
//
// Claude Code keeps its servers of the user in a file that it writes itself all the time; there,
// `claude mcp add-json` is the way. $XDG_CONFIG_HOME stands for ~/.config when it is set.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/os.hpp"

namespace exai::cli {

struct McpClient {
  std::string_view name;       // "vscode"
  std::string_view user_file;  // below HOME, or below ~/.config when it begins with "config:"
  std::string_view project_file;
  std::string_view key;        // of the table with the servers
  std::string_view transport;  // a member with its value, "type=stdio"; empty: none is wanted
  bool comments = false;       // the client reads JSON with comments
};

const std::vector<McpClient>& mcp_clients();
const McpClient* find_mcp_client(std::string_view name);

// Errors: not_found, this client has no such file; invalid, HOME is not set.
enum class Scope { user, project };
Result<Path> file_of(const McpClient& client, Scope scope, const Environment& environment,
                     const Path& folder);

// {"command": …, "args": […]}, as this client wants it.
json::object entry_for(const McpClient& client, const std::vector<std::string>& command);
// {"mcpServers": {"exai": {…}}}
json::object whole_file(const McpClient& client, const std::string& name,
                        const json::object& entry);

// What the file says (nothing: it is not there) with that entry; the same text when it is in there
// already. Errors: invalid, with the place: no JSON, or something else stands where servers belong.
Result<std::string> with_entry(const McpClient& client, const Path& file,
                               const std::optional<std::string>& text, const std::string& name,
                               const json::object& entry);

}  // namespace exai::cli
