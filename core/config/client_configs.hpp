#pragma once
// The configuration of MCP clients that stands beside a project: how they start or reach a server.
// Found by name; the schema is schemas/mcp_clients.schema.json. Clients add keys of their own, so
// only what is certainly wrong is reported.

#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/project.hpp"

namespace exai::config {

// Those in `folder`, which messages call `prefix`. Adds what was read to `files`, and what is not
// JSON to `diagnostics`.
std::vector<ClientConfig> read_client_configs(const Path& folder, const std::string& prefix,
                                              const Facilities& world,
                                              std::vector<std::string>& files,
                                              Diagnostics& diagnostics);

Diagnostics check_client_config(const ClientConfig& config);

}  // namespace exai::config
