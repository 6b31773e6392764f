#pragma once
// The HTTP headers of the stateless era, which repeat parts of the body so that what stands between
// need not read it. They must say the same. Pure.
//
//   MCP-Protocol-Version   _meta's protocolVersion                              always
//   Mcp-Method             method                                               always
//   Mcp-Name               params.name, or params.uri of resources/read,        where there is one
//                          or params.taskId of the methods about tasks
//   Mcp-Param-<X>          the argument whose schema says "x-mcp-header": "X"   unless absent or
//   null
//
// A value may be =?base64?…?=. Names of headers are in lower case here; values are as they came.

#include <boost/container/flat_map.hpp>
#include <optional>
#include <string>

#include "core/base/rpc.hpp"
#include "daemon/mcp/mcp.hpp"

namespace exai::mcp {

using HeaderMap = boost::container::flat_map<std::string, std::string, std::less<>>;

// What does not agree, in words; nothing when all does.
std::optional<std::string> header_mismatch(const rpc::Request& request, const HeaderMap& headers,
                                           const Catalog& catalog);

}  // namespace exai::mcp
