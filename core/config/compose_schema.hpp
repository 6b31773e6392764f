#pragma once
// A Compose file's tree against schemas/compose.schema.json: keys that Compose does not know and
// values of the wrong kind, as CMP003.

#include <map>

#include "core/config/diagnostics.hpp"

namespace exai::config {

// `anchors`: by where an alias is, its anchor; a finding at an alias says where the value comes
// from.
void check_compose_schema(const Node& tree, const std::map<Position, Span>& anchors,
                          Diagnostics& diagnostics);

}  // namespace exai::config
