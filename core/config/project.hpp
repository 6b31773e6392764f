#pragma once
// All files that configure one stack, read together: what `exai validate` looks at. The stack file
// and its environment are in Resolved; around them stand the environment files, the compose files,
// the Dockerfiles they build and the configuration of MCP clients.
//
// Found, never searched for: the folder of the stack file or compose file (for a stack file in
// configs/, the folder above too), and what the files themselves name.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/dotenv.hpp"
#include "core/config/resolve.hpp"

namespace exai::config {

struct ComposeProject;  // compose.hpp
struct Dockerfile;      // dockerfile.hpp

// Why an environment file is in the project; a file may have several uses.
enum class EnvFileRole {
  layer,    // of the environment
  compose,  // .env beside a compose file: what ${} in it is filled from
  service,  // env_file of a compose service
  example,  // .env.example and the like: what the others are compared with
  unnamed,  // a .env… file that nothing names
};

struct EnvFileUse {
  EnvFileRole role = EnvFileRole::unnamed;
  std::string who;  // the environment or service that names it
  Span named_at;
};

struct EnvFile {
  SourcePtr source;  // source->path tells files apart
  std::vector<DotenvEntry> entries;
  std::vector<EnvFileUse> uses;

  bool is(EnvFileRole role) const;
};

// .mcp.json, .vscode/mcp.json, .cursor/mcp.json, claude_desktop_config.json
struct ClientConfig {
  SourcePtr source;
  Node root;
};

struct Project {
  Path folder;                     // names in messages are relative to it
  std::vector<EnvFile> env_files;  // layers first, then by name
  std::shared_ptr<const ComposeProject> compose;
  std::vector<std::shared_ptr<const Dockerfile>> dockerfiles;
  std::vector<ClientConfig> clients;
};

// With Scope::stack: the layers alone. Adds what was read to `files`, and what could not be parsed
// to `diagnostics`.
Project read_project(const LoadRequest& request, const Facilities& world, const Resolved& resolved,
                     std::vector<std::string>& files, Diagnostics& diagnostics);

}  // namespace exai::config
