#include "cli/mcp/client_files.hpp"

#include <catch2/catch.hpp>
#include <tuple>

using namespace exai;
using namespace exai::cli;

namespace {

const std::vector<std::string> kCommand = {"/bin/exai", "mcp"};

Result<std::string> put(std::string_view client, const std::optional<std::string>& text) {
  const McpClient& found = *find_mcp_client(client);
  return with_entry(found, "/f.json", text, "exai", entry_for(found, kCommand));
}

}  // namespace

TEST_CASE("an entry goes in, and everything else stays byte for byte") {
  const auto [before, after] = GENERATE(table<std::string, std::string>({
      {"", R"({
  "mcpServers": {
    "exai": {
      "command": "/bin/exai",
      "args": [
        "mcp"
      ]
    }
  }
}
)"},
      {"{}\n", R"({
  "mcpServers": {
    "exai": {
      "command": "/bin/exai",
      "args": [
        "mcp"
      ]
    }
  }
}
)"},
      {R"({
    "theme": "dark", // mine
    "mcpServers": {
        "git": {"command": "uvx", "env": {"N": 1.50}},   /* odd   blanks */
    },
    "last": [1,2]
}
)",
       R"({
    "theme": "dark", // mine
    "mcpServers": {
        "git": {"command": "uvx", "env": {"N": 1.50}},
        "exai": {
          "command": "/bin/exai",
          "args": [
            "mcp"
          ]
        },   /* odd   blanks */
    },
    "last": [1,2]
}
)"},
      {R"({"mcpServers": {"exai": {"command": "old", "args": []}, "other": {"url": "x"}}})",
       R"({"mcpServers": {"exai": {
  "command": "/bin/exai",
  "args": [
    "mcp"
  ]
}, "other": {"url": "x"}}})"},
      {R"({
  "mcpServers": {}
})",
       R"({
  "mcpServers": {
    "exai": {
      "command": "/bin/exai",
      "args": [
        "mcp"
      ]
    }
  }
})"},
  }));
  const auto result = put("cursor", before);
  REQUIRE(result.has_value());
  CHECK(*result == after);
  CHECK(put("cursor", *result).value() == *result);  // a second time changes nothing
}

TEST_CASE("every client gets a file that says what it wants") {
  for (const McpClient& client : mcp_clients()) {
    const auto text = put(client.name, std::nullopt);
    REQUIRE(text.has_value());
    const auto file = parse_json_object(*text);
    REQUIRE(file.has_value());
    CHECK(find_string(*find_object(*find_object(*file, client.key), "exai"), "command") ==
          "/bin/exai");
    CHECK(put(client.name, *text).value() == *text);
  }
}

TEST_CASE("a file that cannot be understood is not touched") {
  const auto [client, text, message] = GENERATE(table<std::string, std::string, std::string>({
      {"claude-desktop", "{\"a\": 1,}", "/f.json:1:8: "},
      {"claude-desktop", "// mine\n{}", "/f.json:1:1: "},
      {"cursor", "[]", "/f.json:1:1: the file is no object; nothing was changed"},
      {"vscode", "{\"servers\": []}", "/f.json:1:13: servers is no object; nothing was changed"},
  }));
  const auto result = put(client, text);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code() == Errc::invalid);
  CHECK_THAT(result.error().message(), Catch::StartsWith(message));
  CHECK_THAT(result.error().message(), Catch::EndsWith("nothing was changed"));
}

TEST_CASE("where the clients keep their files") {
  const auto place = [](std::string_view client, Scope scope, const Environment& environment) {
    const auto file = file_of(*find_mcp_client(client), scope, environment, "/here");
    return file ? file->string() : file.error().message();
  };
  const Environment home{{"HOME", "/h"}};
  CHECK(place("claude-desktop", Scope::user, home) ==
        "/h/.config/Claude/claude_desktop_config.json");
  CHECK(place("claude-desktop", Scope::user, {{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}}) ==
        "/x/Claude/claude_desktop_config.json");
  CHECK(place("cursor", Scope::user, {{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}}) ==
        "/h/.cursor/mcp.json");
  CHECK(place("claude-code", Scope::project, home) == "/here/.mcp.json");
  CHECK(place("vscode", Scope::project, home) == "/here/.vscode/mcp.json");
  CHECK(place("claude-code", Scope::user, home) ==
        "claude-code has no file of the user's to write to; add --project for .mcp.json in this "
        "folder");
  CHECK(place("windsurf", Scope::project, home) ==
        "windsurf has no file for a project; leave --project out");
  CHECK(place("cursor", Scope::user, {}) ==
        "HOME is not set, so nobody knows where cursor keeps its file");
}
