#include "core/config/client_configs.hpp"

#include <array>

#include "core/config/json_tree.hpp"
#include "core/config/schema.hpp"
#include "embedded/mcp_clients_schema.hpp"

namespace exai::config {

namespace {

struct ClientFile {
  std::string_view name;
  JsonStyle style;
};
constexpr std::array kClientFiles = {
    ClientFile{".mcp.json", JsonStyle::strict},
    ClientFile{".cursor/mcp.json", JsonStyle::with_comments},
    ClientFile{".vscode/mcp.json", JsonStyle::with_comments},
    ClientFile{"claude_desktop_config.json", JsonStyle::strict},
};

const Schema& schema() {
  static const Schema compiled = [] {
    auto result = Schema::parse(embedded::mcp_clients_schema);
    EXAI_ASSERT(result.has_value());
    return *std::move(result);
  }();
  return compiled;
}

}  // namespace

std::vector<ClientConfig> read_client_configs(const Path& folder, const std::string& prefix,
                                              const Facilities& world,
                                              std::vector<std::string>& files,
                                              Diagnostics& diagnostics) {
  std::vector<ClientConfig> found;
  for (const ClientFile& file : kClientFiles) {
    const Path path = (folder / file.name).lexically_normal();
    auto text = world.read(path);
    if (!text) continue;
    const std::string name = prefix + std::string(file.name);
    files.push_back(name);
    const auto source = std::make_shared<const Source>(Source{name, std::move(*text), path});
    JsonTree tree = parse_json_tree(source, file.style);
    diagnostics.insert(diagnostics.end(), tree.diagnostics.begin(), tree.diagnostics.end());
    if (tree.root) found.push_back({source, std::move(*tree.root)});
  }
  return found;
}

Diagnostics check_client_config(const ClientConfig& config) {
  SchemaUse use;
  use.nulls = Nulls::values;
  use.notation = Notation::json;
  return check_schema(schema(), config.root, use);
}

}  // namespace exai::config
